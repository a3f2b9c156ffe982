"""Grade a class twice, once undisturbed and once in a storm of faults, and compare.

    PYTHONPATH=tests:tests/classes python tests/classes/storm.py build/storm --size 1000

In the storm, processes are killed at random: those that grade, those of the boxes, the batch itself, workers and the
scheduler of a Dask cluster; the disk is full, or may only be read, in the middle. The command is given again after each
end, as whoever grades a class would do. Nothing may be lost, nothing that was kept graded again, and marks are equal.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import load_class
from faults import Cluster, Disk, boxes, graders
from homework import ROOT

from autograder.classroom.store import Store
from autograder.reports.records import State

SILENT = 180  # seconds without a new result, after which a batch hangs


@dataclass
class Found:
    """What became of the class in the storm."""

    size: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    hung: int = 0
    repeated: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    unequal: set[str] = field(default_factory=set)
    tracebacks: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, repeated or unequal, and nothing of ours was shown."""
        return not (self.hung or self.repeated or self.lost or self.unequal or self.tracebacks)

    def table(self) -> str:
        """All of it, a line each."""
        rows: list[tuple[str, object]] = [("submissions", self.size), *sorted(self.strikes.items())]
        rows += [("runs of batch", self.runs), ("runs that hung", self.hung), ("lost", len(self.lost))]
        rows += [("graded again though kept", len(self.repeated)), ("marks that differ", len(self.unequal))]
        rows += [("tracebacks", len(self.tracebacks))]
        names = "seconds, undisturbed", "seconds, in the storm"
        rows += [(name, f"{seconds:.0f}") for name, seconds in zip(names, self.seconds, strict=True)]
        lines = [f"{name:32} {value:>8}" for name, value in rows]
        lines += [f"  ended: {count} x {said}" for said, count in self.ends.most_common()]
        lines += [f"  {what}: {', '.join(sorted(who)[:10])}" for what, who in self._wrong() if who]
        return "\n".join([*lines, *self.tracebacks[:3]])

    def _wrong(self) -> Iterator[tuple[str, set[str]]]:
        yield from (("lost", self.lost), ("repeated", self.repeated), ("differ", self.unequal))


