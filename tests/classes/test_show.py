"""What staff sees of a case that a submission fails: the same as at grading, and a script that repeats it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from homework import COURSE, ROOT

from autograder.classroom import case_script
from autograder.course import assignment as assignments
from autograder.course import mistakes
from autograder.errors import SetupError
from autograder.inside import host
from autograder.submission import packing

CHECK = "1.7-max-overlap"
KEY = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def wrong(tmp_path_factory) -> Path:
    """A class of one, whose windows overwrite each other where they overlap."""
    mistake = next(one for one in mistakes.load(COURSE) if one.loses == (CHECK,))
    folder = tmp_path_factory.mktemp("class")
    packing.write_zip(folder / "Ada Lovelace.zip", mistake.apply(COURSE.files()))
    (folder.parent / "secret.key").write_text(KEY)
    return folder


def _show(*arguments: object, status: int = 0) -> str:
    command = [sys.executable, "-m", "autograder", "show", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_failing_case_is_shown_and_its_script_repeats_it(wrong, tmp_path) -> None:
    out, key = tmp_path / "shown", wrong.parent / "secret.key"
    said = _show("Ada Lovelace", CHECK, "--class", wrong, "--out", out, "--key", key)
    assert f"{CHECK}: failed: " in said
    assert "students know" not in said
    assert out.stat().st_mode & 0o077 == 0
    folder = out / CHECK
    arrays = np.load(folder / "case.npz")
    assert np.array_equal(arrays["difference"], arrays["found"] - arrays["expected"])
    assert np.abs(arrays["difference"]).max() > 1e-3
    assert (folder / "difference.png").read_bytes().startswith(b"\x89PNG")
    summary = (folder / "case.txt").read_text(encoding="utf-8")
    assert "part1_numpy.pooling.MaxPool2d(" in summary
    assert summary.index(".forward(") < summary.index(".backward(")
    done = subprocess.run([sys.executable, folder / "repeat.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    at = np.unravel_index(np.abs(arrays["difference"]).argmax(), arrays["difference"].shape)
    both = f"found {arrays['found'][at]}, expected {arrays['expected'][at]}"
    told = f"furthest apart at {list(map(int, at))}: {both}"
    assert done.stdout == f"found {arrays['found']}\nexpected {arrays['expected']}\n{told}\n"


def test_arrays_in_a_script_lie_in_memory_as_they_do_in_the_box() -> None:
    plain = np.arange(12.0).reshape(3, 4)
    for name, layout in host.LAYOUTS.items():
        ours, boxed = eval(case_script.LAYOUTS[name].format("plain"), {"np": np, "plain": plain}), layout(plain)
        assert np.array_equal(ours, boxed)
        assert (ours.strides, ours.flags.writeable) == (boxed.strides, boxed.flags.writeable), name


def test_what_is_meant_by_nobody_is_one_sentence(wrong, tmp_path) -> None:
    said = _show("ada", CHECK, "--class", wrong, "--out", tmp_path, status=2)
    assert "has 0 submissions of 'ada', expected one: is it Ada-Lovelace?" in " ".join(said.split())
    said = _show(wrong / "Ada Lovelace.zip", "9.9", "--out", tmp_path, status=2)
    assert "9.9 is no check or TODO that asks code, expected one like 1.1-" in " ".join(said.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("student", ["Ada Lovelace", "Lovelace, Ada", "lovelaceada", "101"])
def test_a_student_of_canvas_is_found_by_the_name_that_people_write(wrong, tmp_path, student) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("lovelaceada_101_4711_submission.zip", "bellbob_102_4712_submission.zip"):
        shutil.copy(wrong / "Ada Lovelace.zip", folder / name)
    said = _show(student, CHECK, "--class", folder, "--out", tmp_path / "out", "--key", wrong.parent / "secret.key")
    assert f"{CHECK}: failed: " in said


def test_what_is_in_a_folder_already_is_never_mixed_with_another_case(wrong, tmp_path) -> None:
    from rich.console import Console

    from autograder.classroom import show

    (tmp_path / "notes.txt").write_text("ours")
    mode = tmp_path.stat().st_mode
    with pytest.raises(SetupError, match=r"holds notes.txt already, expected an empty folder, or none: choose another"):
        show.run(str(wrong / "Ada Lovelace.zip"), "", None, tmp_path, assignments.load(COURSE), 0, Console())
    with pytest.raises(SetupError, match="where it would be taken for a submission"):
        show.run("Ada Lovelace", "", wrong, wrong / "shown", assignments.load(COURSE), 0, Console())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert tmp_path.stat().st_mode == mode
