"""Vectorisation, judged by the steps that Python takes as all sizes grow together, not by the look of the source.

Where loops over d axes lie one in the other, the steps are a polynomial of degree d in the size: differences of order
d + 1 between counts at neighbouring sizes are 0. One flat loop over three axes counts as three loops.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking import answers
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.listed import drawn
from autograder.checking.declarations.tried import Trial
from autograder.checking.expect import expect_array, expect_close, show
from autograder.checking.student import Student
from autograder.errors import CheckFailed, StudentRaised

ENOUGH = 100_000  # steps after which the count of a call ends, as in `inside.probes.step_probes`
METHODS = ("forward", "backward")


def expect_few_loops(
    student: Student,
    rng: np.random.Generator,
    layer: Declaration,
    sizes: Callable[[int], Sizes],
    lengths: Sequence[int],
    limit: int,
) -> None:
    """Pass a layer that takes a Python step for each value of at most `limit` axes, forward and backward.

    Args:
        layer: of one input and one output.
        sizes: of a case all of whose axes have a length, but for those that follow from others.
        lengths: to ask for, equally spaced, at least two more than `limit`.
        limit: loops that may be nested.

    Raises:
        CheckFailed: if steps grow faster, or what is returned meanwhile is wrong.
    """
    _count(student, drawn(layer, rng, sizes(lengths[0])))  # the first call imports and prepares
    reports = []
    for length in lengths:
        reports.append(_count(student, drawn(layer, rng, sizes(length))))
        if any(steps > ENOUGH for steps, _ in reports[-1]):
            break
    for number, method in enumerate(METHODS):
        counts = [report[number][0] for report in reports]
        _expect_growth(method, counts, lengths, limit, line=reports[-1][number][1])


def _count(student: Student, trial: Trial) -> list[tuple[int, str]]:
    """The steps of forward and backward, each with the line that most of them belong to; what they return is right."""
    (dy,), (x,) = trial.upstream, (trial.arrays[name] for name in trial.declaration.inputs)
    how = (trial.layer(student), {name: trial.arrays[name] for name in trial.declaration.parameters}, x, dy)
    try:
        counted = student.call("step-probe:count", *how)
    except StudentRaised:  # it may refuse arrays that are not plain ones
        counted = student.call("step-probe:count", *how, watched=False)
    found = answers.table(counted) or {}
    reports = [_report(counted, method) for method in METHODS]
    if all(steps <= ENOUGH for steps, _ in reports):
        y, dx = (
            expect_array(found.get(name), f"{name} while steps are counted", array.shape)
            for name, array in (("y", dy), ("dx", x))
        )
        sums, right = (
            np.concatenate([array.sum(axis=(0, *range(2, array.ndim))) for array in those])
            for those in ((y, dx), (trial.right.outputs[0], trial.right.gradients[0]))
        )
        expect_close(sums, right, "the sums of y and dx while steps are counted", axes=("filter or channel",))
    return reports


def _report(counted: object, method: str) -> tuple[int, str]:
    """Read what the student's side says of one method, which may be anything."""
    match counted:
        case {**methods} if isinstance(methods.get(method), dict):
            found = methods[method]
        case _:
            raise CheckFailed(f"the count of steps is {show(counted)}, expected one of forward and one of backward")
    match found:
        case {"steps": int(steps), "line": str(line), "off": False} if steps >= 0:
            return steps, line if re.fullmatch(r"\w{1,40}\.py:\d{1,6}", line) else ""
        case {"off": True}:
            raise CheckFailed(f"{method} switches off what counts its steps, expected it to leave sys.settrace alone")
    raise CheckFailed(f"the count of the steps of {method} is {show(found)}, expected a whole number")


def _expect_growth(method: str, counts: Sequence[int], lengths: Sequence[int], limit: int, line: str) -> None:
    """Pass counts that grow no faster than those of `limit` nested loops, at any size."""
    *known, last = counts
    too_many = last > ENOUGH
    if not too_many and np.diff(counts, limit + 1).min() <= 0:
        return
    counts = known if too_many else counts
    loops = limit + 1
    if len(counts) > 2 and counts[-1] > counts[-2] > counts[0]:
        growth = (counts[-1] - counts[0]) / (counts[-2] - counts[0])
        loops = max(loops, round(math.log(growth) / math.log(lengths[len(counts) - 1] / lengths[len(counts) - 2])))
    where = f", most of them in {line}" if line else ""
    most = f"more than {ENOUGH:,}" if too_many else f"{last:,}"
    raise CheckFailed(
        f"Python steps of {method} grow as in {loops} nested loops, expected at most {limit}: "
        f"{counts[0]:,} with all sizes {lengths[0]}, {most} with all sizes {lengths[len(known)]}{where}"
    )
