"""One export of each platform to the file that it imports, by the commands of the README alone."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import make_class
import pytest
from homework import COURSE, ROOT
from test_roster import WORKSHEET

from autograder.submission import packing

KEY = "k" * 64
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,HW2P1 (77)
    Points Possible,,,,,100.00
"Lovelace, Ada",101,001,ada@example.edu,A,
"Bell, Bob",102,002,bob@example.edu,A,
"Curie, Marie",103,003,marie@example.edu,A,
"Student, Test",999,,8b31e5c2a9,A,
"""
GRADESCOPE = """First Name,Last Name,SID,Email,Role
Ada,Lovelace,001,Ada@Example.edu,Student
Bob,Bell,002,bob@example.edu,Student
Marie,Curie,003,marie@example.edu,Student
Tina,Teach,,tina@example.edu,TA
"""
METADATA = """submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '001'
    :email: ada@example.edu
  :created_at: 2027-02-18 21:03:11.123456000 Z
submission_2:
  :submitters:
  - :name: Bob Bell
    :sid: '002'
    :email: bob@example.edu
  - :name: Marie Curie
    :sid: '003'
    :email: marie@example.edu
  :created_at: 2027-03-18 08:00:00.000000000 Z
"""
MOODLE = WORKSHEET.replace("Ada King Lovelace", "Ada Lovelace")
PRESET = (COURSE.folder / "assignments" / "hw2p1.toml").read_text()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def parts(reference: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in reference.items() if name.startswith("part1")}


@pytest.fixture
def course(tmp_path: Path, parts, skeletons) -> Path:
    """A folder with the three exports as they are downloaded, the rosters, and the assignment."""
    right = make_class.packed(parts)
    blank = make_class.packed({name: content for name, content in skeletons.items() if name.startswith("part1")})
    canvas = {
        "lovelaceada_101_4711_submission.zip": right,
        "bellbob_LATE_102_4712_submission.zip": right[:500],
        "bellbob_LATE_102_4713_submission-1.zip": blank,
    }
    gradescope = {"submission_metadata.yml": METADATA.encode()}
    gradescope |= {f"submission_1/{name}": content for name, content in parts.items()}
    gradescope |= {f"submission_2/{name}": content for name, content in parts.items()}
    moodle = {
        "Ada Lovelace_4711_assignsubmission_file/submission.zip": right,
        "Bob Bell_4712_assignsubmission_onlinetext/onlinetext.html": b"<p>sorry</p>",
    }
    packing.write_zip(tmp_path / "submissions.zip", canvas)
    packing.write_zip(
        tmp_path / "assignment_7_export.zip", {f"assignment_7_export/{k}": v for k, v in gradescope.items()}
    )
    packing.write_zip(tmp_path / "HW-Moodle.zip", moodle)
    for name, text in {"canvas.csv": CANVAS, "gradescope.csv": GRADESCOPE, "moodle.csv": MOODLE}.items():
        (tmp_path / name).write_bytes(text.encode())
    zone = 'due = 2027-02-19T23:59:00-05:00\ngrace = 2027-02-21T23:59:00-05:00\nzone = "America/New_York"\n'
    rest = PRESET[PRESET.index("[report]") :]
    (tmp_path / "assignment.toml").write_text(f'title = "HW2P1"\nlate_per_day = 0.1\n{zone}{rest}')
    (tmp_path / "secret.key").write_text(KEY)
    return tmp_path


def _to_grades(course: Path, export: str, roster: str) -> tuple[dict[str, list[list[str]]], str]:
    """Type what the README says; return the tables that are written, and what was said."""
    options = ("--assignment", "assignment.toml")
    batch = _run(course, "batch", export, "--out", "graded", "--key", "secret.key", "--jobs", "1", *options)
    assert batch.returncode == 0, batch.stdout + batch.stderr
    assert "known" not in batch.stdout
    merged = _run(course, "gradebook", "--roster", roster, "--code", "graded", "--out", "grades", *options)
    assert merged.returncode == 0, merged.stdout + merged.stderr
    tables = {}
    for path in (course / "grades").iterdir():
        with path.open(newline="", encoding="utf-8") as file:
            tables[path.name] = list(csv.reader(file))
    return tables, batch.stdout + merged.stdout


def test_canvas_as_it_exports_to_what_it_imports(course) -> None:
    tables, said = _to_grades(course, "submissions.zip", "canvas.csv")
    assert tables["canvas.csv"] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW2P1 (77)"],
        ["    Points Possible", "", "", "", "", "100.00"],
        ["Lovelace, Ada", "101", "001", "ada@example.edu", "A", "100.00"],
        ["Bell, Bob", "102", "002", "bob@example.edu", "A", "0.00"],
        ["Curie, Marie", "103", "003", "marie@example.edu", "A", ""],
    ]
    for sentence in (
        "bellbob_LATE_102_4712_submission.zip: bellbob_LATE_102_4713_submission-1.zip is graded instead",
        "nothing was handed in, and the mark stays blank, 1 student: marie@example.edu",
        "late, as Canvas says; it does not say when, so that nothing is lost: bob@example.edu",
        "row 6 is Canvas's test student",
    ):
        assert sentence in said


def test_gradescope_as_it_exports_to_grades_with_groups_and_lateness(course) -> None:
    tables, said = _to_grades(course, "assignment_7_export.zip", "gradescope.csv")
    assert tables["gradescope.csv"] == [
        ["First Name", "Last Name", "SID", "Email", "Sections", "HW2P1", "HW2P1 - Max Points"],
        ["Ada", "Lovelace", "001", "Ada@Example.edu", "", "100.00", "100.00"],
        ["Bob", "Bell", "002", "bob@example.edu", "", "0.00", "100.00"],
        ["Marie", "Curie", "003", "marie@example.edu", "", "0.00", "100.00"],
    ]
    assert "late with the code, 2 students: bob@example.edu, marie@example.edu" in said
    assert "Ada Lovelace; Bob Bell, Marie Curie: part1_numpy/" in said  # the same files


def test_moodle_as_it_exports_to_what_it_imports(course) -> None:
    tables, said = _to_grades(course, "HW-Moodle.zip", "moodle.csv")
    assert [row[:4] for row in tables["moodle.csv"]] == [
        ["ID number", "Username", "Email address", "HW2P1"],
        ["001", "ada@example.edu", "ada@example.edu", "100.00"],
        ["002", "bob@example.edu", "bob@example.edu", "0.00"],
    ]
    assert [row[:5] for row in tables["moodle_worksheet.csv"]] == [
        ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade"],
        ["Participant 4711", "Ada Lovelace", "ada@example.edu", "100.00", "100.00"],
        ["Participant 4712", "Bob Bell", "bob@example.edu", "0.00", "100.00"],
    ]
    assert "Bob Bell: refused: a text typed into a form was handed in" in said
    assert "refused, which counts 0: bob@example.edu" in said


def test_the_public_seed_is_named_where_a_class_is_graded_with_it(course) -> None:
    done = _run(course, "batch", "missing", "--out", "graded")
    assert "the cases are those of `autograder test`, which students know: --key secret.key draws others" in done.stdout
    done = _run(course, "batch", "missing", "--out", "graded", "--key", "secret.key")
    assert "which students know" not in done.stdout
