"""`autograder batch`: grade a class.

Each student's results are kept as soon as they are there, with all that they came from. So a batch that was killed goes
on where it was, and one that is run again grades only what has changed; other points are given without grading.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from autograder.classroom import class_files, exports, forks, origin
from autograder.classroom import executors as crew
from autograder.classroom import grader as warm
from autograder.classroom.executors import Crew, ProcessDied
from autograder.classroom.exports import Found, HandedIn
from autograder.classroom.grader import Graded, Order
from autograder.classroom.store import Store
from autograder.course.assignment import Assignment
from autograder.errors import GraderError, MachineUnfit, SubmissionError
from autograder.grading import marking
from autograder.grading.rescoring import Rescoring
from autograder.reports import class_csv, files, records
from autograder.reports import class_text as classtext
from autograder.reports.class_text import clock
from autograder.reports.records import Record, State
from autograder.reports.scores import Scorecard

PROOFS = 3  # processes that die before the machine is given up: one may be killed by chance, for memory
REGRADING = "regrading.txt"  # is there while a regrading is under way, and names it


@dataclass(frozen=True)
class Task:
    """One submission to grade; the second attempt is the last."""

    handed: HandedIn
    attempt: int = 1


class Batch:
    """One run over a class.

    Args:
        store: open; gets the results.
        found: the whole class, and what is not graded.
        run: names the regrading that this belongs to; empty where what is unchanged is left alone.
    """

    def __init__(self, store: Store, found: Found, assignment: Assignment, seed: int, run: str) -> None:
        self.store, self.found, self.assignment, self.seed, self.run = store, found, assignment, seed, run
        handed = self.handed = found.handed
        self.origin = origin.of(assignment, seed)
        self.rescoring = Rescoring(assignment)
        self.known = store.load(one.key for one in handed)  # as they were when this run began
        self.records = {
            one.key: replace(self.known[one.key], people=one.people, handed_in=one.handed_in, late=one.late)
            for one in handed
            if one.key in self.known
        }
        self.graded: list[str] = []
        self.rescored: list[str] = []
        self.again: list[list[str]] = []  # of those that are graded once more: what has changed
        self.aside = class_files.Aside()
        self._sent: dict[str, tuple[str, str]] = {}  # digest and stamp of what was graded, which may have changed since

    def to_do(self) -> deque[Task]:
        """List what is new, changed, or was broken; what has other points only gets them at once."""
        return deque(Task(one) for one in self.handed if not self._stands(one))

    def work(self, team: Crew, tasks: deque[Task], progress: Progress) -> None:
        """Grade them all, and keep each result as it comes; what is broken gets a second attempt, after all others.

        A fault that comes back is that submission's, however many have one: the class goes on.

        Raises:
            MachineUnfit: if whoever grades can grade nothing, whatever is handed in.
        """
        began, total = time.monotonic(), len(tasks)
        bar = progress.add_task("grading", total=total, pace="")
        for task, outcome in crew.work(team, tasks, self._order, warm.grade):
            self._expect_fit(team, outcome)
            record = self._keep(task.handed, outcome)
            died = isinstance(outcome, ProcessDied)  # twice already
            if record.state is State.BROKEN and task.attempt == 1 and not died:
                tasks.append(replace(task, attempt=2))
                continue
            self.graded.append(record.key)
            if record.state is not State.GRADED:
                classtext.say_ungraded(record, progress.console)
            rate = len(self.graded) / (time.monotonic() - began)
            left = (total - len(self.graded)) / rate
            progress.update(bar, advance=1, pace=f"{rate:.2f} a second, {clock(left)} left")

    def write_tables(self) -> None:
        """Write the gradebook and the class page."""
        ordered = [self.records[one.key] for one in self.handed if one.key in self.records]
        with self.store.writing():
            self.aside = class_files.write(self.store, self.found, self.assignment, ordered)

    def write_pages(self, meanwhile: Callable[[], object]) -> None:
        """Write the pages of students again that have other points, or that other code had written."""
        by = class_files.writers()
        stale = [replace(record, pages=by) for record in self.records.values() if record.pages != by]
        forks.each(lambda record: self.store.save(record, class_files.pages(record)), stale, meanwhile)
        self.records.update((record.key, record) for record in stale)

    def changes(self) -> list[Record]:
        """Name those whose marks differ from the ones that they replaced in this run."""
        touched = {*self.graded, *self.rescored}
        found = [self.records[key] for key in sorted(self.records) if self.run or key in touched]
        return [one for one in found if one.run == self.run and one.before and one.before != one.points]

    def _stands(self, one: HandedIn) -> bool:
        """Whether what is known of a submission is all that grading would find; its marks are made anew if need be."""
        record = self.known.get(one.key)
        if record is None or record.state is State.BROKEN or (self.run and record.run != self.run):
            return False
        seen = origin.stamp(one.path)
        digest = record.origin.get(origin.ZIP, "") if seen and seen == record.seen else self._digest(one)
        now = self._origin(digest)
        if changed := origin.changed(origin.outcomes(record.origin), origin.outcomes(now)):
            self.again.append(changed)
            return False
        if record.origin == now:
            return True
        card = self.rescoring.rescored(record.card)
        if card is None:
            return False
        self.rescored.append(one.key)
        # Its pages are written with those of all others.
        self.records[one.key] = replace(
            self.records[one.key],
            card=card,
            origin=now,
            seen=seen,
            before=record.points,
            replaced=record.origin,
            run=self.run,
            pages="",
        )
        return True

    def _order(self, task: Task) -> Order:
        seen, content = origin.stamp(task.handed.path), self._read(task.handed)
        self._sent[task.handed.key] = hashlib.sha256(content).hexdigest(), seen
        return Order(content, self.assignment, self.seed, origin.code(self.assignment.course), self.store.known)

    def _read(self, one: HandedIn) -> bytes:
        return exports.read(one, self.found.layout, self.assignment.limits.zip_megabytes)

    def _digest(self, one: HandedIn) -> str:
        """Digest of what was handed in, or the sentence that refuses it unread."""
        try:
            return hashlib.sha256(self._read(one)).hexdigest()
        except (SubmissionError, OSError) as error:
            return str(error)

    def _origin(self, digest: str) -> dict[str, str]:
        return {origin.ZIP: digest, **self.origin}

    def _expect_fit(self, team: Crew, outcome: Graded | Exception) -> None:
        """Pass an outcome that is the submission's own, on a machine that can grade.

        Raises:
            MachineUnfit: if it would have been the same for any other.
        """
        unfit = outcome.unfit if isinstance(outcome, Graded) else ""
        if isinstance(outcome, ProcessDied):  # it could not be asked: another is, which has nothing to grade
            order = Order(b"", self.assignment, self.seed, origin.code(self.assignment.course))
            for _ in range(PROOFS):
                ((_, proved),) = crew.work(team, deque([order]), lambda order: order, warm.prove)
                unfit = str(proved)
                if not isinstance(proved, ProcessDied):
                    break
        if unfit:
            raise MachineUnfit(f"nothing can be graded here: {unfit}; the same command goes on from here")

    def _record(self, one: HandedIn, outcome: Graded | Exception) -> Record:
        if isinstance(outcome, Graded):
            card, seconds = records.load_card(outcome.card), outcome.seconds
        else:
            card, seconds = self._ungraded(outcome), 0.0
        digest, seen = self._sent.pop(one.key, ("", ""))
        before, replaced = self._before(one.key)
        return Record(
            one.key,
            one.people,
            card,
            one.handed_in,
            one.late,
            origin=self._origin(digest or self._digest(one)),
            seen=seen,
            seconds=seconds,
            before=before,
            replaced=replaced,
            run=self.run,
            pages=class_files.writers(),
        )

    def _before(self, key: str) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """The marks that are replaced, the latest that were whole, and what they came from."""
        record = self.known.get(key)
        if record is None:
            return {}, {}
        return (record.before, record.replaced) if record.state is State.BROKEN else (record.points, record.origin)

    def _ungraded(self, error: Exception) -> Scorecard:
        card = marking.blank(self.assignment, self.assignment.checks())
        if isinstance(error, SubmissionError):
            marking.refuse(card, error)
        else:
            card.fault = str(error) if isinstance(error, GraderError) else f"not graded: {type(error).__name__}"
        return card

    def _keep(self, one: HandedIn, outcome: Graded | Exception) -> Record:
        """Write one student's results.

        Raises:
            MachineUnfit: if there is no place for them.
        """
        try:
            record = self._record(one, outcome)
            pages = class_files.pages(record)
        except Exception as error:  # whatever there is in a card or a page, it is that submission's
            record = self._record(one, error)
            pages = class_files.pages(record)
        self.store.save(record, pages)
        if isinstance(outcome, Graded) and outcome.known:
            self.store.add(outcome.known)
        self.records[record.key] = record
        return record


def run(
    folder: Path, out: Path, assignment: Assignment, seed: int, team: Crew, console: Console, *, regrade: bool = False
) -> int:
    """Grade a class, say what became of it, and return how many submissions must be graded again.

    Args:
        folder: zips, or an export, which may be a zip itself.
        out: gets `students/`, `gradebook.csv`, `changes.csv` and `class.html`.
        regrade: what is unchanged, too.

    Raises:
        GraderError: if the class cannot be graded at all.
    """
    exports.expect_apart(out, folder)
    with exports.opened(folder, assignment.course.layout) as found, Store(out).open() as store:
        token = out / REGRADING
        with forks.without_collector():
            batch = Batch(store, found, assignment, seed, _regrading(token) if regrade else "")
            tasks = batch.to_do()
        if not regrade:
            token.unlink(missing_ok=True)
        waiting, began = len(tasks), time.monotonic()
        unchanged = len(found.handed) - waiting - len(batch.rescored)
        try:
            if waiting:
                batch.write_tables()  # what is known already does not wait for what is to be graded
                classtext.say_again(batch.again, console)
                with classtext.bar(console) as progress:
                    batch.work(team, tasks, progress)
        finally:
            with forks.without_collector():
                batch.write_pages(meanwhile=batch.write_tables)
        token.unlink(missing_ok=True)
        changes = batch.changes()
        if regrade or changes:
            with store.writing():
                class_csv.write_changes(out / class_files.CHANGES, changes)
        classtext.say_changes(changes, console)
        classtext.say_by_hand(batch.aside.by_hand, batch.aside.absent, batch.aside.unfit, console)
        classtext.say_elsewhere(batch.aside.elsewhere, console)
        marked = sum(batch.records[key].state is State.GRADED for key in batch.graded)
        graded = f"{marked} graded in {clock(time.monotonic() - began)}, {unchanged} unchanged"
        graded += f", {len(batch.rescored)} with other points for what was graded before" if batch.rescored else ""
        classtext.say_sum(list(batch.records.values()), graded, console)
        classtext.say_aside(found.left_out, batch.aside.alike, console)
        console.print(f"{out / 'class.html'}   {out / 'gradebook.csv'}", highlight=False, soft_wrap=True)
        return sum(record.state is State.BROKEN for record in batch.records.values())


def _regrading(token: Path) -> str:
    """Name the regrading under way, or a new one."""
    if not token.exists():
        files.replace(token, secrets.token_hex(8))
    return token.read_text(encoding="utf-8")
