"""Every attack of the table, through the real path: a zip, a box, checks. None earns a mark or gets out."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from attacks import report
from attacks.grading import LOSS, RELU, grade, on_homework, problems, public_inputs
from attacks.honest import UPLOADS, Upload
from homework import COURSE, ROOT

from autograder.conformance import bait as baits
from autograder.conformance import target
from autograder.conformance.bad_zips import ATTACKS as ZIPS
from autograder.conformance.judging import reached
from autograder.conformance.table import ATTACKED, ATTACKS, Attack
from autograder.course.assignment import Assignment
from autograder.inside.confinement.syscalls import ARM
from autograder.reports.scores import Outcome
from autograder.sandbox.box import Box
from autograder.submission import packing

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the box needs Linux")


def rows(attacks: Sequence[Attack] = ATTACKS) -> list:
    """Mark those that take long; leave out those that name system calls of another machine."""
    return [
        pytest.param(attack, id=attack.id, marks=[pytest.mark.slow] if attack.slow else [])
        for attack in attacks
        if not (attack.needs_x86 and ARM)
    ]


@pytest.fixture(scope="module")
def bait(box: Box, assignment: Assignment, reference: Mapping[str, bytes], tmp_path_factory) -> Iterator[baits.Bait]:
    zip_path = tmp_path_factory.mktemp("collect") / "a.zip"
    with baits.laid_out(box.submissions) as bait:
        known = {*target.public_inputs(box, zip_path), *public_inputs(reference, box, assignment, zip_path)}
        yield {**bait, "PUBLIC_INPUTS": sorted(known)}


@pytest.fixture(autouse=True)
def nothing_is_left(box: Box, bait: baits.Bait) -> Iterator[None]:
    """No process of a worker, no file of a submission survives its grading."""
    box.isolation  # noqa: B018 (starts the zygote, so that its processes are there before)
    before, neighbour = _workers(), Path(str(bait["NEIGHBOUR"]))
    yield
    deadline = time.monotonic() + 5
    while (left := _workers() - before) and time.monotonic() < deadline:
        time.sleep(0.02)  # a killed process takes a moment to be gone
    assert not left
    assert [path for path in box.submissions.iterdir() if path != neighbour] == []
    assert baits.traces(bait) == []


def _workers() -> set[int]:
    """Processes below this one that were forked from a zygote."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows if row.strip())}
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid for pid in found if _is_worker(pid)}


def _is_worker(pid: int) -> bool:
    try:
        return b"inside.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("attack", rows())
def test_an_attack_gains_nothing_and_costs_its_own_check_only(attack, bait, box, tmp_path) -> None:
    card = target.grade(attack.apply(target.RIGHT, bait), box, tmp_path / "a.zip", attack)
    assert problems(attack, card) == []


# What the checks of a homework have more: given files, and simpler cases that a wrong answer is asked about.
REAL = [row for row in ATTACKS if row.seed or row.kind == "malformed" or row.stopped_by == "given files are ours"]


@pytest.mark.parametrize("attack", rows(REAL))
def test_an_attack_gains_nothing_from_the_checks_of_the_homework(
    attack, bait, box, assignment, reference, tmp_path
) -> None:
    card = grade(on_homework(attack, reference, bait), box, assignment, tmp_path / "a.zip", attack)
    own = dataclasses.replace(attack, says=attack.says.replace(f"{target.PACKAGE}/", "part1_numpy/", 1))
    assert problems(own, card) == []


@pytest.mark.parametrize("upload", UPLOADS, ids=[upload.name for upload in UPLOADS])
def test_what_people_upload_is_graded_or_refused_in_a_sentence(upload: Upload, box, assignment, reference, tmp_path):
    card = grade(upload.make(dict(reference)), box, assignment, tmp_path / "a.zip")
    sentences = [card.refusal, *card.notes, card.marks[RELU].message]
    assert not card.broken
    if upload.outcome == "refused":
        assert upload.says in card.refusal
        return
    assert card.refusal == ""
    assert (card.marks[RELU].outcome.value, [upload.says in text for text in sentences].count(True) > 0) == (
        "raised" if upload.outcome == "skipped" else upload.outcome,
        True,
    ), sentences
    if upload.outcome != "skipped":
        assert card.marks[LOSS].outcome is Outcome.PASSED


@pytest.mark.parametrize(("content", "sentence"), ZIPS.values(), ids=ZIPS)
def test_a_malformed_zip_is_refused_and_nothing_of_it_is_graded(content, sentence, box, tmp_path) -> None:
    card = target.grade(content, box, tmp_path / "a.zip")
    assert re.search(sentence, card.refusal)
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.PENDING}
    assert card.cents == 0
    assert not card.broken


def test_the_public_answers_do_pass_with_the_public_seed(bait, box, tmp_path) -> None:
    """The control for the attack that knows them: without a secret seed it earns its mark."""
    row = next(attack for attack in ATTACKS if attack.name == "right for the public cases only")
    row = dataclasses.replace(row, seed=0)
    card = target.grade(row.apply(target.RIGHT, bait), box, tmp_path / "a.zip", row)
    assert card.marks[ATTACKED].outcome is Outcome.PASSED
    assert not reached(card)


@pytest.mark.parametrize(
    "name",
    [
        "characters that move the terminal's cursor",
        pytest.param("characters that are no text", marks=pytest.mark.slow),
        pytest.param("markup of the terminal's library", marks=pytest.mark.slow),
        pytest.param("an answer of 2 GB", marks=pytest.mark.slow),
        pytest.param("a verdict printed as JSON", marks=pytest.mark.slow),
    ],
)
def test_the_command_line_grades_an_attack_like_any_submission(name, reference, tmp_path) -> None:
    row = next(attack for attack in ATTACKS if attack.name == name)
    packing.write_zip(tmp_path / "a.zip", on_homework(row, reference, {}))
    preset = COURSE.folder / "assignments" / "hw2p1.toml"
    command = [sys.executable, "-m", "autograder", "grade", str(tmp_path / "a.zip"), "--out", str(tmp_path / "out")]
    command += ["--assignment", str(preset)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    lost = {test["extra_data"]["check"] for test in results["tests"] if test["status"] == "failed"}
    assert RELU in lost
    assert 80 < results["score"] < 100


def test_the_tables_of_the_security_page_say_what_is_tried() -> None:
    text = report.FILE.read_text(encoding="utf-8")
    assert report.updated(text) == text, "run python tests/security/attacks/report.py"


def test_the_table_has_no_two_rows_of_one_name_and_each_class_is_tried() -> None:
    assert len({row.id for row in ATTACKS}) == len(ATTACKS) > 200
    assert {row.kind for row in ATTACKS} == {"forge", "leak", "escape", "dos", "malformed"}
    assert [row.id for row in ATTACKS if not (row.says or row.unsaid or row.outcome in ("passed", "lost"))] == []
