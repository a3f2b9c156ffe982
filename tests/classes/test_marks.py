"""What a batch has left and what people fill in: excused, dropped, unknown and double students, and times."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from class_records import small_class
from homework import COURSE, worth
from test_roster import CANVAS, GRADESCOPE, GRADESCOPE_GRADES, WORKSHEET

from autograder.classroom.gradebook import platform_csv as exports
from autograder.classroom.gradebook.merge import Inputs, Merged, merge
from autograder.course import report_rubric as criteria
from autograder.errors import TableError
from autograder.reports import class_csv as gradebook
from autograder.reports.records import Person, Record

RUBRIC = criteria.load(COURSE.folder / "report" / "rubric.toml")
LINES = [line.id for line in RUBRIC.line]
FULL = ",".join(f"{line.points:g}" for line in RUBRIC.line)
ROSTER = (
    "student,name,email,sid\nann,Ann Able,Ann@Example.edu,001\nbob,Bob Bell,bob@example.edu,002\ncay,Cay Coe,,003\n"
)
MOODLE_GROUPS = """First name,Last name,ID number,Email address,Groups
Ann,Able,001,ann@example.edu,Group A
Bob,Bell,002,bob@example.edu,"Group A, Tuesday"
Cay,Coe,003,cay@example.edu,Group B
"""
HEADER = "submission,name,id,email,state,handed in,late,points,of,why\n"


class Course:
    """Files in a folder, by the name of the option that they are for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def merge(self, **texts: str) -> Merged:
        texts = {"roster": ROSTER, "code": "student,score\nann,70\nbob,60.5\ncay,0\n", **texts}
        paths = {name: self.folder / f"{name}.csv" for name in texts}
        for name, text in texts.items():
            paths[name].write_bytes(text.encode())
        return merge(Inputs(**paths), worth(72, 38), RUBRIC)

    def written(self, merged: Merged) -> dict[str, list[list[str]]]:
        tables = {}
        for path in exports.write(merged, "HW 2", self.folder / "out"):
            with path.open(newline="", encoding="utf-8") as file:
                tables[path.name] = list(csv.reader(file))
        return tables


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def _totals(merged: Merged) -> dict[str, int]:
    return {grade.student.id: grade.total for grade in merged.grades}


WHO = {
    "by id": "student,score\nANN,70\nbob,60.5\ncay,0\n",
    "by email": "Email,Score\nann@example.EDU,70\nbob@example.edu,60.5\n,\n",
    "by number": "SID;Score\n001;70\n002;60,5\n",
    "by name": 'Name,Score\n"Able, Ann",70\nBob Bell,60.5\n',
    "by two names": "First name,Last name,Grade\nAnn,Able,70\nBob,Bell,60.5\n",
    "by any": "student,score\nann@example.edu,70\n002,60.5\nCay Coe,0\n",
    "with columns of others": "SID,Email,Total Score,Max Points,View Count\n001,,70,72,4\n002,,60.5,72,1\n",
}


@pytest.mark.parametrize("code", WHO.values(), ids=WHO)
def test_marks_are_found_by_whatever_names_a_student(course, code) -> None:
    assert _totals(course.merge(code=code)) == {"ann": 7000, "bob": 6050, "cay": 0}


def test_gradescopes_own_grades_are_taken_and_who_is_missing_has_none(course) -> None:
    merged = course.merge(roster=GRADESCOPE_GRADES, code=GRADESCOPE_GRADES)
    assert [grade.code.earned for grade in merged.grades] == [7000, None]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("student,score\n1,70\n", "code.csv, row 2, column student: there is no student '1' in the roster: is it 001?"),
        (
            "Name,score\nAnn Abel,70\n",
            "row 2, column Name: there is no student 'Ann Abel' in the roster: is it Ann Able?",
        ),
        ("student,score\nann,70\n001,60\n", "code.csv, row 3, column student: '001' is in row 2 already"),
        ("student,score\nann,\n", "code.csv, row 2, column score: the mark of ann is missing"),
        ("student,score\n,70\n", "code.csv, row 2, column student: it is empty"),
    ],
)
def test_a_mark_that_is_nobodys_or_twice_is_named(course, code, message) -> None:
    with pytest.raises(TableError) as caught:
        course.merge(code=code)
    assert message in str(caught.value)


