"""The students of a course as Canvas, Gradescope and Moodle export them, and who is meant by what a table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.classroom.gradebook import roster
from autograder.classroom.gradebook.roster import Roster
from autograder.errors import TableError

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,HW 2 (123456),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,110.00,(read only)
"Lovelace, Ada King",101,001,ada@example.edu,Section A,,
"Bell, Bob",102,002,bbell2,Section A,,
"Student, Test",999,,8b31e5c2a9d3f6,Section A,,
"""
CANVAS_TWO_NAMES = """LastName,FirstName,ID,SIS Login ID,Section
    Points Possible,,,,
Lovelace,Ada King,101,ada@example.edu,Section A
Bell,Bob,102,bbell2,Section A
"""
GRADESCOPE = """First Name,Last Name,SID,Email,Role,Section
Ada King,Lovelace,001,Ada@Example.edu,Student,A
Bob,Bell,002,bob@example.edu,Student,A
Tina,Teach,,tina@example.edu,TA,
Ira,Instruct,,ira@example.edu,Instructor,
"""
GRADESCOPE_GRADES = """First Name,Last Name,SID,Email,Sections,section_name,Total Score,Max Points,Status,When
Ada King,Lovelace,001,ada@example.edu,A,,70,72,Graded,2027-02-18 10:00:00 -0500
Bob,Bell,002,bob@example.edu,,B,,72,Missing,
"""
MOODLE = """\ufeff"First name",Surname,"ID number",Institution,Department,"Email address"
"Ada King",Lovelace,001,,,ada@example.edu
Bob,Bell,002,,,bob@example.edu
"""
TWO = """
Ada King,Lovelace,001,ada@example.edu
Bob,Bell,002,bob@example.edu
"""
MOODLE_NEW = "First name,Last name,ID number,Email address,Groups" + TWO
MOODLE_GERMAN = ("Vorname,Nachname,ID-Nummer,E-Mail-Adresse" + TWO).replace(",", ";")
MOODLE_FRENCH = "Prénom,Nom de famille,Numéro d'identification,Adresse de courriel" + TWO
MOODLE_SPANISH = "Nombre,Apellido(s),Número de ID,Dirección de correo" + TWO
WORKSHEET = (
    "\ufeffIdentifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 4711,Ada King Lovelace,001,ada@example.edu,Submitted for grading,,110.00,Yes,"
    '"Friday, 19 February 2027, 10:00 AM",-,\n'
    'Participant 4712,Bob Bell,002,bob@example.edu,No submission,,110.00,Yes,-,-,"two\nlines"\n'
)
ROSTERS = {
    "Canvas": CANVAS,
    "Canvas, two names": CANVAS_TWO_NAMES,
    "Canvas, shouted": CANVAS.replace("Student,ID", "STUDENT,id").replace("SIS", "sis"),
    "Canvas, of Europe": CANVAS.replace("Lovelace, Ada King", "Lovelace| Ada King").replace("Bell, Bob", "Bell| Bob")
    .replace("Student, Test", "Student| Test").replace(",", ";").replace("|", ","),
    "Gradescope": GRADESCOPE,
    "Gradescope's grades": GRADESCOPE_GRADES,
    "Moodle": MOODLE,
    "Moodle, later": MOODLE_NEW,
    "Moodle, German": MOODLE_GERMAN,
    "Moodle, French": MOODLE_FRENCH,
    "Moodle, Spanish": MOODLE_SPANISH,
    "Moodle's worksheet": WORKSHEET,
    "ours": "student,name,email,sid\nada,Ada King Lovelace,ada@example.edu,001\nbob,Bob Bell,bob@example.edu,002\n",
}  # fmt: skip


def _read(folder: Path, text: str) -> Roster:
    (folder / "roster.csv").write_bytes(text.encode())
    return roster.read(folder / "roster.csv")


@pytest.mark.parametrize("text", ROSTERS.values(), ids=ROSTERS)
def test_two_students_are_found_in_each_platforms_roster_by_name_email_and_number(tmp_path, text) -> None:
    found = _read(tmp_path, text)
    assert len(found.students) == 2
    ada, bob = found.students.values()
    assert found.find("lovelaceadaking") == found.find("Ada King Lovelace") == found.find("Lovelace, Ada King") == ada
    assert found.find("ADA@example.EDU") == ada
    assert found.find("Bob  bell") == found.find("nobody@example.edu", "bellbob") == bob
    if ada.sid:
        assert found.find("001") == ada


