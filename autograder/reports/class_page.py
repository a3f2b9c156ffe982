"""The instructor's page about a class: one file that opens from disk, with a short script that sorts and filters.

The page allows the browser to run this one script and nothing else: a name or a message that came from a student can
do nothing there, even if it got past the escaping.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from autograder.reports import files, html, words
from autograder.reports.class_statistics import Classroom, percent
from autograder.reports.records import Alike, LeftOut, Record, State
from autograder.reports.scores import Outcome, parts_of

SCRIPT = "class.js"


def write(path: Path, records: Sequence[Record], left_out: Sequence[LeftOut] = (), alike: Sequence[Alike] = ()) -> None:
    """Replace the page in one step; it links to `students/<key>/report.html` beside it."""
    files.replace(path, render(records, left_out, alike))


def render(records: Sequence[Record], left_out: Sequence[LeftOut] = (), alike: Sequence[Alike] = ()) -> str:
    """Write the page of a class.

    Args:
        left_out: what was not graded.
        alike: what is the same in submissions of different students.
    """
    script = (html.TEMPLATES / SCRIPT).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        html.environment()
        .get_template("class.html.j2")
        .render(
            room=Classroom(records),
            left_out=left_out,
            alike=alike,
            State=State,
            percent=percent,
            to_fix=_to_fix,
            about=_about,
            show=_show,
            parts=_parts(records),
            script=Markup(script),  # ours, from the folder of templates
            digest=digest,
        )
    )


def _parts(records: Sequence[Record]) -> dict[int, str]:
    """The parts of the assignment, and their titles."""
    return {number: words.part_title(records[0].card, number) for number in parts_of(one.card for one in records)}


def _to_fix(record: Record) -> int:
    """How many checks went wrong, as opposed to what is still to be written."""
    return sum(mark.outcome in words.WRONG for mark in record.card.marks.values())


def _show(record: Record) -> str:
    """The command that shows the hidden cases of a submission; empty where no check went wrong."""
    if record.state is not State.GRADED or not _to_fix(record):
        return ""
    options = f"--class submissions.zip --out shown/{record.key}" + (" --key secret.key" if record.card.secret else "")
    return f"autograder show {shlex.quote(record.key)} {options}"


def _about(record: Record) -> Markup:
    """All by which a student can be found: who they are, what did not pass, and which mistakes have a name."""
    texts = {text: None for person in record.people for text in (person.name, person.id, person.email)}
    for mark in record.card.marks.values() if record.state is State.GRADED else ():
        if mark.outcome is not Outcome.PASSED:
            texts |= {mark.check: None, mark.finding.suspect: None}
    return Markup(" ").join(escape(words.line(text)) for text in texts)
