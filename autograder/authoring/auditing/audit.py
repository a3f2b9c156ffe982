"""`autograder audit`: what the checks catch and what they miss, measured with catalogued mistakes and with mutants.

A mutant is *quiet* when it is not equivalent to the reference and crashes in no check: only a comparison of values can
tell it. Equivalent is what somebody has shown to be, in the course's `equivalent_mutants.toml`, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.authoring import record
from autograder.authoring import reference as proof
from autograder.authoring import variants as trials
from autograder.authoring.auditing import audited, margins, mutants
from autograder.authoring.auditing.mutants import Files, Key, Mutant
from autograder.course import mistakes as catalogue
from autograder.course.definition import Course
from autograder.course.mistakes import Mistake
from autograder.errors import RubricError
from autograder.reports.scores import Outcome, Scorecard

SECONDS = 5.0  # for a check of a mutant, which may hang; what is lost for that alone is graded again
CRASHES = (Outcome.RAISED, Outcome.LOST, Outcome.UNFINISHED)
CERTAIN = (Outcome.RAISED, Outcome.UNFINISHED)  # however short the time was


class Fate(StrEnum):
    """What became of a mutant."""

    EQUIVALENT = "equivalent"
    VALUE = "by value"
    CRASH = "by crash"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part} of {self.whole}"

    @property
    def percent(self) -> str:
        """Rounded down, so that 100.0 % means all."""
        return f"{self.part * 1000 // self.whole / 10:.1f} %" if self.whole else ""


@dataclass(frozen=True)
class Audit:
    """What came out.

    Attributes:
        missed: mistakes that lose no check.
        unnamed: mistakes that are caught, while no message names them.
        fates: of every mutant that was graded.
        lost: checks that some mistake or mutant loses.
        said: the suspects that were told of them.
    """

    mistakes: int
    missed: Sequence[str]
    unnamed: Sequence[str]
    fates: Mapping[Mutant, Fate]
    lost: Set[str] = frozenset()
    said: Set[str] = frozenset()

    @property
    def survivors(self) -> list[Mutant]:
        """The holes."""
        return [mutant for mutant, fate in self.fates.items() if fate is Fate.SURVIVED]

    def count(self, *fates: Fate, todo: str = "") -> int:
        """How many mutants met one of these fates."""
        return sum(fate in fates for mutant, fate in self.fates.items() if todo in ("", mutant.todo))

    def live(self, todo: str = "") -> Share:
        """Of the mutants that are not equivalent, the caught ones."""
        caught = self.count(Fate.VALUE, Fate.CRASH, todo=todo)
        return Share(caught, caught + self.count(Fate.SURVIVED, todo=todo))

    def quiet(self, todo: str = "") -> Share:
        """Of the live mutants that crash in no check, the caught ones."""
        caught = self.count(Fate.VALUE, todo=todo)
        return Share(caught, caught + self.count(Fate.SURVIVED, todo=todo))

    def summary(self) -> dict[str, dict[str, int]]:
        """The figures, as DESIGN.md section 3 fixes them."""
        caught = self.mistakes - len(self.missed)
        return {
            "mistakes": {"total": self.mistakes, "caught": caught, "named": caught - len(self.unnamed)},
            "mutants": {
                "total": len(self.fates),
                "equivalent": self.count(Fate.EQUIVALENT),
                "caught": self.live().part,
                "quiet": self.quiet().whole,
                "quiet_caught": self.quiet().part,
            },
        }


def run(
    course: Course,
    console: Console,
    part: int,
    count: int | None,
    jobs: int,
    json_file: Path | None,
    *,
    with_margins: bool = False,
) -> int:
    """Grade all mistakes and mutants of a part, print what is caught and missed, and return the exit status.

    Args:
        with_margins: ask all of them once more, for how near their values come to what is allowed.

    Raises:
        SetupError: if there is no such part.
    """
    began, when = time.monotonic(), record.circumstances()
    folder, files = course.part(part).folder, course.files()
    mistakes = [mistake for mistake in catalogue.load(course) if proof.part_of(course, mistake) == part]
    everything = audited.of_part(course, part, files)
    chosen = mutants.sample(everything, count)
    audit = grade(course, part, mistakes, chosen, audited.equivalent(course), jobs, console)
    outdated = stale(mutants.load_equivalent(course), audited.in_folder(course, folder, files), audit.fates, folder)
    show(audit, outdated, files, console)
    room = margins.measure(course, part, chosen, jobs, console) if with_margins else {}
    closed = margins.show(room, console) if with_margins else []
    _print(console, f"\n{1 + audit.mistakes + len(audit.fates)} graded in {time.monotonic() - began:.0f} s")
    if json_file is not None:
        close = {"margins": margins.as_json(room)} if with_margins else {}
        record.write(json_file, {"run": when, **audit.summary(), **close})
    return 1 if audit.survivors or audit.missed or outdated or closed else 0


def grade(
    course: Course,
    part: int,
    mistakes: Sequence[Mistake],
    chosen: Sequence[Mutant],
    equivalent: Collection[Key],
    jobs: int,
    console: Console,
    files: Files | None = None,
) -> Audit:
    """Grade the reference, and every mistake and mutant of it.

    Args:
        files: of the right solution that the mutants were made of; the reference's when None.

    Raises:
        RubricError: if the reference itself loses a check, or a check fails by itself.
    """
    until = CERTAIN if files is None else (*CRASHES, Outcome.FAILED)  # of others, only whether they are caught
    files = course.files() if files is None else files
    own, free = audited.asked(course, part), audited.judged_by_images(course)
    todos, reached = [own, *(proof.asked(course, one) for one in mistakes)], audited.reach(course, part, files, chosen)
    trained = course.files(trials.DATASET)
    wrong = (one.apply(trained if free.intersection(proof.asked(course, one)) else files) for one in mistakes)
    trial = chain(
        trials.run(course, [files, *wrong], (part,), jobs, todos=todos),
        trials.run(course, (mutant.apply(files) for mutant in chosen), (part,), jobs, SECONDS, reached, until),
    )
    cards = iter(track(trial, "grading", total=len(todos) + len(chosen), console=console, transient=True))
    if trouble := proof.everything_passed(next(cards)):
        raise RubricError(f"nothing can be learned from mutants of a reference that loses {trouble}")
    lost, said = set[str](), set[str]()
    cards = _heard(cards, lost, said)
    read = [(mistake, next(cards)) for mistake in mistakes]
    missed = [mistake.name for mistake, card in read if not proof.failed(card)]
    unnamed = [mistake.name for mistake, card in read if proof.failed(card) and not names(mistake, card)]
    fates, doubtful = {}, []
    for mutant, card in zip(chosen, cards, strict=True):
        fates[mutant] = fate(mutant, card, equivalent)
        if fates[mutant] is not Fate.EQUIVALENT and all(mark.outcome is Outcome.LOST for mark in proof.failed(card)):
            doubtful.append(mutant)
    if doubtful:  # survived, or was out of time: now with time enough, and the checks that should not see the change
        again = trials.run(
            course, (mutant.apply(files) for mutant in doubtful), (part,), jobs, None, repeat(own), CRASHES
        )
        cards = _heard(again, lost, said)
        fates |= {mutant: fate(mutant, card, equivalent) for mutant, card in zip(doubtful, cards, strict=True)}
    return Audit(len(mistakes), missed, unnamed, fates, lost, said)


def _heard(cards: Iterable[Scorecard], lost: set[str], said: set[str]) -> Iterator[Scorecard]:
    """Pass on score cards, and note which checks they lose and which suspects they tell."""
    for card in cards:
        for mark in proof.failed(card):
            if mark.outcome is not Outcome.PENDING:
                lost.add(mark.check)
                said.add(mark.finding.suspect)
        yield card


def names(mistake: Mistake, card: Scorecard) -> bool:
    """Whether a message of a lost check says what the mistake is."""
    read = (f"{mark.message}\n{mark.finding.suspect}" for mark in proof.failed(card))
    return mistake.named and any(mistake.says in text for text in read)


def fate(mutant: Mutant, card: Scorecard, equivalent: Collection[Key]) -> Fate:
    """Say what became of a mutant; one that is caught is not equivalent, whatever was written about it."""
    outcomes = {mark.outcome for mark in card.marks.values()}
    if Outcome.BROKEN in outcomes:
        broken = next(mark.check for mark in card.marks.values() if mark.outcome is Outcome.BROKEN)
        raise RubricError(f"{broken} fails by itself on {mutant.file}:{mutant.line} {mutant.after!r}")
    if outcomes.intersection(CRASHES):
        return Fate.CRASH
    if Outcome.FAILED in outcomes:
        return Fate.VALUE
    return Fate.EQUIVALENT if mutant.key in equivalent else Fate.SURVIVED


def stale(
    equivalent: Iterable[Key], everything: Iterable[Mutant], fates: Mapping[Mutant, Fate], folder: str
) -> list[str]:
    """Say which entries for a folder match no mutant in it, or one that is caught."""
    exist = {mutant.key for mutant in everything}
    caught = {mutant.key for mutant, fate in fates.items() if fate in (Fate.VALUE, Fate.CRASH)}
    own = [key for key in equivalent if key[0].startswith(f"{folder}/")]
    unknown = [f"{file} {function}: no mutant is {after!r}" for file, function, _, after in set(own) - exist]
    wrong = [f"{file} {function}: {after!r} is caught" for file, function, _, after in caught.intersection(own)]
    return sorted(unknown) + sorted(wrong)


def show(audit: Audit, outdated: Sequence[str], files: Mapping[str, bytes], console: Console) -> None:
    """Print the mutants by TODO, the mistakes, and whatever is not as it should be."""
    table = Table("TODO", "mutants", *Fate, "of live", "of quiet")
    for column in table.columns[1:]:
        column.justify = "right"
    for todo in sorted({mutant.todo for mutant in audit.fates}, key=lambda todo: [*map(int, todo.split("."))]):
        table.add_row(todo, *_cells(audit, todo), style="red" if audit.count(Fate.SURVIVED, todo=todo) else None)
    table.add_section()
    table.add_row("all", *_cells(audit))
    console.print(table)
    figures = audit.summary()["mistakes"]
    caught, named = (Share(figures[name], figures["total"]) for name in ("caught", "named"))
    _print(console, f"mutants: {audit.live()} live ones caught, {audit.quiet()} of those that crash in no check")
    _print(console, f"catalogued mistakes: {caught} caught, {named} named in a message")
    for words, names in (
        ("catalogued, and lose no check", audit.missed),
        ("caught, and no message names them", audit.unnamed),
        ("no longer true in equivalent_mutants.toml", outdated),
    ):
        if names:
            _print(console, f"\n{words}:", *(f"  {name}" for name in names))
    for mutant in audit.survivors:
        _print(console, "", *mutant.diff(files).splitlines())


def _cells(audit: Audit, todo: str = "") -> list[str]:
    """A row of the table, for one TODO or all."""
    counts = [audit.count(*Fate, todo=todo), *(audit.count(fate, todo=todo) for fate in Fate)]
    return [*map(str, counts), audit.live(todo).percent, audit.quiet(todo).percent]


def _print(console: Console, *lines: str) -> None:
    """Print lines as they are, those of a diff in colour."""
    for line in lines:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
