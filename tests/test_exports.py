"""Who handed in what, read from folders as course systems export them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from autograder import exports
from autograder.errors import SetupError, SubmissionError
from autograder.records import Person

GRADESCOPE = """\
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0815'
    :email: ada@example.org
  - :name: Charles Babbage
    :sid:
    :email: charles@example.org
  :created_at: 2027-02-18 21:03:11.123456000 Z
  :score: 12.0
submission_102:
  :submitters:
  - :name: Grace Hopper
    :sid: 4711
    :email: grace@example.org
  :created_at: 2027-02-19 08:00:00.000000000 Z
"""


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"PK")
    return folder


def _found(folder: Path) -> dict[str, tuple[str, str]]:
    return {one.key: (one.people[0].name, one.path.relative_to(folder).as_posix()) for one in exports.find(folder)}


def test_a_zip_in_a_folder_is_named_after_its_student(tmp_path) -> None:
    _touch(tmp_path, "ada.zip", "Grace Hopper.zip", "notes.txt", ".hidden.zip", "more/x.zip")
    assert _found(tmp_path) == {"ada": ("ada", "ada.zip"), "Grace-Hopper": ("Grace Hopper", "Grace Hopper.zip")}


def test_an_archive_of_another_kind_is_not_left_out(tmp_path) -> None:
    assert _found(_touch(tmp_path, "ada.rar")) == {"ada": ("ada", "ada.rar")}


def test_gradescope_names_all_of_a_group_and_the_time(tmp_path) -> None:
    _touch(tmp_path, "submission_101/part1_numpy/views.py", "submission_102/submission.zip")
    (tmp_path / "submission_metadata.yml").write_text(GRADESCOPE)
    first, second = exports.find(tmp_path)
    assert (first.key, first.handed_in) == ("submission_101", "2027-02-18 21:03:11.123456+00:00")
    assert first.people == (
        Person("Ada Lovelace", "0815", "ada@example.org"),
        Person("Charles Babbage", "", "charles@example.org"),
    )
    assert first.path == tmp_path / "submission_101"
    assert (second.people[0].id, second.path.name) == ("4711", "submission.zip")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "cannot be read"), (GRADESCOPE, "names submission_101, which is not in"), ("- 1", "holds no zip")],
    ids=["no YAML", "a folder is missing", "another table"],
)
def test_an_export_of_gradescope_that_is_not_whole_is_refused(tmp_path, text, message) -> None:
    (tmp_path / "submission_metadata.yml").write_text(text)
    with pytest.raises(SetupError, match=message):
        exports.find(tmp_path)


def test_canvas_says_who_is_late_and_the_newest_zip_counts(tmp_path) -> None:
    _touch(
        tmp_path,
        "lovelaceada_101_4711_submission.zip",
        "lovelaceada_101_4711_notes.pdf",
        "hoppergrace_LATE_102_4712_submission.zip",
        "hoppergrace_LATE_102_4712_submission-1.zip",
        "ünalömer_103_4713_late.rar",
    )
    assert _found(tmp_path) == {
        "lovelaceada_101": ("lovelaceada", "lovelaceada_101_4711_submission.zip"),
        "hoppergrace_102": ("hoppergrace", "hoppergrace_LATE_102_4712_submission-1.zip"),
        "ünalömer_103": ("ünalömer", "ünalömer_103_4713_late.rar"),
    }
    assert [one.late for one in exports.find(tmp_path)] == [True, False, False]


def test_moodle_names_folders_or_files(tmp_path) -> None:
    _touch(
        tmp_path,
        "Ada Lovelace_4711_assignsubmission_file_/submission.zip",
        "Ada Lovelace_4711_assignsubmission_onlinetext_/onlinetext.html",
        "Grace Hopper_4712_assignsubmission_file_submission.zip",
        "Alan Turing_4713_assignsubmission_file_/part1_numpy/views.py",
        "Ivan Ito_4714_assignsubmission_file_/homework.docx",
    )
    assert _found(tmp_path) == {
        "Ada-Lovelace_4711": ("Ada Lovelace", "Ada Lovelace_4711_assignsubmission_file_/submission.zip"),
        "Grace-Hopper_4712": ("Grace Hopper", "Grace Hopper_4712_assignsubmission_file_submission.zip"),
        "Alan-Turing_4713": ("Alan Turing", "Alan Turing_4713_assignsubmission_file_"),
        "Ivan-Ito_4714": ("Ivan Ito", "Ivan Ito_4714_assignsubmission_file_/homework.docx"),
    }


def test_no_two_students_share_a_folder_of_results(tmp_path) -> None:
    long = "x" * 90
    names = ("a b.zip", "a-b.zip", "A B.zip", "+.zip", "--.zip", f"{long}1.zip", f"{long}2.zip", "c.zip", "c.ZIP")
    _touch(tmp_path, *names)
    keys = [one.key for one in exports.find(tmp_path)]
    assert len({key.casefold() for key in keys}) == len(names)
    assert all(key and len(key) <= exports.MAX_KEY + 9 and not key.startswith((".", "-")) for key in keys)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_submissions_is_refused(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetupError, match=r"is no folder|holds no zip"):
        exports.find(tmp_path / name)


def test_an_unpacked_folder_is_packed_without_what_its_links_lead_to(tmp_path) -> None:
    folder = _touch(tmp_path / "one", "part1_numpy/views.py")
    (folder / "secret").symlink_to("/etc/hostname")
    (tmp_path / "one.zip").write_bytes(exports.read(folder, 1))
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["part1_numpy/views.py"]
    assert exports.read(folder, 1) == exports.read(folder, 1)


def test_what_is_too_large_is_refused_unread(tmp_path) -> None:
    with (tmp_path / "a.zip").open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(2 * 10**6)
    with pytest.raises(SubmissionError, match=r"the zip has 2.0 MB, at most 1 MB"):
        exports.read(tmp_path / "a.zip", 1)
    with (_touch(tmp_path / "b", "views.py") / "big").open("wb") as file:
        file.truncate(401 * 10**6)
    with pytest.raises(SubmissionError, match=r"the files have 401.0 MB, at most 400.0 MB"):
        exports.read(tmp_path / "b", 100)