def test_without_a_table_for_the_report_only_the_code_counts_and_that_is_said(course) -> None:
    merged = course.merge()
    assert [grade.most for grade in merged.grades] == [7200, 7200, 7200]
    assert merged.remarks == ["only the code is counted: there is no table of marks for the report"]


def test_who_is_excused_passes_through_to_those_who_know_it(course) -> None:
    merged = course.merge(code="student,score\nann,ex\nbob,60\ncay,Excused\n")
    assert [grade.excused for grade in merged.grades] == [True, False, True]
    assert "excused, 2 students: ann, cay" in merged.remarks
    tables = course.written(merged)
    assert [row[-1] for row in tables["canvas.csv"][2:]] == ["EX", "60.00", "EX"]
    assert [row[3] for row in tables["moodle.csv"][1:]] == ["-", "60.00", "-"]
    assert [row[5] for row in tables["gradescope.csv"][1:]] == ["", "60.00", ""]
    assert [row[-2] for row in tables["grades.csv"][1:]] == ["EX", "60.00", "EX"]


def test_who_is_excused_from_one_piece_gets_the_share_of_the_other(course) -> None:
    report = f"student,{','.join(LINES)}\nann,{FULL}\nbob,EX{',' * (len(LINES) - 1)}\ncay,{FULL}\n"
    merged = course.merge(report=report, code="student,score\nann,EX\nbob,36\ncay,36\n")
    assert _totals(merged) == {"ann": 11000, "bob": 5500, "cay": 7400}
    assert "excused from the code, the rest counts for all, 1 student: ann" in merged.remarks
    with pytest.raises(TableError, match=f"row 2, column {LINES[0]}: EX beside marks, expected it alone"):
        course.merge(report=f"student,{','.join(LINES)}\nann,EX,{FULL.partition(',')[2]}\n")


@pytest.mark.parametrize("dropped", ["student\nbob\n", "bob@example.edu\n", "Email,Reason\nBOB@example.edu,moved\n"])
def test_who_has_left_the_course_is_left_out_of_every_table(course, dropped) -> None:
    merged = course.merge(dropped=dropped)
    assert _totals(merged) == {"ann": 7000, "cay": 0}
    assert "bob has left the course, and is left out" in merged.remarks


def test_a_name_that_nobody_has_is_not_dropped_in_silence(course) -> None:
    with pytest.raises(
        TableError, match=r"dropped.csv, row 1, column student: there is no student 'bobb' in the roster"
    ):
        course.merge(dropped="bobb\n")


def test_who_is_in_the_batch_and_no_longer_in_the_roster_can_be_named_as_dropped(course) -> None:
    code = "student,score\nann,70\ndora@example.edu,12\n"
    with pytest.raises(TableError, match=r"there is no student 'dora@example.edu' in the roster"):
        course.merge(code=code)
    merged = course.merge(code=code, dropped="dora@example.edu\n")
    assert list(_totals(merged)) == ["ann", "bob", "cay"]
    assert "dora@example.edu is not in the roster, and is passed over in other tables" in merged.remarks


@pytest.mark.parametrize(
    ("roster", "row"),
    [
        (CANVAS, "k,studenttest,999,,graded,,,5.00,72.00,"),
        (GRADESCOPE, "k,Tina Teach,,tina@example.edu,graded,,,5.00,72.00,"),
    ],
    ids=["Canvas's test student", "an assistant who tried it"],
)
def test_what_staff_handed_in_to_try_it_stops_nothing(course, roster, row) -> None:
    merged = course.merge(roster=roster, code=_batch(row))
    assert [grade.code.earned for grade in merged.grades] == [None, None]
    assert any("is Canvas's test student" in text or "Tina Teach, is TA" in text for text in merged.remarks)


