"""The student's page: one file, no script, nothing loaded from anywhere.

All that is filled in is escaped by jinja2 and cleaned by `words.clean`, which the environment applies to every
expression, so that the template cannot forget it. The page forbids scripts and loading to itself as well.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports import files, words
from autograder.reports.causes import causes
from autograder.reports.pictures import picture
from autograder.reports.scores import KEPT, Mark, Outcome, Scorecard, earned, points

TEMPLATES = Path(__file__).parent / "templates"


def write(path: Path, scorecard: Scorecard, *, execution_seconds: float | None = None) -> None:
    """Replace the page in one step."""
    files.replace(path, render(scorecard, execution_seconds=execution_seconds))


def render(scorecard: Scorecard, *, execution_seconds: float | None = None) -> str:
    """Write the page of one submission."""
    template = environment().get_template("report.html.j2")
    return template.render(
        card=scorecard,
        parts=_parts(scorecard),
        row=_row,
        section=_section,
        tally=words.tally(scorecard.marks.values()),
        next_step=words.next_step(scorecard),
        seconds=[] if scorecard.secret else sorted(scorecard.seconds.items(), key=lambda item: -item[1]),
        execution_seconds=None if scorecard.secret else execution_seconds,
    )


@dataclass(frozen=True)
class Told:
    """The cause behind a failure: the mark that tells of it, what else that costs, and how much in all."""

    mark: Mark
    takes_along: str
    lost: int


@dataclass(frozen=True)
class Todo:
    """One TODO on the page: its checks by what a reader does with them. Equal ones of a class are written once.

    Attributes:
        causes: for each of the marks; None where it did not fail by itself.
    """

    id: str
    place: str
    marks: tuple[Mark, ...]
    causes: tuple[Told | None, ...]

    def having(self, *outcomes: Outcome) -> list[Mark]:
        """Choose marks by outcome."""
        return [mark for mark in self.marks if mark.outcome in outcomes]

    @property
    def failures(self) -> list[Told]:
        """What gets a box of its own."""
        return [cause for mark, cause in self._wrong(*words.WRONG, Outcome.BROKEN) if cause.mark is mark]

    @property
    def repeats(self) -> list[tuple[Mark, Mark]]:
        """What fails for a cause that is told elsewhere, each with the check that tells it."""
        return [(mark, cause.mark) for mark, cause in self._wrong(*words.WRONG) if cause.mark is not mark]

    def _wrong(self, *outcomes: Outcome) -> Iterator[tuple[Mark, Told]]:
        for mark, cause in zip(self.marks, self.causes, strict=True):
            if cause and mark.outcome in outcomes:
                yield mark, cause

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


def _parts(scorecard: Scorecard) -> list[Part]:
    told = {check: Told(one.mark, one.takes_along, one.lost) for check, one in causes(scorecard).items()}
    return [
        Part(
            words.part_title(scorecard, number),
            [
                Todo(id, words.place(scorecard, id), tuple(marks), tuple(told.get(mark.check) for mark in marks))
                for id, marks in todos.items()
            ],
        )
        for number, todos in scorecard.parts().items()
    ]


@functools.lru_cache(KEPT)
def _row(todo: Todo) -> Markup:
    """Write the row of a TODO in the table at the top."""
    return _macro("row", todo)


@functools.lru_cache(KEPT)
def _section(todo: Todo) -> Markup:
    """Write what there is to say of a TODO."""
    return _macro("section", todo)


def _macro(name: str, todo: Todo) -> Markup:
    made: Markup = getattr(environment().get_template("todo.html.j2").module, name)(todo)
    return made


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
    environment.filters.update(
        share=_share,
        paragraphs=_paragraphs,
        pair=_pair,
        bar=_bar,
        titles=_titles,
        cells=_cells,
        times=_times,
        group=_group,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Clean whatever is filled in; only what this module made itself is markup already."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _share(sums: tuple[int, int]) -> str:
    """The width of a bar: (150, 200) -> "75.0%"."""
    got, most = sums
    return f"{100 * got / most if most else 0:.1f}%"


# What stands on a page hundreds of times, and on most pages of a class; texts are filled in as the template's are.


@functools.lru_cache(KEPT)
def _pair(sums: tuple[int, int]) -> Markup:
    """Points earned, and points to be had."""
    return Markup('<span class="number">{} / {}</span>').format(*map(points, sums))


@functools.lru_cache(KEPT)
def _bar(sums: tuple[int, int]) -> Markup:
    return Markup('<div class="bar" aria-hidden="true"><i style="width: {}"></i></div>').format(_share(sums))


def _titles(marks: Sequence[Mark]) -> Markup:
    return Markup("<ul>\n{}</ul>").format(Markup("").join(map(_title, marks)))


@functools.lru_cache(KEPT)
def _title(mark: Mark) -> Markup:
    sums = mark.cents, mark.max_cents
    return Markup('<li>{} <span class="soft">{}</span></li>\n').format(words.clean(mark.title), _pair(sums))


def _cells(counts: Sequence[int], own: int) -> Markup:
    """One row of a table that says what images of a class were taken for."""
    total = sum(counts) or 1
    kinds = ("hit" if column == own else "miss" for column in range(len(counts)))
    cells = (
        f'<td class="{kind}" style="--share: {count / total:.3f}">{count}</td>'
        for kind, count in zip(kinds, counts, strict=True)
    )
    return Markup("".join(cells))  # numbers, and words of ours


def _times(seconds: Iterable[tuple[str, float]]) -> Markup:
    """The rows of a table that says how long each check took."""
    return Markup("\n".join(f"{_opening(check)}{time:.3f} s</td></tr>" for check, time in seconds))


@functools.lru_cache(KEPT)
def _opening(check: str) -> Markup:
    return Markup('<tr><td><code>{}</code></td><td class="number">').format(words.clean(check))


def _group(names: Sequence[str]) -> Markup:
    """Name who belongs together; of many a few, and all of them where a reader asks."""
    names = [words.line(name) for name in names]
    few = Markup("{}").format(words.some(names))
    if len(names) <= words.NAMED:
        return few
    return Markup("<details><summary>{}</summary>{}</details>").format(few, "; ".join(names))


def _paragraphs(text: str) -> str:
    """Undo the line breaks of a docstring, but not those between paragraphs and items."""
    return re.sub(r"(?<!\n)\n(?![\n*-])", " ", words.clean(text))
