"""A class graded as an instructor does it: resumed, graded again, with bad submissions and processes that die."""

from __future__ import annotations

import shutil
import subprocess
import sys
from io import StringIO

import make_class
import pytest
from homework import COURSE, ROOT
from rich.console import Console

from autograder.classroom import batch, origin
from autograder.classroom import executors as crew
from autograder.classroom import grader as warm
from autograder.classroom.grader import Order
from autograder.classroom.store import Store
from autograder.errors import SetupError, TableError
from autograder.grading.versions import versions
from autograder.reports import sheets
from autograder.reports.class_text import SHOWN, say_by_hand
from autograder.reports.records import Record, State


def test_a_long_list_of_marks_set_by_hand_ends_where_they_stand() -> None:
    rows = [{"submission": f"student{number}", "points": "12.5"} for number in range(SHOWN + 5)]
    console = Console(file=StringIO(), width=100)
    say_by_hand([], rows, [], console)
    said = console.file.getvalue().splitlines()
    assert said[1] == "  student0: 12.5"
    assert said[-1] == "and 5 more: gradebook.csv has all"


def test_a_bad_submission_costs_only_itself(grade_class, folder, tmp_path) -> None:
    records, _, said = grade_class(folder)
    assert {key: record.state for key, record in records.items()} == {
        "ada": State.GRADED,
        "blank": State.GRADED,
        "cut": State.REFUSED,
    }
    rows = make_class.gradebook(tmp_path / "out")
    assert [rows[name]["points"] for name in ("ada", "blank", "cut")] == ["16.00", "0.00", "0.00"]
    assert "damaged" in rows["cut"]["why"]
    assert "3 submissions: 2 graded" in said
    for key in records:
        names = {path.name for path in (tmp_path / "out" / "students" / key).iterdir()}
        assert names == {"card.json", "results.json", "report.html"}


