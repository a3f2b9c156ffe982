"""What the checkpoints of one submission score on the test images; each is asked once, whatever the number of checks.

The labels stay here. Images go into the box in a secret order, so that an answer by position is an answer by chance,
and only scores come back.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder import checkpoints, datasets
from autograder.assignment import Assignment
from autograder.datasets import TestSet
from autograder.entries import clean
from autograder.errors import CheckFailed, GraderError, OutOfTime, WorkerLost
from autograder.expect import expect_array
from autograder.scores import ModelResult
from autograder.student import Remote, Student

MODELS: dict[str, tuple[str, tuple[int, ...]]] = {
    "two_layer": ("part2_pytorch.models:TwoLayerNet", (3 * 32 * 32, 256, 10)),
    "vanilla_cnn": ("part2_pytorch.models:VanillaCNN", ()),
    "my_model": ("part2_pytorch.models:MyModel", ()),
}
BATCH = 500  # images in one question
PATIENCE = 4  # a batch that takes this share of the time for all images will not be the last to do so
CHANGED = 1000  # images that are shown again, shifted and mirrored
SHIFT = 2  # pixels
MARGIN = 5.0  # seconds kept back when time is short


class Exam:
    """Loads and evaluates the checkpoints of one submission, each when it is first asked for.

    Args:
        folder: of the submission; holds `checkpoints/`.
        assignment: names the data set, the limits and the thresholds.
        slower: how many times more time a model has than in grading; for a student's own machine.

    Attributes:
        seconds: for all images of one model.
        results: what was found so far, by the model's name.
    """

    def __init__(self, folder: Path, assignment: Assignment, slower: float = 1.0) -> None:
        self._folder, self._assignment = folder, assignment
        self.seconds = slower * assignment.limits.checkpoint_seconds
        self.results: dict[str, ModelResult] = {}
        self._failures: dict[str, GraderError] = {}
        self._samples: dict[str, np.ndarray] = {}

    def expect_above(self, student: Student, rng: np.random.Generator, model: str, tier: str) -> None:
        """Pass a model whose accuracy exceeds a threshold, and does not only reach it.

        Args:
            student: whose code the weights are loaded into.
            rng: draws the order of the images, where this is the first question about the model.
            model: "my_model".
            tier: the field of `assignment.Thresholds`.
        """
        result, threshold = self.result(student, rng, model), self._assignment.threshold(tier)
        if not result.accuracy > threshold:
            raise CheckFailed(
                f"the accuracy of {model} is {result.accuracy:.4f} ({result.correct} of {result.images} images of "
                f"{result.dataset}), expected more than {threshold:g}"
            )

    def result(self, student: Student, rng: np.random.Generator, model: str) -> ModelResult:
        """Evaluate a model, or repeat what became of it.

        Raises:
            DataMissing: if the test images are not on this machine.
            GraderError: whatever else keeps it from having a result; the same each time.
        """
        if model in self._failures:
            raise self._failures[model]
        if model not in self.results:
            try:
                self.results[model] = self._evaluate(student, rng, model)
            except (CheckFailed, WorkerLost) as error:
                self._failures[model] = error
                raise
        return self.results[model]

    def look_for_memory(self, student: Student) -> None:
        """Show part of the images again, shifted and mirrored, for as long as the student's clock allows.

        Changes no mark. A model that has learned the test images by heart no longer knows them.
        """
        for model, result in self.results.items():
            sample = self._samples[model]
            if student.left() < MARGIN + 4 * result.seconds * len(sample) / result.images:
                return
            test = datasets.load(self._assignment.dataset)
            images = test.images[sample]
            edge = np.pad(images, ((0, 0), (SHIFT, 0), (SHIFT, 0), (0, 0)), mode="reflect")
            views = {
                "as they are": images,
                f"shifted by {SHIFT} pixels": edge[:, : images.shape[1], : images.shape[2]],
                "mirrored": images[:, :, ::-1],
            }
            try:
                candidate, _, _ = self.candidate(student, model, test)
                found = {name: ask_all(candidate, view) for name, view in views.items()}
            except GraderError:  # it has its marks; what it does not tell here, it does not tell
                continue
            changed = {name: float(np.mean(classes == test.labels[sample])) for name, classes in found.items()}
            self.results[model] = replace(result, changed=changed)

    def try_out(self, student: Student, model: str, images: int) -> tuple[int, float]:
        """Load a checkpoint and show it noise, where no test images are at hand.

        Returns:
            The number of its parameters, and the seconds that it takes for one image.

        Raises:
            GraderError: whatever would keep it from being graded, in the same words.
        """
        noise = np.random.default_rng(0).integers(256, size=(images, 32, 32, 3), dtype=np.uint8)
        none = np.zeros(0, dtype=np.int64)
        candidate, parameters, _ = self.candidate(
            student, model, TestSet("noise", (), noise, none, mean=(0.5,) * 3, deviation=(0.25,) * 3)
        )
        ask_all(candidate, noise[:8])  # the first call of a network prepares the later ones
        began = time.monotonic()
        ask_all(candidate, noise)
        return parameters, (time.monotonic() - began) / images

    def _evaluate(self, student: Student, rng: np.random.Generator, model: str) -> ModelResult:
        self._build(student, model)  # an open TODO comes before whatever there is to say of a file
        checkpoints.read(*self._file(model))
        test = datasets.load(self._assignment.dataset)
        candidate, parameters, size = self.candidate(student, model, test)
        order = rng.permutation(len(test.labels))
        began = time.monotonic()
        predicted = self._predict(student, candidate, test.images, order)
        seconds = time.monotonic() - began
        self._samples[model] = order[:CHANGED]
        confusion = np.zeros((len(test.classes),) * 2, dtype=np.int64)
        np.add.at(confusion, (test.labels, predicted), 1)
        rows = tuple(tuple(row) for row in confusion.tolist())
        return ModelResult(model, test.name, test.classes, rows, parameters, size, seconds)

    def _build(self, student: Student, model: str) -> Remote:
        """Let the student's code make the model, with fresh weights."""
        target, sizes = MODELS[model]
        network = student.new(target, *sizes)
        student.finish()
        return network

    def _file(self, model: str) -> tuple[Path, str, int]:
        name = f"checkpoints/{model}.pt"
        return self._folder / name, name, self._assignment.limits.zip_megabytes

    def candidate(self, student: Student, model: str, test: TestSet) -> tuple[Remote, int, int]:
        """Load the checkpoint in the box; the model, its number of parameters, and the size of the file."""
        content = checkpoints.read(*self._file(model))
        candidate = student.new("checkpoint-probe:Candidate", self._build(student, model), test.mean, test.deviation)
        report = candidate.load(np.frombuffer(content, dtype=np.uint8))
        parameters = report.get("parameters") if isinstance(report, dict) else None
        if type(parameters) is not int or not 0 <= parameters < 2**62:
            raise CheckFailed(_why_not(report, f"checkpoints/{model}.pt", MODELS[model][0].partition(":")[2]))
        return candidate, parameters, len(content)

    def _predict(self, student: Student, candidate: Remote, images: np.ndarray, order: np.ndarray) -> np.ndarray:
        """The class of each image, asked for in this order, a batch at a time."""
        predicted = np.zeros(len(order), dtype=np.int64)
        limit, began = min(self.seconds, student.left()), time.monotonic()
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            done = start + len(part)
            left = limit - (time.monotonic() - began)
            try:
                with student.within(min(left, max(limit / PATIENCE, MARGIN))):
                    predicted[part] = _classes(candidate.scores(images[part]), len(part))
            except OutOfTime:
                raise _too_slow(len(order), "more than", time.monotonic() - began, done, limit) from None
            seconds = time.monotonic() - began
            all_seconds = seconds * len(order) / done
            hopeless = all_seconds > 2 * limit and seconds > limit / PATIENCE
            if done < len(order) and (hopeless or seconds > limit):
                raise _too_slow(len(order), "about", seconds, done, limit)
        return predicted


def ask_all(candidate: Remote, images: np.ndarray) -> np.ndarray:
    """The class of each image (N, 32, 32, 3), uint8, in a candidate's eyes; asked a batch at a time."""
    parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    return np.concatenate([_classes(candidate.scores(np.ascontiguousarray(part)), len(part)) for part in parts])


def _classes(scores: Any, count: int) -> np.ndarray:
    """The class with the highest score of each image."""
    dtype = getattr(scores, "dtype", "float32")  # whichever: only their order counts
    classes: np.ndarray = expect_array(scores, "scores", (count, 10), dtype=dtype).argmax(axis=1)
    return classes


def _too_slow(images: int, about: str, seconds: float, done: int, limit: float) -> OutOfTime:
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
    shown = ", ".join(clean(str(name)) for name in names[:3])
    return f"{shown} and {count - 3} more" if count > 3 else shown


def _shape(sizes: tuple[Any, ...]) -> str:
    return str(tuple(size for size in sizes if type(size) is int))
