"""Who handed in what, read from folders as course systems export them."""

from __future__ import annotations

import pytest
from export_folders import GRADESCOPE, found, left_out, touch
from homework import COURSE

from autograder.classroom import exports
from autograder.errors import SetupError, SubmissionError
from autograder.reports.records import Person
from autograder.submission import packing


def test_folders_are_taken_beside_loose_zips_and_what_is_not_graded_is_listed(tmp_path) -> None:
    touch(tmp_path, "ada.zip", "Grace Hopper.zip", "notes.txt", ".hidden.zip", "__MACOSX/ada.zip")
    touch(tmp_path, "alan/part1_numpy/views.py", "ivan/deep/work.zip", "ivan/report.pdf", "marie/essay.docx")
    (tmp_path / "nobody").mkdir()
    assert found(tmp_path) == {
        "Grace-Hopper": ("Grace Hopper", "Grace Hopper.zip"),
        "ada": ("ada", "ada.zip"),
        "alan": ("alan", "alan"),
        "ivan": ("ivan", "ivan/deep/work.zip"),
        "marie": ("marie", "marie/essay.docx"),
    }
    assert left_out(tmp_path) == {
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
    assert found(touch(tmp_path, "ada.rar")) == {"ada": ("ada", "ada.rar")}


def test_gradescope_names_all_of_a_group_and_the_time(tmp_path) -> None:
    touch(tmp_path, "submission_101/part1_numpy/views.py", "submission_102/submission.zip")
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
    touch(
        tmp_path,
        "lovelaceada_101_4711_submission.zip",
        "lovelaceada_101_4711_notes.pdf",
        "hoppergrace_LATE_102_4712_submission.zip",
        "hoppergrace_LATE_102_4712_submission-1.zip",
        "ünalömer_103_4713_late.rar",
    )
    assert found(tmp_path) == {
        "lovelaceada_101": ("lovelaceada", "lovelaceada_101_4711_submission.zip"),
        "hoppergrace_102": ("hoppergrace", "hoppergrace_LATE_102_4712_submission-1.zip"),
        "ünalömer_103": ("ünalömer", "ünalömer_103_4713_late.rar"),
    }
    assert [one.late for one in exports.find(tmp_path, COURSE.layout).handed] == [True, False, False]


def test_moodle_names_folders_or_files(tmp_path) -> None:
    touch(
        tmp_path,
        "Ada Lovelace_4711_assignsubmission_file_/submission.zip",
        "Ada Lovelace_4711_assignsubmission_onlinetext_/onlinetext.html",
        "Grace Hopper_4712_assignsubmission_file_submission.zip",
        "Alan Turing_4713_assignsubmission_file_/part1_numpy/views.py",
        "Ivan Ito_4714_assignsubmission_file_/homework.docx",
    )
    assert found(tmp_path) == {
        "Ada-Lovelace_4711": ("Ada Lovelace", "Ada Lovelace_4711_assignsubmission_file_/submission.zip"),
        "Grace-Hopper_4712": ("Grace Hopper", "Grace Hopper_4712_assignsubmission_file_submission.zip"),
        "Alan-Turing_4713": ("Alan Turing", "Alan Turing_4713_assignsubmission_file_"),
        "Ivan-Ito_4714": ("Ivan Ito", "Ivan Ito_4714_assignsubmission_file_/homework.docx"),
    }


def test_no_two_students_share_a_folder_of_results(tmp_path) -> None:
    long = "x" * 90
    names = ("a b.zip", "a-b.zip", "A B.zip", "+.zip", "--.zip", f"{long}1.zip", f"{long}2.zip", "c.zip", "c.ZIP")
    touch(tmp_path, *names)
    keys = [one.key for one in exports.find(tmp_path, COURSE.layout).handed]
    assert len({key.casefold() for key in keys}) == len(names)
    assert all(key and len(key) <= exports.MAX_KEY + 9 and not key.startswith((".", "-")) for key in keys)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_submissions_is_refused(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetupError, match=r"is no folder|holds no zip"):
        exports.find(tmp_path / name, COURSE.layout)


def test_loose_python_files_in_a_students_folder_are_graded_as_they_lie_there(tmp_path) -> None:
    touch(tmp_path, "ada/conv2d.py", "bell/conv2d.py", "bell/data.zip", "curie/Part 1/conv2d.py")
    touch(tmp_path, "dirac/helper.py")
    packing.write_zip(tmp_path / "dirac" / "work.zip", {"part1_numpy/views.py": b""})
    assert {key: path for key, (_, path) in found(tmp_path).items()} == {
        "ada": "ada",
        "bell": "bell",
        "curie": "curie",
        "dirac": "dirac/work.zip",
    }


def test_a_submission_of_gradescope_that_is_missing_or_unnamed_is_listed_and_the_others_are_graded(tmp_path) -> None:
    touch(tmp_path, "submission_102/part1_numpy/views.py", "submission_103/part1_numpy/views.py")
    (tmp_path / "submission_metadata.yml").write_text(GRADESCOPE)
    assert list(found(tmp_path)) == ["submission_102"]
    why = "named in submission_metadata.yml, and not there: export it again"
    assert left_out(tmp_path) == {
        "submission_101 (Ada Lovelace, Charles Babbage)": why,
        "submission_103": "submission_metadata.yml does not name it",
    }


def test_plain_keys_and_rubys_own_classes_in_gradescopes_list_are_read(tmp_path) -> None:
    touch(tmp_path, "submission_1/submission.zip")
    (tmp_path / "submission_metadata.yml").write_text(
        "\ufeffsubmission_1:\n  submitters:\n  - name: Ada\n    sid: '007'\n    email: ada@example.org\n"
        "  results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess\n    score: 1\n"
    )
    (one,) = exports.find(tmp_path, COURSE.layout).handed
    assert one.people == (Person("Ada", "007", "ada@example.org"),)


def test_canvas_names_anonymous_students_late_ones_and_texts(tmp_path) -> None:
    touch(
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
    assert left_out(tmp_path) == {
        "lovelaceada_101_4719_submission.zip": "lovelaceada_101_4720_submission.zip is graded instead"
    }
    with pytest.raises(SubmissionError, match="a text typed into a form was handed in, expected a zip"):
        exports.read(found["hoppergrace_102"], COURSE.layout, 1)


def test_moodle_names_participants_groups_and_texts_with_and_without_a_line_at_the_end(tmp_path) -> None:
    touch(
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
    assert left_out(tmp_path) == {"Ivan Ito_4713_assignsubmission_onlinetext_onlinetext.html": "typed into a form"}
