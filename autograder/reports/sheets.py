"""CSV files that a spreadsheet takes for what they are: the one place where such files are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from autograder.reports import files
from autograder.reports.scores import KEPT
from autograder.reports.words import line

FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")  # also as Japanese keyboards write them
NUMBER = re.compile(r"-?\d+([.,]\d+)?|-")  # "-" alone is Moodle's word for no mark


def write(path: Path, rows: Iterable[Iterable[str]], *, quoted: bool = False) -> None:
    """Replace a file in one step; the same rows give the same bytes.

    Args:
        quoted: every cell, not only where it is needed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows([cell(one) for one in row] for row in rows)
    files.replace(path, text.getvalue())


@lru_cache(KEPT)
def cell(text: str) -> str:
    """Keep a spreadsheet from taking a text, which may be a student's, for a formula; numbers stay numbers.

    >>> cell("=1+1"), cell("-1.50")
    ("'=1+1", '-1.50')
    """
    if NUMBER.fullmatch(text):
        return text
    indent = len(text) - len(text.lstrip(" "))  # of Canvas's row of points possible
    safe = text[:indent] + line(text)
    return f"'{safe}" if FORMULA.match(text) else safe
