"""How often `make test` names the right line, measured with single faults in right solutions.

The faults are the mutants of `mutations`, which was written for the audit and knows nothing of the table that undoes
mistakes: some cannot be undone by it. A statement left out is none of them: it stands on no line that could be named.
Whatever fails no check is left out too. A fault counts as found where one of the named lines is one that it changed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import track

from autograder.authoring import record
from autograder.authoring.auditing import forked, mutants, unusual
from autograder.authoring.auditing.mutants import Files, Mutant
from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.definition import Course
from autograder.errors import OutOfTime
from autograder.students.lines.search import Place, Search
from autograder.students.time_limit import time_limit

SECONDS = 5.0  # of a check of a fault, which may never end
RIGHT, FUNCTION, WRONG = 0.80, 0.99, 0.02  # shares that are promised


@dataclass(frozen=True)
class Fault:
    """A right solution with one small change."""

    solution: str
    files: Files
    mutant: Mutant

    @property
    def lines(self) -> range:
        """Those that are not as they were."""
        return range(self.mutant.line, self.mutant.line + 1 + self.mutant.after.count("\n"))


@dataclass(frozen=True)
class Told:
    """What is told of a fault that fails a check.

    Attributes:
        check: the first that fails.
        places: of that check; none where none is found.
        seconds: of computing.
    """

    fault: Fault
    check: str
    places: Sequence[Place]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the true line is among those named."""
        name = PurePosixPath(self.fault.mutant.file).name
        return any(place.file == name and place.line in self.fault.lines for place in self.places)

    @property
    def function(self) -> bool:
        """Whether every place is in the true function."""
        return all(place.function == self.fault.mutant.function for place in self.places)


def run(course: Course, console: Console, part: int, count: int, jobs: int, json_file: Path | None) -> int:
    """Measure, print the figures and what was wrong, and return 1 where it is less than promised.

    Raises:
        SetupError: if there is no such part.
    """
    course.part(part)
    when, faults = record.circumstances(), sample(course, part, count)
    told = [one for one in track(measure(course, part, faults, jobs), "searching", len(faults), console=console) if one]
    if not told:
        console.print("no fault fails a check")
        return 0
    named, right = [one for one in told if one.places], [one for one in told if one.right]
    inside = sum(one.function for one in named)
    single = sum(len(one.places) == 1 for one in right)
    figures = {
        "faults": len(faults),
        "fail a check": len(told),
        "a place is named": len(named),
        "the true line is among them": len(right),
        "the true line alone": single,
        "only false lines": len(named) - len(right),
        "all in the true function": inside,
        "seconds": round(max(one.seconds for one in told), 2),
    }
    for name, figure in figures.items():
        console.print(f"{name:>28}  {figure}", highlight=False)
    for one in sorted(told, key=lambda one: len(one.places), reverse=True):
        if not one.right:
            _show(one, console)
    if json_file is not None:
        record.write(json_file, {"run": when, **figures})
    kept = len(right) >= RIGHT * len(told) and len(named) - len(right) <= WRONG * len(told)
    return 0 if kept and inside >= FUNCTION * len(named) else 1


def sample(course: Course, part: int, count: int) -> list[Fault]:
    """Choose faults, always the same: half in the reference, half in what the unusual solutions have instead."""
    folder, reference = course.parts[part].folder, course.files()
    todos = {check.todo for check in _checks(course, part)}
    plain = [Fault("reference", reference, one) for one in _mutants(reference, folder, todos)]
    known, others = {one.mutant.key for one in plain}, []
    for name, files in unusual.load(course, marked=True).items():
        own = {file: content for file, content in files.items() if file in reference}
        others += [Fault(name, files, one) for one in _mutants(own, folder, todos) if one.key not in known]
    draw = random.Random(PUBLIC_SEED)
    half = min(count // 2, len(others))
    chosen = draw.sample(others, half) + draw.sample(plain, min(count - half, len(plain)))
    draw.shuffle(chosen)  # so that any first part of it is a sample as well
    return chosen


def _checks(course: Course, part: int) -> list[Check]:
    return [check for check in forked.checks_of(course, part) if not check.slow]


def _mutants(files: Files, folder: str, todos: Collection[str]) -> Iterator[Mutant]:
    for one in mutants.of_part(files, folder):
        if one.todo in todos and one.after != "pass" and not one.after.endswith((" pass", "\npass")):
            yield one


def measure(course: Course, part: int, faults: Sequence[Fault], jobs: int) -> Iterator[Told | None]:
    """Look for the place of each fault; None for one that fails no check."""
    checks = _checks(course, part)
    yield from forked.each(course, checks, jobs, partial(_look, course, checks), faults, None)


def _look(course: Course, checks: Sequence[Check], fault: Fault) -> Told | None:
    own = [check for check in checks if check.todo == fault.mutant.todo]
    with forked.laid_out(fault.mutant.apply(fault.files)) as student:
        prefix = f"{course.parts[own[0].part].folder}/"
        given = course.given()
        files = [name for name in fault.files if name.startswith(prefix) and name.endswith(".py") and name not in given]
        search = Search(student.folder, files)
        failed = _first_failure(student, own)
        if not failed:
            return None
        began = time.process_time()
        found = [one for one in search.run([own]) if failed in one.checks]
        return Told(fault, failed, found[0].places if found else (), time.process_time() - began)


def _first_failure(student: LocalStudent, checks: Sequence[Check]) -> str:
    for check in checks:
        try:
            with time_limit(SECONDS):
                check.run(student, PUBLIC_SEED, None)
        except OutOfTime:
            continue  # nothing is searched for what never ends
        except Exception:  # whatever it is, the check has not passed
            return check.id
    return ""


def _show(one: Told, console: Console) -> None:
    mutant = one.fault.mutant
    lines = " or ".join(f"{place.function} {place.line}" for place in one.places) or "nothing"
    console.print(f"\n{one.check} of {one.fault.solution}: {lines} is named for", highlight=False)
    for line in mutant.diff(one.fault.files).splitlines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
