"""A class in one zip, and what nobody may be led to: links, pipes, names that lead out, too much."""

from __future__ import annotations

import os
import struct
import time
import zipfile

import pytest
from export_folders import GRADESCOPE, left_out, touch
from homework import COURSE, bare

from autograder.classroom import class_zip, exports
from autograder.course.assignment import Limits
from autograder.errors import SetupError, SubmissionError
from autograder.submission import packing
from autograder.submission.receive import open_submission


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
    touch(tmp_path / "class", "ada.zip")
    why = "it is an export of a whole class: autograder batch grades it by itself"
    packing.write_zip(tmp_path / "class" / "bell.zip", {"part1_numpy/views.py": b"", "run_1_2_log.txt": b""})
    assert left_out(tmp_path / "class") == {"submissions.zip": why}


@pytest.mark.parametrize("name", [f"run_1_2_{'x' * 300}", "_1" * 30_000 + "\n"])
def test_a_zip_with_names_that_no_file_can_have_is_no_export_and_ends_no_class(name, tmp_path) -> None:
    touch(tmp_path, "ada.zip")
    packing.write_zip(tmp_path / "bell.zip", {name: b"", "part1_numpy/views.py": b""})
    packing.write_zip(tmp_path / "eve.zip", {name: b""})
    began = time.process_time()
    assert [one.key for one in exports.find(tmp_path, COURSE.layout).handed] == ["ada", "bell", "eve"]
    assert time.process_time() - began < 2  # 0.01; by the square of the name's length, 5 or more


def test_a_zip_with_a_list_longer_than_a_class_needs_is_no_export(tmp_path) -> None:
    """Each of a million names takes a kilobyte of the process that grades others, too."""
    for count in (1000, 60_000):
        path = tmp_path / f"{count}.zip"
        packing.write_zip(path, {f"lovelaceada_101_1_{'x' * 230}": b""})
        whole = path.read_bytes()
        first, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
        numbers = struct.pack("<HHL", count, count, count * (end - first))
        path.write_bytes(whole[:first] + whole[first:end] * count + whole[end : end + 8] + numbers + whole[end + 16 :])
    assert class_zip.is_export(tmp_path / "1000.zip")
    assert not class_zip.is_export(tmp_path / "60000.zip")


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


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_a_class_with_a_damaged_upload_is_refused_in_a_sentence(tmp_path, method) -> None:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("ada.zip", bytes(1000))
        archive.writestr("bell.zip", b"PK")
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + bytes(255 - byte for byte in whole[50:56]) + whole[56:])
    with pytest.raises(SetupError, match=r"class\.zip is no zip or damaged"), exports.opened(path, COURSE.layout):
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
        touch(folder, "ada/part1_numpy2/x.py", *([] if is_folder else ["ada/part1_numpy/views.py"]))
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
    touch(tmp_path / "class", "one/part1_numpy/views.py")
    (one,) = exports.find(tmp_path / "class", COURSE.layout).handed
    (tmp_path / "one.zip").write_bytes(exports.read(one, COURSE.layout, 1))
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["part1_numpy/views.py"]
    assert exports.read(one, COURSE.layout, 1) == exports.read(one, COURSE.layout, 1)


def test_what_is_too_large_is_refused_unread(tmp_path) -> None:
    with (touch(tmp_path, "a.zip") / "a.zip").open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(2 * 10**6)
    with (touch(tmp_path / "b", "part1_numpy/views.py") / "part1_numpy/big.py").open("wb") as file:
        file.truncate(401 * 10**6)
    a, b = exports.find(tmp_path, COURSE.layout).handed
    with pytest.raises(SubmissionError, match=r"the zip has 2.0 MB, at most 1 MB"):
        exports.read(a, COURSE.layout, 1)
    with pytest.raises(SubmissionError, match=r"the submission unpacks to 401.0 MB, at most 400.0 MB"):
        exports.read(b, COURSE.layout, 100)