def _batch(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


ANN = "s1,Ann Able,001,ann@example.edu,graded,2027-02-18 10:00:00+00:00,,70.00,72.00,"


def test_what_is_said_of_the_late_and_the_refused_holds_where_people_have_set_marks_and_times(course, tmp_path) -> None:
    bob = "s2,bellbob,002,,refused,,late,60.00,72.00,the zip is empty"
    cay = "s3,003,,,graded,,late,12.00,72.00,"
    merged = course.merge(code=_batch(ANN, bob, cay))
    assert [remark for remark in merged.remarks if "Canvas" in remark or "refused" in remark] == [
        "late, as Canvas says; it does not say when, so that nothing is lost: bob, cay",
    ]
    times = "student,code\nann,2027-02-18 10:00\nbob,2027-02-19 10:00\ncay,2027-02-25 10:00\n"
    merged = course.merge(code=_batch(ANN, bob, cay), times=times)
    assert merged.remarks == [
        "late with the code, 1 student: cay",
        "only the code is counted: there is no table of marks for the report",
    ]


def test_a_batchs_own_table_gives_marks_times_and_what_was_refused(course, tmp_path) -> None:
    bob = "s2,bellbob,999,,graded,,late,60.00,72.00,"
    cay = "s3,003,,,refused,,,0.00,72.00,the zip is empty"
    folder = tmp_path / "graded"
    (folder / "students").mkdir(parents=True)
    (folder / "gradebook.csv").write_text(_batch(ANN, bob, cay))
    (tmp_path / "roster.csv").write_text(ROSTER)
    for path in (folder, folder / "gradebook.csv", folder / "students"):
        merged = merge(Inputs(tmp_path / "roster.csv", path), worth(72, 38), RUBRIC)
        assert _totals(merged) == {"ann": 7000, "bob": 6000, "cay": 0}
        assert merged.grades[0].code.said == "handed in on time"
        assert "refused, which counts 0: cay" in merged.remarks
        assert any(remark.startswith("late, as Canvas says") and remark.endswith(": bob") for remark in merged.remarks)


def test_a_mark_in_a_batchs_table_may_be_somebodys(course) -> None:
    excused = "s2,bellbob,999,,graded,,,ex,72.00,"
    failed = "s3,003,,,to grade again,,,12.00,72.00,not graded"
    ann, bob, cay = course.merge(code=_batch(ANN, excused, failed)).grades
    assert (ann.code.kept, bob.excused, cay.code.kept) == (7000, True, 1200)


@pytest.mark.parametrize("column", ["submission", "state", "points", "of"])
def test_a_batchs_table_with_a_column_of_another_name_is_not_passed_over(course, tmp_path, column) -> None:
    folder = tmp_path / "graded"
    (folder / "students" / "s1").mkdir(parents=True)
    (folder / "students" / "s1" / "results.json").write_text('{"score": 1}')
    header = HEADER.replace(",of,", ",graded,of,").replace(column, f"{column} (old)")
    (folder / "gradebook.csv").write_text(f"{header}{ANN.replace('72.00', '1.00,72.00')}\n")
    (tmp_path / "roster.csv").write_text(ROSTER)
    for path in (folder, folder / "gradebook.csv", folder / "students"):
        with pytest.raises(TableError, match=f"gradebook.csv, row 1: there is no column {column}, expected submission"):
            merge(Inputs(tmp_path / "roster.csv", path), worth(72, 38), RUBRIC)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ANN, ANN.replace("s1", "s4")], "code.csv, row 3, column email: 'ann@example.edu' is in row 2 already"),
        (["s1,ann,,,to grade again,,,,72.00,"], "code.csv, row 2, s1: to be graded again, as the grader failed; or"),
        ([ANN.replace("72.00", "100.00")], "code.csv, row 2, s1: graded for 100.00 points, the assignment has 72"),
        ([ANN.replace("70.00", "")], "code.csv, row 2, s1: '' of '72.00' is no mark"),
        (["s2,dora,,,graded,,,1.00,72.00,"], "code.csv, row 2, column name: there is no student 'dora' in the roster"),
        ([ANN.replace("001", "002")], "'ann@example.edu' and '002' and 'Ann Able' are ann and bob"),
    ],
)
def test_a_batchs_table_that_is_not_final_or_names_a_stranger_is_refused(course, rows, message) -> None:
    with pytest.raises(TableError) as caught:
        course.merge(code=_batch(*rows))
    assert message in str(caught.value)


