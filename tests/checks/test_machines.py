"""The same solutions get the same marks and sentences on every machine."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from homework import COURSE
from rich.console import Console

from autograder.authoring import machines


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
def test_marks_and_sentences_are_the_same_whatever_instructions_and_threads_compute_them() -> None:
    """A sample of mutants; `autograder audit --machines 200` is the whole, with other versions of NumPy."""
    out = io.StringIO()
    assert machines.compare(COURSE, Console(file=out, width=200), 1, 10, []) == 0, out.getvalue()
