"""How wrong values follow from the right ones by more than one number: line by line, by two numbers, by another array.

What is said here is true of the values, whatever the code: a factor of each image's own, 0.1 times the weight too much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

PRODUCTS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("times {0}", lambda part: part),
    ("divided by {0}", lambda part: 1 / part),
    ("times {0}, squared", np.square),
    ("times 1 - {0}", lambda part: 1 - part),
    ("divided by 1 - {0}", lambda part: 1 / (1 - part)),
    ("times {0} * (1 - {0}), a slope", lambda part: part * (1 - part)),
    ("times 1 - {0}**2, a slope", lambda part: 1 - part**2),
    ("divided by {0} * (1 - {0}), a slope", lambda part: 1 / (part * (1 - part))),
)
REDUCTIONS: tuple[tuple[str, Callable[[np.ndarray], Any]], ...] = (
    ("mean", np.mean),
    ("sum", np.sum),
    ("median", np.median),
    ("largest", np.max),
    ("smallest", np.min),
    ("first", lambda row: row[0]),
    ("last", lambda row: row[-1]),
    ("product", np.prod),
    ("geometric mean", lambda row: np.exp(np.log(row).mean())),
    ("harmonic mean", lambda row: 1 / (1 / row).mean()),
    ("root mean square", lambda row: np.sqrt(np.square(row).mean())),
    ("standard deviation", np.std),
)
FEWEST = 4  # values that one relation must explain
MANY = 4  # values of which not all are so by chance
LONGEST = 4  # runs of equal values
NEARLY = 1e-9
SHOWN = 3  # numbers
SIMPLE = 100  # of a denominator that is written out


def patterns(found: np.ndarray, expected: np.ndarray, names: Sequence[str], tolerance: float) -> Iterator[str]:
    """Yield what explains all values, of which one factor or one number too much does not.

    Args:
        found, expected: float64 arrays of one shape, all finite.
        names: of the axes.
        tolerance: relative.
    """
    if found.size < FEWEST or not expected.any():
        return
    for axis, name in enumerate(names):
        if found.shape[axis] > 1 and found.size > found.shape[axis]:
            yield from _by_line(_lines(found, axis), _lines(expected, axis), name, tolerance)
    yield from _affine(found, expected, tolerance)
    yield from _two_steps(found, expected, names, tolerance)
    yield from _runs(found, expected, tolerance)
    yield from _powers(found, expected, tolerance)
    square = found.ndim == 2 and found.shape[0] == found.shape[1] > 2
    if square and _equal(found, found.T, tolerance) and not _equal(expected, expected.T, tolerance):
        yield "rows and columns count alike: each is equal to what stands mirrored at the diagonal"
    if found.size > MANY and (found >= 0).all() and (expected < 0).sum() > MANY and not (found > 0).all():
        yield "none of them is below 0, as behind a ReLU"


def _by_line(found: np.ndarray, expected: np.ndarray, name: str, tolerance: float) -> Iterator[str]:
    """Each line is multiplied by a number of its own, or has one added, or both."""
    factors, offsets = _factors(found, expected), (found - expected).mean(axis=1, keepdims=True)
    if factors.all() and not _some_are(factors, 1) and _equal(found, factors[:, None] * expected, tolerance):
        yield f"those of each {name} are multiples of what they should be: by {_listed(factors)}"
    if not _some_are(offsets, 0) and _equal(found, expected + offsets, tolerance):
        yield f"to those of each {name} a number of its own is added: {_listed(offsets[:, 0])}"
    if found.shape[1] > 2:
        mean, right = found.mean(axis=1, keepdims=True), expected.mean(axis=1, keepdims=True)
        factors = _factors(found - mean, expected - right)
        told = factors.all() and np.ptp(factors) > NEARLY and not _some_are(factors, 1)
        if told and _equal(found, factors[:, None] * (expected - right) + mean, tolerance):
            times = f"those of each {name} are multiples of what they should be, by {_listed(factors)}"
            yield f"{times}, with a number of their own added"


def of_some(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """Yield what explains the wrong values of an array, the others being right.

    Args:
        found, expected: the wrong values and what they should be, in a row.
    """
    if found.size < FEWEST - 1 or not expected.any():
        return
    for end, beyond in ((found.max(), (expected > found.max()).all()), (found.min(), (expected < found.min()).all())):
        if np.ptp(found) == 0 and end and beyond and np.ptp(expected):
            yield f"all of them cut off at {end:.6g}"
    (factor,) = _factors(found[None], expected[None])
    if factor and _equal(found, factor * expected, tolerance):
        how = "with the wrong sign" if abs(factor + 1) < NEARLY else f"{readable(factor)} times what they should be"
        yield f"all of them {how}"
    offset = float((found - expected).mean())
    if _equal(found, expected + offset, tolerance):
        yield f"all of them {abs(offset):.6g} too {'large' if offset > 0 else 'small'}"


def combined(
    found: np.ndarray, expected: np.ndarray, parts: Mapping[str, np.ndarray], tolerance: float
) -> Iterator[str]:
    """Yield what explains all values by one other array at hand: it in their place, or too much or too little of it."""
    yield from _gathered(found, expected, parts, tolerance)
    if found.size < FEWEST:
        return
    for name, part in _aligned(parts, found.shape):
        if _equal(part, expected, tolerance) or np.ptp(part) == 0:
            continue
        (factor,) = _factors(found.reshape(1, -1), part.reshape(1, -1))
        if factor and _equal(found, factor * part, tolerance):
            yield f"they are {name}" if abs(factor - 1) < NEARLY else f"each is {readable(factor)} times {name}"
        (factor,) = _factors((found - expected).reshape(1, -1), part.reshape(1, -1))
        if factor and _equal(found, expected + factor * part, tolerance):
            yield f"they are what they should be {'plus' if factor > 0 else 'minus'} {_times(abs(factor))}{name}"
        away = np.abs(found - part)
        if found.size > MANY and away.any() and _equal(away, np.full(found.shape, away.mean()), tolerance):
            yield f"each differs from {name} by {readable(float(away.mean()))}, up or down"
        for words, step in PRODUCTS:
            if _equal(found, expected * step(part), tolerance) and not _equal(found, expected, tolerance):
                yield f"each is what it should be {words.format(name)}"
        basis = np.stack([expected.ravel(), part.ravel()], axis=1)
        (own, other), _, rank, _ = np.linalg.lstsq(basis, found.ravel(), rcond=None)
        if rank == 2 and found.size > FEWEST and own and _equal(found.ravel(), basis @ [own, other], tolerance):
            yield f"each is {readable(own)} times what it should be {_plus(other)} times {name}"
        basis = np.stack([np.ones(part.size), part.ravel()], axis=1)
        (own, other), _, rank, _ = np.linalg.lstsq(basis, found.ravel(), rcond=None)
        if len(np.unique(part)) > 2 and rank == 2 and _equal(found.ravel(), basis @ [own, other], tolerance):
            yield f"each is {readable(own)} {_plus(other)} times {name}: a straight line"
    yield from _of_two(found, parts, tolerance)


def _of_two(found: np.ndarray, parts: Mapping[str, np.ndarray], tolerance: float) -> Iterator[str]:
    """Two other arrays at hand, each times a number: what should be there plays no part."""
    varied = [(name, part) for name, part in _aligned(parts, found.shape, "fiu") if np.ptp(part)]
    for (name, part), (other, instead) in combinations(varied, 2) if found.size > MANY else ():
        basis = np.stack([part.ravel(), instead.ravel()], axis=1).astype(np.float64)
        (own, second), _, rank, _ = np.linalg.lstsq(basis, found.ravel(), rcond=None)
        both = rank == 2 and min(abs(own), abs(second)) > NEARLY
        if both and _equal(found.ravel(), basis @ [own, second], tolerance):
            (first, name), (second, other) = sorted(((own, name), (second, other)), reverse=True)
            yield f"each is {_times(first)}{name} {'plus' if second > 0 else 'minus'} {_times(abs(second))}{other}"


def reduced(found: float, parts: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield what a single number is of a row of numbers that it should be the mean of, or another one."""
    for name, part in parts.items():
        row = part[np.isfinite(part)] if part.dtype.kind == "f" else part
        for words, step in REDUCTIONS if row.size > 1 else ():
            if abs(found - float(step(row))) <= NEARLY * abs(found):
                yield f"it is the {words} of {name}"


