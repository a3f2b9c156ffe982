"""`make reference`: the checks are right about the reference, the skeleton, and every catalogued mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.authoring import variants as trials
from autograder.course import assignment as assignments
from autograder.course import mistakes as catalogue
from autograder.course import skeleton
from autograder.course.definition import PACKAGE, Course
from autograder.course.mistakes import Mistake
from autograder.reports.scores import Mark, Outcome, Scorecard, earned, points

SHOWN = 4  # checks named in one row of the table
DOCUMENT = "mistakes.md"  # of the course
INTRODUCTION = """# What students read

Every plausible mistake of the catalogue (`mistakes/`), made in the reference solution, and what `make test` says
of it. Written by `make reference`.
"""


@dataclass(frozen=True)
class Result:
    """One line of the table: what was graded, and what is wrong with how it went, if anything."""

    name: str
    card: Scorecard
    trouble: str


def run(course: Course, console: Console, jobs: int) -> int:
    """Grade them all, print the table, write mistakes.md, and return 0 if everything is as it should be."""
    mistakes = catalogue.load(course)
    results = list(
        track(_results(course, mistakes, jobs), "grading", total=len(mistakes) + 2, console=console, transient=True)
    )
    table = Table("what", "points", "loses", "trouble")
    for result in results:
        cents, most = earned(result.card.marks.values())
        ids = [mark.check for mark in failed(result.card)]
        lost = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
        style = "red" if result.trouble else None
        table.add_row(result.name, f"{points(cents)} of {points(most)}", lost, result.trouble, style=style)
    console.print(table)
    troubles = sum(bool(result.trouble) for result in results)
    console.print(f"{len(results)} graded, {troubles} not as they should be")
    if not troubles:
        # A course that came with us may lie among installed packages, where nothing is written.
        home = Path.cwd() if PACKAGE in course.folder.parents else course.folder
        (home / DOCUMENT).write_text(document(mistakes, [result.card for result in results[2:]]), encoding="utf-8")
    return 1 if troubles else 0


def document(mistakes: Sequence[Mistake], cards: Sequence[Scorecard]) -> str:
    """Write down, for each mistake, what a student reads."""
    lines = [INTRODUCTION]
    module = ""
    for mistake, card in sorted(zip(mistakes, cards, strict=True), key=lambda pair: pair[0].file):
        if mistake.file != module:
            module = mistake.file
            lines.append(f"## `{module}`\n")
        lines.append(f"**{mistake.name}**\n")
        for mark in failed(card):
            lines.append(f"- `{mark.check}` {mark.title}\n")
            lines += [f"  > {text}\n" for text in (mark.message, mark.finding.suspect) if text]
    return "\n".join(lines)


def _results(course: Course, mistakes: Sequence[Mistake], jobs: int) -> Iterator[Result]:
    reference = course.files(trials.DATASET)
    parts = tuple(assignments.load(course).parts)
    variants = [reference, skeleton.generate(course), *(mistake.apply(reference) for mistake in mistakes)]
    cards = trials.run(course, variants, parts, jobs, todos=[(), (), *(asked(course, one) for one in mistakes)])
    card = next(cards)
    yield Result("reference", card, everything_passed(card))
    card = next(cards)
    yield Result("skeleton", card, nothing_passed(card))
    for mistake, card in zip(mistakes, cards, strict=True):
        yield Result(mistake.name, card, loses_its_own(mistake, card, exactly=course.base is None))


def asked(course: Course, mistake: Mistake) -> set[str]:
    """Name the TODOs to ask of a mistake: those of the parts that its file can touch.

    That is its own part, and what builds on it. A checkpoint says nothing of code that it was not trained with.
    """
    own = part_of(course, mistake)
    touched = {own, *(number for number, part in course.parts.items() if own in part.builds_on)}
    checks = [check for check in course.checks() if check.part in touched]
    about_checkpoints = {check.todo for check in checks if check.exam}
    lost = {check.partition("-")[0] for check in mistake.loses}
    return {check.todo for check in checks} - (set() if lost & about_checkpoints else about_checkpoints)


def part_of(course: Course, mistake: Mistake) -> int:
    """Say whose mistake it is; parts of another handout may share a folder, and differ by what is lost."""
    if course.handout:
        return int(mistake.loses[0].partition(".")[0])
    return next(number for number, part in course.parts.items() if mistake.file.startswith(f"{part.folder}/"))


def failed(card: Scorecard) -> list[Mark]:
    """The checks that were lost by themselves, not for want of another."""
    return [mark for mark in card.marks.values() if mark.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]


def everything_passed(card: Scorecard) -> str:
    """Say which check does not pass, or nothing."""
    return "; ".join(
        f"{mark.check}: {mark.message}" for mark in card.marks.values() if mark.outcome is not Outcome.PASSED
    )


def nothing_passed(card: Scorecard) -> str:
    """Say which check passes, or fails in another way than by an open TODO."""
    fine = (Outcome.UNFINISHED, Outcome.SKIPPED)
    return "; ".join(f"{mark.check}: {mark.outcome}" for mark in card.marks.values() if mark.outcome not in fine)


def loses_its_own(mistake: Mistake, card: Scorecard, exactly: bool = True) -> str:
    """Say how the lost checks, or what the student reads, differ from the catalogue; or nothing.

    Behind the interface of another handout a mistake may lose more or less, and be told by another sentence.
    """
    lost, expected = {mark.check for mark in failed(card)}, set(mistake.loses)
    if not exactly:
        return "" if lost else f"does not lose {', '.join(sorted(expected))}"
    if not expected and not lost:
        return "loses no check"
    if expected and lost != expected:
        more, less = (", ".join(sorted(those)) for those in (lost - expected, expected - lost))
        return "; ".join(
            text for text in (f"also loses {more}" if more else "", f"does not lose {less}" if less else "") if text
        )
    skipped = [mark for mark in card.marks.values() if mark.outcome is Outcome.SKIPPED]
    if stray := [mark.check for mark in skipped if not _follows(mark, card)]:
        return f"skips {', '.join(stray)}"
    read = "\n".join(f"{mark.message}\n{mark.finding.suspect}" for mark in failed(card))
    return "" if mistake.says in read else f"says {read[:200]!r}, expected {mistake.says!r}"


def _follows(mark: Mark, card: Scorecard) -> bool:
    """Whether a skipped check names one that did not pass."""
    return any(other.check in mark.message for other in card.marks.values() if other.outcome is not Outcome.PASSED)
