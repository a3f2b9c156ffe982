"""Tables that people write and programs export: CSV files whose mistakes are named by row and column.

Rows are counted as a spreadsheet counts them: the names of the columns are row 1, and `sep=;` above them is no row.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import TableError

SHOWN = 20  # wrong cells that are named at once
DELIMITERS = ",;\t|"
LOOKED_AT = 10  # rows, to find which it is
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
UNSEEN = "\ufeff\u200b\u200e\u200f\u2060"  # what a copy from a web page leaves around a cell
FORMULA = re.compile(r"'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")  # `reports.sheets` writes it in front


@dataclass(frozen=True)
class Row:
    """One row of a table: its number, and its cells by column, without white space around them.

    Attributes:
        shown: the names that the columns have in the file, where those differ.
    """

    file: str
    number: int
    cells: Mapping[str, str]
    shown: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        """The text of a cell; empty where the table has no such column."""
        return self.cells.get(column, "")

    def at(self, column: str) -> str:
        """Name a cell, for a sentence about it."""
        return f"{self.file}, row {self.number}, column {self.shown.get(column, column)}"


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


def read(
    path: Path,
    needed: Collection[str] = (),
    known: Collection[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Table:
    """Read a CSV file as spreadsheets and course platforms of different countries write it.

    Args:
        needed: columns that must be there.
        known: all that may be there; anything when None.
        names: other names of columns, folded; of several that mean one column, the first cell with a text counts.

    Raises:
        TableError: if it cannot be read, a column is missing, unknown or there twice, or a row has too many cells.
    """
    first, _, rest = (text := _text(path)).lstrip("\ufeff").partition("\n")
    delimiter = ""
    if declared := re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE):
        delimiter, text = declared[1], rest
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    try:
        header = [_clean(name) for name in next(lines, [])]
        while header and not header[-1]:
            header.pop()
        ours = {fold(name): name for name in (*(known or ()), *needed)} | dict(names or {})
        columns = [ours.get(fold(name), name) for name in header]
        _check_header(header, columns, path.name, needed, known)
        return Table(tuple(dict.fromkeys(columns)), tuple(_rows(lines, header, columns, path.name)))
    except csv.Error as error:
        raise TableError(f"{path.name}, line {lines.line_num}: {error}") from None


def fold(name: str) -> str:
    r"""Give names that people take for equal one spelling.

    >>> fold(" E-Mail\u00a0Address ")
    'e-mail address'
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path}: {error.strerror}") from None
    if content.startswith(WORKBOOKS):
        raise TableError(f"{path}: it is a workbook, expected CSV: save it as CSV UTF-8")
    encodings = [next((name for bom, name in BOMS.items() if content.startswith(bom)), "")]
    if not encodings[0]:
        zeros = content[:400:2].count(0), content[1:400:2].count(0)
        wide = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        encodings = [wide] if any(zeros) else ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(f"{path}: it is no text in UTF-8, UTF-16 or Windows-1252")


def _delimiter(text: str) -> str:
    """Find what parts the cells: the character that makes most of them in each row, else in the first one."""

    def counts(delimiter: str) -> tuple[int, int]:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            cells = [len(row) for row in itertools.islice(filter(None, rows), LOOKED_AT)]
        except csv.Error:
            cells = []
        return min(cells, default=0), cells[0] if cells else 0

    return max(DELIMITERS, key=counts)


def _clean(cell: str) -> str:
    return FORMULA.sub("", unicodedata.normalize("NFC", cell).replace("\xa0", " ").strip(UNSEEN).strip().strip(UNSEEN))


def _check_header(
    header: Sequence[str], columns: Sequence[str], file: str, needed: Collection[str], known: Collection[str] | None
) -> None:
    if missing := [name for name in needed if name not in columns]:
        raise TableError(f"{file}, row 1: there is no column {missing[0]}, expected {', '.join(needed)}")
    folded = [fold(name) for name in header]
    for name, column in zip(header, columns, strict=True):
        if folded.count(fold(name)) > 1 and name:
            raise TableError(f"{file}, row 1: two columns are called {name!r}")
        if known is not None and column not in known:
            raise TableError(f"{file}, row 1: {name!r} is no known column, expected {', '.join(known)}")


def _rows(lines: Iterator[list[str]], header: Sequence[str], columns: Sequence[str], file: str) -> Iterator[Row]:
    shown = {column: name for name, column in reversed(list(zip(header, columns, strict=True)))}
    for number, row in enumerate(lines, start=2):
        texts = [_clean(cell) for cell in row]
        if not any(texts):
            continue
        if any(texts[len(header) :]):
            raise TableError(f"{file}, row {number}: {len(texts)} cells, expected {len(header)}")
        cells: dict[str, str] = {}
        for column, text in zip(columns, texts, strict=False):
            cells[column] = cells.get(column) or text
        yield Row(file, number, cells, shown)


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
