"""Where two arrays differ, in the words of someone who looks at them.

`locate` tries patterns from the most to the least telling and returns the first that explains every wrong value: the
sign, a factor, exchanged axes, a border, every s-th column, one channel. It knows nothing about layers; what a known
mistake would return is for a check's suspects to say.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from autograder.diagnosis import formulas, relations, wrong_entries
from autograder.diagnosis.relations import readable

PICTURE_SIDE = 32  # pixels at most
MAX_RANK_PERMUTED = 4
MIN_SHIFTED = 5  # values that must agree where all are moved
ELSEWHERE = "the values are right but stand in other places"
TINY, HUGE = 1e-150, 1e150  # numbers beyond these are none that anybody computes with
EXACT = 1e-12
NEAR = 1e-5  # a relative difference below this has other reasons than a wrong formula


def entry(name: str, index: tuple[int, ...]) -> str:
    """Name one entry: "dx[0, 1]", or "dx[0, 1] for stride 2" where the name says more than the array's."""
    if not index:
        return name
    array = re.match(r"\w+(?= (for|of) )", name)
    end = array.end() if array else len(name)
    return f"{name[:end]}[{', '.join(map(str, index))}]{name[end:]}"


def apart(found: float, expected: float) -> tuple[str, str]:
    """Write two numbers with as many digits as tell them apart, at least 6 and at most 17.

    >>> apart(2.60806001, 2.60806)
    ('2.60806001', '2.60806')
    """
    for digits in range(6, 18):
        texts = f"{found:.{digits}g}", f"{expected:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def nearly(found: np.ndarray, expected: np.ndarray, name: str) -> str:
    """Name what usually makes values differ that agree to six digits and more, or nothing where they do not."""
    size = float(np.linalg.norm(expected))
    relative = float(np.linalg.norm(found - expected)) / size if size else 1.0
    if not 0 < relative < NEAR:
        return ""
    lost = (found == 0) & (expected != 0)
    if lost.any() and np.allclose(found[~lost], expected[~lost], rtol=EXACT, atol=0):
        return f"only the smallest values of {name} are wrong: they are 0, cut off or lost beside larger ones"
    agree = f"{name} agrees to about {-math.floor(math.log10(relative)) - 1} digits"
    if np.array_equal(found.astype(np.float32), found):
        return f"{agree} and is rounded to float32: where does that dtype come from?"
    added = "is a small number such as 1e-8 added in a logarithm, a root or a denominator"
    return f"{agree}: is it float32 somewhere on the way, or {added}?"


def misread(found: np.ndarray, expected: np.ndarray, name: str) -> str:
    """Say that values are no numbers but pieces of numbers, or nothing where they may be some."""
    sizes, right = np.abs(found[found != 0]), np.abs(expected[expected != 0])
    odd = sizes[(sizes < TINY) | (sizes > HUGE)]
    if not odd.size or ((right < TINY) | (right > HUGE)).any():
        return ""
    return f"{name} holds numbers such as {odd[0]:.1g}: bytes are read that belong to two values (strides count bytes)"


