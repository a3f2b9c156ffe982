"""What the checks catch of mutants for which nobody has mended them: a second set, two at once, other solutions.

The first audit measures with the mutants by which the checks were written. These are of another make: those of
`second_mutations`, pairs of mutants of the first set, and mutants of right solutions that look like nobody's. What
survives is a hole in the checks or does the same, and is printed to be looked at; what has been found to do the same
stands in the file of equivalents.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from autograder.authoring import record
from autograder.authoring.auditing import audit, audited, mutants, unusual
from autograder.authoring.auditing.audit import Fate, Share
from autograder.authoring.auditing.mutants import Files, Key, Mutant
from autograder.authoring.auditing.mutations import MUTATIONS
from autograder.authoring.auditing.second_mutations import SECOND_MUTATIONS
from autograder.course.definition import Course
from autograder.errors import SetupError

CAUGHT = 0.999  # of those that are live: what is promised
EVERY = "every"  # the second set and pairs of all parts, and both sets of the unusual solutions that are named


@dataclass(frozen=True)
class MutantSet:
    """Mutants of one part of one solution; the reference where `base` is empty."""

    part: int
    kind: str
    base: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.base or 'the reference'}, part {self.part}"


def run(
    course: Course,
    console: Console,
    part: int,
    count: int | None,
    jobs: int,
    json_file: Path | None,
    kind: str,
    bases: Sequence[str],
) -> int:
    """Grade them, print what survives, and return 1 where fewer are caught than promised.

    Args:
        part: of the course; with `EVERY`, all are asked.
        count: so many of each set; all when None, of pairs as many as there are single ones.
        json_file: gets the figures of each set as soon as it is done, beside those of other sets that it holds.
        bases: names of unusual solutions; the reference's mutants when empty.

    Raises:
        SetupError: if there is no such solution or part.
    """
    course.part(part)
    caught = whole = 0
    for one in sets(course, part, kind, bases):
        live = _grade(course, console, one, count, jobs, json_file)
        caught, whole = caught + live.part, whole + live.whole
    return 0 if promised(Share(caught, whole)) else 1


def sets(course: Course, part: int, kind: str, bases: Sequence[str]) -> list[MutantSet]:
    """Say which sets are asked for; those of every kind are of all parts, and of the reference too."""
    for base in bases:
        solution(course, base)
    if kind != EVERY:
        return [MutantSet(part, kind, base) for base in bases or [""]]
    found = [MutantSet(number, one, "") for one in ("second", "pairs") for number in course.parts]
    return found + [
        MutantSet(number, one, base) for base in bases for one in ("first", "second") for number in course.parts
    ]


def _grade(
    course: Course, console: Console, asked: MutantSet, count: int | None, jobs: int, json_file: Path | None
) -> Share:
    began, when, files = time.monotonic(), record.circumstances(), solution(course, asked.base)
    chosen = choose(course, asked.part, asked.kind, asked.base, files, count)
    if not chosen:
        return Share(0, 0)
    found = audit.grade(course, asked.part, [], chosen, equivalent(course), jobs, console, files)
    live = found.live()
    for mutant in found.survivors:
        console.print(f"\n{mutant.diff(files)}", markup=False, highlight=False, soft_wrap=True)
    todos = Counter(mutant.todo for mutant in found.survivors)
    console.print(f"\n{asked}: {live} live ones caught, {live.percent}", highlight=False)
    console.print(
        f"survivors by TODO: {dict(sorted(todos.items()))}; {time.monotonic() - began:.0f} s", highlight=False
    )
    if json_file is not None:
        figures = {"total": len(chosen), "equivalent": found.count(Fate.EQUIVALENT), "caught": live.part}
        known = record.read(json_file).get("sets", {})
        assert isinstance(known, dict)
        record.write(json_file, {"run": when, "sets": {**known, str(asked): figures}})
    return live


@functools.cache
def equivalent(course: Course) -> dict[Key, str]:
    """What has been found to do the same as a right solution, with the reason."""
    return audited.equivalent(course) | audited.equivalent(course, mutants.SECOND)


def promised(live: Share) -> bool:
    """Whether enough are caught."""
    return live.part >= CAUGHT * live.whole


def solution(course: Course, base: str) -> Files:
    """The files of a right solution, its regions marked."""
    if not base:
        return course.files()
    solutions = unusual.load(course, marked=True)
    if base not in solutions:
        raise SetupError(f"{course.name} has no unusual solution {base!r}, only {', '.join(solutions)}")
    return solutions[base]


def choose(course: Course, part: int, kind: str, base: str, files: Files, count: int | None) -> Sequence[Mutant]:
    """Make the mutants; of another solution, only those that the reference has not."""
    reference = course.files()
    changes = SECOND_MUTATIONS if kind == "second" else MUTATIONS
    own = {name: content for name, content in files.items() if name in reference}
    known = {one.key for one in audited.of_part(course, part, reference, changes)} if base else set()
    singles = [one for one in audited.of_part(course, part, own, changes) if one.key not in known]
    if kind == "pairs":
        live = [one for one in singles if one.key not in equivalent(course)]
        return mutants.pairs(live, files, count or len(singles))
    first = {one.source for one in audited.of_part(course, part, own)} if kind == "second" else set()
    return mutants.sample([one for one in singles if one.source not in first], count)
