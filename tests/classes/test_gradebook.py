"""A class of thirty: marks merged, bad cells named, files for course platforms."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from homework import COURSE, ROOT, worth

from autograder.classroom.gradebook import platform_csv as exports
from autograder.classroom.gradebook.merge import Grade, Inputs, Merged, merge
from autograder.course import assignment as assignments
from autograder.course import report_rubric as criteria
from autograder.errors import SetupError, TableError

RUBRIC = criteria.load(COURSE.folder / "report" / "rubric.toml")
LINES = [line.id for line in RUBRIC.line]
STUDENTS = [f"student{number:02d}" for number in range(1, 31)]
LATE, EXTENDED, WITHOUT = "student05", "student06", "student30"
ON_TIME, TOO_LATE = "2027-02-19 20:00 -0500", "2027-02-23 20:00 -0500"

Cells = list[list[str]]


class Course:
    """The files of a made-up course, written after a test has changed them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roster = [["student", "name", "email", "sid", "canvas_id"]]
        self.roster += [
            [id, f"Given {id.title()}", f"{id}@a.edu", f"9{n:03d}", f"{n}"] for n, id in enumerate(STUDENTS)
        ]
        self.code = [["student", "score"], *([id, f"{72 - n}.25"] for n, id in enumerate(STUDENTS[:-1], start=1))]
        self.report = [["student", *LINES]]
        self.report += [[id, *(f"{line.points:g}" for line in RUBRIC.line)] for id in STUDENTS[:-1]]
        self.times = [["student", "code", "report"]]
        self.times += [[id, TOO_LATE if id in (LATE, EXTENDED) else ON_TIME, ON_TIME] for id in STUDENTS[:-1]]
        self.extensions = [["student", "due"], [EXTENDED, "2027-02-24 23:59 -0500"]]

    def inputs(self, delimiter: str = ",") -> Inputs:
        paths = {}
        for name in ("roster", "code", "report", "times", "extensions"):
            paths[name] = self.folder / f"{name}.csv"
            with paths[name].open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=delimiter).writerows(getattr(self, name))
        return Inputs(**paths)

    def merged(self, preset: str | Path = "", delimiter: str = ",") -> Merged:
        return merge(self.inputs(delimiter), assignments.load(COURSE, preset) if preset else worth(72, 38), RUBRIC)

    def merge(self, preset: str | Path = "", delimiter: str = ",") -> dict[str, Grade]:
        return {grade.student.id: grade for grade in self.merged(preset, delimiter).grades}


@pytest.fixture
def course(tmp_path) -> Course:
    return Course(tmp_path)


def test_thirty_students_get_code_and_report_and_lose_what_lateness_costs(course) -> None:
    grades = course.merge()
    assert list(grades) == STUDENTS
    assert (grades["student01"].code.kept, grades["student01"].report.kept) == (7125, 3800)
    assert (grades["student01"].total, grades["student01"].most) == (10925, 11000)
    late = grades[LATE]
    assert (late.code.earned, late.code.kept, late.report.kept) == (6725, 0, 3800)
    assert late.code.said == "handed in 4 days after it was due, 2 days after the grace period: nothing counts"
    assert grades[EXTENDED].code.kept == grades[EXTENDED].code.earned
    assert grades[EXTENDED].code.said == "handed in on time"
    assert (grades[WITHOUT].total, grades[WITHOUT].code.said) == (0, "not handed in")
    assert course.merged().remarks == [
        f"nothing was handed in, and the mark stays blank, 1 student: {WITHOUT}",
        f"late with the code, 1 student: {LATE}",
    ]


