"""What is said about a wrong array: every pattern on a small example, and no pattern where it would not be true."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.diagnosis.differences import ELSEWHERE, locate
from autograder.diagnosis.suspects import sentence

TOLERANCE = 1e-9
NAMES = {
    1: ["entry"],
    2: ["row", "column"],
    3: ["image", "channel", "position"],
    4: ["image", "channel", "row", "column"],
}


def said(found: np.ndarray, expected: np.ndarray) -> str:
    """What `locate` says where the two differ."""
    return locate(found, expected, found != expected, TOLERANCE)


def numbered(*shape: int) -> np.ndarray:
    """Values that are all different, in no order that a pattern could take for another."""
    values = np.random.default_rng(5).permutation(int(np.prod(shape))) + 1.5
    return values.reshape(shape) ** 1.5


def changed(expected: np.ndarray, *places: tuple[object, ...]) -> np.ndarray:
    """A copy that is wrong, by another amount each, at these places."""
    found = expected.copy()
    for number, place in enumerate(places, start=1):
        found[place] += number * np.arange(1, found[place].size + 1).reshape(found[place].shape)
    return found


FULL = slice(None)
X, TALL = numbered(2, 3, 6, 8), numbered(1, 2, 14, 3)
EDGE, PAD = "but for what comes in at the edge", ((0, 0), (0, 0), (1, 0), (1, 0))
HALF = np.argsort(X, axis=None).reshape(X.shape) % 2 == 0

EXAMPLES: list[tuple[str, np.ndarray, np.ndarray]] = [
    ("all of them zero", np.zeros_like(X), X),
    ("the sign is off", -X, X),
    ("each is 2 times what it should be", 2 * X, X),
    ("each is 1/3 times what it should be", X / 3, X),
    ("each is -1/2 times what it should be", X * -0.5, X),
    ("each is 0.25 too large", X + 0.25, X),
    ("each is 3 too small", X - 3, X),
    ("they are right in reverse order along axis 1", X[:, ::-1], X),
    ("they are right when axes 2 and 3 are both reversed", X[..., ::-1, ::-1], X),
    ("they are right with axes in the order (1, 0)", X[0, 0, :3, :3].T, X[0, 0, :3, :3]),
    ("they are right when moved by 1 along axis 3", np.roll(X, -1, 3), X),
    ("they are right when moved by -1 along axis 2", np.roll(X, 1, 2), X),
    ("they are right, but axes 2 and 3 are exchanged before a reshape", X.swapaxes(2, 3).reshape(X.shape), X),
    ("all along axis 2 are what the first of them should be", np.repeat(X[:, :, :1], 6, 2), X),
    ("all along axis 3 are what the last of them should be", np.repeat(X[..., -1:], 8, 3), X),
    (f"they are right when moved by -1 along axes 2 and 3, {EDGE}", np.pad(X, PAD, constant_values=7)[..., :6, :8], X),
    (f"they are right when moved by 1 along axis 2, {EDGE}", np.pad(X[0], ((0, 0), (0, 0), (0, 1)))[..., 1:], X[0]),
    (
        "they are right, but for axes in the order (0, 2, 3, 1) before a reshape",
        X.transpose(0, 2, 3, 1).reshape(X.shape),
        X,
    ),
    ("each is the sum of what it and all before it along axis 2 should be", np.cumsum(X, 2), X),
    ("each is the sum of what it and all behind it along axis 1 should be", np.cumsum(X[:, ::-1], 1)[:, ::-1], X),
    ("each is cut off to a whole number", np.floor(X / 7), X / 7),
    ("each is rounded to a whole number", np.rint(X / 7), X / 7),
    ("each is one over what it should be", 1 / X, X),
    ("each is 1 minus what it should be", 1 - X, X),
    ("each is right but for its sign, which is lost", np.abs(X - 900), X - 900),
    ("each is the square of what it should be", np.square(X), X),
    ("each is the square root of what it should be", np.sqrt(np.abs(X)), np.abs(X)),
    ("each is the exponential of what it should be", np.exp(X / 100), X / 100),
    ("each is the logarithm of what it should be", np.log(np.abs(X)), np.abs(X)),
    ("it is 3/2 times what it should be", np.array(1.2345678 * 1.5), np.array(1.2345678)),
    ("it is the square of what it should be", np.array(1.2345678**2), np.array(1.2345678)),
    ("all of them in the last row or the last column", changed(X, (..., FULL, 7), (..., 5, FULL)), X),
    ("the values are right but stand in other places", X.reshape(8, 6, 3, 2).T.reshape(X.shape), X),
    ("all of them in the last image", changed(X, (1,)), X),
    ("all of them in channel 1", changed(X, (FULL, 1)), X),
    ("all of them in the first row", changed(X, (FULL, FULL, 0, FULL)), X),
    ("all of them in the last 3 columns", changed(X, (..., slice(5, 8))), X),
    ("all of them in the first 2 rows", changed(X, (FULL, FULL, slice(2))), X),
    ("all of them in the last 2 entries", changed(X[0, 0, 0], (slice(6, 8),)), X[0, 0, 0]),
    ("all of them on the diagonal", changed(X[0, 0, :4, :4], *((i, i) for i in range(4))), X[0, 0, :4, :4]),
    ("all of them within 1 of the border", changed(X, (..., FULL, 0), (..., 5, FULL)), X),
    ("all of them in every second column", changed(X, (..., slice(0, None, 2))), X),
    ("all of them in every third row", changed(TALL, (FULL, FULL, slice(1, None, 3))), TALL),
    ("only every third row is right", changed(X, (FULL, FULL, [0, 1, 3, 4])), X),
    ("all of them zero", np.where(HALF, 0.0, X), X),
    ("all of them the same number", np.where(HALF, 7.0, X), X),
    ("", changed(X, (0, 0, 1, 2), (1, 2, 3, 5), (0, 1, 4, 4), (1, 0, 2, 1)), X),
]


@pytest.mark.parametrize(("text", "found", "expected"), EXAMPLES, ids=[f"{row[0] or 'none'}" for row in EXAMPLES])
def test_each_pattern_is_seen_where_it_is(text, found, expected) -> None:
    assert said(found, expected) == text


def test_a_number_alone_is_told_its_sign() -> None:
    assert said(np.array(-2.0), np.array(2.0)) == "the sign is off"
    assert said(np.array(3.0), np.array(2.0)) == ""


def test_axes_have_the_names_that_a_check_gives_them() -> None:
    found = changed(X[0], (FULL, 5, FULL))
    assert locate(found, X[0], found != X[0], TOLERANCE, ("filter", "line", "tap")) == "all of them in the last line"


def test_several_classes_are_spelled_as_such() -> None:
    found, expected = changed(X[0, 0], (FULL, slice(6, 8))), X[0, 0]
    text = locate(found, expected, found != expected, TOLERANCE, ("image", "class"))
    assert text == "all of them in the last 2 classes"


def test_a_suspect_is_a_sentence() -> None:
    assert sentence("dx", ["stride is left out"]) == "dx equals what you get when stride is left out"


# No pattern claims what is not true.

Claim = Callable[..., bool]


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, rtol=1e-5, atol=1e-5)


def lines(wrong: np.ndarray, name: str) -> np.ndarray:
    """Say for each index along the axis of this name whether anything of it differs."""
    axis = NAMES[wrong.ndim].index({"entrie": "entry"}.get(name, name))
    return wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis))


def period(text: str) -> int:
    return {"second": 2, "third": 3, "4th": 4, "5th": 5}[text]


def only_every(step: int, right: np.ndarray) -> bool:
    """Say whether those that are right are all those that lie `step` apart, from some first on."""
    return any((right == (np.arange(len(right)) % step == first)).all() for first in range(step))


def within(wrong: np.ndarray, width: int) -> bool:
    sizes = wrong.shape[2:]
    return all(
        any(index < width or index >= size - width for index, size in zip(place[2:], sizes, strict=True))
        for place in np.argwhere(wrong)
    )


def inner(found: np.ndarray, expected: np.ndarray, by: int, axes: list[int]) -> bool:
    """Say whether all but what has come in at the edge is right once it is moved."""
    kept = np.ones(found.shape, dtype=bool)
    for axis in axes:
        places = np.arange(found.shape[axis])
        came = places < by if by > 0 else places >= len(places) + by
        kept &= ~came.reshape([-1 if one == axis else 1 for one in range(found.ndim)])
    return close(np.roll(found, [by] * len(axes), axes)[kept], expected[kept])


CLAIMS: dict[str, Claim] = {
    r"all of them zero": lambda f, e, w: bool((f[w] == 0).all()),
    r"all of them the same number": lambda f, e, w: len(set(f[w].tolist())) == 1,
    r"the sign is off": lambda f, e, w: close(f, -e),
    r"each is (\S+) times what it should be": lambda f, e, w, x: close(f, float(Fraction(x)) * e),
    r"each is (\S+) too large": lambda f, e, w, x: float(x) > 0 and close(f - float(x), e),
    r"each is (\S+) too small": lambda f, e, w, x: float(x) > 0 and close(f + float(x), e),
    r"they are right in reverse order along axis (\d)": lambda f, e, w, k: close(np.flip(f, int(k)), e),
    r"they are right when axes (\d) and (\d) are both reversed": lambda f, e, w, *axes: close(
        np.flip(f, tuple(map(int, axes))), e
    ),
    r"they are right with axes in the order \((.*)\)": lambda f, e, w, order: close(
        f.transpose([int(axis) for axis in order.split(", ")]), e
    ),
    r"they are right, but axes (\d) and (\d) are exchanged before a reshape": lambda f, e, w, one, other: close(
        f, e.swapaxes(int(one), int(other)).reshape(f.shape)
    ),
    r"they are right, but for axes in the order \((.*)\) before a reshape": lambda f, e, w, order: close(
        f, e.transpose([int(axis) for axis in order.split(", ")]).reshape(f.shape)
    ),
    r"they are right when moved by (-?\d) along ax[ei]s (\d)(?: and (\d))?, but for what comes in at the edge": (
        lambda f, e, w, by, *axes: inner(f, e, int(by), [int(axis) for axis in axes if axis])
    ),
    r"all along axis (\d) are what the (first|last) of them should be": lambda f, e, w, k, end: close(
        f, np.broadcast_to(e.take([0 if end == "first" else -1], int(k)), e.shape)
    ),
    r"each is the sum of what it and all before it along axis (\d) should be": lambda f, e, w, k: close(
        f, np.cumsum(e, int(k))
    ),
    r"each is the sum of what it and all behind it along axis (\d) should be": lambda f, e, w, k: close(
        f, e.sum(int(k), keepdims=True) - np.cumsum(e, int(k)) + e
    ),
    r"(?:each|it) is cut off to a whole number": lambda f, e, w: close(f, np.floor(e)),
    r"(?:each|it) is rounded to a whole number": lambda f, e, w: close(f, np.rint(e)),
    r"(?:each|it) is one over what it should be": lambda f, e, w: close(f * e, np.ones_like(e)),
    r"(?:each|it) is 1 minus what it should be": lambda f, e, w: close(f, 1 - e),
    r"(?:each|it) is right but for its sign, which is lost": lambda f, e, w: close(f, np.abs(e)),
    r"(?:each|it) is the square of what it should be": lambda f, e, w: close(f, e * e),
    r"(?:each|it) is the square root of what it should be": lambda f, e, w: close(f * f, e),
    r"(?:each|it) is the exponential of what it should be": lambda f, e, w: close(f, np.exp(e)),
    r"(?:each|it) is the logarithm of what it should be": lambda f, e, w: close(np.exp(f), e),
    r"it is (\S+) times what it should be": lambda f, e, w, x: close(f, float(Fraction(x)) * e),
    r"all of them in the last row or the last column": lambda f, e, w: not w[..., :-1, :-1].any(),
    r"they are right when moved by (-?1) along axis (\d)": lambda f, e, w, by, k: close(np.roll(f, int(by), int(k)), e),
    r"the values are right but stand in other places": lambda f, e, w: close(np.sort(f.ravel()), np.sort(e.ravel())),
    r"all of them in the first (\d+) (\w+)s": lambda f, e, w, n, name: not lines(w, name)[int(n) :].any(),
    r"all of them in the last (\d+) (\w+)s": lambda f, e, w, n, name: not lines(w, name)[: -int(n)].any(),
    r"all of them in the first ([a-z]+)": lambda f, e, w, name: not lines(w, name)[1:].any(),
    r"all of them in the last ([a-z]+)": lambda f, e, w, name: not lines(w, name)[:-1].any(),
    r"all of them on the diagonal": lambda f, e, w: not (w & ~np.eye(*w.shape, dtype=bool)).any(),
    r"all of them within (\d) of the border": lambda f, e, w, width: within(w, int(width)),
    r"all of them in every (\w+) (\w+)": lambda f, e, w, s, name: len(
        set((np.flatnonzero(lines(w, name)) % period(s)).tolist())
    ) == 1,
    r"only every (\w+) (\w+) is right": lambda f, e, w, s, name: only_every(period(s), ~lines(w, name)),
    r"those of each (\w+) are multiples of what they should be: by .*": lambda f, e, w, name: by_line(f, e, name, 0),
    r"to those of each (\w+) a number of its own is added: .*": lambda f, e, w, name: by_line(f, e, name, 1),
    r"those of each (\w+) are multiples of what they should be, by .*, with a number of their own added": (
        lambda f, e, w, name: by_line(f, e, name, 0, 1)
    ),
    r"each is (\S+) times what it should be (plus|minus) (\S+)": lambda f, e, w, x, sign, y: close(
        f, float(Fraction(x)) * e + {"plus": 1, "minus": -1}[sign] * float(Fraction(y))
    ),
    r"(?:one of each \w+'s is|\d+ of them are) (\S+) too .*, all others (\S+) too .*": lambda f, e, w, x, y: close(
        np.minimum(abs(abs(f - e) - float(x)), abs(abs(f - e) - float(y))), np.zeros(f.shape)
    ),
    r"each stands (\d) times in a row along axis (\d)": lambda f, e, w, n, k: close(
        f, f.take(np.arange(f.shape[int(k)]) // int(n) * int(n), int(k))
    ),
    r"each is in proportion to what it should be to the power (\S+)": lambda f, e, w, k: close(
        f / f.ravel()[0], (e / e.ravel()[0]) ** float(Fraction(k))
    ),
    r"rows and columns count alike: .*": lambda f, e, w: close(f, f.T),
    r"none of them is below 0, as behind a ReLU": lambda f, e, w: bool((f >= 0).all()),
    r"all of them with the wrong sign": lambda f, e, w: close(f[w], -e[w]),
    r"all of them (\S+) times what they should be": lambda f, e, w, x: close(f[w], float(Fraction(x)) * e[w]),
    r"all of them (\S+) too (large|small)": lambda f, e, w, x, _: close(abs(f - e)[w], np.full(w.sum(), float(x))),
    r"all of them cut off at (\S+)": lambda f, e, w, x: close(f[w], np.full(w.sum(), float(x))),
    r"all of them (\S+) or (\S+), as where something is clipped": lambda f, e, w, *ends: {*f[w]} == {*map(float, ends)},
    r"all of them in ([a-z]+) (\d+)": lambda f, e, w, name, i: np.flatnonzero(lines(w, name)).tolist() == [int(i)],
}  # fmt: skip


def by_line(found: np.ndarray, expected: np.ndarray, name: str, *degrees: int) -> bool:
    """Say whether each line along the axis of this name is a multiple of the right one, or has a number added."""
    axis = NAMES[found.ndim].index(name)
    for line, right in zip(np.moveaxis(found, axis, 0), np.moveaxis(expected, axis, 0), strict=True):
        here, there = line.ravel(), right.ravel()
        if degrees == (1,):
            fitted = there + (here - there).mean()
        else:
            basis = np.stack([there, np.ones(there.size)][: len(degrees)], axis=1)
            fitted = basis @ np.linalg.lstsq(basis, here, rcond=None)[0]
        if not close(here, fitted):
            return False
    return True


def is_true(text: str, found: np.ndarray, expected: np.ndarray) -> bool:
    where, both, _ = text.rpartition(f", {ELSEWHERE}")
    if both:
        return is_true(where, found, expected) and is_true(ELSEWHERE, found, expected)
    where, both, how = text.rpartition(", all of them ")
    if both and not how.startswith("others"):
        return is_true(where, found, expected) and is_true(f"all of them {how}", found, expected)
    for pattern, holds in CLAIMS.items():
        if match := re.fullmatch(pattern, text):
            return holds(found, expected, found != expected, *match.groups())
    raise AssertionError(f"a sentence that no claim describes: {text}")


@pytest.mark.parametrize(("text", "found", "expected"), EXAMPLES[:-1], ids=[row[0] for row in EXAMPLES[:-1]])
def test_the_claims_below_know_every_pattern(text, found, expected) -> None:
    assert is_true(text, found, expected)


SHAPES = arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=7)
SELECT = st.sampled_from([slice(None), 0, -1, slice(1, None), slice(None, 2), slice(-2, None), slice(1, None, 2)])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """An array and one that is wrong: in some entries, in some lines, or in order, sign or size."""
    shape = draw(SHAPES)
    expected = draw(arrays.arrays(np.float64, shape, elements=st.integers(-9, 9)))
    how = draw(st.sampled_from(["entries", "lines", "order", "values"]))
    if how == "entries":
        return np.where(draw(arrays.arrays(bool, shape)), draw(st.sampled_from([0.0, 4.5])), expected), expected
    if how == "lines":
        axis = draw(st.integers(0, len(shape) - 1))
        chosen = draw(st.lists(st.integers(0, shape[axis] - 1), min_size=1, max_size=6) | SELECT)
        found = expected.copy()
        place = (*(slice(None),) * axis, chosen)
        found[place] = found[place] * draw(st.sampled_from([1, 2])) + draw(st.integers(-3, 3))
        return found, expected
    if how == "order":
        found = np.flip(expected, draw(st.integers(0, len(shape) - 1)))
        return np.roll(found, draw(st.integers(-1, 1)), draw(st.integers(0, len(shape) - 1))), expected
    return expected * draw(st.sampled_from([-1, -0.5, 1, 2, 1 / 3])) + draw(st.sampled_from([0, 0, 1, -0.25])), expected


@settings(deadline=None, max_examples=600)
@given(pairs())
@example((changed(numbered(9, 2), ([0, 1],)), numbered(9, 2)))
@example((changed(numbered(9, 2), ([0, 4],)), numbered(9, 2)))
@example((np.array([[1.0, 2.0]]), np.array([[1.0, 3.0]])))
def test_whatever_is_said_is_true(pair) -> None:
    found, expected = pair
    assume((found != expected).any())
    text = said(found, expected)
    assert not text or is_true(text, found, expected)
