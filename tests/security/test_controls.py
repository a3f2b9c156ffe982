"""Each attack has been seen to succeed: where its defence is switched off. What cannot fail shows nothing."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homework import ROOT

from autograder.authoring import variants as trials
from autograder.conformance import bait as baits
from autograder.conformance import controls, target
from autograder.conformance.mechanisms import MECHANISMS, Boxes
from autograder.conformance.table import ATTACKED, ATTACKS, Attack
from autograder.course.assignment import Assignment
from autograder.errors import SetupError
from autograder.inside.confinement.syscalls import ARM
from autograder.reports.scores import Outcome
from autograder.sandbox import box as boxes_module
from autograder.sandbox import worker as worker_module
from autograder.sandbox.box import Box
from autograder.sandbox.launch import TORCH

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can switch all off")

OPEN = [attack for attack in ATTACKS if attack.open and not (attack.needs_x86 and ARM)]
ALONE = [(mechanism, attack) for mechanism in MECHANISMS for attack in OPEN if mechanism in attack.alone]


def names(pairs: list[tuple[str, Attack]]) -> list[str]:
    return [f"{mechanism}: {attack.name}" for mechanism, attack in pairs]


@pytest.fixture(scope="module")
def bait(tmp_path_factory) -> Iterator[baits.Bait]:
    """Laid out before the boxes are started, so that they could inherit what is open."""
    folder = tmp_path_factory.mktemp("submissions")
    with baits.laid_out(folder) as bait:
        yield bait


@pytest.fixture(scope="module")
def boxes(assignment: Assignment, bait: baits.Bait) -> Iterator[Boxes]:
    boxes = Boxes(assignment.limits)
    yield boxes
    boxes.close()


@pytest.fixture
def succeeds(bait, tmp_path: Path):
    """Run an attack in a box, with another student's folder in it, and tell whether it succeeded."""

    def run(attack: Attack, box: Box) -> bool:
        success, card = controls.succeeds(attack, box, bait, tmp_path / "a.zip")
        assert not card.broken, (card.fault, card.marks[ATTACKED].message)
        return success

    return run


@pytest.mark.parametrize("attack", OPEN, ids=[attack.id for attack in OPEN])
def test_it_succeeds_where_every_mechanism_is_off(attack, boxes, succeeds) -> None:
    box = boxes.without(attack.falls_without) if attack.falls_without else boxes.with_only()
    assert succeeds(attack, box)


def test_a_worker_that_holds_less_than_the_machine_can_is_not_used(assignment, monkeypatch) -> None:
    with Box(assignment.limits, ("landlock",)) as box, Box(assignment.limits) as whole, box.room() as folder:
        monkeypatch.setattr(Box, "isolation", whole.isolation)
        with pytest.raises(SetupError, match="a worker starts without landlock, which this machine has"):
            box.student(folder, "numpy").call("math:sqrt", 4.0)


@pytest.mark.parametrize(("mechanism", "attack"), ALONE, ids=names(ALONE))
def test_one_mechanism_is_enough_to_stop_it(mechanism, attack, boxes, succeeds) -> None:
    assert not succeeds(attack, boxes.with_only(mechanism))


def test_every_mechanism_stops_something_on_its_own() -> None:
    assert {mechanism for mechanism, _ in ALONE} == set(MECHANISMS)


def _row(name: str, **changes: Any) -> Attack:
    return dataclasses.replace(next(row for row in ATTACKS if row.name == name), **changes)


@pytest.fixture
def outcome(box, tmp_path):
    """Grade an attack and return how the check that it is after ended."""

    def run(attack: Attack, box: Box = box) -> Outcome:
        card = target.grade(attack.apply(target.RIGHT, {}), box, tmp_path / "a.zip", attack)
        return card.marks[ATTACKED].outcome

    return run


@pytest.mark.parametrize(("seconds", "ends"), [(0.2, Outcome.LOST), (10.0, Outcome.PASSED)])
def test_without_a_deadline_a_sleep_is_waited_for(outcome, seconds, ends) -> None:
    assert outcome(_row("a sleep", body="import time\ntime.sleep(0.5)", seconds=seconds)) is ends


