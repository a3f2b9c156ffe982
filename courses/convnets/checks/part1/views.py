"""1.1: windows without copying, sums over them, broadcasting, the place of a maximum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.each import Judge, for_each_ahead
from autograder.checking.expect import expect_close, expect_equal, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.student import Student, calling
from autograder.errors import CheckFailed

from ...oracles.views import biased, filtered, windows, windows_by_strides
from .shared import Clauses, draw

WINDOWS = "part1_numpy.views:sliding_windows"
AXES = ("image", "channel", "window row", "window column", "row", "column")
BIG, KERNEL = 4096, 64  # all windows of the big image, copied, are half a terabyte


def _read(
    x: np.ndarray, size: int, stride: int, strides: tuple[int, ...], order: str = "C"
) -> Callable[[], np.ndarray]:
    return lambda: windows_by_strides(x, size, stride, strides, order)


@check("1.1-windows", points=2)
def windows_stand_where_they_should(student: Student, rng: np.random.Generator) -> None:
    """sliding_windows holds the window of every output position.

    Take a small image that is not square, and compare windows[0, 0, 1, 2] with the slice of x that it stands for.
    Strides count bytes.
    """

    def suspects(x: np.ndarray, size: int, stride: int) -> Clauses:
        _, channels, height, width = x.shape
        n, c, row = channels * height * width, height * width, width
        down, right = stride * row, stride
        return {
            "windows begin at neighbouring pixels, stride is left out": _read(x, size, stride, (n, c, row, 1, row, 1)),
            "the pixels of a window are stride apart as well": _read(x, size, stride, (n, c, down, right, down, right)),
            "rows and columns of a window are exchanged": _read(x, size, stride, (n, c, down, right, 1, row)),
            "the rows and columns of windows are exchanged": _read(x, size, stride, (n, c, right, down, row, 1)),
            "the height of x is taken for the length of its rows": _read(
                x, size, stride, (n, c, stride * height, right, height, 1)
            ),
            "the last window along each axis is left out": lambda: windows(x, size, stride)[:, :, :-1, :-1],
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> Judge:
        how = (draw(rng, *sizes.shape), sizes.kernel, sizes.stride)
        found = student.several([calling(WINDOWS, *how)])
        return lambda: expect_close(next(found), windows(*how), "windows", suspects=suspects(*how), axes=AXES)

    cases = (((2, 2, 6, 9), 3, 2), ((1, 3, 5, 4), 2, 1), ((2, 1, 8, 7), 2, 3), ((2, 2, 4, 5), 1, 2))
    for_each_ahead(student, rng, (Sizes(shape, kernel=size, stride=stride) for shape, size, stride in cases), body)


@check("1.1-layout", needs=("1.1-windows",))
def windows_follow_the_layout_of_x(student: Student, rng: np.random.Generator) -> None:
    """sliding_windows follows the layout of x in memory, whatever it is.

    x may be a view itself: transposed, cut out of a larger array, read-only, of another dtype.
    """
    x = draw(rng, 2, 3, 6, 5)
    expected = windows(x, 3, 2)
    clause = "the strides are worked out from the shape of x, as if its values lay in C order"
    layouts = ("fortran", "strided", "readonly")
    given = [*(student.hold(x, layout) for layout in layouts), x.astype(np.float32)]
    found = student.several([calling(WINDOWS, one, 3, 2) for one in given])
    for layout in layouts:
        suspects = {clause: _read(x, 3, 2, (90, 30, 10, 2, 5, 1), order="F" if layout == "fortran" else "C")}
        expect_close(next(found), expected, f"windows for a {layout} x", suspects=suspects, axes=AXES)
    expect_close(next(found), expected, "windows for a float32 x", dtype="float32", axes=AXES)


@check("1.1-no-copy", points=2, needs=("1.1-windows",))
def windows_are_no_copy(student: Student, rng: np.random.Generator) -> None:
    """sliding_windows copies nothing: the windows of a 4096 x 4096 image take no memory of their own.

    Half a terabyte would be needed if each window held its own pixels. Some functions make a copy without saying so,
    reshape for one.
    """
    small = student.hold(draw(rng, 1, 2, 6, 5))
    held = student.new(WINDOWS, small, 3, 1)
    # Asked first, so that a copy is found before it fills the memory of a student's own machine. The answer could be
    # forged; the big image decides.
    if student.call("probe:share_memory", held, small) is not True:
        raise CheckFailed("the windows have memory of their own, expected a view that shares the memory of x")
    corner = draw(rng, 1, 1, KERNEL + 1, KERNEL + 2)
    held = student.new(WINDOWS, student.new("probe:canvas", BIG, corner), KERNEL, 1)
    count = BIG - KERNEL + 1
    expect_equal(held.get("shape"), (1, 1, count, count, KERNEL, KERNEL), "the shape of the windows")
    found = student.call("probe:last_windows", held, 2, 3)
    expect_close(found, windows(corner, KERNEL, 1), "windows at the lower right corner", axes=AXES)


@check("1.1-filters", points=2)
def filters_meet_every_window(student: Student, rng: np.random.Generator) -> None:
    """apply_filters multiplies each window with each filter and sums over channels, rows and columns.

    Write down which axes of windows and of weight run over the same thing, and which axis of the result is which.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> Judge:
        window = (sizes.kernel, sizes.kernel)
        x = draw(rng, sizes.images, sizes.channels, *sizes.windows, *window)
        weight = draw(rng, sizes.filters, sizes.channels, *window)
        found = student.several([calling("part1_numpy.views:apply_filters", x, weight)])
        return lambda: expect_close(next(found), filtered(x, weight), "y")

    cases = (((2, 3, 4, 6), 4, 2), ((1, 2, 3, 4), 3, 3))
    for_each_ahead(student, rng, (Sizes(*how, array="the windows of an x") for how in cases), body)


