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
from pathlib import Path

from rich.console import Console

from autograder.authoring import record
from autograder.authoring.auditing import audit, mutants, unusual
from autograder.authoring.auditing.audit import Fate, Share
from autograder.authoring.auditing.mutants import Files, Key, Mutant
from autograder.authoring.auditing.mutations import MUTATIONS
from autograder.authoring.auditing.second_mutations import SECOND_MUTATIONS
from autograder.course.definition import Course
from autograder.errors import SetupError

CAUGHT = 0.999  # of those that are live: what is promised


def run(
    course: Course,
    console: Console,
    part: int,
    count: int | None,
    jobs: int,
    json_file: Path | None,
    kind: str,
    base: str,
) -> int:
    """Grade them, print what survives, and return 1 where fewer are caught than promised.

    Args:
        count: so many; all when None, of pairs as many as there are single ones.
        base: the name of an unusual solution; the reference's mutants when empty.

    Raises:
        SetupError: if there is no such solution or part.
    """
    began, when = time.monotonic(), record.circumstances()
    if part not in course.parts:
        raise SetupError(f"{course.name} has no part {part}")
    files = solution(course, base)
    chosen = choose(course, part, kind, base, files, count)
    found = audit.grade(course, part, [], chosen, equivalent(course), jobs, console, files)
    live = found.live()
    for mutant in found.survivors:
        console.print(f"\n{mutant.diff(files)}", markup=False, highlight=False, soft_wrap=True)
    todos = Counter(mutant.todo for mutant in found.survivors)
    console.print(f"\n{kind} of {base or 'the reference'}, part {part}: {live} live ones caught, {live.percent}")
    console.print(
        f"survivors by TODO: {dict(sorted(todos.items()))}; {time.monotonic() - began:.0f} s", highlight=False
    )
    if json_file is not None:
        figures = {"total": len(chosen), "equivalent": found.count(Fate.EQUIVALENT), "caught": live.part}
        record.write(json_file, {"run": when, **figures})
    return 0 if promised(live) else 1


@functools.cache
def equivalent(course: Course) -> dict[Key, str]:
    """What has been found to do the same as a right solution, with the reason."""
    return mutants.load_equivalent(course) | mutants.load_equivalent(course, mutants.SECOND)


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
    folder, reference = course.parts[part].folder, course.files()
    free = audit.judged_by_images(course)
    changes = SECOND_MUTATIONS if kind == "second" else MUTATIONS
    own = {name: content for name, content in files.items() if name in reference}
    known = {one.key for one in mutants.of_part(reference, folder, changes)} if base else set()
    singles = [one for one in mutants.of_part(own, folder, changes) if one.todo not in free and one.key not in known]
    if kind == "pairs":
        live = [one for one in singles if one.key not in equivalent(course)]
        return mutants.pairs(live, files, count or len(singles))
    first = {one.source for one in mutants.of_part(own, folder)} if kind == "second" else set()
    return mutants.sample([one for one in singles if one.source not in first], count)
