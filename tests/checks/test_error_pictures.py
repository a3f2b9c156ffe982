"""The small picture of where an array is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.diagnosis.differences import picture


@settings(deadline=None, max_examples=200)
@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=4, max_side=40), elements=st.floats(0, 1e308)))
@example(np.array([[1e308, 1.0]]))
@example(np.array([[5e-324, 0.0]]))
def test_a_picture_has_at_most_32_by_32_grey_values(error) -> None:
    rows = picture(error)
    if error.ndim < 2:
        assert rows == ()
        return
    assert len(rows) == min(error.shape[-2], 32)
    assert {len(row) for row in rows} == {min(error.shape[-1], 32)}
    values = {value for row in rows for value in row}
    assert all(type(value) is int and 0 <= value <= 255 for value in values)
    assert max(values) == (255 if error.any() else 0)


def test_a_picture_shows_where_the_error_is_in_any_image() -> None:
    error = np.zeros((2, 3, 4, 5))
    error[1, 2, 3, 0], error[0, 0, 1, 4] = 2.0, 1.0
    assert picture(error)[3][0] == 255
    assert picture(error)[1][4] == 128
    assert sum(map(sum, picture(error))) == 255 + 128


def test_a_wrong_pixel_of_a_large_image_is_not_lost() -> None:
    error = np.zeros((100, 70))
    error[57, 33] = 1e-30
    assert sum(value > 0 for row in picture(error) for value in row) == 1


@pytest.mark.parametrize("error", [np.zeros(3), np.zeros((0, 3)), np.array([[np.nan, 1.0]]), np.array([[np.inf, 1.0]])])
def test_there_is_no_picture_where_there_is_nothing_to_draw(error) -> None:
    assert picture(error) == ()
