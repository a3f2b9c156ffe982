"""The same solutions get the same marks and sentences on every machine."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from homework import COURSE, EVERYTHING

from autograder.authoring.auditing import machines


def test_what_differs_is_named_by_solution_and_check() -> None:
    first = {"reference": {"1.1-a 0": ["passed", "", ""], "1.1-b 0": ["failed", "y is 1", ""]}}
    other = {"reference": {"1.1-a 0": ["passed", "", ""], "1.1-b 0": ["failed", "y is 2", ""]}}
    assert machines.differing(first, first) == []
    assert machines.differing(first, other) == [
        "reference 1.1-b 0: ['failed', 'y is 2', ''], was ['failed', 'y is 1', '']"
    ]


def test_the_settings_switch_off_what_this_machine_has(tmp_path) -> None:
    found = machines.settings([tmp_path / "old"])
    switched = found["NumPy narrow"]["NPY_DISABLE_CPU_FEATURES"].split()
    assert all(np._core._multiarray_umath.__cpu_features__[name] for name in switched)
    assert found["NumPy of old"] == {"PYTHONPATH": str(tmp_path / "old")}
    assert found["torch avx2"] == {"ATEN_CPU_CAPABILITY": "avx2"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
@pytest.mark.parametrize(("part", "count"), [(1, 10), (2, 2), (3, 10)])
def test_marks_and_sentences_are_the_same_with_narrow_instructions_and_two_threads(part, count) -> None:
    """The settings that differ most; `autograder audit --machines` has all, and other versions of NumPy."""
    here, there = (
        machines.results_with(COURSE, part, 200 if EVERYTHING else count, machines.settings([])[name])[1]
        for name in ("as it is", "all narrow, two threads")
    )
    assert here
    assert machines.differing(here, there) == []