def test_names_that_look_like_formulas_come_back_from_a_batchs_table(course, tmp_path) -> None:
    one = small_class()[0]
    gradebook.write(tmp_path / "graded.csv", [Record("k", (Person("=cmd()", "@007"),), one.card)], (), {})
    roster = 'student,name,sid\nx,"=cmd()",@007\n'
    text = (tmp_path / "graded.csv").read_text().replace("3.00,3.00,3.00,3.00", "3.00,3.00,3.00,72.00")
    merged = course.merge(roster=roster, code=text)
    assert _totals(merged) == {"x": 300}
    assert course.written(merged)["canvas.csv"][2][:3] == ["'=cmd()", "", "'@007"]


@pytest.mark.parametrize(
    "times",
    [
        "student,code\nann,2027-02-22 12:00\nbob,2027-02-19 23:59\ncay,2027-02-21 23:59\n",
        "Email;Submission Time\nann@example.edu;2027-02-22 12:00:00 -0500\nbob@example.edu;2027-02-19 23:59 EST\n"
        "Cay Coe;22.02.2027 04:59 UTC\n",
        'SID,Last modified (submission)\n001,"Monday, 22 February 2027, 12:00 PM"\n'
        '002,"Friday, 19 February 2027, 11:59 PM"\n003,"Sunday, 21 February 2027, 11:59 PM"\n',
        'student,submitted_at\nann,2027-02-22T17:00:00Z\nbob,"Feb 19, 2027 at 11:59pm"\ncay,2027-02-22T04:59:00Z\n',
    ],
    ids=["plain", "Gradescope", "Moodle", "Canvas"],
)
def test_times_are_read_as_each_platform_writes_them_in_the_assignments_zone(course, times) -> None:
    roster = ROSTER.replace("Cay Coe,,", "Cay Coe,Cay Coe,")
    merged = course.merge(roster=roster, times=times)
    assert [grade.code.kept for grade in merged.grades] == [0, 6050, 0]
    assert [grade.code.said.startswith("handed in on time") for grade in merged.grades] == [False, True, False]


@pytest.mark.parametrize("column", ["student", "Email", "SID"])
def test_an_extension_is_found_by_whatever_names_a_student_in_the_assignments_zone(course, column) -> None:
    who = {"student": "ann", "Email": "ANN@example.edu", "SID": "001"}[column]
    extensions = f'{column},due\n{who},"Feb 26, 2027 at 11:59pm"\n'
    merged = course.merge(
        times=f"{column},code\n{who},2027-02-26 23:59\n", extensions=extensions, code="SID,score\n001,70\n"
    )
    assert merged.grades[0].code.said == "handed in on time"


def test_moodles_worksheet_is_roster_and_times_at_once(course) -> None:
    code = "Identifier,score\nParticipant 4711,70\n"
    merged = course.merge(roster=WORKSHEET, code=code, times=WORKSHEET)
    assert [grade.code.said for grade in merged.grades] == ["handed in on time", "not handed in"]


def test_canvas_gets_its_own_number_of_the_assignment_back(course) -> None:
    merged = course.merge(roster=CANVAS, code="SIS User ID,score\n001,70\n")
    assert course.written(merged)["canvas.csv"][0][-1] == "HW 2 (123456)"


def test_a_column_that_canvas_does_not_have_is_told_beside_one_that_it_has(course) -> None:
    merged = course.merge(roster=CANVAS.replace("HW 2 (", "Homework 2 ("), code="SIS User ID,score\n001,70\n")
    assert course.written(merged)["canvas.csv"][0][-1] == "HW 2"
    told = "the roster has no column 'HW 2', and Canvas makes a new one: --column 'Homework 2' is one that it has"
    assert told in merged.remarks


@pytest.mark.parametrize(("name", "id"), [("Group A", "Participant 12"), ("groupa", "101")], ids=["Moodle", "Canvas"])
def test_what_a_group_hands_in_counts_for_all_of_it(course, name, id) -> None:
    roster = MOODLE_GROUPS
    merged = course.merge(roster=roster, code=_batch(f"k,{name},{id},,graded,,,60.00,72.00,"))
    assert _totals(merged) == {"ann@example.edu": 6000, "bob@example.edu": 6000, "cay@example.edu": 0}
