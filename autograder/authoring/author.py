"""`autograder author`: what an author of checks forgot, as a list that ends empty.

First what the files say, then, unless it is to be fast, what grading says: checks that no mistake and no mutant loses,
mutants that lose none, suspects that are never told, and right solutions in unusual words that are refused.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from autograder.authoring import oversights
from autograder.authoring import reference as proof
from autograder.authoring import variants as trials
from autograder.authoring.auditing import audit, audited, mutants
from autograder.authoring.oversights import Oversight
from autograder.authoring.rewriting import rewrites
from autograder.authoring.rewriting.rewrites import Rewrite
from autograder.checking import rubric
from autograder.checking.local_student import LocalStudent
from autograder.course import mistakes as catalogue
from autograder.course import selection, skeleton
from autograder.course.definition import Course
from autograder.diagnosis.suspects import every_suspect_computed
from autograder.errors import GraderError, SetupError
from autograder.reports.scores import Scorecard

REFUSED, SURVIVED = "right solution that is refused", "change of the solution that no check sees"
NEVER_LOST, NEVER_TOLD = "check that no mistake or mutant loses", "suspect that is never told"
MISSED, UNNAMED = "mistake that loses no check", "mistake that no message names"


def run(
    course: Course,
    console: Console,
    part: int,
    count: int | None,
    jobs: int,
    *,
    fast: bool = False,
    todo: str = "",
) -> int:
    """Print the list, and return 0 if it is empty.

    Args:
        part, todo: of which grading is asked; all where 0, or empty.
        count: mutants for each part; all when None.
        fast: leave out what needs grading.

    Raises:
        SetupError: if there is no such part.
    """
    if todo and todo not in course.places():
        raise SetupError(f"{course.name} has no TODO {todo}")
    part = int(todo.partition(".")[0]) if todo else part
    if part:
        course.part(part)
    found = list(oversights.find(course))
    if not fast and not any(one.kind == oversights.UNFIT for one in found):  # what cannot be made cannot be graded
        for number in [part] if part else course.parts:
            found += refused(course, number, jobs, console, todo)
            found += missed(course, number, count, jobs, console, todo)
    show(found, console)
    return 1 if found else 0


def show(found: Sequence[Oversight], console: Console) -> None:
    """Print what was found, like beside like."""
    kinds = list(dict.fromkeys(one.kind for one in found))
    for kind in kinds:
        those = [one for one in found if one.kind == kind]
        console.print(f"\n{kind}: {len(those)}", style="bold", highlight=False)
        for one in those:
            first, *rest = f"{one.where}: {one.what}".removesuffix(": ").splitlines()
            console.print(f"  {first}", markup=False, highlight=False, soft_wrap=True)
            for line in rest:
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
                console.print(f"    {line}", style=style, markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{len(found)} things to see to" if found else "nothing is forgotten", highlight=False)


def missed(
    course: Course, part: int, count: int | None, jobs: int, console: Console, todo: str = ""
) -> Iterator[Oversight]:
    """Grade mistakes and mutants of a part, and yield what the checks do not see."""
    files, folder, free = course.files(), course.parts[part].folder, audited.judged_by_images(course)
    places = course.places()
    prefix = places[todo] if todo else f"{folder}/"
    mistakes = [one for one in catalogue.load(course) if one.file.startswith(prefix)]
    everything = [one for one in audited.of_part(course, part, files) if todo in ("", one.todo)]
    chosen = mutants.sample(everything, count)
    result = audit.grade(course, part, mistakes, chosen, audited.equivalent(course), jobs, console)
    yield from (Oversight(MISSED, folder, name) for name in result.missed)
    yield from (Oversight(UNNAMED, folder, name) for name in result.unnamed)
    for check in course.checks():
        asked = check.part == part and check.todo not in free and todo in ("", check.todo)
        if asked and check.weight and check.id not in result.lost:
            yield Oversight(NEVER_LOST, check.id, check.title)
    for mutant in result.survivors:
        yield Oversight(SURVIVED, mutant.file, mutant.diff(files))
    written = "".join(text.decode() for text in selection.read(course.folder, ("checks", "oracles")).values())
    own = {one.suspect for one in mistakes}
    for clause in sorted(suspects(course, part, todo)):
        here = clause in written or clause in own  # not those of every layer
        if here and not any(clause in text for text in result.said):
            yield Oversight(NEVER_TOLD, folder, clause)


def refused(course: Course, part: int, jobs: int, console: Console, todo: str = "") -> Iterator[Oversight]:
    """Grade the solution in other words, and yield what a check says of words that are right."""
    files, folder, free = course.files(), course.parts[part].folder, audited.judged_by_images(course)
    asking = selection.read(course.folder, ("checks", "oracles", "given")).values()
    words = [word for text in asking for word in re.findall(r"\w+", text.decode(errors="replace"))]
    public = frozenset((*words, *(f"d{word}" for word in words)))  # gradients too, which a declaration need not name
    own = {check.todo for check in course.checks() if check.part == part} - free
    reach = mutants.reach(files, folder)

    def graded(those: Sequence[Rewrite]) -> Iterator[tuple[Rewrite, Scorecard]]:
        asked = [own.intersection(reach[one.file]) for one in those]
        cards = trials.run(course, (one.apply(files) for one in those), (part,), jobs, todos=asked)
        shown = track(cards, "other words", total=len(those), console=console, transient=True)
        return zip(those, shown, strict=True)

    file = course.places()[todo] if todo else ""
    every = [one for one in rewrites.of_part(files, folder, public, free) if file in ("", one.file)]
    wrong = [one for one, card in graded(every) if proof.failed(card)]
    each = [one for whole in wrong for one in rewrites.apart(whole, files, public)]
    for one, card in graded(each) if each else ():
        if lost := proof.failed(card):
            mark = lost[0]
            yield Oversight(REFUSED, mark.check, f"{mark.message or mark.outcome}\n{one.diff()}")


def suspects(course: Course, part: int, todo: str = "") -> set[str]:
    """Collect the clauses of all suspects that the checks of a part have, by running them on the reference."""
    # In a process of its own: the reference's modules have the names of the student's.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_suspects, course, part, todo).result()


def _suspects(course: Course, part: int, todo: str) -> set[str]:
    with tempfile.TemporaryDirectory(prefix="suspects-") as folder:
        skeleton.lay_out(course.files(), Path(folder))
        student = LocalStudent(Path(folder))
        with every_suspect_computed() as clauses, contextlib.redirect_stdout(io.StringIO()):
            for check in course.checks():
                if check.part == part and todo in ("", check.todo) and not check.exam:
                    with contextlib.suppress(GraderError):
                        check.run(student, rubric.PUBLIC_SEED, None)
            return set(clauses)
