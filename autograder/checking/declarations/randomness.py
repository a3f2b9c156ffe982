"""The checks that follow from what is declared of a layer that draws random numbers: no two implementations draw alike.

What they have in common is compared: by which factors values are multiplied, how many by each, which values have a
factor together; that a seed repeats what it drew, and that backward goes by what forward drew.
"""

from __future__ import annotations

import math

import numpy as np

from autograder.checking.declarations.chance import Statistics, statistics
from autograder.checking.declarations.counterpart import TRIALS
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.derived import Rng
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.slopes import differences
from autograder.checking.declarations.tried import Trial, draw
from autograder.checking.each import NoCase, for_each
from autograder.checking.expect import expect_array
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

SIDE = 8  # of the axes, where many values are wanted
SIGMAS = 7.0  # that a share may be off: a right solution is that unlucky once in 10**11 times
CLOSE = 1e-6


def shares(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that draws what it should: factors, how many of each, and which values share one."""

    def ask(student: Student, rng: Rng, case: Case) -> None:
        trial = draw(own, rng, _enlarged(own, case))  # a simpler case too: a few values may coincide
        assert own.counterpart is not None
        right = own.counterpart.statistics(trial.question)[0]
        layer = trial.layer(student, seed=_seed(rng))
        calls = np.stack([_output(trial, student, layer, right) for _ in range(TRIALS)])
        x, name = trial.arrays[next(iter(own.inputs))], next(iter(own.outputs))
        if right.levels.size:
            _expect_levels(calls, x, right, name)
        _expect_moments(statistics(calls, x), right, name)

    for_each(student, rng, _large(own, rng), ask)


def seeds(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that draws anew in each call, and draws the same for the same seed."""
    name = next(iter(own.outputs))

    def ask(student: Student, rng: Rng, case: Case) -> None:
        trial = draw(own, rng, _enlarged(own, case))  # a simpler case too: a few values may coincide
        assert own.counterpart is not None
        right = own.counterpart.statistics(trial.question)[0]
        if right.levels.size == 1:  # nothing to be drawn
            raise NoCase
        one, other = _seed(rng), _seed(rng)
        layer = trial.layer(student, seed=one)
        first, second = (_output(trial, student, layer, right) for _ in range(2))
        again, different = (_output(trial, student, trial.layer(student, seed=key), right) for key in (one, other))
        if not np.array_equal(first, again):
            raise CheckFailed(f"{name} differs between two layers of one {own.random}, expected the same draw")
        if np.array_equal(first, different):
            raise CheckFailed(f"{name} is the same for two seeds, expected draws from {own.random}")
        if np.array_equal(first, second):
            raise CheckFailed(f"{name} is the same in a second call, expected another draw in each")

    for_each(student, rng, _large(own, rng), ask)


def same_draw(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer whose backward goes by what its latest forward drew."""
    differences(own, student, rng, seed=_seed(rng))


def _large(own: Declaration, rng: Rng) -> list[Case]:
    """Cases of many values, one for each choice of the options."""
    cases = own.plan.cases(rng, max(2, *(len(choices) for choices in own.plan.options.values()), 2))
    return [*dict.fromkeys(_enlarged(own, case) for case in cases[1:])]


def _enlarged(own: Declaration, case: Case) -> Case:
    return case.but(**{name: SIDE for name, lengths in own.plan.axes.items() if lengths is None})


def _seed(rng: Rng) -> int:
    return int(rng.integers(1 << 31))


def _output(trial: Trial, student: Student, layer: Remote, right: Statistics) -> np.ndarray:
    found = trial.run(student, layer, trial.arrays)[0]
    return expect_array(found, next(iter(trial.declaration.outputs)), tuple(map(int, right.shape)))


def _expect_levels(calls: np.ndarray, x: np.ndarray, right: Statistics, name: str) -> None:
    factors = calls / x if calls.shape[1:] == x.shape else calls
    known = [np.abs(factors - level) <= CLOSE for level in right.levels]
    stray = ~np.logical_or.reduce(known)
    levels = " or ".join(f"{level:g}" for level in right.levels)
    if stray.any():
        place = tuple(int(index) for index in np.unravel_index(int(stray.argmax()), stray.shape))
        entry = f"{name}[{', '.join(map(str, place[1:]))}]"
        raise CheckFailed(f"{entry} is {factors[place]:g} times what goes in, expected {levels} times")
    which = np.argmax(known, axis=0)
    for axis, alike in enumerate(right.alike, start=1):
        together = bool((which == which.take([0], axis)).all())
        if alike and not together:
            raise CheckFailed(f"along axis {axis - 1} of {name} some are kept and some are not, expected all or none")
        if together and not alike:
            raise CheckFailed(f"all along axis {axis - 1} of {name} meet one fate, expected each to be drawn by itself")
    free = math.prod(size for size, alike in zip(calls.shape, [False, *right.alike], strict=True) if not alike)
    for level, share, places in zip(right.levels, right.shares, known, strict=True):
        found = float(places.mean())
        if abs(found - share) > SIGMAS * math.sqrt(2 * 0.25 / free):
            raise CheckFailed(f"{found:.2f} of {name} is {level:g} times what goes in, expected {share:.2f}")


def _expect_moments(found: Statistics, right: Statistics, name: str) -> None:
    if right.levels.size:  # all is said by them
        return
    for axis, (together, alike) in enumerate(zip(found.alike, right.alike, strict=True)):
        if together != alike:
            seen, wanted = ("one draw" if shared else "draws of their own" for shared in (together, alike))
            raise CheckFailed(f"values along axis {axis} of {name} have {seen}, expected {wanted}")
    (mean, deviation), (right_mean, right_deviation) = found.moments, right.moments
    allowed = SIGMAS * math.sqrt(2) * right.errors + CLOSE * (1 + right_deviation)
    if abs(mean - right_mean) > allowed[0]:
        raise CheckFailed(f"what is added to make {name} is {mean:.3g} in the mean, expected {right_mean:.3g}")
    if abs(deviation - right_deviation) > allowed[1]:
        raise CheckFailed(f"what is added to make {name} varies by {deviation:.3g}, expected {right_deviation:.3g}")