def test_without_a_strict_comparison_nan_is_close(outcome, monkeypatch) -> None:
    row = _row("NaN everywhere", body="self.positive = x > 0\nreturn x * np.nan")
    assert outcome(row) is Outcome.FAILED

    def lax(actual: Any, expected: Any, name: str, **_: Any) -> None:
        assert not (np.abs(actual - expected) > 1e-6).any()

    monkeypatch.setattr(target, "expect_close", lax)
    assert outcome(row) is Outcome.PASSED


FORGED = """
import os, sys
wire, worker = sys.modules["inside.wire"], sys.modules["inside.serve"]
os.write(3, b"".join(wire.encode({"id": "0" * 32, "value": np.maximum(x, 0), "warnings": []})))
send = worker._send
def silent_once(*_): worker._send = send
worker._send = silent_once
self.positive = x > 0
"""


def test_without_secret_ids_an_answer_of_ones_own_making_is_taken(outcome, monkeypatch) -> None:
    row = _row("an answer with a guessed id", body=FORGED)
    assert outcome(row) is Outcome.LOST
    monkeypatch.setattr(worker_module.secrets, "token_hex", lambda size: "0" * 2 * size)
    assert outcome(row) is Outcome.PASSED


def test_where_torch_is_installed_for_part_1_it_is_imported(outcome, assignment, monkeypatch) -> None:
    row = _row("torch in part 1, by import", body="import torch")
    assert outcome(row) is Outcome.RAISED
    monkeypatch.setitem(boxes_module.KINDS, "numpy", TORCH)
    with Box(assignment.limits) as box:
        assert outcome(row, box) is Outcome.PASSED


IN_ONE_PROCESS = """
import sys
from pathlib import Path
from autograder.conformance import target
from autograder.grading import marking
from autograder.checking.local_student import LocalStudent
check = target.checks(5)[0]
print(marking.judge(check, LocalStudent(Path(sys.argv[1])), 0, None).outcome)
"""


def test_in_one_process_the_judge_is_patched(outcome, tmp_path) -> None:
    body = (
        "import autograder.checking.expect\nautograder.checking.expect.close = lambda *_: True\nself.positive = x > 0"
    )
    row = _row("the trusted side's modules are imported and patched", body=body)
    assert outcome(row) is Outcome.RAISED
    trials.write(tmp_path, row.apply(target.RIGHT, {}))
    command = [sys.executable, "-c", IN_ONE_PROCESS, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "passed"


DAEMON = """
if not syscall(57):
    import os, time
    if SESSION: os.setsid()
    syscall(157, 15, b"NAME", 0, 0, 0)
    for descriptor in range(4): os.close(descriptor)
    time.sleep(600)
"""


@pytest.mark.skipif(ARM, reason="its numbers of system calls are those of x86-64")
@pytest.mark.parametrize(
    ("off", "session", "lives"),
    [(("seccomp",), True, False), (("seccomp", "namespaces"), False, False), (("seccomp", "namespaces"), True, True)],
    ids=["its pid namespace ends it", "its process group ends it", "nothing ends it"],
)
def test_what_a_worker_has_started_ends_with_it(off, session, lives, boxes, tmp_path) -> None:
    """Here the filter is off, which would not let it start anything."""
    name = f"daemon{os.getpid() % 10**6:06d}{len(off)}{session:d}"
    row = Attack("escape", "daemon", "", "passed", body=DAEMON.replace("NAME", name).replace("SESSION", str(session)))
    card = target.grade(row.apply(target.RIGHT, {}), boxes.without(*off), tmp_path / "a.zip", row)
    assert card.marks[ATTACKED].outcome is Outcome.PASSED, card.marks[ATTACKED].message
    deadline = time.monotonic() + (0 if lives else 5)
    while (found := _called(name)) and time.monotonic() < deadline:
        time.sleep(0.02)  # a killed process takes a moment to be gone
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    assert bool(found) is lives


def _called(name: str) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _comm(pid) == name]


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
