"""The student's page: one file, no script, nothing loaded from anywhere.

All that is filled in is escaped by jinja2 and cleaned by `words.clean`, which the environment applies to every
expression, so that the template cannot forget it. The page forbids scripts and loading to itself as well.
"""

from __future__ import annotations

import base64
import functools
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports import files, words
from autograder.reports.causes import Cause, causes
from autograder.reports.scores import Mark, Outcome, Scorecard, earned, points

TEMPLATES = Path(__file__).parent / "templates"
PICTURE_PIXELS = 176  # of the longer side on the page, about


def write(path: Path, scorecard: Scorecard, *, execution_seconds: float | None = None) -> None:
    """Replace the page in one step."""
    files.replace(path, render(scorecard, execution_seconds=execution_seconds))


def render(scorecard: Scorecard, *, execution_seconds: float | None = None) -> str:
    """Write the page of one submission."""
    template = environment().get_template("report.html.j2")
    return template.render(
        card=scorecard,
        parts=[_part(scorecard, number, todos) for number, todos in scorecard.parts().items()],
        tally=words.tally(scorecard.marks.values()),
        next_step=words.next_step(scorecard),
        seconds=[] if scorecard.secret else sorted(scorecard.seconds.items(), key=lambda item: -item[1]),
        execution_seconds=None if scorecard.secret else execution_seconds,
    )


@dataclass(frozen=True)
class Todo:
    """One TODO on the page: its checks by what a reader does with them."""

    id: str
    place: str
    marks: Sequence[Mark]
    causes: Mapping[str, Cause]

    def having(self, *outcomes: Outcome) -> list[Mark]:
        """Choose marks by outcome."""
        return [mark for mark in self.marks if mark.outcome in outcomes]

    @property
    def failures(self) -> list[Cause]:
        """What gets a box of its own."""
        wrong = self.having(*words.WRONG, Outcome.BROKEN)
        return [cause for mark in wrong if (cause := self.causes[mark.check]).mark is mark]

    @property
    def repeats(self) -> list[tuple[Mark, Mark]]:
        """What fails for a cause that is told elsewhere, each with the check that tells it."""
        wrong = self.having(*words.WRONG)
        return [(mark, cause.mark) for mark in wrong if (cause := self.causes[mark.check]).mark is not mark]

    @property
    def waiting(self) -> list[Mark]:
        """What was not run."""
        return self.having(Outcome.SKIPPED, Outcome.PENDING)

    @property
    def open_functions(self) -> list[str]:
        """What is still to be written."""
        return words.open_functions(self.marks)

    @property
    def state(self) -> tuple[str, str]:
        """What its row says, and in which colour: "passed", "wrong" or "open"."""
        if len(self.having(Outcome.PASSED)) == len(self.marks):
            return "done", "passed"
        if self.having(*words.WRONG):
            return "to fix", "wrong"
        if self.having(Outcome.UNFINISHED):
            return "open", "open"
        return ("to regrade" if self.having(Outcome.BROKEN) else "not run"), "open"


@dataclass(frozen=True)
class Part:
    """One part of the assignment on the page."""

    title: str
    todos: Sequence[Todo]

    @property
    def marks(self) -> list[Mark]:
        """All its marks."""
        return [mark for todo in self.todos for mark in todo.marks]


def _part(scorecard: Scorecard, number: int, todos: dict[str, list[Mark]]) -> Part:
    behind = causes(scorecard)
    found = [Todo(id, words.place(scorecard, id), marks, behind) for id, marks in todos.items()]
    return Part(words.part_title(scorecard, number), found)


@functools.cache
def environment() -> Environment:
    """What all pages are made with: every text that is filled in is escaped and cleaned."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        Outcome=Outcome, LABELS=words.LABELS, explain=words.explain, points=points, earned=earned, picture=picture
    )
    environment.filters.update(share=_share, paragraphs=_paragraphs)
    return environment


def _finalize(value: Any) -> Any:
    """Clean whatever is filled in; only what this module made itself is markup already."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _share(sums: tuple[int, int]) -> str:
    """The width of a bar: (150, 200) -> "75.0%"."""
    got, most = sums
    return f"{100 * got / most if most else 0:.1f}%"


def _paragraphs(text: str) -> str:
    """Undo the line breaks of a docstring, but not those between paragraphs and items."""
    return re.sub(r"(?<!\n)\n(?![\n*-])", " ", words.clean(text))


def png(rows: Sequence[Sequence[int]]) -> bytes:
    """Draw rows of 0 to 255 as a picture of one pixel each, white for 0 to dark red for 255."""
    height, width = len(rows), len(rows[0])
    pixels = b"".join(b"\x00" + bytes(row) for row in rows)  # each row begins with its filter: none
    ramp = b"".join(bytes((255 - v * 127 // 255, 250 - v * 250 // 255, 240 - v * 220 // 255)) for v in range(256))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits, palette
        (b"PLTE", ramp),
        (b"IDAT", zlib.compress(pixels, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def picture(rows: Sequence[Sequence[int]]) -> Markup:
    """Draw rows of 0 to 255 as an image element."""
    height, width = len(rows), len(rows[0])
    zoom = max(1, PICTURE_PIXELS // max(height, width, 8))
    return Markup('<img alt="picture of the error" width="{}" height="{}" src="data:image/png;base64,{}">').format(
        width * zoom, height * zoom, base64.b64encode(png(rows)).decode()
    )