def test_a_rate_per_day_takes_a_share_and_a_preset_scales_the_report(course, tmp_path) -> None:
    text = (COURSE.folder / "assignments/hw2-2024.toml").read_text()
    text = text.replace("late_per_day = 1.0", "late_per_day = 0.1").replace("2024-02", "2027-02")
    (tmp_path / "hw.toml").write_text(text)
    course.code = [["student", "score"], *([id, "14"] for id in STUDENTS[:-1])]
    course.report[1][1] = "0"  # of 2, which leaves 36 of 38
    grades = course.merge(tmp_path / "hw.toml")
    assert grades[LATE].code.kept == 1120
    assert grades["student01"].report.kept == round(Fraction(36 * 600, 38))
    assert grades["student02"].report.kept == 600


def test_semicolons_and_decimal_commas_are_read_as_well(course) -> None:
    course.report[1][1] = "1,5"
    assert course.merge(delimiter=";")["student01"].report.kept == 3750


BAD_REPORTS = {
    "unknown student": (
        (4, 0, "nobody"),
        "report.csv, row 5, column student: there is no student 'nobody' in the roster",
    ),
    "unknown line": ((0, 3, "style"), "report.csv, row 1, column style: the rubric has no such line"),
    "over the maximum": ((2, 2, "2.5"), "report.csv, row 3, column theory-matrix: 2.5 points, expected 0 to 2"),
    "below zero": ((2, 2, "-1"), "report.csv, row 3, column theory-matrix: -1 points, expected 0 to 2"),
    "missing mark": ((7, 1, ""), "report.csv, row 8, column theory-shapes: the mark of student07 is missing"),
    "no number": ((7, 1, "two"), "report.csv, row 8, column theory-shapes: 'two' is no number"),
    "not a number": ((7, 1, "nan"), "report.csv, row 8, column theory-shapes: 'nan' is no number"),
    "double student": ((9, 0, "student02"), "report.csv, row 10, column student: 'student02' is in row 3 already"),
}


@pytest.mark.parametrize(("change", "message"), BAD_REPORTS.values(), ids=BAD_REPORTS)
def test_a_bad_cell_is_named_by_row_and_column(course, change, message) -> None:
    row, column, text = change
    course.report[row][column] = text
    with pytest.raises(TableError) as caught:
        course.merge()
    assert message in str(caught.value)


def test_all_bad_cells_are_named_at_once_and_nothing_is_merged(course) -> None:
    for row, column, text in ((1, 1, ""), (2, 2, "9"), (3, 3, "x"), (4, 0, "nobody")):
        course.report[row][column] = text
    course.code[1][1] = "72.5"
    course.times[3][1] = "yesterday"
    with pytest.raises(TableError) as caught:
        course.merge()
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert "code.csv, row 2, column score: 72.5 points, expected 0 to 72" in lines
    assert "times.csv, row 4, column code: 'yesterday' is no time, expected one like 2027-02-19 23:59 -0500" in lines


@pytest.mark.parametrize(
    ("table", "row", "cells", "message"),
    [
        ("roster", 2, ["student01"], "roster.csv, row 3, column student: 'student01' is in row 2 already"),
        ("roster", 0, ["who", "b", "c", "d", "e"], "roster.csv, row 1: there is no column student"),
        ("roster", 2, ["", "x"], "roster.csv, row 3, column student: it is empty"),
        ("code", 1, ["student01", "1", "2"], "code.csv, row 2: 3 cells, expected 2"),
        ("code", 0, ["who", "score"], "code.csv, row 1: there is no column student, nor email, nor another that names"),
        ("code", 0, ["student", "sum"], "code.csv, row 1: there is no column score"),
        ("times", 1, ["student01", "", ON_TIME], "student01: there is a mark for the code and no time"),
        ("extensions", 1, ["nobody", ON_TIME], "extensions.csv: there is no student 'nobody' in the roster"),
        ("extensions", 0, ["student", "until"], "extensions.csv, row 1: 'until' is no known column, expected student"),
    ],
)
def test_other_tables_are_checked_alike(course, table, row, cells, message) -> None:
    getattr(course, table)[row] = cells
    with pytest.raises(TableError) as caught:
        course.merge()
    assert message in str(caught.value)


