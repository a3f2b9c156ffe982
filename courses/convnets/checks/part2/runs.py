"""Runs of the student's fit on the grader's model, loaders, configuration and writer, and what they leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograder.cases.training import Plan
from autograder.checking import answers
from autograder.checking.expect import expect_array, show
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ...oracles.fits import telling
from ..part1.shared import draw
from .shared import CLASSES, COLOURS, draw_parameters

LAST, BEST = "last.pt", "best.pt"
MAX_FILES = 8 * 2**20  # bytes in out_dir
TROUBLES = {
    "missing": "is not in out_dir",
    "unsafe": "does not load with weights_only=True: it holds more than tensors and plain values",
    "no key": "holds no state_dict under {key!r}",
}
# What is read from out_dir: the file, and the key of the weights in it.
KEYS = {LAST: "model", BEST: "model_state_dict"}
ENDS = {"returned": "it to return", "interrupted": "KeyboardInterrupt", "cut": "what its loader raised"}

Stop = tuple[str, int, int]  # "cut" or "interrupt", in which epoch and before which batch


@dataclass
class Run:
    """One call of fit, and what it was given.

    Attributes:
        history: what it returned, unchecked.
    """

    student: Student
    plan: Plan
    model: Remote
    train: Remote
    writer: Remote
    folder: Remote
    history: object

    def parameters(self) -> np.ndarray:
        """All parameters of the model in a row, if they are finite and not those of the start."""
        start = np.concatenate([array.ravel() for array in self.plan.parameters])
        found = expect_array(self.model.call("flat"), "the parameters after the last epoch", start.shape)
        if np.array_equal(found, start):
            raise CheckFailed("the parameters are those of the start, expected the model to be trained in place")
        return found

    def files(self) -> dict[str, np.ndarray]:
        """All files of out_dir, as bytes, by name."""
        found = answers.table(self.student.call("torch-probe:packed", self.folder)) or {}
        files = {name: array for name, entry in found.items() if (array := answers.array(entry)) is not None}
        if files.keys() != found.keys() or any(content.dtype != np.uint8 for content in files.values()):
            raise CheckFailed(f"out_dir holds {show(found)}, expected files")
        if sum(content.size for content in files.values()) > MAX_FILES:
            raise CheckFailed(f"the files in out_dir take more than {MAX_FILES // 2**20} MB, for a model of 1 KB")
        return files

    def saved(self, name: str) -> tuple[object, dict[str, object]]:
        """The weights that a file of out_dir holds, in a row, and its numbers by name, unchecked."""
        found = answers.table(self.student.call("torch-probe:opened", self.folder, name, KEYS[name])) or {}
        trouble = answers.text(found.get("trouble", "unsafe"))
        if trouble != "":
            trouble = "unsafe" if trouble is None else trouble
            raise CheckFailed(f"{name} {TROUBLES.get(trouble, TROUBLES['unsafe']).format(key=KEYS[name])}")
        return found.get("weights"), answers.table(found.get("numbers")) or {}

    def scalars(self, tag: str) -> list[tuple[object, float]]:
        """Steps and values of one tag, in the order in which they were written."""
        rows = [answers.items(row) or [] for row in answers.items(self.writer.get("scalars")) or []]
        named = [(name, row[1], row[2]) for row in rows if len(row) == 3 and (name := answers.text(row[0])) is not None]
        mine = [(step, value) for name, value, step in named if name == tag and isinstance(value, float)]
        if not mine:
            tags = ", ".join(sorted({name[:40] for name, _, _ in named})) or "nothing"
            raise CheckFailed(f"{tag} is never written, only {tags}"[:300])
        return mine


def draw_plan(
    rng: np.random.Generator, *, count: int = 22, batch_size: int = 4, epochs: int = 4, lr: float = 0.125
) -> Plan:
    """Draw a run with momentum, weight decay and a learning rate that changes with every step."""
    images, labels = draw(rng, count, COLOURS), rng.integers(CLASSES, size=count)
    valid_images, valid_labels = draw(rng, 7, COLOURS), rng.integers(CLASSES, size=7)
    data = (images, labels, valid_images, valid_labels)
    return Plan(draw_parameters(rng), *data, batch_size, epochs, lr=lr, momentum=0.75, weight_decay=0.0625, warmup=0.25)


def draw_telling_plan(rng: np.random.Generator) -> Plan:
    """Draw a run of 5 epochs, unshuffled, whose validation accuracy is highest after epochs 2 and 4.

    No accuracy in training is as high up to then.
    """
    while True:
        plan = draw_plan(rng, epochs=5, lr=0.5)
        images, labels = telling(plan, int(rng.integers(2**31)))
        if len(labels):
            return plan._replace(valid_images=images, valid_labels=labels)


def fit(
    student: Student,
    plan: Plan,
    *,
    seed: int = 0,
    shuffle: bool = False,
    save_every: int = 1,
    stop: Stop = ("", 0, 0),
    folder: Remote | None = None,
    files: Mapping[str, np.ndarray] | None = None,
    resume: bool = True,
    schedule: str = "one_cycle",
) -> Run:
    """Let the student's code run a plan.

    Args:
        student: whose code it is.
        plan: the case.
        seed: of torch's global generator before the call.
        shuffle: whether the training images come in an order drawn from that generator.
        save_every: epochs between two checkpoints.
        stop: how the run is ended from outside, if it is.
        folder: of an earlier run; a new one when None.
        files: to put into a new folder.
        resume: passed on.
        schedule: of the learning rate.
    """
    out_dir = folder or student.new("torch-probe:folder", files)
    valid = student.new("torch-probe:Batches", plan.valid_images, plan.valid_labels, plan.batch_size)
    train = student.new(
        "torch-probe:Batches", plan.images, plan.labels, plan.batch_size, shuffle, False, *stop, watch=out_dir
    )
    config = student.new(
        "part2_pytorch.config:Config", model="two_layer", epochs=plan.epochs, batch_size=plan.batch_size, lr=plan.lr,
        momentum=plan.momentum, nesterov=False, weight_decay=plan.weight_decay, schedule=schedule,
        warmup=plan.warmup, label_smoothing=0.0, precision="float32", save_every=save_every,
    )  # fmt: skip
    model = student.new("torch-probe:Net", list(plan.parameters))
    writer, device = student.new("torch-probe:Recorder"), student.new("torch-probe:cpu")
    function = student.new("importlib:import_module", "part2_pytorch.train").at("fit")
    student.call("torch-probe:seed", seed)
    loaders = {"train": train, "valid": valid}
    arguments = (model, loaders, config, out_dir, device, writer, resume)
    outcome = answers.table(student.call("torch-probe:finish", function, *arguments)) or {}
    ended = answers.text(outcome.get("ended")) or ""
    expected = {"": "returned", "cut": "cut", "interrupt": "interrupted"}[stop[0]]
    if ended != expected:
        what = {"returned": "returned", "interrupted": "raised KeyboardInterrupt"}.get(ended, "did not return")
        raise CheckFailed(f"fit {what}, expected {ENDS[expected]}")
    return Run(student, plan, model, train, writer, out_dir, outcome.get("value"))
