"""What each attack does where its defence is off: in a box whose mechanisms are switched off, or with a naive grader.

Both run beside the examination itself: the open boxes in a thread of their own, the naive grader in a process.
"""

from __future__ import annotations

import multiprocessing
import secrets
import tempfile
from collections.abc import Collection, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from autograder.conformance import archives, naive, neighbours
from autograder.conformance import bad_checkpoints as checkpoints
from autograder.conformance import bait as baits
from autograder.conformance.bad_zips import ATTACKS as ZIPS
from autograder.conformance.judging import reached
from autograder.conformance.mechanisms import Boxes
from autograder.conformance.table import Attack
from autograder.conformance.target import RIGHT, grade
from autograder.course.assignment import Limits
from autograder.reports.scores import Scorecard
from autograder.sandbox.box import Box

Seen = dict[tuple[str, str], str]  # by class and name of a row; empty: nothing
COMPLAINT = ("", "")
USELESS = "the naive grader cannot tell right from wrong, so that the controls show nothing"
OPEN = "succeeds in a box whose mechanisms are off"


class Controls:
    """Starts them all; `seen` waits for them.

    Args:
        limits: of the boxes.
        rows: of the table.
        kinds: the classes that are examined.
        bait: for the naive grader.
    """

    def __init__(self, limits: Limits, rows: Sequence[Attack], kinds: Collection[str], bait: baits.Bait) -> None:
        self._thread = ThreadPoolExecutor(1, "controls")  # one that stays: what it starts ends with it
        self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._running = [
            self._thread.submit(_in_open_boxes, limits, [row for row in rows if row.open], kinds),
            self._process.submit(_without_defence, [row for row in rows if row.naive], kinds, bait),
        ]

    def seen(self) -> Seen:
        """Wait, and return what each row did."""
        found: Seen = {}
        for future in self._running:
            found |= future.result()
        return found

    def close(self) -> None:
        """End what still runs."""
        executors: tuple[Executor, ...] = (self._thread, self._process)
        for executor in executors:
            executor.shutdown(cancel_futures=True)


def succeeds(row: Attack, box: Box, bait: baits.Bait, zip_path: Path) -> tuple[bool, Scorecard]:
    """Grade an attack in a box, with another student's folder in it; whether it got what it was after, and the card."""
    with box.room() as neighbour:
        answer = neighbour / "layers" / "answer.py"
        answer.parent.mkdir()
        answer.write_text(str(bait["TOKEN"]), encoding="utf-8")
        for path, mode in ((answer.parent, 0o755), (answer, 0o644)):
            path.chmod(mode)
        card = grade(row.apply(RIGHT, {**bait, "NEIGHBOUR": str(neighbour)}), box, zip_path, row)
    left = baits.traces(bait)
    for trace in left:
        Path(trace).unlink()
    return reached(card) or bool(left), card


def _in_open_boxes(limits: Limits, rows: Sequence[Attack], kinds: Collection[str]) -> Seen:
    """Let attacks succeed where nothing stops them; what a machine refuses by itself is not seen."""
    found: Seen = {}
    with tempfile.TemporaryDirectory() as folder, baits.laid_out(Path(folder)) as bait:
        boxes = Boxes(limits)
        try:
            for row in rows:
                box = boxes.without(row.falls_without) if row.falls_without else boxes.with_only()
                success, card = succeeds(row, box, bait, Path(folder, "a.zip"))
                found[row.kind, row.name] = OPEN if success and not card.broken else ""
            if "neighbours" in kinds:
                found |= _neighbours(boxes.with_only())
        finally:
            boxes.close()
    return found


def _neighbours(box: Box) -> Seen:
    token = f"control{secrets.token_hex(4)}"
    try:
        left = {what for whats in neighbours.found(box, token) for what in whats}
    finally:
        neighbours.forget(token)
    return {("neighbours", kind): OPEN if kind in left else "" for kind in neighbours.KINDS}


def _without_defence(rows: Sequence[Attack], kinds: Collection[str], bait: baits.Bait) -> Seen:
    """Hand attacks, zips and checkpoints to a naive grader: in a process of its own, as they may end it."""
    trace = f"{bait['TRACE']}-naive"
    bait = {**bait, "TRACE": trace}
    found = {(row.kind, row.name): naive.breach(row.apply(RIGHT, bait), row.kind == "forge", trace) for row in rows}
    if "zips" in kinds:
        found |= {("zips", name): archives.breach(content) for name, (content, _) in ZIPS.items()}
    if "checkpoints" in kinds:
        for name, (content, _) in checkpoints.rows(trace).items():
            found["checkpoints", name] = checkpoints.breach(content, trace)
    wrong = Attack("forge", "wrong", "", "failed", base="wrong").apply(RIGHT, {})
    sane = naive.breach(RIGHT, True) and not naive.breach(RIGHT, False) and not naive.breach(wrong, True)
    return {**found, COMPLAINT: "" if sane else USELESS}