@pytest.mark.parametrize("work", ["code", "report"])
def test_a_column_of_times_that_has_another_name_is_told(course, work) -> None:
    course.times[0] = ["student", *(f"{name} at" if name == work else name for name in ("code", "report"))]
    assert course.merged().remarks[-1] == f"times.csv has no time for a {work}: nobody is late with it"


def test_a_student_with_two_extensions_is_named(course) -> None:
    course.extensions += [["student06@a.edu", "2027-02-25 23:59 -0500"]]
    with pytest.raises(TableError, match=r"extensions.csv: 'student06@a.edu' and 'student06' are both student06"):
        course.merge()


def results(folder: Path, student: str, content: object) -> None:
    (folder / student).mkdir(parents=True, exist_ok=True)
    (folder / student / "results.json").write_text(content if isinstance(content, str) else json.dumps(content))


def test_code_marks_come_from_the_results_of_a_batch(course, tmp_path) -> None:
    inputs = course.inputs()
    for id in STUDENTS[:-1]:
        results(tmp_path / "graded", id, {"score": 33.34, "extra_data": {"grade_again": False}})
    folder = Inputs(inputs.roster, tmp_path / "graded", inputs.report)
    grades = merge(folder, worth(72, 38), RUBRIC).grades
    assert [grade.code.earned for grade in grades] == [3334] * 29 + [None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"score": 1, "extra_data": {"grade_again": True}}, "student01/results.json: to be graded again"),
        ({"score": 73}, "student01/results.json: the score is 73, expected 0 to 72"),
        ('{"score": NaN}', "student01/results.json: the score is nan, expected 0 to 72"),
        ({"score": "5"}, "student01/results.json: the score is '5', expected a number"),
        ({"tests": []}, "student01/results.json: it holds no results"),
        ("{", "student01/results.json: it holds no results"),
    ],
)
def test_results_that_are_not_final_are_named(course, tmp_path, content, message) -> None:
    results(tmp_path / "graded", "student01", content)
    with pytest.raises(TableError) as caught:
        merge(Inputs(course.inputs().roster, tmp_path / "graded"), worth(72, 38), RUBRIC)
    assert message in str(caught.value)


