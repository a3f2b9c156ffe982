"""The student's text: places to fill in, formulas, and sections that are still empty.

A place stands on a line of its own, `{{ table: imbalance | caption }}` or `{{ figure: training | caption }}`: a CSV or
PNG file of that name in the folder of results. Everything else is Markdown and the student's.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.report_rubric import Criteria
from autograder.errors import SetupError

PLACE = re.compile(r"\{\{\s*(table|figure)\s*:\s*([\w-]+)\s*(?:\|\s*(.*?)\s*)?\}\}")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r" {0,3}(```+|~~~+)")
HEADING = re.compile(r"#{1,6}\s+(\d+(?:\.\d+)?)\b")


@dataclass
class Document:
    """A report whose places are filled in.

    Attributes:
        markdown: without comments; figures are images with paths.
        folder: what the paths of images begin at.
        notes: sentences for the student: what is missing, which sections are empty.
    """

    markdown: str
    folder: Path
    notes: list[str] = field(default_factory=list)


def fill(source: Path, results: Path, criteria: Criteria) -> Document:
    """Fill in the places of a report from the folder of results.

    Raises:
        SetupError: if the report cannot be read.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SetupError(f"{source}: {why}") from None
    text = COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)  # line numbers stay
    document = Document("", source.parent)
    lines = []
    for number, line, code in _numbered(text):
        place = PLACE.fullmatch(line.strip())
        if code or not line.strip().startswith("{{"):
            lines.append(line)
        elif place:
            lines.extend(_filled(place, results, document, criteria.made_by))
        else:
            expected = "expected {{ table: NAME }} or {{ figure: NAME }}"
            document.notes.append(f"{source.name}:{number}: {line.strip()!r} is no place to fill in, {expected}")
    document.markdown = "\n".join(lines) + "\n"
    document.notes += _unfinished(text, criteria)
    return document


def _numbered(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each line with its number, and whether it belongs to a block of code, in which nothing has a meaning."""
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = FENCE.match(line)
        yield number, line, bool(fence or mark)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""


def _filled(place: re.Match[str], results: Path, document: Document, made_by: Mapping[str, str]) -> Iterator[str]:
    kind, name, caption = place[1], place[2], place[3] or ""
    path = results / f"{name}{'.csv' if kind == 'table' else '.png'}"
    yield ""
    if not path.is_file():
        how = next((text for start, text in made_by.items() if name.startswith(start)), f"there is no {path}")
        document.notes.append(f"{kind} {name} is not there yet: {how}")
        yield f"*The {kind} {name} comes here.*"
    elif kind == "figure":
        yield f"![{_plain(caption or name)}](<{path.resolve().as_posix()}>)"
    else:
        yield from _table(path)
        yield ""
        yield f"*{_plain(caption or name)}*"
    yield ""


def _table(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for number, row in enumerate(rows):
        yield f"| {' | '.join(map(_plain, row))} |"
        if not number:
            yield f"|{'---|' * len(row)}"


def _plain(text: str) -> str:
    """Take from a text what Markdown would read into it."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))


def _unfinished(text: str, criteria: Criteria) -> Iterator[str]:
    """Say which lines of the rubric have no section, or one without a word of the student."""
    words: dict[str, int] = {}
    number = ""
    for _, line, code in _numbered(text):
        if not code and (heading := HEADING.match(line)):
            number = heading[1]
            words.setdefault(number, 0)
        elif not code and line.startswith("#"):
            continue  # a heading of the student's own belongs to the section it stands in
        elif number and not line.strip().startswith("{{"):
            words[number] += len(line.split())
    for wanted in criteria.line:
        points = f"{wanted.points:g} point{'s' * (wanted.points != 1)}"
        if wanted.number not in words:
            yield f"there is no heading {wanted.number}, which the rubric gives {points}"
        elif not words[wanted.number]:
            yield f"section {wanted.number} is empty ({points}): {wanted.title}"
