"""The score table in a terminal, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.reports import causes
from autograder.reports.scores import Mark, Outcome, Scorecard, earned, points
from autograder.reports.words import (
    GRADED_AGAIN,
    WRONG,
    explain,
    line,
    model_line,
    next_step,
    open_functions,
    part_title,
    tally,
    waits_for,
)

__all__ = ["next_step", "print_table"]


def print_table(scorecard: Scorecard, console: Console | None = None) -> None:
    """Print points by part and TODO, each check that went wrong, what is open, the total and what to do next."""
    out = _Printer(console or Console())
    if scorecard.refusal:
        out.say(f"{scorecard.title}: refused, 0.00 points", "bold")
        out.say(scorecard.refusal, "red")
    elif scorecard.marks:
        out.console.print(_table(scorecard, out))
        _failures(scorecard, out)
        _not_run(scorecard, out)
        for result in scorecard.models.values():
            out.say(model_line(result))
            for doubt in result.doubts:  # of a grading only, which instructors see
                out.say(f"{result.model} {doubt}: worth a look", "yellow", indent=2)
    for note in scorecard.notes:
        out.say(f"note: {note}")
    for text in scorecard.for_staff:
        out.say(f"for staff: {text}", "yellow")
    if scorecard.tried:
        out.say(f"for staff: seen to try {scorecard.tried}; an observation: honest code does so as well", "yellow")
    if scorecard.fault:
        out.say(f"{GRADED_AGAIN} ({scorecard.fault})", "bold yellow")
    if not scorecard.refusal:
        out.say(f"Next: {next_step(scorecard)}.", "bold")
        out.say(f"Total: {points(scorecard.cents)} of {points(scorecard.max_cents)} points", "bold")


class _Printer:
    """Prints plain texts: no markup is read in them, and no character that the terminal cannot show."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def text(self, text: str, style: str = "") -> Text:
        encoding = self.console.encoding
        return Text(line(text).encode(encoding, "replace").decode(encoding), style)

    def say(self, text: str | Text, style: str = "", indent: int = 0) -> None:
        """Print a sentence, all of its lines indented."""
        whole = text if isinstance(text, Text) else self.text(text, style)
        for row in whole.wrap(self.console, max(20, self.console.width - indent)):
            row.rstrip()
            self.console.print(Text(" " * indent) + row)

    def gap(self) -> None:
        """Print an empty line."""
        self.console.print()


def _table(scorecard: Scorecard, out: _Printer) -> Table:
    table = Table(title=out.text(scorecard.title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("TODO", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("checks")
    for part, todos in scorecard.parts().items():
        marks = [mark for marks in todos.values() for mark in marks]
        table.add_row(out.text(part_title(scorecard, part)), _points(marks), "", style="bold")
        for todo, marks in todos.items():
            name = Text(f"  {todo:<6}") + out.text(PurePosixPath(scorecard.places.get(todo, "")).name)
            complete = all(mark.outcome is Outcome.PASSED for mark in marks)
            wrong = any(mark.outcome in WRONG for mark in marks)
            state = out.text(tally(marks), "green" if complete else "red" if wrong else "yellow")
            table.add_row(name, _points(marks), state)
        table.add_section()
    return table


def _points(marks: Sequence[Mark]) -> str:
    got, most = earned(marks)
    return f"{points(got)} / {points(most):>5}"


def _failures(scorecard: Scorecard, out: _Printer) -> None:
    """What was wrong, and why: a few lines for each cause."""
    for cause in causes.told(scorecard):
        mark = cause.mark
        if mark.outcome in (*WRONG, Outcome.BROKEN):
            colour = "yellow" if mark.outcome is Outcome.BROKEN else "red"
            out.say(out.text(mark.check, f"bold {colour}") + Text("  ") + out.text(mark.title))
            out.say(explain(mark), indent=4)
            if mark.finding.suspect:
                out.say(mark.finding.suspect, "bold", indent=4)
            elif mark.help:
                out.say(mark.help, "dim", indent=4)
            if mark.finding.place:
                out.say(mark.finding.place, "bold", indent=4)
            if cause.takes_along:
                out.say(f"{cause.takes_along}: {points(cause.lost)} points in all", "yellow", indent=4)
            out.gap()


def _not_run(scorecard: Scorecard, out: _Printer) -> None:
    """What is still to be written, and what was not run: one line a TODO."""
    said = False
    for todo, marks in scorecard.todos().items():
        if names := open_functions(marks):
            out.say(f"{todo} open: {', '.join(names)} {_checks(marks, Outcome.UNFINISHED)}", "yellow")
            said = True
        if needed := waits_for(marks):
            out.say(f"{todo} waits for {', '.join(needed)} {_checks(marks, Outcome.SKIPPED)}", "dim")
            said = True
        if reasons := dict.fromkeys(explain(mark) for mark in marks if mark.outcome is Outcome.PENDING):
            out.say(f"{todo} {'; '.join(reasons)} {_checks(marks, Outcome.PENDING)}", "dim")
            said = True
    if said:
        out.gap()


def _checks(marks: Sequence[Mark], outcome: Outcome) -> str:
    count = sum(mark.outcome is outcome for mark in marks)
    return f"({count} check{'s' if count > 1 else ''})"
