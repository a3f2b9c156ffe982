"""Where a check fails: which line of the student's, changed a little, would let it pass.

The student's own code is run with one small change at a time, each of which undoes a mistake that people make. A place
is named where a change lets the failing check pass, and those of its TODO that have passed before. It is a guess: the
line and the kind of mistake are told, never what would be right.
"""

from __future__ import annotations

import contextlib
import gc
import re
import signal
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from autograder.checking.adaptation import Adaptation
from autograder.checking.local_student import Direct
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.diagnosis.suspects import no_suspects
from autograder.errors import CheckFailed
from autograder.students.lines.exchange import Change, Running, Trace, changes, executed, functions
from autograder.students.lines.scope import DESPERATE
from autograder.students.lines.undo import FIRST, LATER
from autograder.students.time_limit import interrupt_main

SECONDS = 1.0  # of computing, for the changes that are tried on a submission
EACH = 0.25  # of computing, for one change, which may never end
ONCE = 5.0  # for the checks of a TODO as they are, when oracles may have to compute what is expected
CLOCK = 8  # times as long on the clock, where the machine is busy or the code sleeps
MOST = 3  # lines that are named
FEW = 3  # a change that helps no more than one in so many checks that fail hides what is wrong
FIRST_SHARE = 0.85  # of the time, for the first check that fails: most often, all have one cause
TURNS = 20  # after so many options of a node, the rest is tried as it comes
SUBJECT = re.compile(r"(?:[^:]*: )?(\w+)(?:\[| is | has )")
OFTEN, LONG = 16, 0.02  # changes, or seconds on the clock, between two looks at what was computed: a look takes long


@dataclass(frozen=True)
class Place:
    """A line, and what is probably wrong there."""

    file: str
    function: str
    line: int
    kind: str


class Found(NamedTuple):
    """The ids of checks that fail, and the places on one of which that lies."""

    checks: frozenset[str]
    places: list[Place]


class _Asked(NamedTuple):
    """The checks of a TODO: what fails, what passes, and the lines that the passing ones have run."""

    failing: list[Check]
    passing: list[Check]
    harmless: frozenset[tuple[str, int]]