def test_what_is_not_graded_or_alike_is_said_on_the_terminal_and_the_page(grade_class, folder, tmp_path) -> None:
    (folder / "bell.zip").write_bytes((folder / "ada.zip").read_bytes())
    (folder / "curie.zip").symlink_to(folder / "ada.zip")
    (folder / "notes.txt").write_text("who is who")
    records, asked, said = grade_class(folder)
    assert asked == 4
    assert records["curie"].card.refusal == "curie.zip is a link, expected the file itself"
    page = (tmp_path / "out" / "class.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert "notes.txt" in text
        assert "no zip, no folder, and no name that a platform gives" in text
        assert "ada; bell" in text
        assert "the whole zip" in text
    assert "ada; bell; curie" not in said + page
    assert grade_class(folder)[2].count("the whole zip") == 1  # also when nothing is graded


def test_only_what_has_changed_is_graded_again(grade_class, folder, small, right) -> None:
    _, asked, said = grade_class(folder)
    assert asked == 3
    assert "3 submissions: 2 graded in" in said
    assert "0 unchanged, 1 refused" in said
    assert grade_class(folder)[1] == 0
    (folder / "blank.zip").write_bytes(right)
    records, asked, said = grade_class(folder)
    assert asked == 1
    assert records["blank"].card.cents == 1600
    assert "marks that changed" in said
    _, asked, said = grade_class(folder, seed=7)
    assert asked == 3
    assert "3 of those that have marks are graded again, as this has changed: seed\n" in said
    tighter = small.limits.model_copy(update={"memory_megabytes": 2048})
    assert grade_class(folder, seed=7, assignment=small.model_copy(update={"limits": tighter}))[1] == 3


def test_what_people_edit_in_an_assignment_is_entered_without_grading(grade_class, folder, small, tmp_path) -> None:
    grade_class(folder)
    part = small.parts[3].model_copy(update={"points": 8.0, "title": "Rare classes"})
    changes = {"title": "Homework 2", "due": small.grace, "late_per_day": 0.5, "parts": {3: part}, "thresholds": {}}
    records, asked, said = grade_class(folder, assignment=small.model_copy(update=changes))
    assert asked == 0
    assert "0 graded in 0:00, 0 unchanged, 3 with other points for what was graded before, 1 refused" in said
    assert [one.card.cents for one in records.values()] == [800, 0, 0]
    assert {one.card.title for one in records.values()} == {"Homework 2"}
    assert make_class.gradebook(tmp_path / "out")["ada"]["before"] == "16.00"
    page = (tmp_path / "out/students/ada/report.html").read_text(encoding="utf-8")
    assert "Rare classes" in page
    assert grade_class(folder, assignment=small.model_copy(update=changes))[2].count("3 unchanged") == 1


def test_a_regrading_shows_old_marks_beside_new_ones(grade_class, folder, small, tmp_path) -> None:
    grade_class(folder)
    records, asked, said = grade_class(folder, regrade=True)
    assert asked == 3
    assert "marks that changed" not in said
    assert records["ada"].before == records["ada"].points
    halved = small.parts[3].model_copy(update={"points": 8.0})
    records, _, said = grade_class(folder, assignment=small.model_copy(update={"parts": {3: halved}}), regrade=True)
    assert "16.00" in said
    assert "8.00" in said
    assert make_class.gradebook(tmp_path / "out")["ada"]["before"] == "16.00"
    changes = make_class.table(tmp_path / "out" / "changes.csv")
    assert {(row["submission"], row["what changed"]) for row in changes} == {("ada", "assignment")}
    assert sum(float(row["now"]) - float(row["before"]) for row in changes) == pytest.approx(-8)


def test_a_mark_that_was_set_by_hand_stays_whatever_is_graded_again(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    table = tmp_path / "out" / "gradebook.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("0.00,0.00,16.00", "12.5,0,16", 1), encoding="utf-8")  # as a spreadsheet writes it
    for regrade in (False, True):
        said = grade_class(folder, regrade=regrade)[2]
        assert "set by hand in gradebook.csv, and kept:\n  blank: 12.5, graded 0.00" in said
        rows = make_class.gradebook(tmp_path / "out")
        assert [(rows[name]["points"], rows[name]["graded"]) for name in ("ada", "blank")] == [
            ("16.00", "16.00"),
            ("12.5", "0.00"),
        ]


def test_a_mark_that_was_set_by_hand_outlasts_a_run_over_a_part_of_the_class(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    table = tmp_path / "out" / "gradebook.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("0.00,0.00,16.00", "12.5,0,16", 1), encoding="utf-8")
    late = tmp_path / "late"
    late.mkdir()
    (late / "ada.zip").write_bytes((folder / "ada.zip").read_bytes())
    said = grade_class(late)[2]
    assert "of submissions that are not in this class:\n  blank: 12.5\n" in said
    elsewhere = (
        "graded before, kept, and in no table, as they are not in this class: a run over the whole class has them"
    )
    assert f"{elsewhere}:\n  cut\n" in said
    assert {name: row["points"] for name, row in make_class.gradebook(tmp_path / "out").items()} == {
        "ada": "16.00",
        "blank": "12.5",
    }
    said = grade_class(folder)[2]
    assert "and kept:\n  blank: 12.5, graded 0.00" in said
    assert elsewhere not in said
    shutil.rmtree(tmp_path / "out" / "students" / "blank")
    assert "and kept:\n  blank: 12.5, graded 0.00" in grade_class(folder)[2]  # graded anew
    assert len(make_class.table(table)) == 3


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        ("12.5", "12.5 points, expected 0 to 8"),
        ("-1", "-1 points, expected 0 to 8"),
        ("seven", "'seven' is no number"),
        ("8,0", ""),
        ("EX", ""),
    ],
)
def test_a_mark_set_by_hand_that_the_assignment_does_not_have_is_kept_and_named(
    grade_class, folder, small, tmp_path, mark, says
) -> None:
    unfit = "no marks of this assignment, which `autograder gradebook` refuses: mend the column points of gradebook.csv"
    grade_class(folder)
    table = tmp_path / "out" / "gradebook.csv"
    rows = make_class.table(table)
    rows[1]["points"] = mark
    sheets.write(table, [rows[0].keys(), *(row.values() for row in rows)])
    halved = small.model_copy(update={"parts": {3: small.parts[3].model_copy(update={"points": 8.0})}})
    said = grade_class(folder, assignment=halved)[2]
    assert f"set by hand in gradebook.csv, and kept:\n  blank: {mark}, graded 0.00 of 8.00\n" in said
    assert (f"{unfit}:\n  blank: {says}\n" in said) == bool(says)
    assert make_class.gradebook(tmp_path / "out")["blank"]["points"] == mark


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("\ncut,", ",forgot the file\ncut,", r"row 3: \d+ cells, expected \d+"),
        ("graded", "was", "row 1: there is no column graded, expected submission, id, email, points, graded"),
        ("\ncut,", "\nada,ada,,\ncut,", "row 4, column submission: 'ada' is in row 2 already"),
        ("submission", "PK\3\4", "it is a workbook, expected CSV"),
    ],
    ids=["a comment beside the table", "a column with another name", "a row that is there twice", "a workbook"],
)
def test_a_gradebook_that_cannot_be_read_is_not_overwritten(grade_class, folder, tmp_path, old, new, says) -> None:
    grade_class(folder)
    table = tmp_path / "out" / "gradebook.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    for regrade in (False, True):
        with pytest.raises(TableError, match=rf"{says}.*marks set by hand may stand there: mend it, or move it away"):
            grade_class(folder, regrade=regrade)
    assert table.read_text(encoding="utf-8") == text.replace(old, new, 1)


