"""A module that holds something else than Python is named as that, in every check of it and under what to do next."""

from __future__ import annotations

import pytest

from autograder.inside.not_python import instead_of_python
from autograder.reports.scores import Outcome
from autograder.reports.words import next_step

FILE = "part1_numpy/linear.py"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 2481\n"
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n"
CONFLICT = b"import numpy as np\n<<<<<<< HEAD\nA = 1\n=======\nA = 2\n>>>>>>> theirs\n"

OTHERS = [
    (POINTER, "linear.py is a pointer of Git LFS, expected the file that it stands for: run git lfs pull"),
    (PAGE, "linear.py is a web page, expected Python: it was saved from a browser, or is an error page"),
    (CONFLICT, "linear.py:2 holds the marks of a merge conflict: decide which lines stay"),
    (
        "A = 1\n".encode("utf-16"),  # as PowerShell redirects
        "linear.py is UTF-16, expected UTF-8: save it with that encoding",
    ),
    (b"PK\x03\x04\x00\x00", "linear.py holds bytes of 0, expected Python: it is a file of another kind"),
    (
        '"""Linear."""\nFOR = "für alle"\n'.encode("latin-1"),
        "linear.py:2 holds a character that is not UTF-8: save the file with that encoding",
    ),
]


@pytest.mark.parametrize(("content", "says"), OTHERS, ids=["pointer", "web page", "conflict", "utf-16", "zip", "latin"])
def test_a_file_that_is_no_python_is_named_in_each_of_its_checks_and_next(grade, reference, content, says) -> None:
    card = grade({**reference, FILE: content}, todos=("1.2",))
    asked = [mark for mark in card.marks.values() if mark.outcome not in (Outcome.SKIPPED, Outcome.PENDING)]
    assert len(asked) == 4
    assert {mark.message for mark in asked} == {says}
    assert says in next_step(card)


@pytest.mark.parametrize(
    "content",
    [
        b'"""Layers\n=======\n"""\ndef f(:\n',
        b"x = '<html>' +\n",
        b"a <<<<<<< b\n",
        "# coding: latin-1\n# für alle\ndef f(:\n".encode("latin-1"),
    ],
    ids=["heading", "html", "shift", "coding"],
)
def test_code_with_a_slip_is_not_taken_for_something_else(tmp_path, content) -> None:
    path = tmp_path / "activations.py"
    path.write_bytes(content)
    assert instead_of_python(str(path)) == ""


def test_a_file_that_cannot_be_read_is_not_named(tmp_path) -> None:
    assert instead_of_python(str(tmp_path / "missing.py")) == ""
