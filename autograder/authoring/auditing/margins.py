"""How far right values are from being taken for wrong ones, and wrong ones from being taken for right: by check.

In units of what a comparison allows: right solutions, however they round, should stay below a tenth of it, and what is
wrong should be ten times beyond. Then no machine and no version of a library decides a mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.authoring.auditing import forked, unusual
from autograder.authoring.auditing.mutants import Files, Mutant
from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.definition import Course
from autograder.diagnosis.closeness import margins
from autograder.diagnosis.suspects import no_suspects
from autograder.errors import CheckFailed, GraderError
from autograder.students.time_limit import time_limit

RIGHT, WRONG = 0.1, 10.0
SECONDS = 3.0  # of a check of a mutant
Difference = tuple[str, float, bool]  # of one check; whether it passes
SHOWN = 8  # lines of the table, of those nearest to the limits


@dataclass
class Margin:
    """Of one check.

    Attributes:
        right: the largest difference of a right solution.
        wrong: the smallest one that failed; `where` says whose.
        compared: how many wrong values that is the smallest of.
    """

    right: float = 0.0
    wrong: float = float("inf")
    where: str = ""
    compared: int = 0

    @property
    def holds(self) -> bool:
        """Whether there is room on both sides."""
        return self.right <= RIGHT and self.wrong >= WRONG


def measure(course: Course, part: int, wrong: Sequence[Mutant], jobs: int, console: Console) -> dict[str, Margin]:
    """Ask the reference, every unusual solution and these mutants, and return the margins by check."""
    checks, reference = forked.checks_of(course, part), course.files()
    found = {check.id: Margin() for check in checks}
    right = {"reference": reference, **unusual.load(course)}
    asked: list[tuple[str, str, Files]] = [(name, "", files) for name, files in right.items()]
    asked += [(f"{one.file}:{one.line} {one.after}", one.todo, one.apply(reference)) for one in wrong]
    answers: Iterable[list[Difference]] = forked.each(course, checks, jobs, partial(_ask, checks), asked, [])
    answers = track(answers, "comparing", len(asked), console=console, transient=True)
    for (name, todo, _), differences in zip(asked, answers, strict=True):
        for check, difference, passed in differences:
            margin = found[check]
            if not todo and passed:
                margin.right = max(margin.right, difference)
            elif todo and not passed:
                margin.compared += 1
                if difference < margin.wrong:
                    margin.wrong, margin.where = difference, name
    return found


def _ask(checks: Sequence[Check], asked: tuple[str, str, Files]) -> list[Difference]:
    _, todo, files = asked
    with forked.laid_out(files) as student:
        return list(_differences(student, [check for check in checks if todo in ("", check.todo)]))


def _differences(student: LocalStudent, checks: Sequence[Check]) -> Iterator[Difference]:
    """Yield for each check its largest difference where it passes, and the one that failed where values did."""
    for check in checks:
        seen: list[float] = []
        try:
            with margins(seen.append), no_suspects(), time_limit(SECONDS):
                check.body(student, check.rng(PUBLIC_SEED))
        except CheckFailed:
            if beyond := [one for one in seen if one > 1]:  # else it was a shape, a dtype, or no array at all
                yield check.id, beyond[0], False
        except GraderError:  # an exception, or out of time: no value is judged
            continue
        else:
            yield check.id, max(seen, default=0.0), True


def show(found: Mapping[str, Margin], console: Console) -> list[str]:
    """Print the checks that are nearest to the limits, and return the ids of those that are beyond."""
    table = Table("check", "right, at most", "wrong, at least", "of", "whose")
    order = sorted(found, key=lambda check: min(RIGHT / (found[check].right or 1e-9), found[check].wrong / WRONG))
    closed = [check for check in order if not found[check].holds]
    for check in order[: max(SHOWN, len(closed))]:
        one = found[check]
        style = "red" if check in closed else None
        table.add_row(check, f"{one.right:.2g}", f"{one.wrong:.2g}", str(one.compared), one.where, style=style)
    console.print(table)
    if not closed:
        words = f"right values within {RIGHT} of what is allowed, wrong ones {WRONG:g} times beyond"
        console.print(f"{len(found)} checks: {words}", highlight=False)
    return closed


def as_json(found: Mapping[str, Margin]) -> dict[str, dict[str, float | int | None]]:
    """The margins as plain numbers; None where no finite wrong value was seen."""
    return {
        check: {"right": one.right, "wrong": one.wrong if math.isfinite(one.wrong) else None, "of": one.compared}
        for check, one in found.items()
    }
