"""Tables that people write: CSV files whose mistakes are named by row and column.

Rows are counted as a spreadsheet counts them: the names of the columns are row 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import TableError

SHOWN = 20  # wrong cells that are named at once


@dataclass(frozen=True)
class Row:
    """One row of a table: its number, and its cells by column, without white space around them."""

    file: str
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a cell; empty where the table has no such column."""
        return self.cells.get(column, "")

    def at(self, column: str) -> str:
        """Name a cell, for a sentence about it."""
        return f"{self.file}, row {self.number}, column {column}"


@dataclass(frozen=True)
class Table:
    """A CSV file: the names of its columns, and its rows that are not empty."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class Problems:
    """What is wrong with a table, one sentence a cell, collected so that all of it is read at once."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Go on with the next cell after a TableError."""
        try:
            yield
        except TableError as error:
            self.sentences.append(str(error))

    def finish(self) -> None:
        """Say everything that was wrong.

        Raises:
            TableError: if anything was.
        """
        if self.sentences:
            more = [f"and {len(self.sentences) - SHOWN} more"] if len(self.sentences) > SHOWN else []
            raise TableError("\n".join([*self.sentences[:SHOWN], *more]))


def read(path: Path, needed: Collection[str], known: Collection[str] | None = None) -> Table:
    """Read a CSV file with commas or semicolons, as spreadsheets of different countries write it.

    Args:
        needed: columns that must be there.
        known: all that may be there; anything when None.

    Raises:
        TableError: if it cannot be read, a column is missing, unknown or there twice, or a row has too many cells.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise TableError(f"{path}: {why}") from None
    head = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ",")
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(header, path.name, needed, known)
        return Table(tuple(header), tuple(_rows(lines, header, path.name)))
    except csv.Error as error:
        raise TableError(f"{path.name}, line {lines.line_num}: {error}") from None


def _check_header(header: list[str], file: str, needed: Collection[str], known: Collection[str] | None) -> None:
    if missing := [name for name in needed if name not in header]:
        raise TableError(f"{file}, row 1: there is no column {missing[0]}, expected {', '.join(needed)}")
    for name in header:
        if header.count(name) > 1:
            raise TableError(f"{file}, row 1: two columns are called {name!r}")
        if known is not None and name not in known:
            raise TableError(f"{file}, row 1: {name!r} is no known column, expected {', '.join(known)}")


def _rows(lines: Iterator[list[str]], header: Sequence[str], file: str) -> Iterator[Row]:
    for number, cells in enumerate(lines, start=2):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if len(cells) > len(header):
            raise TableError(f"{file}, row {number}: {len(cells)} cells, expected {len(header)}")
        yield Row(file, number, dict(zip(header, cells, strict=False)))


def once(rows: Sequence[Row], column: str) -> dict[str, Row]:
    """Find rows by the value of one column, which no two may share and none may leave empty.

    Raises:
        TableError: that names each row of which this is not true.
    """
    problems, found = Problems(), dict[str, Row]()
    for row in rows:
        name = row[column]
        if not name:
            problems.sentences.append(f"{row.at(column)}: it is empty")
        elif name in found:
            problems.sentences.append(f"{row.at(column)}: {name!r} is in row {found[name].number} already")
        else:
            found[name] = row
    problems.finish()
    return found
