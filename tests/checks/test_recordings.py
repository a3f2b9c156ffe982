"""Recorded values stand for the oracles: the same for the same case, nothing for another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.checking import recordings
from autograder.checking.recordings import key, recorded
from autograder.errors import NotRecorded

X = np.arange(6.0).reshape(2, 3)
RESULTS = {
    key("array", (X, 2), {"rule": "a"}): X / 3,
    key("number", (X,), {}): 0.1,
    key("list", ((X, 1),), {}): [X, X[0]],
    key("pair", (), {}): (X, np.array([1, 2])),
    key("H // stride windows, and W // stride", (X,), {}): X + 1,  # as a suspect is named
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    recordings.save(tmp_path / "recorded.npz", RESULTS)
    return tmp_path / "recorded.npz"


def test_what_was_recorded_comes_back_as_it_was(path) -> None:
    array = recorded("array", path)(X.copy(), 2, rule="a")
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, X / 3)
    number = recorded("number", path)(X)
    assert type(number) is float
    assert number == 0.1
    assert [type(value) for value in (recorded("list", path)((X, 1)), recorded("pair", path)())] == [list, tuple]
    np.testing.assert_array_equal(recorded("pair", path)()[1], [1, 2])
    np.testing.assert_array_equal(recorded("H // stride windows, and W // stride", path)(X), X + 1)


def test_another_case_is_refused_and_never_answered(path) -> None:
    for args, kwargs in (((X, 2), {}), ((X, 3), {"rule": "a"}), ((X + 1e-3, 2), {"rule": "a"}), ((X.T, 2), {})):
        with pytest.raises(NotRecorded, match=r"^no value of array is recorded for this case: is NumPy .* that of"):
            recorded("array", path)(*args, **kwargs)


def test_the_last_bit_of_an_argument_makes_no_other_case() -> None:
    assert key("f", (X,), {}) == key("f", (np.nextafter(X, 9),), {}) == key("f", (X - 0.0,), {})


@pytest.mark.parametrize(
    "other", [X.astype(np.float32), X.ravel(), X + 1e-5, X.tolist(), None], ids=["dtype", "shape", "value", "list", "-"]
)
def test_another_argument_makes_another_case(other) -> None:
    assert key("f", (X,), {}) != key("f", (other,), {})


def test_nobody_can_change_a_recorded_value(path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        recorded("array", path)(X, 2, rule="a").fill(0)


def test_equal_recordings_are_equal_files(path, tmp_path) -> None:
    again = tmp_path / "again.npz"
    recordings.save(again, dict(reversed(RESULTS.items())))
    assert again.read_bytes() == path.read_bytes()