def rearranged(found: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Say that values of another shape are the right ones, and how they lie, or nothing where they are not."""
    if found.size != expected.size or found.size < 2:
        return ""
    if found.ndim == expected.ndim <= MAX_RANK_PERMUTED:
        for order in list(itertools.permutations(range(found.ndim)))[1:]:
            if _equal(found.transpose(order), expected, tolerance):
                return f"they are right with axes in the order {order}"
    if _equal(found.ravel(), expected.ravel(), tolerance):
        return "its values are right, one after the other"
    order = _reshaped(found, expected, tolerance)
    return f"its values are right, one after the other, for axes in the order {order}" if order else ""


@np.errstate(all="ignore")
def locate(
    found: np.ndarray,
    expected: np.ndarray,
    wrong: np.ndarray,
    tolerance: float,
    axes: Sequence[str] = (),
    parts: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> str:
    """Say which pattern the wrong values follow, or nothing where none fits.

    Args:
        found, expected: float64 arrays of one shape, all finite.
        wrong: boolean, same shape: which entries count as different; at least one.
        tolerance: relative, for "equal up to a factor" and the like.
        axes: one name for each axis; the usual ones of images when empty.
        parts: other arrays that are at hand, by what the student calls them.
    """
    if found.size < 2:
        single = itertools.chain(
            relations.reduced(float(found.ravel()[0]), parts) if found.size else (),
            _global_patterns(found, expected, tolerance),
            formulas.patterns(found, expected),
        )
        return next(single, "")
    names = list(axes) or _axis_names(found.ndim)
    whole = itertools.chain(
        _global_patterns(found, expected, tolerance),
        _order_patterns(found, expected, tolerance),
        _sum_patterns(found, expected, tolerance),
        formulas.patterns(found, expected),
        relations.combined(found, expected, parts, tolerance),
        relations.patterns(found, expected, names, tolerance),
    )
    told = next(whole, "")
    where = next(wrong_entries.patterns(wrong, names), "") if told in ("", ELSEWHERE) else ""
    if told:
        return ", ".join(filter(None, (where, told)))
    how = next(_value_patterns(found, expected, wrong, tolerance), "")
    return ", ".join(filter(None, (where, how)))


@np.errstate(all="ignore")
def whole(found: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Say how all values of an array follow from the right ones, but for what is wrong with some of them only."""
    patterns = (_global_patterns, _order_patterns, _sum_patterns)
    return next((told for one in patterns for told in one(found, expected, tolerance)), "")


def picture(error: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Shrink |error| to a small grey picture, (rows, columns) of 0 to 255; empty where it has no two axes."""
    if error.ndim < 2 or not error.size or not np.isfinite(error).all():
        return ()
    plane = error.reshape(-1, *error.shape[-2:]).max(axis=0)
    rows, columns = (np.array_split(np.arange(n), min(n, PICTURE_SIDE)) for n in plane.shape)
    small = np.array([[plane[np.ix_(r, c)].max() for c in columns] for r in rows])
    scaled = np.ceil(255 * (small / (small.max() or 1.0))).astype(int)
    return tuple(tuple(int(value) for value in row) for row in scaled)


def _axis_names(rank: int) -> list[str]:
    if rank == 1:
        return ["entry"]
    if rank == 2:
        return ["row", "column"]
    if rank == 3:
        return ["image", "channel", "position"]
    return ["image", "channel", "row", "column", *(f"axis {axis}" for axis in range(4, rank))][:rank]


def _equal(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    scale = float(np.sqrt(np.mean(np.square(b)))) if b.size else 0.0
    if a.shape != b.shape or not np.isfinite(scale):
        return False
    return bool((np.abs(a - b) <= tolerance * (np.abs(b) + scale)).all())


def _global_patterns(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    if not expected.any():
        return
    if not found.any():
        yield "all of them zero"
        return
    if _equal(found, -expected, tolerance):
        yield "the sign is off"
    factor = float((found * expected).sum() / (expected * expected).sum())
    if found.size > 1 and factor and _equal(found, factor * expected, tolerance):
        yield f"each is {readable(factor)} times what it should be"
    offset = float((found - expected).mean())
    if found.size > 2 and _equal(found - offset, expected, tolerance):
        yield f"each is {abs(offset):.6g} too {'large' if offset > 0 else 'small'}"


def _order_patterns(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """The right values in other places."""
    for axis in range(found.ndim):
        if found.shape[axis] > 1 and _equal(np.flip(found, axis), expected, tolerance):
            yield f"they are right in reverse order along axis {axis}"
    if found.ndim >= 2 and _equal(np.flip(found, (-2, -1)), expected, tolerance):
        yield f"they are right when axes {found.ndim - 2} and {found.ndim - 1} are both reversed"
    if 2 <= found.ndim <= MAX_RANK_PERMUTED:
        for order in list(itertools.permutations(range(found.ndim)))[1:]:
            if _equal(found.transpose(order), expected, tolerance):
                yield f"they are right with axes in the order {order}"
    for axis in range(found.ndim):
        for shift in (1, -1):
            if found.shape[axis] > 2 and _equal(np.roll(found, shift, axis), expected, tolerance):
                yield f"they are right when moved by {shift} along axis {axis}"
    for axis in range(found.ndim):
        for end, place in (("first", 0), ("last", -1)):
            # Of a few numbers that is chance.
            repeated = np.broadcast_to(expected.take([place], axis), expected.shape)
            if found.shape[axis] > 1 and found.size > MIN_SHIFTED and _equal(found, repeated, tolerance):
                yield f"all along axis {axis} are what the {end} of them should be"
    yield from _shifts(found, expected, tolerance)
    for one, other in itertools.combinations(range(found.ndim), 2):
        moved = expected.swapaxes(one, other).reshape(found.shape)
        if min(found.shape[one], found.shape[other]) > 1 and _equal(found, moved, tolerance):
            yield f"they are right, but axes {one} and {other} are exchanged before a reshape"
    if order := _reshaped(found, expected, tolerance):
        yield f"they are right, but for axes in the order {order} before a reshape"
    if found.size > 3 and _equal(np.sort(found, axis=None), np.sort(expected, axis=None), tolerance):
        yield ELSEWHERE


def _sum_patterns(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """The right values, added up along an axis: >= for ==, or a sum that is not begun anew."""
    for axis in range(found.ndim):
        if found.shape[axis] > 2 and _equal(found, np.cumsum(expected, axis), tolerance):
            yield f"each is the sum of what it and all before it along axis {axis} should be"
        if found.shape[axis] > 2 and _equal(np.flip(found, axis), np.cumsum(np.flip(expected, axis), axis), tolerance):
            yield f"each is the sum of what it and all behind it along axis {axis} should be"


def _shifts(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """The right values some places away from where they belong; what has moved in from outside is anything."""
    last = found.ndim - 1
    for axes in (
        [(last,)] if found.ndim in (1, 3) else [(last - 1, last), (last - 1,), (last,)] if found.ndim > 3 else []
    ):
        for shift in (1, -1, 2, -2):
            to, of = (slice(max(shift, 0), shift if shift < 0 else None) for shift in (shift, -shift))
            ahead, behind = [slice(None)] * found.ndim, [slice(None)] * found.ndim
            for axis in axes:
                ahead[axis], behind[axis] = to, of
            here, there = found[tuple(behind)], expected[tuple(ahead)]
            if here.size > MIN_SHIFTED and here.std() and _equal(here, there, tolerance):
                along = f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes[0]} and {axes[1]}"
                yield f"they are right when moved by {shift} along {along}, but for what comes in at the edge"
                return


def _reshaped(found: np.ndarray, expected: np.ndarray, tolerance: float) -> tuple[int, ...]:
    """The order in which the axes of the right values lie when they are read one after the other as found."""
    if found.size != expected.size or not 3 <= expected.ndim <= MAX_RANK_PERMUTED:
        return ()
    flat = found.ravel()
    orders = [*itertools.permutations(range(expected.ndim))][1:]
    return next((one for one in orders if _equal(flat, expected.transpose(one).ravel(), tolerance)), ())


def _value_patterns(found: np.ndarray, expected: np.ndarray, wrong: np.ndarray, tolerance: float) -> Iterator[str]:
    """What the wrong values have in common."""
    tests: tuple[tuple[Callable[[np.ndarray], np.ndarray], str], ...] = (
        (lambda values: values == 0, "zero"),
        (lambda values: values == values[0], "the same number"),
    )
    for test, words in tests:
        if wrong.sum() > 1 and test(found[wrong]).all():
            cut = next(relations.of_some(found[wrong], expected[wrong], tolerance), "") if not wrong.all() else ""
            yield cut if cut.startswith("all of them cut off") else f"all of them {words}"
    if len(numbers := np.unique(found[wrong])) == 2 < wrong.sum() // 2 and not wrong.all():
        yield f"all of them {numbers[0]:.6g} or {numbers[1]:.6g}, as where something is clipped"
    if not wrong.all():
        yield from relations.of_some(found[wrong], expected[wrong], tolerance)