class Search:
    """What can be found out about the checks of one submission that fail.

    Made before any of it is imported.

    Args:
        folder: of the student's files; on `sys.path`.
        files: those that students write, by path below it.
        seconds: of computing.
        adaptation: where the student's code is that of another handout.

    Attributes:
        tried: how often a check was run.
    """

    def __init__(
        self, folder: Path, files: Collection[str], seconds: float = SECONDS, adaptation: Adaptation | None = None
    ) -> None:
        self._folder, self._adaptation = folder.resolve(), adaptation
        self._files = {str(self._folder / name) for name in files}
        self._functions = [one for file in sorted(self._files) for one in functions(Path(file))]
        self._left = seconds
        self._limits: tuple[float, float] | None = None  # of the check that runs: computing, clock
        self._subject = ""  # of the latest check that failed: the name of the value that is wrong
        self.tried = 0
        if not gc.get_freeze_count():
            gc.freeze()  # so that the student's functions, which come now, are found among few objects

    def run(self, todos: Sequence[Sequence[Check]]) -> Iterator[Found]:
        """Yield what is found about the checks that fail.

        Args:
            todos: the checks of each TODO in which one fails.
        """
        with self._no_endless_loops():
            for number, checks in enumerate(todos):
                yield from self._todo(checks, self._left / (len(todos) - number))

    def _todo(self, checks: Sequence[Check], seconds: float) -> Iterator[Found]:
        traces: dict[str, Trace] = {}
        subjects: dict[str, str] = {}
        asked = _Asked([], [], frozenset())
        began = time.process_time()
        for number, check in enumerate(checks):
            if number == 1:  # what the first has imported and worked out is no time of the student's
                began = time.process_time()
            left = ONCE - (time.process_time() - began)
            if left <= 0:  # what a change does could not be seen in time
                return
            run = partial(self._passes, check, left)
            traces[check.id], passed = executed(self._files, run)
            subjects[check.id] = self._subject
            (asked.passing if passed else asked.failing).append(check)
        lines = {line for check in asked.passing for line in traces[check.id].lines}
        asked = asked._replace(harmless=frozenset(lines))
        running = Running(self._files)
        began = time.process_time()
        end = began + seconds
        explained: frozenset[str] = frozenset()
        for check in asked.failing:
            if check.id not in explained:
                now = time.process_time()
                own_end = end if check is asked.failing[-1] else now + FIRST_SHARE * (end - now)
                if found := self._found(running, check, traces[check.id], asked, own_end, subjects[check.id]):
                    explained |= found.checks
                    yield found
        self._left -= time.process_time() - began

    def _found(
        self, running: Running, check: Check, trace: Trace, asked: _Asked, end: float, subject: str
    ) -> Found | None:
        """Try one change after the other, and keep those after which most of the failing checks pass."""
        candidates: list[tuple[Change, frozenset[str]]] = []
        likely = DESPERATE  # that of the best so far: what is much less so is not tried
        looked = time.perf_counter()
        for number, change in enumerate(self._ordered(trace, asked.harmless, subject)):
            if change.option.rank > likely + 1:
                continue
            if number % OFTEN == 0 or time.perf_counter() - looked > LONG:
                looked = time.perf_counter()
                if time.process_time() > end:
                    break
            with running.changed(change) as made:
                if made and self._passes(check) and all(map(self._passes, asked.passing)):
                    fixed = {one.id for one in asked.failing if one is check or self._passes(one)}
                    candidates.append((change, frozenset(fixed)))
                    likely = min(likely, change.option.rank)
        if not candidates or self._passes(check):  # it passes by itself now: what it does depends on what was before
            return None
        most = max(len(fixed) for _, fixed in candidates)
        if FEW * most <= len(asked.failing):
            return None
        best = [(change, fixed) for change, fixed in candidates if len(fixed) == most]
        places: dict[tuple[str, int], Place] = {}
        for change, _ in sorted(best, key=lambda pair: pair[0].option.rank):
            file, function = Path(change.function.file), change.function
            places.setdefault(
                (function.file, change.line), Place(file.name, function.name, change.line, change.option.kind)
            )
        return Found(best[0][1], list(places.values())) if len(places) <= MOST else None

    def _ordered(self, trace: Trace, harmless: frozenset[tuple[str, int]], subject: str) -> Iterator[Change]:
        """The likely ones first, and of these those in lines that no passing check has run; all nodes take turns.

        What is written into a name like that of the wrong value is a step more likely.
        """

        def order(change: Change) -> float:
            known = (change.function.file, change.line) in harmless
            own = subject and change.function.scope.writes(change.old, subject)
            return change.option.rank - bool(own) + known / 2 + min(change.turn, TURNS - 1) / TURNS / 2

        for table in (FIRST, LATER):
            yield from sorted((change for one in self._functions for change in changes(one, trace, table)), key=order)

    def _passes(self, check: Check, seconds: float = EACH) -> bool:
        self.tried += 1
        self._subject = ""
        self._limits = seconds, time.monotonic() + CLOCK * seconds
        try:
            with no_suspects():
                student = Direct(self._folder, self._adaptation)
                check.body(student, check.rng(PUBLIC_SEED))
                student.finish()
        except CheckFailed as error:
            self._subject = name[1] if (name := SUBJECT.match(str(error))) else ""
            return False
        except (Exception, SystemExit, _TooLong):  # whatever a changed program does
            return False
        finally:
            self._limits = None
        return True

    @contextlib.contextmanager
    def _no_endless_loops(self) -> Iterator[None]:
        """Interrupt a change that takes too long; code in C that never ends is left to whoever started this process."""
        over = threading.Event()

        def watch() -> None:
            seen, began = 0, 0.0
            while not over.wait(EACH / 5):
                limits, now = self._limits, time.process_time()
                if seen != self.tried:  # its computing counts from now on: the clock is too slow to ask for each change
                    seen, began = self.tried, now
                if limits and (now - began > limits[0] or time.monotonic() > limits[1]):
                    interrupt_main()

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            if self._limits:
                raise _TooLong

        before = signal.signal(signal.SIGINT, interrupt)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            signal.signal(signal.SIGINT, before)


class _TooLong(BaseException):
    """No Exception, so that `except Exception` in a loop does not keep it running."""


def sentence(places: Sequence[Place]) -> str:
    """Say where to look, and what for where only one thing was found."""
    parts = []
    ordered = sorted(places, key=lambda place: (place.file, place.function, place.line))
    for (file, function), group in groupby(ordered, key=lambda place: (place.file, place.function)):
        lines = [str(place.line) for place in group]
        many = f"lines {', '.join(lines[:-1])} or {lines[-1]}" if lines[1:] else f"line {lines[0]}"
        parts.append(f"{many} of {file} ({function})")
    kinds = {place.kind for place in places}
    why = kinds.pop() if len(kinds) == 1 else "one of them alone may be the cause"
    return f"look at {', or '.join(parts)}: {why}"
