"""How long a large class takes to get other points: some submissions are graded, and handed in by many."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from autograder.bench.figures import Figure, timed
from autograder.classroom import class_files, exports, origin
from autograder.classroom.store import Store
from autograder.course import mistakes, skeleton
from autograder.course.definition import Course
from autograder.reports.records import Record
from autograder.reports.scores import Mark, Outcome
from autograder.submission import packing

SIZE = 1000
MISTAKEN = 6  # submissions that are graded, besides a right one and an empty one
ROUNDS = 3
SET = "shapes"


def measure(course: Course) -> dict[str, Figure]:
    """Seconds on the clock, and of all cores, from changed points to the last page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _hand_in(course, folder / "few")
        batch(course, folder, "few")
        _multiply(course, folder)
        batch(course, folder, "many")  # looks for equal files, once
        rounds = [_points(course, folder, number) for number in range(ROUNDS)]
    wall, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
    what = f"a class of {SIZE} gets other points"
    return {what: Figure(wall, "s", ROUNDS), f"{what}, CPU time": Figure(cpu, "s", ROUNDS)}


def _hand_in(course: Course, folder: Path) -> None:
    right, known = course.files(SET), list(mistakes.load(course))
    wrong = known[:: max(1, len(known) // MISTAKEN)][:MISTAKEN]
    folder.mkdir()
    for number, files in enumerate((right, skeleton.generate(course), *(one.apply(right) for one in wrong))):
        packing.write_zip(folder / f"{number}.zip", files)


def batch(course: Course, folder: Path, which: str, *more: str) -> None:
    """Grade the class in a folder within `folder` by the command, with a process a core."""
    command = [sys.executable, "-m", "autograder", "batch", str(folder / which), "--out", str(folder / f"{which}-out")]
    command += ["--course", str(course.folder), "--dataset", SET, "--seed", "1", *more]
    # With its modules compiled, as they are from the second command on wherever it is installed.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    subprocess.run(command, capture_output=True, check=True, env=os.environ | compiled)


def _multiply(course: Course, folder: Path) -> None:
    """Let students of their own hand in what was graded; every second message is nobody else's."""
    handed = exports.find(folder / "few", course.layout).handed
    graded = list(Store(folder / "few-out").load(one.key for one in handed).values())
    many, store = folder / "many", Store(folder / "many-out")
    many.mkdir()
    for number in range(SIZE):
        (many / f"student {number}.zip").write_bytes(f"of student {number}".encode())
    time.sleep(origin.SETTLED)  # until a look at its times tells that a zip is the same
    with store.open():
        for number, one in enumerate(exports.find(many, course.layout).handed):
            record = graded[number % len(graded)]
            content = {origin.ZIP: hashlib.sha256(one.path.read_bytes()).hexdigest()}
            card = replace(record.card, marks=dict(_own(record, number)))
            came = {**record.origin, **content}
            mine = replace(record, key=one.key, people=one.people, card=card, origin=came, seen=origin.stamp(one.path))
            store.save(mine, class_files.pages(mine))


def _own(record: Record, number: int) -> Iterator[tuple[str, Mark]]:
    for at, (check, mark) in enumerate(record.card.marks.items()):
        own = mark.outcome in (Outcome.FAILED, Outcome.RAISED) and (at + number) % 2
        yield check, replace(mark, message=f"{mark.message} ({number})") if own else mark


def _points(course: Course, folder: Path, number: int) -> tuple[float, float]:
    """Change all points a little; seconds on the clock, and of the cores."""
    file = folder / "other.toml"
    text = (course.folder / "assignment.toml").read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^points = (\d+)", lambda found: f"points = {int(found[1]) + number + 1}", text))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = timed(partial(batch, course, folder, "many", "--assignment", str(file)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
