"""The page and the table of what is alike in a class: for staff, and a place to look, no more.

One file, no script. All that is filled in is escaped and cleaned by the environment that all pages share.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.reports import files, html, sheets
from autograder.reports.likeness import Likeness

TABLE = ".csv"
HEADER = ["what", "first", "second", "file of the first", "file of the second", "share", "weight", "p", "details"]


def write(folder: Path, page: str, found: Likeness) -> list[Path]:
    """Replace the page and, beside it, the table of the same name; return both."""
    path = folder / page
    files.replace(path, render(found))
    table = path.with_suffix(TABLE)
    sheets.write(table, [HEADER, *_rows(found)])
    return [path, table]


def render(found: Likeness) -> str:
    """Write the page."""
    return html.environment().get_template("similar.html.j2").render(found=found, chance=chance, side=numbered)


def chance(p: float) -> str:
    """Say how small a chance is.

    >>> chance(3e-9), chance(1e-300)
    ('3e-09', 'below 1e-300')
    """
    return f"{p:.0e}" if p > 1e-300 else "below 1e-300"


def numbered(text: str, first: int) -> list[tuple[int, str]]:
    """The lines of a text with their numbers."""
    return list(enumerate(text.split("\n"), start=first))


def _rows(found: Likeness) -> Iterator[list[str]]:
    for code in found.code:
        places = [[f"{side.file}:{side.first}" for side in sides] for sides in zip(*code.passages, strict=True)]
        first, second = (", ".join(some) for some in places) if places else ("", "")
        yield ["code", *code.who, first, second, f"{code.share:.3f}", f"{code.weight:.1f}", "", ""]
    for one in found.weights:
        twins, units = (sum(getattr(layer, field) for layer in one.layers) for field in ("twins", "units"))
        details = "; ".join([f"{twins} of {units} units", *one.signs])
        yield ["weights", *one.who, *one.files, f"{twins / max(units, 1):.3f}", "", f"{one.p:.3g}", details]
    for crowd in found.crowds:
        yield ["weights of many", ", ".join(crowd.who), "", crowd.file, "", "", "", "", f"{len(crowd.who)} submissions"]
    for alike in found.identical:
        yield ["same bytes", ", ".join(alike.who), "", alike.what, "", "", "", "", ""]
    for left in found.left_out:
        yield ["not compared", left.name, "", "", "", "", "", "", left.why]
