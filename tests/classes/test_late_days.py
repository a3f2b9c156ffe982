"""A bank of late days through a term: what it saves, what is left, and tables that contradict themselves."""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from homework import COURSE, ROOT, worth

from autograder.classroom.gradebook.merge import Inputs, Merged, merge
from autograder.course import report_rubric as criteria
from autograder.course.assignment import LateDays
from autograder.errors import TableError
from autograder.grading.circumstances import Occasion
from autograder.reports.scores import Mark, Outcome, Scorecard

RUBRIC = criteria.load(COURSE.folder / "report" / "rubric.toml")
DUE = "2027-02-21 23:00 -0500"  # within grace
DAYS_LATE = {"ada": "2027-02-22 12:00 -0500", "bob": "2027-02-24 12:00 -0500", "cyd": DUE}  # 1, 3 and 0 days


@pytest.fixture
def term(tmp_path: Path) -> Path:
    """The tables of one assignment: three students with 50 of 100 points."""
    _write(tmp_path / "roster.csv", ["student"], *([id] for id in DAYS_LATE))
    _write(tmp_path / "code.csv", ["student", "score"], *([id, "50"] for id in DAYS_LATE))
    _write(tmp_path / "times.csv", ["student", "code"], *(list(row) for row in DAYS_LATE.items()))
    return tmp_path


def _write(path: Path, *rows: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _enter(folder: Path, column: str, rate: float = 0.1, **rule: object) -> Merged:
    """Enter the marks of an assignment, as the command does."""
    late = LateDays(**{"per_term": 5, "per_assignment": 2, **rule})
    assignment = worth(100, 0).model_copy(update={"late_days": late, "late_per_day": rate})
    tables = [folder / f"{name}.csv" for name in ("roster", "code", "times")]
    inputs = Inputs(tables[0], tables[1], times=tables[2], late_days=folder / "late_days.csv", column=column)
    merged = merge(inputs, assignment, RUBRIC)
    assert merged.bank
    merged.bank.write(folder / "late_days.csv")
    return merged


def _table(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "late_days.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_late_days_are_spent_where_they_save_points_and_what_is_left_goes_through_the_term(term) -> None:
    ada, bob, cyd = _enter(term, "HW1").grades
    assert [grade.code.kept for grade in (ada, bob, cyd)] == [5000, 4500, 5000]
    assert ada.code.said == "handed in 3 days after it was due, 1 late day spent: no points are lost"
    after = "2 late days spent, 13 hours after these: 10 % of the points are lost"
    assert bob.code.said == f"handed in 5 days after it was due, {after}"
    assert cyd.code.said.endswith("within the grace period: no points are lost")
    for column in ("HW2", "HW3"):
        merged = _enter(term, column)
    assert merged.grades[1].code.kept == 4000  # one day was left of three
    assert merged.remarks[-1] == "late days spent on HW3: ada 1, bob 1"
    row = {"student": "bob", "granted": "", "HW1": "2", "HW2": "2", "HW3": "1", "of": "5", "left": "0"}
    assert _table(term)["bob"] == row


def test_marks_that_are_entered_again_spend_nothing_twice(term) -> None:
    _enter(term, "HW1")
    _enter(term, "HW2")
    before = (term / "late_days.csv").read_bytes()
    for column in ("HW2", "HW1", "HW2"):
        _enter(term, column)
    assert sorted(_table(term)["ada"].items()) == sorted(
        {"student": "ada", "granted": "", "HW1": "1", "HW2": "1", "of": "5", "left": "3"}.items()
    )
    assert before == (term / "late_days.csv").read_bytes()


def test_no_day_is_spent_in_vain(term) -> None:
    merged = _enter(term, "HW1", rate=1.0)  # nothing counts after grace: two days do not save bob, who is three late
    assert [grade.code.kept for grade in merged.grades] == [5000, 0, 5000]
    assert _table(term)["bob"]["left"] == "5"


@pytest.mark.parametrize(
    ("unit", "spent", "left"), [("day", "1", "4"), ("half day", "1", "4"), ("hour", "0.5417", "4.4583")]
)
def test_a_unit_that_has_begun_is_spent_whole(term, unit, spent, left) -> None:
    _enter(term, "HW1", unit=unit)
    assert (_table(term)["ada"]["HW1"], _table(term)["ada"]["left"]) == (spent, left)
    _enter(term, "HW2", unit=unit)  # what is written is read again, to the unit


def test_days_that_staff_grants_count_and_who_has_left_keeps_a_row(term) -> None:
    rows = (["bob", "1", "5", "", ""], ["eve", "", "2", "", ""])
    _write(term / "late_days.csv", ["student", "granted", "HW1", "of", "left"], *rows)
    assert _enter(term, "HW2").grades[1].code.kept == 4000
    assert _table(term)["bob"]["left"] == "0"
    assert _table(term)["eve"]["HW1"] == "2"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["ada", "", "two", "5", "3"], r"late_days.csv, row 2, column HW1: 'two' is no number of days"),
        (["ada", "", "-1", "5", "6"], r"row 2, column HW1: -1 days, expected 0 or more"),
        (["ada", "", "0.3", "5", "4.7"], r"row 2, column HW1: 0.3 days, expected whole days"),
        (["ada", "", "1", "5", "5"], r"column left: 5, expected 4 by the other columns: days that are given or taken"),
        (["adda", "", "1", "5", "4"], r"column student: there is no student 'adda' in the roster: is it ada\?"),
        (["", "", "1", "5", "4"], r"row 2, column student: it is empty"),
    ],
)
def test_a_table_that_cannot_be_is_named_by_its_cell(term, row, said) -> None:
    _write(term / "late_days.csv", ["student", "granted", "HW1", "of", "left"], row)
    with pytest.raises(TableError, match=said):
        _enter(term, "HW2")


