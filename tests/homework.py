"""The homework that comes with the grader, for tests of it and for those that need a whole one."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from autograder.course import assignment as assignments
from autograder.course import definition, skeleton
from autograder.course.assignment import Assignment, Report
from autograder.course.definition import Course

ROOT = Path(__file__).resolve().parents[1]
COURSE = assignments.load(definition.find("convnets")).course  # as far as students are asked
PARTS = COURSE.layout.parts
EVERYTHING = bool(os.environ.get("EVERYTHING"))  # `make check-slow EVERYTHING=1`, before a release
T = TypeVar("T")
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # of pytest: a student has none, ours take a second to import


def few(many: Iterable[T], count: int) -> list[T]:
    """Of many, about so many that are evenly spread, the same each time; with EVERYTHING all of them."""
    every = list(many)
    return every if EVERYTHING else every[:: max(1, len(every) // count)]


@functools.cache
def solution() -> Path:
    """Lay out what the best student would hand in, given files included, and return its folder."""
    folder = Path(tempfile.mkdtemp(prefix="solution-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    skeleton.lay_out(COURSE.files(), folder)
    return folder


@functools.cache
def skeletons() -> Path:
    """Lay out what students begin with, and return its folder."""
    folder = Path(tempfile.mkdtemp(prefix="skeletons-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    skeleton.lay_out(skeleton.generate(COURSE), folder)
    return folder


def points(number: str = "") -> str:
    """Say how many points the checks of a part or a TODO have, or all of them."""
    whole = assignments.load(COURSE)
    own = (f"{number}.", f"{number}-") if number else ""
    return f"{sum(cents for id, cents in whole.cents(whole.checks()).items() if id.startswith(own)) / 100:.2f}"


def worth(code: float, report: float) -> Assignment:
    """Load the assignment, with so many points whatever it has."""
    whole = assignments.load(COURSE)
    first = min(whole.parts)
    parts = {first: whole.parts[first].model_copy(update={"points": code})}
    return whole.model_copy(update={"parts": parts, "report": Report(points=report)})


def bare(folder: Path) -> Course:
    """Make a course in `folder` that has the homework's files to be written, and no given ones."""
    work = {f"skeleton/{part}/{name}": b"# TODO 1.1" for part, own in COURSE.layout.work.items() for name in own}
    skeleton.lay_out(work | {"course.toml": (COURSE.folder / "course.toml").read_bytes()}, folder)
    return Course(folder)
