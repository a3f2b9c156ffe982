"""The examination in a terminal: a table by class, what does not hold, and what to do."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.conformance.verdicts import CLASSES, Examination, Result, Row, counts

SHOWN = 12  # names on a line of what is not promised


def show(found: Examination, console: Console) -> None:
    """Print all of it."""
    table = Table("class", "what it tries", "tried", "held", "seen to succeed where its defence is off")
    for kind in found.classes:
        count = counts(found.of(kind))
        style = "red" if count["failed"] else None
        table.add_row(kind, CLASSES[kind], *(str(count[key]) for key in ("tried", "held", "with_control")), style=style)
    console.print(table)
    for row in found.rows:
        if row.result is Result.FAILED:
            _failed(row, console)
    if left := [row for row in found.rows if row.result is Result.NOT_PROMISED]:
        names = ", ".join(row.name for row in left[:SHOWN])
        more = f", and {len(left) - SHOWN} more: --json lists them" if len(left) > SHOWN else ""
        _say(console, f"not promised at this level, {len(left)}: {names}{more}", "yellow")
    if found.complaint:
        _say(console, found.complaint, "red")
    total = counts(found.rows)
    _say(console, f"isolation {found.isolation}")
    _say(
        console,
        f"{total['held']} of {total['tried']} hold, {total['with_control']} of them seen to succeed where their "
        f"defence is off, in {found.seconds:.0f} s",
        "bold" if found.holds else "bold red",
    )


def _failed(row: Row, console: Console) -> None:
    _say(console, f"{row.kind}: {row.name}: {'; '.join(row.wrong)}", "red")
    _say(console, f"    what it means: {row.means}")
    _say(console, f"    what to do: {row.do}")


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
