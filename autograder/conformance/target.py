"""A small right submission, which the rows of the table turn into attacks, and the three checks that grade it.

It belongs to no homework: doctor runs where no reference solution is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.checking.student import Student
from autograder.conformance.table import ATTACKED, MODULE, NEXT_WORKER, SAME_WORKER, Attack
from autograder.course.assignment import Assignment, Limits, Report
from autograder.course.definition import Course
from autograder.grading import engine
from autograder.reports.scores import Scorecard
from autograder.sandbox.box import Box
from autograder.submission import packing

LAYERS = '''"""Two layers, both right."""

import numpy as np


class ReLU:
    """Keep what is positive."""

    def forward(self, x):
        """(N, D) -> (N, D)."""
        # >>> solution
        self.positive = x > 0
        return np.maximum(x, 0)
        # <<< solution

    def backward(self, dy):
        """(N, D) -> (N, D)."""
        return dy * self.positive


class Sigmoid:
    """Squash to what lies between 0 and 1."""

    def forward(self, x):
        """(N, D) -> (N, D)."""
        return 1 / (1 + np.exp(-x))
'''
LATER = '''"""What is asked last."""

import numpy as np


def shares(x):
    """(N, D) -> (N, D), each row of which sums to 1."""
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
'''
PACKAGE = MODULE.partition("/")[0]
RIGHT = {f"{PACKAGE}/__init__.py": b"", MODULE: LAYERS.encode(), f"{PACKAGE}/losses.py": LATER.encode()}
PRINT_INPUT = "import hashlib\nprint('input', hashlib.sha256(x.tobytes()).hexdigest()[:16])"


def relu(student: Student, rng: np.random.Generator) -> None:
    """ReLU keeps what is positive."""
    layer, x = student.new(f"{PACKAGE}.activations:ReLU"), rng.normal(size=(3, 4))
    expect_close(layer.forward(x), np.maximum(x, 0), "y")
    expect_close(layer.backward(x), np.maximum(x, 0), "dx")


def sigmoid(student: Student, rng: np.random.Generator) -> None:
    """Sigmoid squashes."""
    layer, x = student.new(f"{PACKAGE}.activations:Sigmoid"), rng.normal(size=(3, 4))
    expect_close(layer.forward(x), 1 / (1 + np.exp(-x)), "y")


def shares(student: Student, rng: np.random.Generator) -> None:
    """Each row sums to 1."""
    x = rng.normal(size=(3, 4))
    expected = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    expect_close(student.call(f"{PACKAGE}.losses:shares", x), expected, "y")


COURSE = Course(Path(__file__).parent / "course")
BODIES = {ATTACKED: relu, SAME_WORKER: sigmoid, NEXT_WORKER: shares}


def assignment(limits: Limits) -> Assignment:
    """Make an assignment that has these limits and nothing to earn."""
    never = datetime.max.replace(tzinfo=UTC)
    return Assignment(
        title="conformance", due=never, grace=never, report=Report(points=0), parts={}, limits=limits, course=COURSE
    )


def checks(seconds: float) -> list[Check]:
    """Make the three checks, each of which has so many seconds."""
    return [Check(id, 1, (), seconds, body.__doc__ or "", "", body) for id, body in BODIES.items()]


def grade(files: Mapping[str, bytes] | bytes, box: Box, zip_path: Path, row: Attack | None = None) -> Scorecard:
    """Pack and grade with three checks: the one attacked, one of the same worker, and one after it."""
    if isinstance(files, bytes):
        zip_path.write_bytes(files)
    else:
        packing.write_zip(zip_path, files)
    seconds, seed = (row.seconds, row.seed) if row else (5.0, PUBLIC_SEED)
    return engine.grade_zip(zip_path, box, assignment(box.limits), checks(seconds), seed, lambda card: None)


def public_inputs(box: Box, zip_path: Path) -> list[str]:
    """Say what the attacked check asks with for the public seed, as hashes: a student can collect them."""
    collector = Attack("leak", "collect", "", "passed", body=PRINT_INPUT)
    printed = grade(collector.apply(RIGHT, {}), box, zip_path).marks[ATTACKED].printed
    return sorted({line.split()[1] for line in printed.splitlines() if line.startswith("input ")})
