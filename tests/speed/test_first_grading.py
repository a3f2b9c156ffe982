"""What the first grading of a seed may load, as it works the expected values out."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from homework import COURSE

from autograder.checking import rubric
from autograder.course import assignment as assignments
from autograder.grading import engine
from autograder.sandbox.box import Box
from autograder.submission import packing

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the box needs Linux")


def test_expected_values_are_worked_out_by_pytorch_without_its_compiler(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _keep, (tmp_path,)) as process:
        loaded = process.submit(_grade, tmp_path / "a.zip").result()
    assert "torch" in loaded
    assert "torch._dynamo" not in loaded


def _keep(folder: Path) -> None:
    os.environ["XDG_CACHE_HOME"] = str(folder)


def _grade(path: Path) -> set[str]:
    """Grade what trains, and return the names of all modules."""
    assignment = assignments.load(COURSE).on("shapes")
    checks = [check for check in assignment.checks() if check.todo in ("1.13", "2.3", "2.5", "3.4")]
    packing.write_zip(path, COURSE.files())
    with Box(assignment.limits) as box:
        card = engine.grade_zip(path, box, assignment, checks, rubric.PUBLIC_SEED, lambda card: None)
    assert all(card.marks[check.id].outcome == "passed" for check in checks)
    return set(sys.modules)