def test_each_platform_gets_the_columns_that_it_imports(course, tmp_path) -> None:
    paths = exports.write(course.merged(), "HW 2", tmp_path / "out")
    written = {path.name: list(csv.reader(path.read_text().splitlines())) for path in paths}
    assert all(len(row) == len(rows[0]) for rows in written.values() for row in rows)
    assert written["canvas.csv"][0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW 2"]
    assert written["canvas.csv"][1] == ["    Points Possible", "", "", "", "", "110.00"]
    assert written["canvas.csv"][2] == ["Given Student01", "0", "9000", "student01@a.edu", "", "109.25"]
    assert written["moodle.csv"][1] == [
        "9000", "student01", "student01@a.edu", "109.25",
        "code 71.25 of 72.00, handed in on time; report 38.00 of 38.00, handed in on time",
    ]  # fmt: skip
    assert written["gradescope.csv"][1] == ["Given", "Student01", "9000", "student01@a.edu", "", "109.25", "110.00"]
    assert len(written["grades.csv"]) == 31


def test_a_table_that_was_read_is_never_written_over(course) -> None:
    roster = course.inputs().roster.rename(course.folder / "canvas.csv")
    before = roster.read_bytes()
    with pytest.raises(SetupError, match=r"canvas.csv was read, and would be written over: choose another folder"):
        exports.write(course.merged(), "HW 2", course.folder, [roster])
    assert roster.read_bytes() == before
    assert not (course.folder / "grades.csv").exists()


def test_what_a_platform_has_that_we_did_not_give_it_stays(course, tmp_path) -> None:
    course.roster = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW 2 (77)"]]
    course.roster += [[f"Given {id.title()}", f"{n}", f"9{n:03d}", id, "", ""] for n, id in enumerate(STUDENTS)]
    first = course.merged()
    exports.write(first, "HW 2", tmp_path / "out")
    course.roster[1][-1], course.roster[2][-1] = "100", "108.25"  # by hand, and what we gave
    course.code[1][1] = course.code[2][1] = "50"
    again = course.merged()
    exports.write(again, "HW 2", tmp_path / "out")
    with (tmp_path / "out" / "canvas.csv").open(newline="") as file:
        marks = {row[0]: row[-1] for row in csv.reader(file)}
    assert [marks[f"Given Student0{n}"] for n in (1, 2)] == ["100", "88.00"]
    assert again.remarks[-1] == "set by hand on the platform, and kept: student01 100, ours is 88.00"
    plain = tmp_path / "out" / "grades.csv"
    plain.write_text(plain.read_text().replace("total", "sum"))
    with pytest.raises(TableError, match=r"grades.csv, row 1: there is no column total, expected student, total"):
        exports.write(course.merged(), "HW 2", tmp_path / "out")


def test_who_has_handed_in_nothing_gets_no_mark_unless_the_assignment_says_zero(course, tmp_path) -> None:
    text = (COURSE.folder / "assignment.toml").read_text()
    (tmp_path / "zero.toml").write_text(f'not_handed_in = "zero"\n{text}')
    assert course.merge()[WITHOUT].blank
    assert not course.merge(tmp_path / "zero.toml")[WITHOUT].blank
    for file, row in ((None, ["", "", ""]), (tmp_path / "zero.toml", ["0.00", "0.00", "0.00"])):
        grade = course.merge(*[file] if file else [])[WITHOUT]
        names, plain = exports.plain([grade], "HW 2")
        assert [plain[names.index(name)] for name in ("code counted", "report counted", "total")] == row
        _, moodle = exports.moodle([grade], "HW 2")
        zeros = "code 0.00 of 72.00, not handed in; report 0.00 of 38.00, not handed in"
        assert moodle[-1] == (zeros if file else "not handed in")


def test_the_command_writes_all_files_or_says_every_bad_cell(course, tmp_path) -> None:
    course.code = [["student", "score"], *([id, "14"] for id in STUDENTS[:-1])]
    inputs = course.inputs()
    command = [sys.executable, "-m", "autograder", "gradebook", "--out", str(tmp_path / "out")]
    for name in ("roster", "code", "report", "times", "extensions"):
        command += [f"--{name}", str(getattr(inputs, name))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "30 students: " in done.stdout
    course.report[3][2] = "3"
    course.report[5][4] = ""
    course.inputs()
    (tmp_path / "out" / "grades.csv").unlink()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "report.csv, row 4, column theory-matrix",
        "report.csv, row 6, column theory-gradient",
    ]
    assert not (tmp_path / "out" / "grades.csv").exists()


def test_blackboard_gets_its_own_column_every_cell_quoted_and_keeps_marks_set_there(course, tmp_path) -> None:
    numbered = "HW 2 [Total Pts: 110 Score] |4711"  # as its Grade Center writes what it has downloaded
    course.roster = [["Last Name", "First Name", "Username", "Student ID", numbered]]
    course.roster += [["Given", id.title(), id, f"9{n:03d}", "80" if n == 1 else ""] for n, id in enumerate(STUDENTS)]
    merged = course.merged()
    exports.write(merged, "HW 2", tmp_path / "out")
    lines = (tmp_path / "out" / "blackboard.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f'"Last Name","First Name","Username","Student ID","{numbered}"'
    assert lines[1:3] == [
        '"Given","Student01","student01","9000","109.25"',
        '"Given","Student02","student02","9001","80"',
    ]
    assert lines[-1] == '"Given","Student30","student30","9029",""'
    assert merged.remarks[-1] == "set by hand on the platform, and kept: student02 80, ours is 108.25"