def test_a_number_called_id_is_canvass_only_in_canvass_own_columns(tmp_path) -> None:
    (ada,) = _read(tmp_path, "ID,Name,Email\n101,Ada,ada@example.edu\n").students.values()
    assert (ada.sid, ada.canvas_id, ada.participant) == ("101", "", "")
    ada, _ = _read(tmp_path, CANVAS).students.values()
    assert (ada.sid, ada.canvas_id, ada.participant) == ("001", "101", "")


def test_who_may_see_no_logins_gets_the_same_students_from_canvas(tmp_path) -> None:
    text = "\n".join(",".join(row[:-5] + row[-3:]) for row in (line.split(",") for line in CANVAS.splitlines())) + "\n"
    assert text.startswith("\ufeffStudent,ID,Section,HW 2 (123456),")
    found = _read(tmp_path, text)
    assert [(one.name, one.canvas_id) for one in found.students.values()] == [
        ("Lovelace, Ada King", "101"),
        ("Bell, Bob", "102"),
    ]
    assert found.said == ["row 6 is Canvas's test student"]


def test_who_is_no_student_is_said(tmp_path) -> None:
    assert _read(tmp_path, CANVAS).said == ["row 6 is Canvas's test student"]
    assert _read(tmp_path, GRADESCOPE).said == [
        "row 4, Tina Teach, is TA",
        "row 5, Ira Instruct, is Instructor",
    ]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["1"], "there is no student '1' in the roster: is it 001?"),
        (["1.0"], "there is no student '1.0' in the roster: is it 001?"),
        (["ada"], "there is no student 'ada' in the roster: is it ada@example.edu?"),
        (["Ada King Lovelance"], "there is no student 'Ada King Lovelance' in the roster: is it Lovelace, Ada King?"),
        (["nobody"], "there is no student 'nobody' in the roster"),
        (["101", "bellbob"], "'101' and 'bellbob' are ada@example.edu and bbell2"),
    ],
)
def test_a_student_who_is_not_there_is_asked_for(tmp_path, texts, message) -> None:
    with pytest.raises(TableError) as caught:
        _read(tmp_path, CANVAS).find(*texts)
    assert str(caught.value) == message


def test_a_number_that_two_students_have_on_different_systems_is_told_apart_by_the_name(tmp_path) -> None:
    found = _read(tmp_path, CANVAS.replace("102,002", "102,101"))
    assert found.find("101", "lovelaceadaking").canvas_id == "101"
    assert found.find("101", "bellbob").canvas_id == "102"
    with pytest.raises(TableError, match=r"^'101' may be ada@example.edu or bbell2$"):
        found.find("101")


def test_a_participants_number_in_moodle_is_no_students_number(tmp_path) -> None:
    found = _read(tmp_path, MOODLE.replace("001", "4712"))
    assert found.find("Participant 4712", "Bob Bell").email == "bob@example.edu"
    assert _read(tmp_path, WORKSHEET).find("Participant 4712").email == "bob@example.edu"


def test_those_who_left_or_are_excused_are_told_by_a_column(tmp_path) -> None:
    found = _read(tmp_path, "Student,Name,Status\nann,Ann,\nbob,Bob,dropped\ncay,Cay,EX\ndan,Dan,Active\n")
    assert (list(found.students), list(found.passed_over)) == (["ann", "cay", "dan"], ["bob"])
    assert [one.id for one in found.students.values() if one.excused] == ["cay"]
    with pytest.raises(TableError, match=r"row 2, column status: 'gone', expected active, excused or dropped"):
        _read(tmp_path, "student,status\nann,gone\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOODLE + '"Ada K.",Lovelace,003,,,ada@example.edu\n', "row 4: 'ada@example.edu' is in row 2 already"),
        ("Email,SID\n,\nada@example.edu,1\nbob@example.edu,1\n", None),
        ("First name,Last name,Email address\nAda,,\n,,\n,,  \nBob,Bell,\n", None),
        ("Topic,Room\nx,y\n", "row 1: there is no column student, nor one by which a platform names students"),
        ("student,name,shoe size\nann,Ann,38\n", "row 1: 'shoe size' is no known column"),
    ],
)
def test_a_roster_that_contradicts_itself_is_named_by_its_row(tmp_path, text, message) -> None:
    if message is None:
        assert len(_read(tmp_path, text).students) == 2
        return
    with pytest.raises(TableError, match=message):
        _read(tmp_path, text)
