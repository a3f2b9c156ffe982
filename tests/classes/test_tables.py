"""Tables as spreadsheets and course platforms of different countries write them, and cells that could do harm."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autograder.course import tables
from autograder.errors import TableError
from autograder.reports import sheets

NAMES = [("ann", "Zoë Müller"), ("bob", 'Bob "the" Bell')]
PLAIN = 'student,name\nann,Zoë Müller\nbob,"Bob ""the"" Bell"\n'

WRITTEN = {
    "as UTF-8": PLAIN.encode(),
    "with a byte order mark": PLAIN.encode("utf-8-sig"),
    "as Excel's Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "as UTF-16 with its big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "as UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "as UTF-32": PLAIN.encode("utf-32"),
    "by Windows of Western Europe": PLAIN.encode("cp1252"),
    "with semicolons": PLAIN.replace(",", ";").encode(),
    "with tabs": PLAIN.replace(",", "\t").encode(),
    "with bars": PLAIN.replace(",", "|").encode(),
    "with a line that says so": b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
    "with that line and a mark": b"\xef\xbb\xbfsep=;\n" + PLAIN.replace(",", ";").encode(),
    "with that line in quotes": b'"sep=|"\n' + PLAIN.replace(",", "|").encode(),
    "by Windows": PLAIN.replace("\n", "\r\n").encode(),
    "by an old Mac": PLAIN.replace("\n", "\r").encode(),
    "without an end of the last line": PLAIN.rstrip().encode(),
    "with commas behind": PLAIN.replace("\n", ",,\n").encode(),
    "with empty lines": PLAIN.replace("\n", "\n\n,\n").encode(),
    "with spaces that do not break": PLAIN.replace("ann", "\xa0ann\xa0").replace("student", "student\xa0").encode(),
    "with marks that nobody sees": PLAIN.replace("ann", "\u200bann\u200e").encode(),
    "with decomposed letters": PLAIN.replace("ë", "e\u0308").encode(),
    "with names in capitals": PLAIN.replace("student,name", "STUDENT, Name").encode(),
    "with a comma in a column": PLAIN.replace(",", ";").replace("name", "name;a, b, c, d").encode(),
    "with quotes around all": PLAIN.replace("student,name", '"student","name"').encode(),
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_a_table_is_read_however_a_spreadsheet_writes_it(tmp_path, content) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    rows = tables.read(tmp_path / "a.csv", ("student", "name")).rows
    assert [(row["student"], row["name"]) for row in rows] == NAMES


def test_a_line_end_in_quotes_ends_no_row(tmp_path) -> None:
    (tmp_path / "a.csv").write_bytes(b'student,said\r\nann,"one\r\ntwo, three"\r\nbob,\r\n')
    first, second = tables.read(tmp_path / "a.csv", ("student",)).rows
    assert first["said"].split() == ["one", "two,", "three"]
    assert (second["student"], second.number) == ("bob", 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\3\4rest", "it is a workbook, expected CSV: save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0rest", "it is a workbook"),
        (b"student\n\x81\x8d", "it is no text in UTF-8, UTF-16 or Windows-1252"),
        (b"student,student \nann,bob\n", "row 1: two columns are called 'student'"),
        (b"student\nann,bob\n", "row 2: 2 cells, expected 1"),
        (b"", "row 1: there is no column student"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path, content, message) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(TableError, match=message):
        tables.read(tmp_path / "a.csv", ("student",))


def _cells(folder: Path) -> list[str]:
    with (folder / "a.csv").open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


FORMULAS = ["=cmd()", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\xa0=1", "\uff1d1", "=", "+", "--"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(tmp_path, text) -> None:
    sheets.write(tmp_path / "a.csv", [[text, f"{text} and more"]])
    assert [cell[0] for cell in _cells(tmp_path)] == ["'", "'"]


@pytest.mark.parametrize(
    "text", ["-1", "-1.50", "-1,5", "0", "12.25", "-", "ann", "a=b", "ann@example.edu", "    Points"]
)
def test_numbers_below_zero_and_plain_texts_stay_as_they_are(tmp_path, text) -> None:
    sheets.write(tmp_path / "a.csv", [[text]])
    assert _cells(tmp_path) == [text]


def test_what_we_have_escaped_is_read_as_it_was(tmp_path) -> None:
    names = ["=cmd()", "-x@example.edu", "'quoted'", "@home"]
    sheets.write(tmp_path / "a.csv", [["student"], *([name] for name in names)])
    assert [row["student"] for row in tables.read(tmp_path / "a.csv", ("student",)).rows] == names
