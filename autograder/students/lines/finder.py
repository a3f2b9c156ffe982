"""Looks for the places where checks fail, in a process of its own, which is ended when it takes too long.

    python -m autograder.students.lines.finder COURSE FOLDER LIBRARIES

imports PyTorch where LIBRARIES is "torch", reads one line, the ids of the checks of each TODO in which one fails, and
writes a line for each place that it finds.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.checking.adaptation import Adaptation
from autograder.checking.rubric import Check
from autograder.course.definition import PACKAGE, Course
from autograder.reports.scores import Mark, Outcome
from autograder.students import choice
from autograder.students.lines.search import SECONDS, Search, sentence

START = 30.0  # seconds for imports, which begin while the checks are run
LONGEST = 10 * SECONDS  # on the clock, where a machine is busy or the student's code sleeps
FAILS = (Outcome.FAILED, Outcome.RAISED)
ASKED = (*FAILS, Outcome.PASSED, Outcome.SKIPPED)


class PlaceFinder:
    """The side of `make test`: begins the process when the first check fails, and asks it once all checks have run."""

    def __init__(self, course: Course, folder: Path) -> None:
        self._command = [sys.executable, "-X", "utf8", "-m", __name__, str(course.folder), str(folder)]
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def begin(self, libraries: str) -> None:
        """Let the other process import what it needs, PyTorch too where the libraries are "torch"."""
        if self._process is None:
            path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
            self._process = subprocess.Popen(
                [*self._command, libraries],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                cwd=self._folder,
                encoding="utf-8",
            )

    def find(self, marks: Mapping[str, Mark]) -> dict[str, str]:
        """Return a sentence for each check of which a place is found.

        Args:
            marks: of the checks that may be asked, by id.
        """
        failing = {mark.todo for mark in marks.values() if mark.outcome in FAILS}
        asked = [mark for mark in marks.values() if mark.todo in failing and mark.outcome in ASKED]
        todos = {mark.todo: [one.check for one in asked if one.todo == mark.todo] for mark in asked}
        found: dict[str, str] = {}
        if self._process is not None and todos:
            for line in self._answers(self._process, json.dumps([*todos.values()])):
                found |= line
        return found

    def _answers(self, process: subprocess.Popen[str], question: str) -> Iterator[dict[str, str]]:
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(START, process.kill)
        late.start()
        try:
            with contextlib.suppress(OSError, ValueError):  # it has died, or what it writes is cut off
                process.stdin.write(f"{question}\n")
                process.stdin.flush()
                for line in process.stdout:
                    if line == "ready\n":
                        late.cancel()
                        late = threading.Timer(LONGEST, process.kill)
                        late.start()
                    else:
                        yield json.loads(line)
        finally:
            late.cancel()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def answer(course: Course, folder: Path, todos: Sequence[Sequence[Check]]) -> Iterator[dict[str, str]]:
    """Yield what is found, a sentence by the id of the check."""
    homes = choice.homes(folder, course)
    for part in dict.fromkeys(checks[0].part for checks in todos):
        own = [checks for checks in todos if checks[0].part == part]
        adaptation = course.adaptation(part, homes[part])
        sys.path.insert(0, str(homes[part]))
        files = _written(course, part, homes[part], adaptation)
        for ids, places in Search(homes[part], files, SECONDS * len(own) / len(todos), adaptation).run(own):
            yield dict.fromkeys(ids, sentence(places))


def _written(course: Course, part: int, home: Path, adaptation: Adaptation | None) -> list[str]:
    """The modules that students write."""
    if adaptation is not None:
        return sorted({theirs.file for theirs in adaptation.named.values()})
    given = course.given()
    names = [path.relative_to(home).as_posix() for path in (home / course.parts[part].folder).rglob("*.py")]
    return [name for name in names if name not in given]


def main() -> None:
    """Serve a `PlaceFinder`."""
    course, folder = Course(Path(sys.argv[1])), Path(sys.argv[2])
    out, sys.stdout = sys.stdout, io.StringIO()  # the student's code prints elsewhere
    checks = {check.id: check for check in course.checks()}
    if sys.argv[3] == "torch":
        importlib.import_module("torch")
    question = sys.stdin.readline()
    print("ready", file=out, flush=True)
    for line in answer(course, folder, [[checks[id] for id in ids] for ids in json.loads(question or "[]")]):
        print(json.dumps(line), file=out, flush=True)
    out.flush()
    os._exit(0)  # whatever threads the student's code has left


if __name__ == "__main__":
    main()