def readable(factor: float) -> str:
    """Write a number as a fraction where it is one of few digits."""
    fraction = Fraction(factor).limit_denominator(SIMPLE)
    near = NEARLY if fraction.denominator == 1 else 1e-6
    if fraction and abs(float(fraction) - factor) <= near * abs(factor):
        return str(fraction)
    digits = next((digits for digits in range(6, 17) if float(f"{factor:.{digits}g}") != 1), 17)
    return f"{factor:.{digits}g}"  # so that what is nearly 1 is not called 1


def _affine(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    deviation = expected - expected.mean()
    if deviation.any():
        (factor,) = _factors((found - found.mean()).reshape(1, -1), deviation.reshape(1, -1))
        offset = float((found - factor * expected).mean())
        if factor and _equal(found, factor * expected + offset, tolerance):
            yield f"each is {readable(factor)} times what it should be {_plus(offset)}"


def _powers(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """Each is in proportion to a power of what it should be."""
    if (found > 0).all() and (expected > 0).all() and len(np.unique(expected)) > 2:
        basis = np.stack([np.ones(expected.size), np.log(expected).ravel()], axis=1)
        fit, *_ = np.linalg.lstsq(basis, np.log(found).ravel(), rcond=None)
        if abs(fit[1]) > NEARLY and _equal(found.ravel(), np.exp(basis @ fit), tolerance):
            yield f"each is in proportion to what it should be to the power {readable(float(fit[1]))}"


def _two_steps(found: np.ndarray, expected: np.ndarray, names: Sequence[str], tolerance: float) -> Iterator[str]:
    """Some are off by one number, all the others by another."""
    error = found - expected
    high = error > (error.max() + error.min()) / 2
    high = high if high.sum() <= (~high).sum() else ~high
    groups = [error[high], error[~high]]
    if found.size > FEWEST and len(groups[0]) > 1:
        steps = [float(group.mean()) for group in groups]
        if not _some_are(np.array(steps), 0) and _equal(found, expected + np.where(high, *steps), tolerance):
            each = [name for axis, name in enumerate(names) if (_lines(high, axis).sum(axis=1) == 1).all()]
            few = f"one of each {each[0]}'s is" if each else f"{len(groups[0])} of them are"
            one, other = (f"{abs(step):.6g} too {'large' if step > 0 else 'small'}" for step in steps)
            yield f"{few} {one}, all others {other}"


def _runs(found: np.ndarray, expected: np.ndarray, tolerance: float) -> Iterator[str]:
    """Each value several times in a row, where the right ones differ."""
    for axis, length in enumerate(found.shape):
        for run in range(2, min(LONGEST, length - 1) + 1):
            runs, right = (_repeated(values, axis, run) for values in (found, expected))
            if found.std() and _equal(found, runs, tolerance) and not _equal(expected, right, tolerance):
                yield f"each stands {run} times in a row along axis {axis}"
                break


def _repeated(values: np.ndarray, axis: int, run: int) -> np.ndarray:
    """Every run-th value in the place of those behind it."""
    places = np.arange(values.shape[axis]) // run * run
    return values.take(places, axis)


def _gathered(
    found: np.ndarray, expected: np.ndarray, parts: Mapping[str, np.ndarray], tolerance: float
) -> Iterator[str]:
    """A row of sums, or of means, of another array at hand: over all its axes but one."""
    for name, part in parts.items() if found.ndim == 1 < found.size else ():
        if part.dtype.kind != "f" or part.ndim < 2 or not np.isfinite(part).all():
            continue
        for axis in (axis for axis, length in enumerate(part.shape) if length == len(found)):
            rows = _lines(part, axis)
            for words, row in (("summed", rows.sum(axis=1)), ("averaged", rows.mean(axis=1))):
                if row.any() and _equal(found, row, tolerance) and not _equal(expected, row, tolerance):
                    yield f"they are {name}, {words} over all axes but axis {axis}"


def _aligned(
    parts: Mapping[str, np.ndarray], shape: tuple[int, ...], kinds: str = "f"
) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays that can stand beside values of a shape: of that shape, or with a value for each along one axis."""
    for name, part in parts.items():
        if part.dtype.kind not in kinds or not part.size or not np.isfinite(part).all():
            continue
        if part.shape == shape:
            yield name, part
        elif part.ndim == 1 and len(part) > 1:
            for axis, length in enumerate(shape):
                if length == len(part):
                    row = part.reshape([-1 if one == axis else 1 for one in range(len(shape))])
                    yield f"{name} along axis {axis}", np.broadcast_to(row, shape)


def _some_are(numbers: np.ndarray, value: float) -> bool:
    """Whether some lines are right: then it is said where the others lie."""
    return bool((np.abs(numbers - value) < NEARLY).any())


def _lines(values: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def _factors(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """By how much each row is longer than another; 0 where nobody can say."""
    squares = np.square(expected).sum(axis=1)
    return np.asarray((found * expected).sum(axis=1) / np.where(squares, squares, np.inf))


def _equal(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    scale = float(np.sqrt(np.mean(np.square(other))))
    return bool(np.isfinite(scale)) and bool((np.abs(one - other) <= tolerance * (np.abs(other) + scale)).all())


def _listed(numbers: np.ndarray) -> str:
    return ", ".join(map(readable, numbers[:SHOWN])) + (", ..." if len(numbers) > SHOWN else "")


def _times(factor: float) -> str:
    return "" if abs(factor - 1) <= NEARLY else f"{readable(factor)} times "


def _plus(number: float) -> str:
    return f"{'plus' if number > 0 else 'minus'} {readable(abs(number))}"
