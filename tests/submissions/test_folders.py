"""A folder of a submission is graded like its zip, and refused like it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from homework import COURSE, bare

from autograder.authoring import variants as trials
from autograder.course.assignment import Limits
from autograder.errors import SubmissionError
from autograder.submission import folders, packing
from autograder.submission.entries import MAX_ENTRIES, MAX_UNPACKED
from autograder.submission.receive import Submission, open_submission

CODE = {"part1_numpy/linear.py": b"x = 1\n", "part1_numpy/deep/er.py": b"y = 2\n"}


def _open(tmp_path: Path) -> Submission:
    packed = folders.as_zip(tmp_path / "given", tmp_path / "zip", COURSE.layout)
    return open_submission(packed, tmp_path / "out", Limits(), bare(tmp_path / "ours"))


def test_the_files_of_a_folder_come_through(tmp_path) -> None:
    trials.write(tmp_path / "given", CODE)
    folder = _open(tmp_path).folder
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == CODE


def test_a_zip_that_lies_alone_in_the_folder_is_the_submission(tmp_path) -> None:
    (tmp_path / "given").mkdir()
    packing.write_zip(tmp_path / "given" / "mine.ZIP", CODE)
    assert folders.as_zip(tmp_path / "given", tmp_path / "zip", COURSE.layout) == tmp_path / "given" / "mine.ZIP"


def test_junk_beside_the_zip_does_not_hide_it(tmp_path) -> None:
    trials.write(tmp_path / "given", {".DS_Store": b"\0", "__MACOSX/._mine.zip": b"\0"})
    packing.write_zip(tmp_path / "given" / "mine.zip", CODE)
    assert folders.as_zip(tmp_path / "given", tmp_path / "zip", COURSE.layout) == tmp_path / "given" / "mine.zip"


def test_what_nobody_meant_counts_towards_no_limit_and_is_named_once(tmp_path) -> None:
    junk = {f"{top}/d/{n}.bin": b"" for top in (".git", "data", "runs", ".venv") for n in range(MAX_ENTRIES)}
    trials.write(tmp_path / "given", {**CODE, **junk, ".venv/pyvenv.cfg": b""})
    for name in (".venv/lib.bin", "data/cifar.bin", "lecture.mp4", "my_model_epoch9.pt"):
        with (tmp_path / "given" / name).open("wb") as file:
            os.truncate(file.fileno(), 50 * MAX_UNPACKED)
    submission = _open(tmp_path)
    ignored = "lecture.mp4, my_model_epoch9.pt, .git/, .venv/, data/, runs/"
    assert submission.notes[-1] == f"ignored, as these are no part of a submission: {ignored}"
    assert len([*submission.folder.rglob("*.py")]) == len(CODE)


def test_equal_folders_give_equal_zips(tmp_path) -> None:
    trials.write(tmp_path / "a", CODE)
    trials.write(tmp_path / "b", dict(reversed(CODE.items())))
    zips = [folders.as_zip(tmp_path / name, tmp_path / f"{name}.zip", COURSE.layout).read_bytes() for name in "ab"]
    assert zips[0] == zips[1]


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "."])
def test_a_link_is_never_followed(tmp_path, target) -> None:
    trials.write(tmp_path / "given", CODE)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "given" / "part1_numpy" / "link.py").symlink_to(target)
    with pytest.raises(SubmissionError, match=r"link\.py is a link or a device, expected the file itself"):
        _open(tmp_path)


def test_too_many_files_are_refused_as_in_a_zip(tmp_path) -> None:
    trials.write(tmp_path / "given", {**CODE, **{f"part1_numpy/{n}.py": b"" for n in range(MAX_ENTRIES)}})
    with pytest.raises(SubmissionError, match=rf"^the zip has {MAX_ENTRIES + 2} entries, at most {MAX_ENTRIES} are"):
        _open(tmp_path)


def test_a_huge_file_is_refused_without_being_read(tmp_path) -> None:
    trials.write(tmp_path / "given", CODE)
    with (tmp_path / "given" / "part1_numpy" / "huge.py").open("wb") as file:
        os.truncate(file.fileno(), 50 * MAX_UNPACKED)
    with pytest.raises(SubmissionError, match=r"^the submission unpacks to 20000.0 MB, at most 400.0 MB are"):
        _open(tmp_path)


def test_an_empty_folder_is_refused(tmp_path) -> None:
    (tmp_path / "given").mkdir()
    with pytest.raises(SubmissionError, match=r"^the zip is empty: make one with `make submit`$"):
        _open(tmp_path)


def test_a_name_that_is_no_text_is_no_crash(tmp_path) -> None:
    trials.write(tmp_path / "given", CODE)
    with open(os.fsencode(tmp_path / "given") + b"/\xff.py", "wb"):
        pass
    assert any("ignored" in note for note in _open(tmp_path).notes)
