"""`autograder show`: the cases on which a submission fails, as staff may see them, to answer a regrade request.

The code runs in the box, on the cases of the key, like at grading. What is written holds secret cases: it is for staff.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console

from autograder.checking import answers, compared
from autograder.checking.expect import show as shown
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.classroom import exports
from autograder.classroom.case_script import ARRAYS, CODE, Script
from autograder.classroom.exports import HandedIn
from autograder.classroom.gradebook.roster import compact, rotations
from autograder.classroom.witness import Asked, WatchedStudent
from autograder.course.assignment import Assignment
from autograder.errors import SetupError
from autograder.grading import marking
from autograder.grading.marking import Verdict
from autograder.reports import files, pictures
from autograder.reports.scores import Outcome
from autograder.reports.words import clean, line
from autograder.sandbox.box import Box
from autograder.submission.receive import open_submission

ZOOM = 8  # pixels of a picture for each value
SHOWN = 3  # names that may be meant


SCRIPT, SUMMARY, PICTURE = "repeat.py", "case.txt", "difference.png"
Compared = tuple[str, object, object]  # name, what was found, what was expected


@dataclass(frozen=True)
class Case:
    """What a check asked, up to where it ended, and what it compared last; None where that is not why it ended."""

    check: Check
    verdict: Verdict
    asked: Sequence[Asked]
    compared: Compared | None


def run(
    student: str, wanted: str, within: Path | None, out: Path, assignment: Assignment, seed: int, console: Console
) -> bool:
    """Ask a submission the wanted checks, and write each that it fails into a folder; return whether any did.

    Args:
        student: a zip or a folder; or whose, of those in `within`.
        wanted: a check, a TODO, or empty for all but those of trained models.

    Raises:
        GraderError: if there is no such submission or check, it is refused, or the box keeps no secret.
    """
    checks = [check for check in assignment.checks() if wanted in ("", check.id, check.todo) and not check.exam]
    if not checks:
        raise SetupError(f"{wanted} is no check or TODO that asks code, expected one like {assignment.checks()[0].id}")
    if within:
        exports.expect_apart(out, within)
    out.mkdir(parents=True, exist_ok=True)
    if there := min((path.name for path in out.iterdir()), default=""):
        raise SetupError(f"{out} holds {there} already, expected an empty folder, or none: choose another one")
    out.chmod(0o700)  # secret cases
    failed = 0
    with Box(assignment.limits) as box, box.room() as folder:
        if seed != PUBLIC_SEED and not box.isolation.keeps_secrets:
            raise SetupError(f"a secret seed needs a box that keeps it, found {box.isolation.sentence()}")
        with _handed_in(student, within, assignment) as handed:
            for into in (folder, out / CODE):
                _open(handed, into, assignment)
        for check in checks:
            case = _ask(check, folder, box, assignment, seed)
            if wrong := case.verdict.outcome is not Outcome.PASSED:
                _write(case, out / check.id)
            if wrong or wanted:
                said = f"{check.id}: {case.verdict.outcome}: {line(case.verdict.message)}".removesuffix(": ")
                console.print(said, markup=False, highlight=False, soft_wrap=True)
            failed += wrong
    console.print(f"{failed} of {len(checks)} checks do not pass: {out}", markup=False, highlight=False, soft_wrap=True)
    return failed > 0


@contextmanager
def _handed_in(student: str, within: Path | None, assignment: Assignment) -> Iterator[HandedIn]:
    """Find the one submission that is meant."""
    if within is None:
        yield HandedIn(student, (), Path(student))
        return
    with exports.opened(within, assignment.course.layout) as found:
        meant = [one for one in found.handed if student in (one.key, *_names(one))]
        letters = {*rotations(student)}  # Canvas leaves of "Ada Lovelace" no more than lovelaceada
        meant = meant or [one for one in found.handed if letters & {compact(name) for name in _names(one)}]
        if len(meant) != 1:
            near = [one.key for one in found.handed if student.casefold() in one.key.casefold()][:SHOWN]
            also = f": is it {' or '.join(near)}?" if near else ""
            raise SetupError(f"{within.name} has {len(meant)} submissions of {student!r}, expected one{also}")
        yield meant[0]


def _names(one: HandedIn) -> Iterator[str]:
    for person in one.people:
        yield from (person.name, person.id, person.email)


def _open(handed: HandedIn, into: Path, assignment: Assignment) -> None:
    content = exports.read(handed, assignment.course.layout, assignment.limits.zip_megabytes)
    with TemporaryDirectory(prefix="autograder-show-") as folder:
        path = Path(folder) / "submission.zip"
        path.write_bytes(content)
        open_submission(path, into, assignment.limits, assignment.course)


def _ask(check: Check, folder: Path, box: Box, assignment: Assignment, seed: int) -> Case:
    """Run one check where nothing else of the submission has run."""
    inner = box.student(folder, assignment.course.parts[check.part].libraries)
    inner.take_up(check.todo)
    inner.allow(check.seconds)
    student = WatchedStudent(inner)
    seen: list[Compared] = []
    try:
        with compared.watched(lambda *values: seen.append(copy.deepcopy(values))):
            # Not by `run`: on public cases that would ask simpler ones too, once one has failed.
            check.body(student, check.rng(seed))
            student.finish()
        ended = Verdict(Outcome.PASSED)
    except Exception as error:  # the edge: whatever it is becomes a verdict
        ended = marking.verdict(error)
    finally:
        student.renew()
    last = seen[-1] if seen and ended.outcome is Outcome.FAILED and seen[-1][0].split()[0] in ended.message else None
    return Case(check, ended, student.asked, last)


def _write(case: Case, folder: Path) -> None:
    """Write one case: what to read, the arrays, the picture, and the script."""
    folder.mkdir(exist_ok=True)
    script = Script(f"../{CODE}")
    values = dict(_numbers(case))
    text = script.write(case.check.id, case.asked, "expected" in values)
    files.replace(folder / SCRIPT, text)
    np.savez_compressed(folder / ARRAYS, allow_pickle=False, **script.arrays, **values)
    picture = case.verdict.finding.picture
    if picture:
        rows = [[value for value in row for _ in range(ZOOM)] for row in picture for _ in range(ZOOM)]
        (folder / PICTURE).write_bytes(pictures.png(rows))
    files.replace(folder / SUMMARY, "\n".join(_summary(case, script, values)) + "\n")


def _numbers(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    """What was found, what was expected, and the difference, as far as they are arrays of numbers."""
    if case.compared is None:
        return
    found, expected = answers.numbers(case.compared[1]), answers.numbers(case.compared[2])
    if found is not None:
        yield "found", found
    if expected is not None:
        yield "expected", expected
    if found is not None and expected is not None and found.shape == expected.shape:
        yield "difference", found.astype(np.float64) - expected.astype(np.float64)


def _summary(case: Case, script: Script, values: Mapping[str, np.ndarray]) -> Iterator[str]:
    yield f"{case.check.id}: {case.check.title}"
    yield f"{case.verdict.outcome}: {clean(case.verdict.message)}"
    if case.verdict.finding.suspect:
        yield clean(case.verdict.finding.suspect)
    if case.compared is not None:
        yield f"\n{case.compared[0]}"
        yield f"found     {shown(case.compared[1])}"
        yield f"expected  {shown(case.compared[2])}"
    if "difference" in values and values["difference"].size:
        yield f"difference  at most {np.abs(values['difference']).max():.6g}"
    yield "\nWhat was asked, in order:"
    for number, (call, one) in enumerate(zip(script.lines, case.asked, strict=True), start=1):
        ended = f"   raised {clean(one.raised)}" if one.raised else ""
        yield f"{number:4}  {call}{ended}"
    yield f"\nArrays: {ARRAYS}. The same without the box: python {SCRIPT}"
