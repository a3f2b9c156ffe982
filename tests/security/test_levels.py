"""The levels of isolation, each in a real process that has no more rights than that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from attacks import places
from homework import COURSE, ROOT

from autograder.conformance.mechanisms import Boxes
from autograder.inside.confinement.syscalls import ARM
from autograder.submission import packing

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or ARM,
    reason="root alone can give up rights, as x86-64 counts them",
)
FOLDER = Path(places.__file__).parent
LEVELS = {"user": "A", "container": "B", "old-container": "B-", "plain-user": "B-", "nothing": "C"}
EXAMINED = ("container", "plain-user")  # again among the slow ones, row by row


def run_at(place: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "places.py"), place, sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("place", "level"),
    [pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] in EXAMINED else []) for row in LEVELS.items()],
)
def test_the_doctor_finds_the_level_by_trying(place, level) -> None:
    done = run_at(place, "-m", "autograder", "doctor")
    text = " ".join(done.stdout.split())
    assert f"isolation level {level}:" in text, done.stdout + done.stderr
    assert done.returncode == (1 if level == "C" else 0)
    assert "tried from inside: read a private file of the grader," in text
    if level == "C":
        assert "fork" in text.partition("of which succeeded:")[2]
    if level in ("A", "B"):
        assert "of which succeeded: nothing" in text


@pytest.mark.parametrize(
    "place",
    ["user", "container", *(pytest.param(place, marks=pytest.mark.slow) for place in ("old-container", "plain-user"))],
)
@pytest.mark.parametrize(
    "classes",
    ["escape", pytest.param("forge leak dos malformed", marks=pytest.mark.slow)],
    ids=["escape", "all others"],
)
def test_at_each_level_hold_the_attacks_that_one_of_its_mechanisms_stops(place, classes) -> None:
    done = run_at(place, str(FOLDER / "at_level.py"), *classes.split())
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["level"] == LEVELS[place]
    assert found["wrong"] == []
    assert found["attacks"] > 20


def test_at_level_c_a_secret_seed_is_refused_as_a_fault_and_no_zero(reference, tmp_path) -> None:
    packing.write_zip(tmp_path / "a.zip", reference)
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o777)
    preset = COURSE.folder / "assignments" / "hw2p1.toml"
    out = tmp_path / "out"
    arguments = ["grade", str(tmp_path / "a.zip"), "--out", str(out), "--seed", "7", "--assignment", str(preset)]
    done = run_at("nothing", "-m", "autograder", *arguments)
    assert done.returncode == 2, done.stderr
    results = json.loads((out / "results.json").read_text())
    assert "a secret seed needs a box that keeps it" in results["output"]
    assert results["extra_data"]["grade_again"] is True
    assert "Traceback" not in done.stdout


def test_with_everything_off_the_level_is_c_and_says_what_was_reached(assignment) -> None:
    boxes = Boxes(assignment.limits)
    try:
        isolation = boxes.with_only().isolation
    finally:
        boxes.close()
    assert isolation.level == "C"
    assert not isolation.keeps_secrets
    expected = {"read a private file of the grader", "read another submission", "connect to a port", "fork"}
    assert expected | {"signal the grader", "use a keyring", "connect to an abstract socket"} <= set(isolation.reached)
    assert re.search(r"could read a private file of the grader, ", isolation.sentence())


@pytest.mark.slow
def test_attacks_on_memory_and_output_cost_the_trusted_process_less_than_200_mb() -> None:
    peaks = []
    for classes in ("malformed", "dos"):
        command = [sys.executable, str(FOLDER / "at_level.py"), classes]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        assert found["wrong"] == []
        peaks.append(found["peak_megabytes"])
    assert peaks[1] - peaks[0] < 200
