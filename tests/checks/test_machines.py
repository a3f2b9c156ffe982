"""The same solutions get the same marks and sentences on every machine."""

from __future__ import annotations

import numpy as np

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
