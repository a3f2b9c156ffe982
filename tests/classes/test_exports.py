"""Who handed in what, read from folders as course systems export them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from homework import COURSE, bare

from autograder.classroom import exports
from autograder.course.assignment import Limits
from autograder.errors import SetupError, SubmissionError
from autograder.reports.records import Person
from autograder.submission import packing
from autograder.submission.receive import open_submission

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
    handed = exports.find(folder, COURSE.layout).handed
    return {one.key: (one.people[0].name, one.path.relative_to(folder).as_posix()) for one in handed}


def _left_out(folder: Path) -> dict[str, str]:
    return {one.name: one.why for one in exports.find(folder, COURSE.layout).left_out}


def test_folders_are_taken_beside_loose_zips_and_what_is_not_graded_is_listed(tmp_path) -> None:
    _touch(tmp_path, "ada.zip", "Grace Hopper.zip", "notes.txt", ".hidden.zip", "__MACOSX/ada.zip")
    _touch(tmp_path, "alan/part1_numpy/views.py", "ivan/deep/work.zip", "ivan/report.pdf", "marie/essay.docx")
    (tmp_path / "nobody").mkdir()
    assert _found(tmp_path) == {
        "Grace-Hopper": ("Grace Hopper", "Grace Hopper.zip"),
        "ada": ("ada", "ada.zip"),
        "alan": ("alan", "alan"),
        "ivan": ("ivan", "ivan/deep/work.zip"),
        "marie": ("marie", "marie/essay.docx"),
    }
    assert _left_out(tmp_path) == {
        "nobody": "nobody is empty",
        "notes.txt": "no zip, no folder, and no name that a platform gives",
    }


def test_of_several_zips_in_a_folder_the_one_with_the_parts_counts_and_two_such_are_refused(tmp_path) -> None:
    for name in ("ada/work.zip", "bell/a.zip", "bell/b.zip", "same/a.zip", "same/b.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content = b"" if name.startswith("same") else name.encode()
        packing.write_zip(tmp_path / name, {"part1_numpy/views.py": content})
    packing.write_zip(tmp_path / "ada" / "figures.zip", {"figures/loss.png": b""})
    found = exports.find(tmp_path, COURSE.layout)
    ada, bell, same = found.handed
    assert (ada.path.name, same.path.name) == ("work.zip", "a.zip")
    assert {one.name: one.why for one in found.left_out} == {
        "figures.zip of ada": "work.zip is graded instead",
        "b.zip of same": "a.zip is graded instead",
    }
    with pytest.raises(SubmissionError, match=r"^2 zips were handed in, a.zip, b.zip: hand in one$"):
        exports.read(bell, COURSE.layout, 1)


def test_an_archive_of_another_kind_is_not_left_out(tmp_path) -> None:
    assert _found(_touch(tmp_path, "ada.rar")) == {"ada": ("ada", "ada.rar")}


def test_gradescope_names_all_of_a_group_and_the_time(tmp_path) -> None:
    _touch(tmp_path, "submission_101/part1_numpy/views.py", "submission_102/submission.zip")
    (tmp_path / "submission_metadata.yml").write_text(GRADESCOPE)
    first, second = exports.find(tmp_path, COURSE.layout).handed
    assert (first.key, first.handed_in) == ("submission_101", "2027-02-18 21:03:11.123456+00:00")
    assert first.people == (
        Person("Ada Lovelace", "0815", "ada@example.org"),
        Person("Charles Babbage", "", "charles@example.org"),
    )
    assert first.path == tmp_path / "submission_101"
    assert (second.people[0].id, second.path.name) == ("4711", "submission.zip")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "cannot be read"),
        (
            GRADESCOPE,
            r"submission_101 .Ada Lovelace, Charles Babbage.: named in submission_metadata.yml, and not there",
        ),
        ("- 1", "holds no zip"),
    ],
    ids=["no YAML", "a folder is missing", "another table"],
)
def test_an_export_of_gradescope_that_is_not_whole_is_refused(tmp_path, text, message) -> None:
    (tmp_path / "submission_metadata.yml").write_text(text)
    with pytest.raises(SetupError, match=message):
        exports.find(tmp_path, COURSE.layout)


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
    assert [one.late for one in exports.find(tmp_path, COURSE.layout).handed] == [True, False, False]


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
    keys = [one.key for one in exports.find(tmp_path, COURSE.layout).handed]
    assert len({key.casefold() for key in keys}) == len(names)
    assert all(key and len(key) <= exports.MAX_KEY + 9 and not key.startswith((".", "-")) for key in keys)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_submissions_is_refused(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetupError, match=r"is no folder|holds no zip"):
        exports.find(tmp_path / name, COURSE.layout)


def test_loose_python_files_in_a_students_folder_are_graded_as_they_lie_there(tmp_path) -> None:
    _touch(tmp_path, "ada/conv2d.py", "bell/conv2d.py", "bell/data.zip", "curie/Part 1/conv2d.py")
    _touch(tmp_path, "dirac/helper.py")
    packing.write_zip(tmp_path / "dirac" / "work.zip", {"part1_numpy/views.py": b""})
    assert {key: path for key, (_, path) in _found(tmp_path).items()} == {
        "ada": "ada",
        "bell": "bell",
        "curie": "curie",
        "dirac": "dirac/work.zip",
    }


def test_a_submission_of_gradescope_that_is_missing_or_unnamed_is_listed_and_the_others_are_graded(tmp_path) -> None:
    _touch(tmp_path, "submission_102/part1_numpy/views.py", "submission_103/part1_numpy/views.py")
    (tmp_path / "submission_metadata.yml").write_text(GRADESCOPE)
    assert list(_found(tmp_path)) == ["submission_102"]
    why = "named in submission_metadata.yml, and not there: export it again"
    assert _left_out(tmp_path) == {
        "submission_101 (Ada Lovelace, Charles Babbage)": why,
        "submission_103": "submission_metadata.yml does not name it",
    }


def test_plain_keys_and_rubys_own_classes_in_gradescopes_list_are_read(tmp_path) -> None:
    _touch(tmp_path, "submission_1/submission.zip")
    (tmp_path / "submission_metadata.yml").write_text(
        "\ufeffsubmission_1:\n  submitters:\n  - name: Ada\n    sid: '007'\n    email: ada@example.org\n"
        "  results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess\n    score: 1\n"
    )
    (one,) = exports.find(tmp_path, COURSE.layout).handed
    assert one.people == (Person("Ada", "007", "ada@example.org"),)


def test_canvas_names_anonymous_students_late_ones_and_texts(tmp_path) -> None:
    _touch(
        tmp_path,
        "LATE_anon_x7Yz2_4711_submission.zip",
        "anon_Ab3dE_4712_submission.zip",
        "anonymous_99_4713_submission.zip",
        "lovelaceada_101_4720_submission.zip",
        "lovelaceada_101_4719_submission.zip",
        "hoppergrace_102_text.html",
        "turingalan_103_4730_conv2d.py",
        "team_a_104_4740_2027_02_work.zip",
    )
    found = {one.key: one for one in exports.find(tmp_path, COURSE.layout).handed}
    assert {key: one.path.name for key, one in found.items()} == {
        "anon_x7Yz2": "LATE_anon_x7Yz2_4711_submission.zip",
        "anon_Ab3dE": "anon_Ab3dE_4712_submission.zip",
        "anon_99": "anonymous_99_4713_submission.zip",
        "lovelaceada_101": "lovelaceada_101_4720_submission.zip",
        "hoppergrace_102": "hoppergrace_102_text.html",
        "turingalan_103": "turingalan_103_4730_conv2d.py",
        "team_a_104": "team_a_104_4740_2027_02_work.zip",
    }
    assert [key for key, one in found.items() if one.late] == ["anon_x7Yz2"]
    assert _left_out(tmp_path) == {
        "lovelaceada_101_4719_submission.zip": "lovelaceada_101_4720_submission.zip is graded instead"
    }
    with pytest.raises(SubmissionError, match="a text typed into a form was handed in, expected a zip"):
        exports.read(found["hoppergrace_102"], COURSE.layout, 1)


def test_moodle_names_participants_groups_and_texts_with_and_without_a_line_at_the_end(tmp_path) -> None:
    _touch(
        tmp_path,
        "Participant_4711_assignsubmission_file/submission.zip",
        "Group A_12_assignsubmission_file_/submission.zip",
        "Default group_assignsubmission_file/submission.zip",
        "Ada Lovelace_4712_assignsubmission_onlinetext/onlinetext.html",
        "Ivan Ito_4713_assignsubmission_file_submission.zip",
        "Ivan Ito_4713_assignsubmission_onlinetext_onlinetext.html",
    )
    found = {one.key: one for one in exports.find(tmp_path, COURSE.layout).handed}
    assert {key: one.people[0] for key, one in found.items()} == {
        "Participant_4711": Person("Participant", "Participant 4711"),
        "Group-A_12": Person("Group A", "Participant 12"),
        "Default-group": Person("Default group", "Participant"),
        "Ada-Lovelace_4712": Person("Ada Lovelace", "Participant 4712"),
        "Ivan-Ito_4713": Person("Ivan Ito", "Participant 4713"),
    }
    with pytest.raises(SubmissionError, match="a text typed into a form"):
        exports.read(found["Ada-Lovelace_4712"], COURSE.layout, 1)
    assert _left_out(tmp_path) == {"Ivan Ito_4713_assignsubmission_onlinetext_onlinetext.html": "typed into a form"}


@pytest.mark.parametrize("top", ["", "assignment_7_export/"])
@pytest.mark.parametrize("export", ["gradescope", "canvas", "moodle", "zips"])
def test_a_zip_of_a_class_is_taken_as_it_is(tmp_path, export, top) -> None:
    files = {
        "gradescope": {
            "submission_metadata.yml": GRADESCOPE.encode(),
            "submission_101/part1_numpy/views.py": b"",
            "submission_102/part1_numpy/views.py": b"",
        },
        "canvas": {"lovelaceada_101_1_a.zip": b"PK", "hoppergrace_LATE_102_2_a.zip": b"PK"},
        "moodle": {"Ada Lovelace_1_assignsubmission_file/a.zip": b"PK", "Zoé_2_assignsubmission_file/a.zip": b"PK"},
        "zips": {"ada.zip": b"PK", "grace.zip": b"PK", "__MACOSX/._ada.zip": b"", ".DS_Store": b""},
    }[export]
    packing.write_zip(tmp_path / "class.zip", {top + name: content for name, content in files.items()})
    with exports.opened(tmp_path / "class.zip", COURSE.layout) as found:
        assert len(found.handed) == 2
        assert found.left_out == []
        where = found.handed[0].path
        assert where.exists()
    assert not where.exists()


def test_an_export_that_lies_in_a_folder_is_taken_if_alone_and_named_if_not(tmp_path) -> None:
    (tmp_path / "class").mkdir()
    names = ("lovelaceada_101_1_a.zip", "hoppergrace_102_2_a.zip")
    packing.write_zip(tmp_path / "class" / "submissions.zip", dict.fromkeys(names, b"PK"))
    with exports.opened(tmp_path / "class", COURSE.layout) as found:
        assert [one.key for one in found.handed] == ["hoppergrace_102", "lovelaceada_101"]
    _touch(tmp_path / "class", "ada.zip")
    why = "it is an export of a whole class: autograder batch grades it by itself"
    packing.write_zip(tmp_path / "class" / "bell.zip", {"part1_numpy/views.py": b"", "run_1_2_log.txt": b""})
    assert _left_out(tmp_path / "class") == {"submissions.zip": why}


def test_no_name_in_a_zip_of_a_class_leads_out_of_it_and_no_link_is_made(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("ada.zip", b"PK")
        archive.writestr("../evil.zip", b"PK")
        link = zipfile.ZipInfo("bell.zip")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with exports.opened(tmp_path / "class.zip", COURSE.layout) as found:
        assert [one.key for one in found.handed] == ["ada"]
        assert {one.name: one.why for one in found.left_out} == {
            "../evil.zip": "its name leads out of the zip, or cannot be written",
            "bell.zip": "a link or a device, expected the file itself",
        }
        assert not (found.handed[0].path.parent.parent / "evil.zip").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"part1_numpy/views.py": b""}, "class.zip holds one submission, expected a class's: use autograder grade"),
        ({"readme.txt": b""}, "nothing in class.zip can be graded: readme.txt: no zip, no folder, and no name"),
        (None, "class.zip is no zip or damaged"),
    ],
)
def test_a_zip_that_is_no_class_is_refused_in_a_sentence(tmp_path, files, message) -> None:
    if files is None:
        (tmp_path / "class.zip").write_bytes(b"PK\3\4")
    else:
        packing.write_zip(tmp_path / "class.zip", files)
    with pytest.raises(SetupError, match=message), exports.opened(tmp_path / "class.zip", COURSE.layout):
        pass


LINKS = {
    "a zip": "ada.zip",
    "a student's folder": "ada",
    "the only file of a folder": "ada/submission.zip",
    "a folder of Gradescope": "submission_101",
    "the only file of Gradescope's folder": "submission_101/submission.zip",
    "a folder of Moodle": "Ada_1_assignsubmission_file",
    "the only file of Moodle's folder": "Ada_1_assignsubmission_file_/submission.zip",
    "a file of Canvas": "ada_101_4711_submission.zip",
    "a file of a part": "ada/part1_numpy/linear.py",
    "a part": "ada/part1_numpy",
}


@pytest.mark.parametrize("name", LINKS.values(), ids=LINKS)
def test_no_link_is_followed_wherever_it_stands(tmp_path, name) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    packing.write_zip(secret / "other.zip", {"part1_numpy/linear.py": b"secret = 1"})
    (secret / "linear.py").write_bytes(b"secret = 1")
    folder = tmp_path / "class"
    (folder / name).parent.mkdir(parents=True)
    is_folder = not name.endswith((".zip", ".py"))
    target = secret if is_folder else secret / "linear.py" if name.endswith(".py") else secret / "other.zip"
    (folder / name).symlink_to(target)
    if "part1_numpy" in name:
        _touch(folder, "ada/part1_numpy2/x.py", *([] if is_folder else ["ada/part1_numpy/views.py"]))
    if name.startswith("submission_101"):
        (folder / "submission_metadata.yml").write_text(GRADESCOPE.partition("submission_102")[0])
    (one,) = exports.find(folder, COURSE.layout).handed
    with pytest.raises(SubmissionError, match=r"is a link( or a device)?, expected the file itself"):  # noqa: PT012
        (tmp_path / "read.zip").write_bytes(exports.read(one, COURSE.layout, 1))
        open_submission(tmp_path / "read.zip", tmp_path / "out", Limits(), bare(tmp_path / "bare"))


def test_a_pipe_is_refused_and_never_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "ada.zip")
    (one,) = exports.find(tmp_path, COURSE.layout).handed
    with pytest.raises(SubmissionError, match="the submission is no regular file, expected a zip"):
        exports.read(one, COURSE.layout, 1)


def test_an_unpacked_folder_is_packed_the_same_each_time(tmp_path) -> None:
    _touch(tmp_path / "class", "one/part1_numpy/views.py")
    (one,) = exports.find(tmp_path / "class", COURSE.layout).handed
    (tmp_path / "one.zip").write_bytes(exports.read(one, COURSE.layout, 1))
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["part1_numpy/views.py"]
    assert exports.read(one, COURSE.layout, 1) == exports.read(one, COURSE.layout, 1)


def test_what_is_too_large_is_refused_unread(tmp_path) -> None:
    with (_touch(tmp_path, "a.zip") / "a.zip").open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(2 * 10**6)
    with (_touch(tmp_path / "b", "part1_numpy/views.py") / "part1_numpy/big.py").open("wb") as file:
        file.truncate(401 * 10**6)
    a, b = exports.find(tmp_path, COURSE.layout).handed
    with pytest.raises(SubmissionError, match=r"the zip has 2.0 MB, at most 1 MB"):
        exports.read(a, COURSE.layout, 1)
    with pytest.raises(SubmissionError, match=r"the submission unpacks to 401.0 MB, at most 400.0 MB"):
        exports.read(b, COURSE.layout, 100)
