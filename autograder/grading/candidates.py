"""A model of a submission, in the box, with its checkpoint loaded: asked for the classes of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checking.expect import expect_array
from autograder.checking.student import Remote, Student
from autograder.course.assignment import Assignment
from autograder.course.course_file import Model
from autograder.errors import CheckFailed, NoCheckpoint, OutOfTime
from autograder.submission import checkpoints
from autograder.submission.checkpoints import Checkpoint
from autograder.submission.entries import clean

# Images in one question: what passes between the layers of a small network stays in the cache, and each call is still
# worth its while. Fixed, as a batch chosen by the clock would let the last bits of a score hang on who else computes.
BATCH = 125
LOADING = 30.0  # seconds that making a model and loading its checkpoint may take
MARGIN = 5.0  # seconds kept back when time is short
LARGE = 2**63  # a larger number from the box is no size
Colours = tuple[float, ...]


@dataclass(frozen=True)
class Candidate:
    """A model that is ready to be asked.

    Attributes:
        remote: what answers in the box.
        checkpoint: what it was loaded from.
        kind: what the course says of it.
    """

    remote: Remote
    checkpoint: Checkpoint
    kind: Model

    def classes(self, images: np.ndarray) -> np.ndarray:
        """Say the class with the highest score of each image (N, 32, 32, 3), uint8, asked a batch at a time."""
        return np.concatenate([self._batch(images[part]) for part in batches(np.arange(len(images)))])

    def _batch(self, images: np.ndarray) -> np.ndarray:
        scores = self.remote.scores(np.ascontiguousarray(images))
        dtype = getattr(scores, "dtype", "float32")  # whichever: only their order counts
        shape = len(images), self.kind.classes
        classes: np.ndarray = expect_array(scores, "scores", shape, dtype=dtype).argmax(axis=1)
        return classes


@dataclass(frozen=True)
class Entry:
    """A model that the student's code has made, with fresh weights, and a checkpoint that may be loaded into it."""

    model: str
    kind: Model
    student: Student
    network: Remote
    checkpoint: Checkpoint
    file: str

    def load(self, mean: Colours, deviation: Colours) -> Candidate:
        """Load the checkpoint, in the box; `mean` and `deviation` of each colour normalise the images.

        Raises:
            CheckFailed: if it does not fit, with the reason that the box gives.
        """
        remote = self.student.new("checkpoint-probe:Candidate", self.network, mean, deviation)
        report = remote.load(np.frombuffer(self.checkpoint.content, dtype=np.uint8))
        if not isinstance(report, dict) or report:
            raise CheckFailed(_why_not(report, self.file, self.kind.name))
        return Candidate(remote, self.checkpoint, self.kind)


def enter(student: Student, folder: Path, assignment: Assignment, model: str) -> Entry:
    """Let the student's code make a model, and look at its file.

    Args:
        student: whose code makes it.
        folder: of the submission; holds `checkpoints/`.
        assignment: whose course knows the model, and limits the file.
        model: name of the checkpoint.

    Raises:
        NoCheckpoint, BadCheckpoint: if the file is missing or something else.
    """
    kind = assignment.course.models[model]
    network = student.new(kind.target, *kind.arguments)
    student.finish()  # an open TODO comes before whatever there is to say of a file
    file = f"checkpoints/{model}{assignment.course.definition.weights}"
    if not (folder / file).is_file():
        raise NoCheckpoint(f"TODO {kind.todo}: {file} ({kind.advice})")
    checkpoint = checkpoints.read(folder / file, file, assignment.limits.zip_megabytes)
    return Entry(model, kind, student, network, checkpoint, file)


def batches(order: np.ndarray) -> list[np.ndarray]:
    """Cut indices of images into those of one question each."""
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def too_slow(images: int, about: str, seconds: float, done: int, limit: float) -> OutOfTime:
    """Say how long all images would take, where some of them were asked."""
    return OutOfTime(f"{images} images would take {about} {seconds * images / done:.0f} s, the limit is {limit:.0f} s")


def _why_not(report: Any, name: str, model: str) -> str:
    """Say why a checkpoint does not fit, from what the box says, which may be anything."""
    match report:
        case {"no_model": str(kind)}:
            return f"{model} makes an object of type {clean(kind)}, expected a torch.nn.Module"
        case {"unreadable": str(kind)}:
            return f"{name} cannot be read by torch.load with weights_only=True ({clean(kind)}): {checkpoints.SAVE}"
        case {"keys": [], "type": str(kind)}:
            return f"{name} holds an object of type {clean(kind)}, expected a state_dict: {checkpoints.SAVE}"
        case {"keys": [*keys]}:
            return f"{name} holds {_listed(keys)}, expected a state_dict, or one under model_state_dict"
        case {"several": [*keys]}:
            return f"{name} holds weights of {model} under {_listed(keys)}, expected one: {checkpoints.SAVE}"
        case {"prefix": str(prefix)} if prefix:
            begin = f"all names in {name} begin with {clean(prefix)}"
            return f"{begin}, those of {model} do not: save the model itself, unwrapped"
        case {"missing": ([*missing], int(lacking)), "unexpected": ([*unexpected], int(extra))}:
            parts = [f"lacks {_listed(missing, lacking)}"] if missing else []
            parts += [f"has {_listed(unexpected, extra)} too many"] if unexpected else []
            return f"{name} is not of this {model}: it {' and '.join(parts)}"
        case {"wrong": (str(key), tuple(found), tuple(expected))}:
            return f"{clean(key)} in {name} has shape {_shape(found)}, expected {_shape(expected)} as in {model}"
        case {"infinite": str(key)}:
            return f"{clean(key)} in {name} holds NaN or infinity: the training diverged"
        case {"unfit": str(kind)}:
            return f"{name} does not load into {model} ({clean(kind)}): {checkpoints.SAVE}"
    return f"{name} does not load into {model}: {checkpoints.SAVE}"


def _listed(names: list[Any], count: int = 0) -> str:
    shown = ", ".join(clean(name) for name in names[:3] if isinstance(name, str))
    return f"{shown} and {count - 3} more" if 3 < count < LARGE else shown


def _shape(sizes: tuple[Any, ...]) -> str:
    return str(tuple(size for size in sizes if type(size) is int and abs(size) < LARGE))