def test_a_regrading_that_was_killed_goes_on_where_it_was(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    grade_class(folder, regrade=True)
    records = Store(tmp_path / "out").load(["ada"])
    assert records["ada"].run
    (tmp_path / "out" / batch.REGRADING).write_text(records["ada"].run)  # as if the end had not been reached
    (folder / "new.zip").write_bytes((folder / "blank.zip").read_bytes())
    assert grade_class(folder, regrade=True)[1] == 1
    assert not (tmp_path / "out" / batch.REGRADING).exists()


def test_pages_are_written_again_without_grading_when_their_code_has_changed(grade_class, folder, tmp_path) -> None:
    records, _, _ = grade_class(folder)
    store = Store(tmp_path / "out")
    old = Record(**{**vars(records["ada"]), "pages": "of another version"})
    with store.open():
        store.save(old, {"report.html": "old"})
    assert grade_class(folder)[1] == 0
    assert "<!doctype html>" in (tmp_path / "out/students/ada/report.html").read_text(encoding="utf-8")


def test_what_a_kill_leaves_half_written_is_put_in_order(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    students = tmp_path / "out" / "students"
    (students / "ada").rename(students / ".old-ada")  # between the two steps of a replacement
    (students / ".partial-blank").mkdir()
    (students / "cut" / "card.json").write_text('{"key": "cut"')
    _, asked, _ = grade_class(folder)
    assert asked == 1
    assert sorted(path.name for path in students.iterdir()) == ["ada", "blank", "cut"]


@pytest.mark.parametrize("out", ["", "graded"])
def test_results_among_the_submissions_are_refused_before_they_are_graded_as_one(small, folder, out) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(SetupError, match="where it would be taken for a submission: choose a folder beside it"):
        batch.run(folder, folder / out, small, 0, crew.processes(1), Console())
    assert sorted(folder.iterdir()) == before


def test_two_batches_never_write_to_one_folder(tmp_path) -> None:
    with Store(tmp_path).open(), pytest.raises(SetupError, match="another batch is writing to"), Store(tmp_path).open():
        pass


def test_results_are_for_their_owner_alone(tmp_path) -> None:
    with Store(tmp_path / "out").open():
        assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_another_version_of_the_grader_grades_nothing(small, right) -> None:
    graded = warm.grade(Order(right, small, 0, {**origin.code(COURSE), origin.LIBRARIES: "numpy 1.0"}))
    assert f"of another version ({versions()}): install the same everywhere" in graded.unfit


def _command(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "batch", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_class_is_graded_from_the_command_line(folder, tmp_path) -> None:
    preset = COURSE.folder / "assignments" / "hw2p1.toml"
    done = _command(folder, "--out", tmp_path / "out", "--assignment", preset, "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 submissions: 2 graded" in done.stdout
    assert [row["points"] for row in make_class.gradebook(tmp_path / "out").values()] == ["100.00", "0.00", "0.00"]


def test_a_class_that_is_not_there_is_one_sentence_and_status_2(tmp_path) -> None:
    done = _command(tmp_path / "missing", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "is no folder" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_class_of_one_size_is_always_the_same() -> None:
    first, second = (list(make_class.contents(6)) for _ in range(2))
    assert first == second
    assert len({kind for kind, _ in first}) == 6
