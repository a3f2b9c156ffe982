"""What a student's marks came from, each by a name that people read: so it can be told what has changed, and what not.

What became of the checks depends on everything here but the assignment; marks depend on the assignment as well. Whoever
changes points, dates or thresholds has nothing graded again.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.definition import PACKAGE, Course
from autograder.grading.expected import digest
from autograder.grading.versions import versions

Origin = Mapping[str, str]

ZIP, SEED, LIMITS, DATA, TODOS, BLOCKED, CHECKS, GRADER, LIBRARIES, ASSIGNMENT = (
    "zip", "seed", "limits", "data set", "TODOs", "blocked checks", "checks", "grader", "libraries", "assignment",
)  # fmt: skip
# What is changed there changes no outcome: what a course shows to people only, and what surrounds grading.
NO_MARKS_OF_A_COURSE = ("reference/", "skeleton/", "mistakes/", "unusual/", "handout/", "report/", "assignment")
NO_MARKS = ("reports/", "classroom/", "students/", "authoring/", "bench/", "conformance/", "project/", "cli.py")
NOT_USED = {"cpus"}  # of the limits: for `make submit`
SETTLED = 2.0  # seconds after which a file that is written once more has another time for sure


def of(assignment: Assignment, seed: int) -> dict[str, str]:
    """All but the zip."""
    return {
        **code(assignment.course),
        SEED: _short(f"seed {seed}"),
        LIMITS: _short(assignment.limits.model_dump_json(exclude=NOT_USED)),
        DATA: assignment.dataset,
        BLOCKED: assignment.blocked,  # whether they are asked
        TODOS: _short(" ".join(sorted(assignment.course.todos))),  # what is not asked for stands solved, as given code
        ASSIGNMENT: _short(assignment.model_dump_json()),
    }


def outcomes(origin: Origin) -> dict[str, str]:
    """The part of it that outcomes depend on."""
    return {name: value for name, value in origin.items() if name != ASSIGNMENT}


def changed(before: Origin, now: Origin) -> list[str]:
    """Name what differs."""
    return [name for name in now if before.get(name) != now[name]]


@functools.cache
def code(course: Course) -> Mapping[str, str]:
    """The checks and our own code by their digests, and the libraries by their versions."""
    return {
        CHECKS: digest(course.folder, _sources(course.folder, NO_MARKS_OF_A_COURSE))[:16],
        GRADER: digest(PACKAGE, _sources(PACKAGE, NO_MARKS))[:16],
        LIBRARIES: versions(),
    }


def stamp(path: Path) -> str:
    """What tells without reading it that a file is as it was; empty where nothing does.

    Its inode keeps the time at which it last changed, which no program can set; a file that has just been written may
    be written again within one tick of that clock.
    """
    if path.is_symlink() or not path.is_file():
        return ""
    seen = path.stat()
    if time.time() - max(seen.st_ctime, seen.st_mtime) < SETTLED:
        return ""
    return f"{path.name} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}"


def _sources(folder: Path, without: tuple[str, ...]) -> list[Path]:
    paths = (path for path in folder.rglob("*") if path.suffix in (".py", ".toml"))
    return [path for path in paths if not path.relative_to(folder).as_posix().startswith(without)]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