@pytest.mark.parametrize("name", ["student", "granted", "of", "left"])
@pytest.mark.parametrize("new", ["days", None], ids=["renamed", "missing"])
def test_a_column_of_ours_that_has_another_name_is_not_taken_for_an_assignment(term, name, new) -> None:
    _enter(term, "HW1")
    rows = list(csv.reader((term / "late_days.csv").read_text().splitlines()))
    at = rows[0].index(name)
    for row in rows:
        row[at : at + 1] = [new if row is rows[0] else row[at]] if new else []
    _write(term / "late_days.csv", *rows)
    before = (term / "late_days.csv").read_bytes()
    with pytest.raises(TableError, match=f"^late_days.csv, row 1: there is no column {name}, expected student"):
        _enter(term, "HW2")
    assert (term / "late_days.csv").read_bytes() == before


def test_days_that_are_granted_in_mid_term_are_written_beside_a_left_that_is_emptied(term) -> None:
    _enter(term, "HW1")
    text = (term / "late_days.csv").read_text()
    (term / "late_days.csv").write_text(text.replace("bob,,2,5,3", "bob,3,2,5,3"))
    with pytest.raises(TableError, match=r"left: 3, expected 6 by .* granted, beside a left that is emptied"):
        _enter(term, "HW2")
    (term / "late_days.csv").write_text(text.replace("bob,,2,5,3", "bob,3,2,5,"))
    _enter(term, "HW2")
    assert _table(term)["bob"]["left"] == "4"


def test_a_bank_outlasts_a_spreadsheet_that_writes_it_in_another_way(term) -> None:
    _enter(term, "HW 1")
    before = (term / "late_days.csv").read_bytes()
    text = before.decode().replace("left", " Left ").replace("HW 1", "hw  1 ").replace(",", ";").replace("\n", "\r\n")
    (term / "late_days.csv").write_bytes(text.encode("utf-8-sig"))
    _enter(term, "HW 1")
    assert (term / "late_days.csv").read_bytes() == before


def test_a_bank_without_a_table_and_a_table_without_a_bank_are_refused(term) -> None:
    inputs = Inputs(term / "roster.csv", term / "code.csv")
    with_bank = worth(100, 0).model_copy(update={"late_days": LateDays(per_term=5, per_assignment=2)})
    with pytest.raises(TableError, match=r"assignment.toml has \[late_days\], expected --late-days FILE.csv"):
        merge(inputs, with_bank, RUBRIC)
    with pytest.raises(TableError, match=r"assignment.toml has no \[late_days\]"):
        merge(dataclasses.replace(inputs, late_days=term / "late_days.csv"), worth(100, 0), RUBRIC)


def test_the_command_writes_the_table(term) -> None:
    preset = (COURSE.folder / "assignments" / "hw2p1.toml").read_text(encoding="utf-8")
    rule = "late_days = { per_term = 5, per_assignment = 2, unit = 'half day' }\nlate_per_day = 0.1\n"
    text = "\n".join(line for line in preset.splitlines() if not line.startswith("late_per_day"))
    (term / "assignment.toml").write_text(rule + text.replace("2024-02", "2027-02"), encoding="utf-8")
    command = [sys.executable, "-m", "autograder", "gradebook", "--late-days", str(term / "late_days.csv")]
    for name in ("roster", "code", "times"):
        command += [f"--{name}", str(term / f"{name}.csv")]
    command += ["--assignment", str(term / "assignment.toml"), "--out", str(term / "grades"), "--column", "HW1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "late_days.csv" in done.stdout
    assert _table(term)["cyd"]["left"] == "5"


def test_gradescope_takes_nothing_for_lateness_where_a_bank_may_cover_it(tmp_path) -> None:
    assignment = worth(100, 0).model_copy(update={"late_days": LateDays(per_term=5, per_assignment=2)})
    (tmp_path / "submission_metadata.json").write_text('{"created_at": "2027-02-25T12:00:00-05:00"}')
    card = Scorecard("Homework", {"1.1-a": Mark("1.1-a", "1.1", "Right.", 100, Outcome.PASSED)})
    Occasion(metadata=tmp_path / "submission_metadata.json").remarks(assignment)(card)
    assert card.late_cents == 0
    assert any(note.startswith("late days are counted when marks are entered") for note in card.notes)
    assert any("4 days after the grace period: no points are lost" in note for note in card.notes)
