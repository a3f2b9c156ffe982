"""What the terminal says of a class: a bar with rate and time left, who has no marks, and whose marks have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from autograder.reports.records import Alike, LeftOut, Record, State
from autograder.reports.scores import Outcome, points
from autograder.reports.words import line, some

SHOWN = 20  # lines of a list; the class page and the gradebook have all


def bar(console: Console) -> Progress:
    """Make a progress bar whose tasks have a field `pace`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    return Progress(*columns, console=console)


def clock(seconds: float) -> str:
    """Write a duration.

    >>> clock(3725)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def ungraded(record: Record) -> str:
    """Say why a submission has no marks, or not all."""
    card = record.card
    broken = (f"{mark.check}: {mark.message}" for mark in card.marks.values() if mark.outcome is Outcome.BROKEN)
    return f"{line(record.name)}: {record.state}: {line(card.refusal or card.fault or next(broken, ''))}"


def say_ungraded(record: Record, console: Console) -> None:
    """Print why a submission has no marks, or not all, on one line."""
    console.print(ungraded(record), markup=False, highlight=False, soft_wrap=True)


def say_again(changed: Sequence[Sequence[str]], console: Console) -> None:
    """Print what is graded once more, and why, before it is: a wrong key or data set shows here."""
    if changed:
        names = ", ".join(dict.fromkeys(name for names in changed for name in names))
        said = f"{len(changed)} of those that have marks are graded again, as this has changed: {names}"
        console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)


def say_changes(changed: Sequence[Record], console: Console) -> None:
    """Print old marks beside new ones."""
    if not changed:
        return
    columns = ("student", "before", "now", "checks", "what changed")
    table = Table(*columns, title="marks that changed", title_justify="left")
    for record in changed[:SHOWN]:
        before, now = record.before, record.points
        ids = [check for check in {**before, **now} if before.get(check) != now.get(check)]
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        old = points(sum(before.values()))
        checks = Text(", ".join(ids[:3]) + more)
        table.add_row(Text(line(record.name)), old, points(record.card.cents), checks, Text(record.causes))
    console.print(table)
    if len(changed) > SHOWN:
        console.print(f"and {len(changed) - SHOWN} more: changes.csv has all", markup=False)


def say_by_hand(
    kept: Sequence[tuple[Record, str]], absent: Sequence[Mapping[str, str]], unfit: Sequence[str], console: Console
) -> None:
    """Print which marks are somebody's, and what grading gave; last those of submissions that are not in this class.

    Args:
        unfit: sentences on those that are no marks of this assignment.
    """
    graded = (tuple(map(points, record.sums)) for record, _ in kept)
    said = [
        f"{one.name}: {mark}, graded {now} of {most}" for (one, mark), (now, most) in zip(kept, graded, strict=True)
    ]
    _say("set by hand in gradebook.csv, and kept", said, console, "gradebook.csv")
    title = "no marks of this assignment, which `autograder gradebook` refuses: mend the column points of gradebook.csv"
    _say(title, list(unfit), console, "gradebook.csv")
    rows = [f"{line(row['submission'])}: {line(row['points'])}" for row in absent]
    title = "set by hand in gradebook.csv, and kept, of submissions that are not in this class"
    _say(title, rows, console, "gradebook.csv")


def say_elsewhere(names: Sequence[str], console: Console) -> None:
    """Print whose results are kept and stand in no table: it seems that they handed in nothing."""
    title = "graded before, kept, and in no table, as they are not in this class: a run over the whole class has them"
    _say(title, names, console, "students/")


def say_sum(records: Sequence[Record], graded: str, console: Console) -> None:
    """Print how many there are of each kind, and name what must be graded again."""
    states = [record.state for record in records]
    marks = [record.sums[0] for record in records if record.state is State.GRADED]
    mean = f"; mean {points(round(sum(marks) / len(marks)))} points" if marks else ""
    refused = states.count(State.REFUSED)
    count = f"{len(states)} submission{'s' * (len(states) != 1)}"
    console.print(f"{count}: {graded}, {refused} refused{mean}", highlight=False, soft_wrap=True)
    for record in [record for record in records if record.state is State.BROKEN][:SHOWN]:
        say_ungraded(record, console)


def say_aside(left_out: Sequence[LeftOut], alike: Sequence[Alike], console: Console) -> None:
    """Print what was not graded, and what different students handed in alike."""
    _say("not graded", [f"{one.name}: {one.why}" for one in left_out], console)
    _say("equal byte by byte, which is no proof", [f"{some(one.who)}: {one.what}" for one in alike], console)


def _say(title: str, lines: Sequence[str], console: Console, whole: str = "the class page") -> None:
    if lines:
        more = [f"and {len(lines) - SHOWN} more: {whole} has all"] if len(lines) > SHOWN else []
        text = "\n".join([f"{title}:", *(f"  {line(one)}" for one in lines[:SHOWN]), *more])
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
