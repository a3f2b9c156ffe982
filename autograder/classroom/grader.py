"""A process that grades one zip after another with everything warm: what a pool of processes and a cluster run.

What comes in is the content of a zip, and what goes out is JSON, so that the process may be on another machine.
"""

from __future__ import annotations

import contextlib
import functools
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path

from autograder.checking.rubric import Check
from autograder.classroom import origin
from autograder.classroom import self_test as canary
from autograder.course.assignment import Assignment, Limits
from autograder.errors import GraderError, MachineUnfit
from autograder.grading import engine, marking
from autograder.grading.known_models import KnownModels
from autograder.reports import records
from autograder.reports.scores import Scorecard
from autograder.sandbox import cores
from autograder.sandbox.box import Box
from autograder.sandbox.temporary import TemporaryFolder


@dataclass(frozen=True)
class Order:
    """One zip to grade.

    Attributes:
        content: of the zip.
        code: what shall grade it, `origin.code()` where the order is made.
        known: folder of what the class's models have scored; on another machine it may not be there.
    """

    content: bytes
    assignment: Assignment
    seed: int
    code: Mapping[str, str]
    known: Path = Path()

    @property
    def terms(self) -> tuple[str, int, str]:
        """All that decides over marks beside the zip."""
        return self.assignment.model_dump_json(), self.seed, json.dumps(self.code)


@dataclass(frozen=True)
class Graded:
    """What comes back.

    Attributes:
        card: the score card, as JSON.
        seconds: that it took.
        unfit: why nothing can be graded there, if so; the card says nothing of the submission then.
        known: what it adds to the folder of that, by the name of the file.
    """

    card: bytes
    seconds: float
    unfit: str = ""
    known: Mapping[str, str] = field(default_factory=dict)


def grade(order: Order) -> Graded:
    """Grade a zip; whatever goes wrong with it is in the score card, what goes wrong without it in `unfit`.

    The machine is tried before its first zip, and after each that ends in a fault.

    One at a time, in a thread that stays as long as the process: a zygote ends with the thread that started it.
    """
    _take_share_of_cluster()
    return _lane().submit(_grade, order).result()


def pool(jobs: int) -> ProcessPoolExecutor:
    """Make a pool whose processes share the cores, and end with this one, also when this one is killed."""
    context = multiprocessing.get_context("spawn")  # never a fork of a process whose threads may hold locks
    return ProcessPoolExecutor(jobs, context, initializer=_join_pool, initargs=(cores.share(jobs),))


def box(limits: Limits) -> Box:
    """Return the warm box of this process; one with other limits takes its place."""
    global _box
    if _box is not None and _box.limits != limits:
        close()
    if _box is None:
        _box = Box(limits)
        Finalize(None, close, exitpriority=10)
    return _box


def close() -> None:
    """End the box of this process, if there is one; the next zip makes another."""
    global _box
    if _box is not None:
        _box.close()
    _box = None


_box: Box | None = None


def prove(order: Order) -> str:
    """Say why nothing can be graded here, or nothing; the zip of the order is left alone."""
    return _lane().submit(_prove, order, grading=True).result()


def _grade(order: Order) -> Graded:
    began = time.monotonic()
    unfit = "" if order.terms in _fit else _prove(order, grading=False)
    terms = json.dumps(origin.outcomes(origin.of(order.assignment, order.seed)))
    known = KnownModels(order.known, terms)
    card = marking.blank(order.assignment, _checks(order)) if unfit else _judged(order, known)
    if card.broken:
        unfit = _prove(order, grading=True)
    return Graded(records.dump_card(card), time.monotonic() - began, unfit, known.found)


# What this process has proved: on which terms it has all that it needs, and on which it grades its own solution.
_fit: set[tuple[str, int, str]] = set()
_grades: set[tuple[str, int, str]] = set()


def _prove(order: Order, *, grading: bool) -> str:
    """Say why nothing can be graded here, or nothing."""
    try:
        here = origin.code(order.assignment.course)
        if differs := origin.changed(order.code, here):
            found = ", ".join(here[name] if name == origin.LIBRARIES else f"other {name}" for name in differs)
            raise MachineUnfit(
                f"this grader or its libraries are of another version ({found}): install the same everywhere"
            )
        _expect_fit(order)
        _fit.add(order.terms)
        if grading and order.terms not in _grades:
            canary.expect_grades(box(order.assignment.limits), order.assignment, _checks(order), order.seed)
            _grades.add(order.terms)
    except MachineUnfit as error:
        _fit.discard(order.terms)
        return str(error)
    return ""


def _expect_fit(order: Order) -> None:
    """Try it with the box that there is, and if need be with a new one: no zip shall leave one that costs the next."""
    needs = (lambda: box(order.assignment.limits)), order.assignment, _checks(order), order.seed
    try:
        canary.expect_fit(*needs)
    except MachineUnfit:
        close()
        canary.expect_fit(*needs)


def _checks(order: Order) -> tuple[Check, ...]:
    return order.assignment.checks()


def _judged(order: Order, known: KnownModels) -> Scorecard:
    checks = _checks(order)
    try:
        path = _zips().path / "submission.zip"
        path.unlink(missing_ok=True)
        with open(path, "xb", opener=_private) as file:
            file.write(order.content)
        try:
            warm = box(order.assignment.limits)
            return engine.grade_zip(path, warm, order.assignment, checks, order.seed, _ignore, known)
        finally:
            path.unlink()
    except Exception as error:  # the edge: a fault of ours is reported, and the next zip is graded all the same
        card = marking.blank(order.assignment, checks)
        card.fault = str(error) if isinstance(error, GraderError) else f"the grader failed: {type(error).__name__}"
        return card


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _ignore(card: Scorecard) -> None:
    """Only the finished score card leaves the process."""


@functools.cache
def _lane() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "grading")


@functools.cache
def _zips() -> TemporaryFolder:
    folder = TemporaryFolder("zips")
    Finalize(None, folder.remove, exitpriority=10)
    return folder


def _take_share_of_cluster() -> None:
    """Use the cores that a Dask cluster has given this process, where it is a worker of one."""
    if "distributed" in sys.modules:
        from distributed import get_worker

        with contextlib.suppress(ValueError):  # it is none
            cores.take(get_worker().state.nthreads)


def _join_pool(share: int) -> None:
    """Take a share of the cores, leave an interruption at the keyboard to the owner, and end when that one is gone."""
    cores.take(share)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    owner = multiprocessing.parent_process()
    assert owner is not None, "a pool's process has a parent"
    threading.Thread(target=_end_with, args=(owner.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