@check("1.1-bias")
def bias_goes_to_its_filter(student: Student, rng: np.random.Generator) -> None:
    """add_bias adds bias[f] to everything that filter f gave, and leaves y alone.

    Broadcasting lines up shapes from the right.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> Judge:
        y, bias = draw(rng, *sizes.shape), draw(rng, sizes.channels)
        held = student.hold(y)
        found = student.several([calling("part1_numpy.views:add_bias", held, bias), held.fetching()])

        def judge() -> None:
            expect_close(next(found), biased(y, bias), "y + bias")
            expect_unchanged(next(found), y, "y")

        return judge

    cases = (Sizes(shape, array="y") for shape in ((2, 3, 4, 3), (1, 4, 4, 3), (2, 5, 3, 4)))
    for_each_ahead(student, rng, cases, body)


@check("1.1-argmax")
def argmax_is_a_row_and_a_column(student: Student, rng: np.random.Generator) -> None:
    """argmax_position returns row and column of the largest value.

    argmax counts through all values, row by row. The window need not be square.
    """
    places, asked = ((1, 3), (3, 0), (0, 2)), []
    for height, width, place in zip((3, 4, 3), (4, 2, 3), places, strict=True):
        window = -1.0 - rng.permutation(height * width).reshape(height, width)
        window[place] = -0.5
        asked.append(calling("part1_numpy.views:argmax_position", window))
    twice = np.full((3, 3), -1.0)
    twice[[1, 2], [2, 0]] = -0.5
    found = student.several([*asked, calling("part1_numpy.views:argmax_position", twice)])
    for place in places:
        expect_equal(next(found), place, "the position of the largest value")
    others: Clauses = {
        "the last of them is taken": lambda: (2, 0),
        "row and column are searched apart": lambda: (1, 0),
    }
    expect_equal(next(found), (1, 2), "the position of the first of two equal values", suspects=others)