class Storm:
    """One class, graded in a storm.

    Args:
        base: gets everything; a small disk is put there where that may be done.
        strikes: how many faults there shall be.
        patience: seconds between two of them, at most; but they wait for results, so as to strike all of the class.
    """

    def __init__(self, base: Path, size: int, strikes: int, seed: int = 0, patience: float = 10) -> None:
        self.base, self.strikes, self.draw, self.patience = base, strikes, random.Random(seed), patience
        self.found = Found(size)
        self.assignment = load_class.course(base / "course")
        self.zips = base / "class"
        load_class.write(self.zips, size)
        self.kept: dict[str, tuple[int, int]] = {}
        self._broken: set[str] = set()

    def run(self) -> Found:
        """Grade it both ways, and compare."""
        began = time.monotonic()
        calm = self.base / "calm"
        text = subprocess.run(self._command(calm, "--jobs", "2"), cwd=ROOT, capture_output=True, text=True, check=False)
        assert text.returncode == 0, text.stdout + text.stderr
        middle = time.monotonic()
        with Disk(self.base / "disk") as disk:
            out = disk.path / "out"
            while sum(self.found.strikes.values()) < self.strikes and not self._done(out):
                self._run(out, disk)
            for _ in range(3):  # without faults, as often as somebody would try
                if self._run(out, None):
                    break
            self.found.seconds = middle - began, time.monotonic() - middle
            self._compare(calm, out)
        return self.found

    def _command(self, out: Path, *options: str) -> list[str]:
        batch = [sys.executable, "-m", "autograder", "batch", str(self.zips), "--out", str(out), "--seed", "7"]
        return [*batch, "--course", str(self.assignment.parent), *options]

    def _run(self, out: Path, disk: Disk | None) -> bool:
        """Give the command once; say whether it came to its end with all marks."""
        if self.draw.random() < 0.3:
            with Cluster(self.base) as cluster:
                return self._strike(out, ["--dask", cluster.address], disk, cluster)
        return self._strike(out, ["--jobs", "2"], disk, None)

    def _strike(self, out: Path, options: list[str], disk: Disk | None, cluster: Cluster | None) -> bool:
        self.found.runs += 1
        with self._batch(out, options) as (batch, log):
            last = began = time.monotonic()
            pause, kept = self._next()
            while batch.poll() is None:
                time.sleep(0.02)
                now = time.monotonic()
                last = now if self._look(out) else last
                if now - max(last, began) > SILENT:
                    self.found.hung += 1
                    batch.kill()
                due = now - began > pause and len(self.kept) >= kept
                if disk and due and sum(self.found.strikes.values()) < self.strikes:
                    self._one(batch, disk, cluster)
                    began, (pause, kept) = now, self._next()
            batch.wait()
        if disk:
            disk.mend()
        self._look(out)
        said = log.read_text(encoding="utf-8", errors="replace")
        if "Traceback" in said:
            self.found.tracebacks.append(said[-3000:])
        if batch.returncode not in (0, -signal.SIGKILL):
            self.found.ends[" ".join(said.strip().rpartition("\n")[2].replace(str(self.base), "").split())[:150]] += 1
        return batch.returncode == 0 and self._done(out)

    def _next(self) -> tuple[float, int]:
        """Draw when the next fault strikes: after so many seconds, and with so many results."""
        results = self.draw.choice([0, self.draw.randrange(2 * self.found.size // self.strikes + 1)])
        return self.draw.uniform(0, self.patience), min(len(self.kept) + 2 * results, self.found.size - 1)

    @contextmanager
    def _batch(self, out: Path, options: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        log = self.base / "log"
        with log.open("wb") as file:
            batch = subprocess.Popen(self._command(out, *options), cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
            try:
                yield batch, log
            finally:
                batch.kill()
                batch.wait()

    def _one(self, batch: subprocess.Popen[bytes], disk: Disk, cluster: Cluster | None) -> None:
        """Let one fault happen, if it can at this moment."""
        root = cluster.workers if cluster else [batch.pid]
        faults: dict[str, Callable[[], bool]] = {
            "a process that grades is killed": lambda: self._kill(cluster.graders() if cluster else graders(batch.pid)),
            "a process of a box is killed": lambda: self._kill(boxes(root)),
            "batch is killed": lambda: self._kill([batch.pid]),
            "the disk is full": disk.fill,
            "the disk may only be read": disk.freeze,
        }
        if cluster:
            faults["the scheduler is killed"] = cluster.lose_scheduler
        weights = [4, 4, 2, 1, 1, 2][: len(faults)]
        name = self.draw.choices(list(faults), weights)[0]
        if faults[name]():
            self.found.strikes[name] += 1

    def _kill(self, pids: list[int]) -> bool:
        for pid in self.draw.sample(pids, min(1, len(pids))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def _look(self, out: Path) -> bool:
        """Note what is kept, and what of it was graded again; say whether there is more than before."""
        cards = (out / "students").glob("[!.]*/card.json")
        now: dict[str, tuple[int, int]] = {}
        for card in cards:
            with suppress(OSError):
                seen = card.stat()
                now[card.parent.name] = seen.st_ino, seen.st_mtime_ns
        fresh = [key for key in now if self.kept.get(key) != now[key]]
        again = [key for key in fresh if key in self.kept and key not in self._broken]
        self.found.repeated.update(again)
        self.kept.update({key: now[key] for key in fresh})
        self._broken = (self._broken - set(fresh)) | self._faulty(out, fresh)
        return bool(fresh)

    @staticmethod
    def _faulty(out: Path, keys: list[str]) -> set[str]:
        """Those that are to be graded again by themselves, as the grader had a fault."""
        return {key for key, record in Store(out).load(keys).items() if record.state is State.BROKEN}

    def _done(self, out: Path) -> bool:
        return len(self.kept) == self.found.size and not self._broken

    def _compare(self, calm: Path, out: Path) -> None:
        one, other = (_marks(folder) for folder in (calm, out))
        self.found.lost = {key for key in one if key not in other or other[key][0] is State.BROKEN}
        self.found.unequal = {key for key in one if key not in self.found.lost and one[key] != other[key]}
        tables = [(folder / "gradebook.csv").read_bytes() for folder in (calm, out)]
        if tables[0] != tables[1] and not self.found.unequal:
            self.found.unequal.add("gradebook.csv")


def _marks(out: Path) -> dict[str, tuple[object, ...]]:
    """All that must be equal in two gradings of one class: the state, and every mark with its sentence."""
    store = Store(out)
    records = store.load(path.name for path in store.students.iterdir())
    return {key: (one.state, one.card.refusal, tuple(one.card.marks.items())) for key, one in records.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--strikes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = Storm(options.folder.resolve(), options.size, options.strikes, options.seed).run()
    print(found.table())
    sys.exit(not found.holds)


if __name__ == "__main__":
    main()
