"""`autograder grade` as a grader runs it: exit status, results.json, and what a kill leaves behind."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from homework import COURSE, ROOT
from rich.console import Console

from autograder.conformance import doctor as health
from autograder.course import assignment as assignments
from autograder.errors import SetupError
from autograder.grading import marking
from autograder.inside import variables
from autograder.reports.scores import Outcome
from autograder.sandbox import box as boxes
from autograder.submission import packing


def _command(zip_path: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "autograder", "grade", str(zip_path), "--out", str(out), *options]


def _grade(zip_path: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(zip_path, out, *options), cwd=ROOT, capture_output=True, text=True, check=False)


def _results(out: Path) -> dict:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads((out / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.fixture
def small() -> Path:
    """An assignment of part 1 alone, so that a whole process takes few seconds."""
    return COURSE.folder / "assignments" / "hw2p1.toml"


def test_the_reference_is_graded_with_status_0(small, reference, tmp_path) -> None:
    packing.write_zip(tmp_path / "a.zip", reference)
    done = _grade(tmp_path / "a.zip", tmp_path / "out", "--assignment", str(small))
    assert done.returncode == 0, done.stderr
    results = _results(tmp_path / "out")
    assert results["score"] == 100
    assert results["extra_data"]["graded_with"].startswith(
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
    assert {test["status"] for test in results["tests"]} == {"passed"}
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_refused_zip_ends_with_status_1_and_one_sentence(small, tmp_path) -> None:
    (tmp_path / "a.zip").write_bytes(b"this is no zip")
    done = _grade(tmp_path / "a.zip", tmp_path / "out", "--assignment", str(small))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert _results(tmp_path / "out")["score"] == 0
    assert _results(tmp_path / "out")["output"]


def test_a_fault_of_ours_ends_with_status_2_and_says_so(small, reference, tmp_path) -> None:
    packing.write_zip(tmp_path / "a.zip", reference)
    broken = tmp_path / "assignment.toml"
    broken.write_text(small.read_text(encoding="utf-8").replace("points = 100", "points = -1"), encoding="utf-8")
    done = _grade(tmp_path / "a.zip", tmp_path / "out", "--assignment", str(broken))
    assert done.returncode == 2
    assert "parts.1.points" in _results(tmp_path / "out")["output"]
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(small, tmp_path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = _grade(tmp_path / "a.zip", tmp_path / "taken" / "out", "--assignment", str(small))
    assert done.returncode == 2
    assert done.stderr.endswith("taken/out: Not a directory\n")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_results_are_valid_whenever_the_grader_is_killed(small, reference, tmp_path) -> None:
    packing.write_zip(tmp_path / "a.zip", reference)
    draw = random.Random(0)
    whole = 3.5  # seconds; about what one run takes
    earned = []
    for round_number in range(20):
        out = tmp_path / f"out{round_number}"
        process = subprocess.Popen(
            _command(tmp_path / "a.zip", out, "--assignment", str(small)),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (out / "results.json").exists():
            assert process.poll() is None
            time.sleep(0.01)
        _sleep_until_killed(process, draw.uniform(0, whole))
        earned.append(_results(out)["score"])
        assert len(_results(out)["tests"]) > 20
    assert all(0 <= score <= 100 for score in earned)
    assert _zygotes() == set()


def _sleep_until_killed(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _zygotes() -> set[int]:
    """Zygotes whose starter is gone, after a moment to end."""
    deadline = time.monotonic() + 5
    while True:
        rows = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        orphans = {int(row.split()[0]) for row in rows.splitlines() if "inside.zygote" in row and row.split()[1] == "1"}
        if not orphans or time.monotonic() > deadline:
            return orphans
        time.sleep(0.1)


def test_what_a_killed_grader_leaves_is_removed_by_the_next(box) -> None:
    from autograder.sandbox import temporary

    abandoned = Path(tempfile.mkdtemp(prefix=temporary.PREFIX))
    (abandoned / "file").write_text("x")
    inner = os.open(abandoned, os.O_RDONLY)
    for _ in range(3000):  # deeper than any path, and than Python's own removal goes
        os.mkdir("d", dir_fd=inner)
        outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    old = time.time() - 2 * temporary.YOUNG_SECONDS
    os.utime(abandoned, (old, old))
    os.utime(box.submissions, (old, old))
    temporary.sweep()
    assert not abandoned.exists()
    assert box.submissions.exists()


def test_student_code_runs_with_the_variables_that_keep_its_memory(box) -> None:
    with box.room() as folder:
        (folder / "look.py").write_text("import os\n\n\ndef look():\n    return dict(os.environ)\n")
        for libraries in ("numpy", "torch"):
            student = box.student(folder, libraries)
            student.allow(20)
            assert variables.MEMORY.items() <= student.call("look:look").items()
            student.renew()


def test_a_zygote_that_does_not_start_says_why(assignment, monkeypatch) -> None:
    monkeypatch.setitem(boxes.KINDS, "numpy", dataclasses.replace(boxes.NUMPY, modules=("no_such_module",)))
    with boxes.Box(assignment.limits) as box, box.room() as folder:
        student = box.student(folder, "numpy")
        with pytest.raises(SetupError, match=r"the sandbox does not start: ModuleNotFoundError: .*no_such_module"):
            student.new("part1_numpy.linear:Flatten")


def test_the_doctor_names_what_keeps_a_worker_from_starting(monkeypatch) -> None:
    monkeypatch.setitem(boxes.KINDS, "torch", dataclasses.replace(boxes.TORCH, modules=("no_such_module",)))
    with pytest.raises(SetupError, match=r"the sandbox does not start: ModuleNotFoundError: .*no_such_module"):
        health.report(assignments.load(COURSE), Console(file=io.StringIO()))


def test_what_the_machine_lacks_is_said_in_the_place_of_the_check() -> None:
    verdict = marking.verdict(SetupError("the sandbox does not start: no space left"))
    assert (verdict.outcome, verdict.message) == (Outcome.BROKEN, "the sandbox does not start: no space left")
