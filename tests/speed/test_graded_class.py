"""The benchmark of a class: all of it is graded, and right."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from homework import COURSE

from autograder.bench import graded_class

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the box needs Linux")


def test_the_class_that_is_timed_is_graded_and_right(tmp_path: Path) -> None:
    seconds, busy = graded_class.grade(COURSE, tmp_path, 2)
    assert seconds > 0.1
    assert 0 < busy < 1.1  # of ticks of 10 ms
    with (tmp_path / "2-out" / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        assert [row["part 1"] for row in csv.DictReader(file)] == ["36.00", "36.00"]
