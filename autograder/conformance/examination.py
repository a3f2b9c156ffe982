"""`autograder doctor --full`: run every row that this machine can, beside its control, and say what does not hold."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from autograder.checking.rubric import PUBLIC_SEED
from autograder.conformance import archives, neighbours
from autograder.conformance import bad_checkpoints as checkpoints
from autograder.conformance import bait as baits
from autograder.conformance.bad_zips import ATTACKS as ZIPS
from autograder.conformance.controls import COMPLAINT, Controls, succeeds
from autograder.conformance.judging import problems
from autograder.conformance.mechanisms import held
from autograder.conformance.table import ATTACKED, ATTACKS, Attack
from autograder.conformance.target import public_inputs
from autograder.conformance.verdicts import CLASSES, Examination, Result, Row
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.assignment import Limits
from autograder.errors import RubricError
from autograder.inside.confinement.syscalls import ARM
from autograder.reports.scores import Outcome
from autograder.sandbox.box import Box
from autograder.sandbox.level import Isolation

PUBLIC = "earns its mark where the cases are those of make test"
KEPT_AT_C = ("forge", "malformed")  # of the table: what two processes and a strict comparison stop


def examine(
    limits: Limits | None = None, off: tuple[str, ...] = (), kinds: Collection[str] = (*CLASSES,)
) -> Examination:
    """Run the rows of some classes.

    Args:
        limits: those of `assignment.toml`, where there is one, if not given.
        off: mechanisms to leave out of the box although this machine has them, as a test of the examination does.
        kinds: of CLASSES.

    Raises:
        SetupError: if the sandbox does not start.
    """
    began = time.monotonic()
    limits = (limits or _limits()).model_copy(update={"import_seconds": 5})
    rows = [row for row in ATTACKS if row.kind in kinds and not row.slow and not (row.needs_x86 and ARM)]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="examination-")))
        bait = stack.enter_context(baits.laid_out(folder))
        controls = Controls(limits, rows, kinds, bait)
        stack.callback(controls.close)
        box = stack.enter_context(Box(limits, off))
        isolation = _isolation(limits) if off else box.isolation
        mechanisms = held(isolation.mechanisms)
        level = isolation.level
        if not box.isolation.keeps_secrets:  # grading refuses a secret seed here
            rows = [row for row in rows if not row.seed]
        bait |= {"PUBLIC_INPUTS": public_inputs(box, folder / "a.zip")}
        tried = [_try(row, box, bait, folder / "a.zip", mechanisms, level) for row in rows]
        tried += [*_zips(limits)] if "zips" in kinds else []
        tried += [*_checkpoints(bait)] if "checkpoints" in kinds else []
        tried += [*_neighbours(box, mechanisms)] if "neighbours" in kinds else []
        seen = controls.seen()
    tried = [
        row if row.control else dataclasses.replace(row, control=seen.get((row.kind, row.name), "")) for row in tried
    ]
    sentence = isolation.sentence()
    return Examination(level, sentence, tried, time.monotonic() - began, seen.get(COMPLAINT, ""), [*kinds])


def _limits() -> Limits:
    try:
        return assignments.load(definition.find()).limits
    except RubricError:
        return Limits()


def _isolation(limits: Limits) -> Isolation:
    with Box(limits) as box:
        return box.isolation


def _try(row: Attack, box: Box, bait: baits.Bait, zip_path: Path, mechanisms: set[str], level: str) -> Row:
    """Run one row of the table, if this level promises that it holds."""
    promised = row.kind in KEPT_AT_C and not row.seed if level == "C" else row.holds_with(mechanisms)
    if not promised:
        return Row(row.kind, row.name, Result.NOT_PROMISED, row.stopped_by)
    success, card = succeeds(row, box, bait, zip_path)
    wrong = tuple(problems(row, card, success, mechanisms))
    control = ""
    if row.seed and "$PUBLIC_INPUTS" in row.body and row.kind == "forge":
        _, known = succeeds(dataclasses.replace(row, seed=PUBLIC_SEED), box, bait, zip_path)
        control = PUBLIC if known.marks[ATTACKED].outcome is Outcome.PASSED else ""
    return Row(row.kind, row.name, Result.FAILED if wrong else Result.HELD, row.stopped_by, wrong, control)


def _zips(limits: Limits) -> Iterator[Row]:
    for name, (content, sentence) in ZIPS.items():
        yield _judged("zips", name, "zip reader", archives.wrong(content, sentence, limits))


def _checkpoints(bait: baits.Bait) -> Iterator[Row]:
    for name, (content, says) in checkpoints.rows(str(bait["TRACE"])).items():
        yield _judged("checkpoints", name, "checkpoint reader", checkpoints.wrong(content, says))


def _neighbours(box: Box, mechanisms: set[str]) -> Iterator[Row]:
    """Let one submission leave what it can, and others look for it."""
    stops = {kind: {"namespaces", "landlock"} if kind.startswith("file") else {"seccomp"} for kind in neighbours.KINDS}
    beside, afterwards = neighbours.found(box, f"token{secrets.token_hex(4)}")
    for kind, stopped_by in stops.items():
        if stopped_by.isdisjoint(mechanisms):
            yield Row("neighbours", kind, Result.NOT_PROMISED)
            continue
        where = [when for when, names in (("beside it", beside), ("afterwards", afterwards)) if kind in names]
        yield _judged("neighbours", kind, min(stopped_by & mechanisms), f"found {' and '.join(where)}" if where else "")


def _judged(kind: str, name: str, stopped_by: str, wrong: str) -> Row:
    return Row(kind, name, Result.FAILED if wrong else Result.HELD, stopped_by, (wrong,) if wrong else ())
