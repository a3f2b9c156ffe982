"""A rehearsal seen from outside: start it, read its steps, and end it when one of them hangs."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.course.definition import PACKAGE
from autograder.errors import SetupError
from autograder.inside import variables
from autograder.reports.scores import Outcome

PATIENCE = 60.0  # seconds for imports, added to every limit, which the rehearsal itself keeps in Python code

AS_GRADED = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **variables.MEMORY}  # one thread, no GPU, its memory


class Stuck(SetupError):
    """The student's code hung or ended the process in which it was tried."""


@dataclass(frozen=True)
class Tried:
    """What became of one check on the public cases."""

    id: str
    outcome: Outcome
    message: str
    cents: int
    seconds: float


@dataclass(frozen=True)
class Model:
    """What became of one checkpoint: a message, or how many seconds an image takes."""

    name: str
    message: str
    parameters: int = 0
    seconds: float = 0.0


@dataclass
class Findings:
    """All that a rehearsal has found so far.

    Attributes:
        speed: seconds of this machine for the work that tells machines apart.
        finished: whether it came to its end.
    """

    speed: float = 0.0
    checks: list[Tried] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    finished: bool = False

    def add(self, step: dict[str, Any]) -> None:
        """Take in one step."""
        if "speed" in step:
            self.speed = step["speed"]
        elif "check" in step:
            outcome = Outcome(step["outcome"])
            self.checks.append(Tried(step["check"], outcome, step["message"], step["cents"], step["seconds"]))
        elif "model" in step:
            self.models.append(
                Model(step["model"], step["message"], step.get("parameters", 0), step.get("seconds", 0.0))
            )


def try_out(assignment: Assignment, folder: Path, findings: Findings) -> Iterator[str]:
    """Rehearse the grading of an unpacked submission; yields the name of each step as it begins.

    Raises:
        Stuck: if a step hangs, or the process ends before its time.
    """
    mark = secrets.token_hex(8)
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [
            sys.executable,
            "-X",
            "utf8",
            "-m",
            "autograder.students.trial_process",
            str(assignment.course.folder),
            str(assignment.path.resolve()),
            str(folder),
            mark,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, **AS_GRADED, "TORCH_HOME": str(folder / ".torch")},
        cwd=folder,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        watchdog = _Watchdog(process)
        name = "imports"
        try:
            for row in process.stdout:
                if not row.startswith(mark):
                    continue
                with contextlib.suppress(ValueError, KeyError):  # a student who has guessed the mark
                    step = json.loads(row.removeprefix(mark))
                    findings.add(step)
                    if "begins" in step:
                        name = step["begins"]
                        watchdog.restart(float(step["limit"]) + PATIENCE)
                        yield name
            process.wait()
        finally:
            watchdog.stop()
            process.kill()
    if watchdog.bit:
        raise Stuck(f"{name} did not end, and was stopped: does a loop never end? what comes after it was not tried")
    if process.returncode:
        raise Stuck(f"{name} ended the process (exit status {process.returncode}); what comes after it was not tried")
    findings.finished = True


class _Watchdog:
    """Kills a process in which nothing happens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.bit = False
        self.restart(PATIENCE)

    def restart(self, seconds: float) -> None:
        """Give it so much time from now on."""
        self.stop()
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Let it live."""
        if hasattr(self, "_timer"):
            self._timer.cancel()

    def _bite(self) -> None:
        self.bit = True
        self._process.kill()
