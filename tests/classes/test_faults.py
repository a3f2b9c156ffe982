"""Faults in the middle of a class: of a check, of a data set, of the machine, and processes that die."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress

import make_class
import numpy as np
import pytest
from faults import Killer
from homework import COURSE, ROOT
from rich.console import Console

from autograder.checking import rubric
from autograder.checking.rubric import PUBLIC_SEED, Body
from autograder.checking.student import Student
from autograder.classroom import batch
from autograder.classroom import executors as crew
from autograder.classroom import grader as warm
from autograder.classroom.grader import Order
from autograder.classroom.store import Store
from autograder.conformance import target
from autograder.conformance.table import ATTACKED, Attack
from autograder.course import assignment as assignments
from autograder.errors import CheckFailed, MachineUnfit, WorkerLost
from autograder.grading import engine
from autograder.reports.records import State
from autograder.reports.scores import Mark, Outcome
from autograder.submission import packing

FRAGILE = "part3_imbalance.data:long_tailed_counts"


@pytest.fixture
def fragile(monkeypatch) -> None:
    """A check of the grader's that is at fault itself: it adds up whatever it gets."""
    monkeypatch.setattr(rubric, "_declared", {(COURSE.package, check.id): check for check in COURSE.checks()})

    @rubric.check("3.1-fragile", points=0)
    def counts_add_up(student, rng) -> None:
        """Counts add up."""
        sum(student.call(FRAGILE, 8, 2, 0.5))

    _adopt("3.1-fragile")


@pytest.fixture
def hopeless(monkeypatch) -> None:
    """A check of the grader's that nobody passes, in a process that has not graded its own solution yet."""
    monkeypatch.setattr(warm, "_grades", set())
    monkeypatch.setattr(rubric, "_declared", {(COURSE.package, check.id): check for check in COURSE.checks()})

    @rubric.check("3.1-hopeless", points=0)
    def nothing_is_something(student, rng) -> None:
        """Nothing is something."""
        1 / 0  # noqa: B018 (a fault)

    _adopt("3.1-hopeless")


def _adopt(check: str) -> None:
    """Make a check that was declared here one of the course."""
    rubric._declared[COURSE.package, check] = rubric._declared.pop((__name__, check))


@pytest.fixture
def unlucky(right: bytes, reference: Mapping[str, bytes]) -> bytes:
    """What makes the fragile check raise."""
    module = "part3_imbalance/data.py"
    odd = reference[module] + b"\n\ndef long_tailed_counts(*_, **__):\n    return 'zero'\n"
    return make_class.packed({**reference, module: odd})


def test_faults_that_come_back_with_their_zips_are_theirs_and_the_class_goes_on(
    grade_class, fragile, folder, unlucky, tmp_path
) -> None:
    for name in "abc":
        (folder / f"{name}.zip").write_bytes(unlucky)
    records, asked, said = grade_class(folder)
    states = {key: record.state for key, record in records.items()}
    assert {key for key, state in states.items() if state is State.BROKEN} == set("abc")
    assert (states["ada"], states["blank"], states["cut"]) == (State.GRADED, State.GRADED, State.REFUSED)
    assert asked == 3 + 2 * 3  # what is broken gets a second attempt
    assert all(f"{name}: to grade again: 3.1-fragile: the check itself failed" in said for name in "abc")
    rows = make_class.gradebook(tmp_path / "out")
    assert {rows[name]["points"] for name in "abc"} == {""}  # no silent zero
    assert rows["ada"]["points"] == "16.00"


def test_a_fault_that_the_reference_has_too_stops_the_batch_at_once(grade_class, hopeless, folder, tmp_path) -> None:
    said = r"nothing can be graded here: not even the grader's own solution can be graded: 3.1-hopeless: the check"
    with pytest.raises(MachineUnfit, match=said):
        grade_class(folder)
    assert make_class.gradebook(tmp_path / "out") == {}


def test_a_missing_data_set_stops_the_batch_before_anything_is_graded(grade_class, folder, small, tmp_path) -> None:
    both = small.model_copy(update={"parts": assignments.load(COURSE).parts, "dataset": "images:/no/such/folder"})
    with pytest.raises(MachineUnfit, match="nothing can be graded here: there is no folder"):
        grade_class(folder, assignment=both)
    assert make_class.gradebook(tmp_path / "out") == {}


class Deadly(Executor):
    """A process that is killed, as a system does that is short of memory, whenever it grades a certain zip."""

    def __init__(self) -> None:
        self._pool = warm.pool(1)

    def submit(self, function: Callable, /, *args, **kwargs) -> Future:
        return self._pool.submit(die_or_do, function, *args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def die_or_do(function: Callable, order: Order) -> object:
    if b"deadly.txt" in order.content:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(order)


@pytest.mark.slow
def test_zips_whose_grading_kills_the_process_cost_nobody_else_a_mark(small, folder, reference, tmp_path) -> None:
    for name in ("bad", "worse"):
        (folder / f"{name}.zip").write_bytes(make_class.packed({**reference, "deadly.txt": b""}))
    console = Console(file=io.StringIO(), width=160)
    assert batch.run(folder, tmp_path / "out", small, 0, crew.of(Deadly, 2), console) == 2
    states = {key: record.state for key, record in Store(tmp_path / "out").load(("ada", "bad", "worse")).items()}
    assert states == {"ada": State.GRADED, "bad": State.BROKEN, "worse": State.BROKEN}
    assert "bad: to grade again: the process that graded it died" in console.file.getvalue()


BUSY = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass\n"
ANSWER = "self.positive = x > 0\nreturn np.maximum(x, 0)"


@pytest.fixture
def attacked(box, tmp_path) -> Callable:
    """Grade a body of ReLU.forward; returns its mark, and the seconds that each asking of its check had."""
    assert box.isolation.keeps_secrets  # begun here, so that no killer finds what imports NumPy

    def run(
        code: str, seed: int, *, seconds: float = 20, total: int = 600, body: Body = target.relu
    ) -> tuple[Mark, list[float]]:
        row = Attack("escape", "ended", "", "passed", body=code)
        packing.write_zip(tmp_path / "a.zip", row.apply(target.RIGHT, {}))
        limits = box.limits.model_copy(update={"total_seconds": total, "reserve_seconds": 0})
        asked: list[float] = []
        with pytest.MonkeyPatch.context() as patch:
            judge = engine.judge
            patch.setattr(engine, "judge", lambda *given: asked.append(given[1].left()) or judge(*given))
            check = rubric.Check(ATTACKED, 1, (), seconds, "ReLU is right.", "", body)
            one = target.assignment(limits)
            card = engine.grade_zip(tmp_path / "a.zip", box, one, [check], seed, lambda card: None)
        return card.marks[ATTACKED], asked

    return run


@pytest.mark.parametrize("seed", [PUBLIC_SEED, 7])
def test_right_code_whose_process_the_machine_kills_is_asked_once_more_and_earns_all(attacked, seed) -> None:
    calm, _ = attacked(BUSY + ANSWER, seed)
    with Killer(0.3) as killer:
        mark, asked = attacked(BUSY + ANSWER, seed)
    assert killer.killed
    assert mark == calm
    assert mark.outcome is Outcome.PASSED
    assert len(asked) == 2


@pytest.mark.parametrize("seed", [PUBLIC_SEED, 7])
def test_an_endless_loop_whose_process_the_machine_kills_is_still_said_to_be_out_of_time(attacked, seed) -> None:
    calm, _ = attacked("while True: pass", seed, seconds=8)
    with Killer(0.3) as killer:
        mark, asked = attacked("while True: pass", seed, seconds=8)
    assert killer.killed
    assert mark == calm
    assert mark.message == ("out of time with the cases of grading" if seed else "no answer after 8 s")
    assert len(asked) == 2


def test_what_a_check_does_without_is_asked_once_more_where_the_machine_has_killed_the_process(attacked) -> None:
    """To find out why a case fails, others are asked; no answer to that ends nothing."""

    def lenient(student: Student, rng: np.random.Generator) -> None:
        with suppress(WorkerLost):
            target.relu(student, rng)
            raise CheckFailed("wrong, and why")
        raise CheckFailed("wrong")

    with Killer(0.3) as killer:
        mark, asked = attacked(BUSY + ANSWER, PUBLIC_SEED, body=lenient)
    assert killer.killed
    assert mark.message == "wrong, and why"
    assert len(asked) == 2


@pytest.mark.parametrize("code", ["import os\nos._exit(3)", "import ctypes\nctypes.string_at(0)"])
@pytest.mark.parametrize("seed", [PUBLIC_SEED, 7])
def test_code_that_ends_its_process_is_asked_three_times_and_loses(attacked, code, seed) -> None:
    mark, asked = attacked(code, seed)
    assert mark.outcome is Outcome.LOST
    assert len(asked) == (6 if seed else 3)  # of secret cases, and of public ones for what there is to read


def test_code_that_ends_its_process_gets_no_time_beyond_that_of_its_submission(attacked) -> None:
    mark, asked = attacked("import os, time\ntime.sleep(2)\nos._exit(3)", PUBLIC_SEED, total=3)
    assert mark.outcome is Outcome.LOST
    assert len(asked) == 2
    assert asked[1] < 1
    assert len(attacked("import os, time\ntime.sleep(2)\nos._exit(3)", PUBLIC_SEED, total=2)[1]) == 1


def die_or_answer(order: str) -> str:
    if order == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return order


def test_a_process_that_dies_is_blamed_on_the_one_that_it_graded_alone() -> None:
    tasks = deque(["a", "b", "deadly", "c", "d"])
    outcomes = dict(crew.work(crew.of(lambda: warm.pool(2), 3), tasks, lambda task: task, die_or_answer))
    assert {task: outcomes[task] for task in "abcd"} == {task: task for task in "abcd"}
    assert "died" in str(outcomes["deadly"])


def test_a_machine_without_room_says_so_before_anything_is_graded(folder, tmp_path) -> None:
    preset = COURSE.folder / "assignments" / "hw2p1.toml"
    command = [sys.executable, "-m", "autograder", "batch", str(folder), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        ["prlimit", "--fsize=500000", *command, "--assignment", str(preset), "--jobs", "1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing can be unpacked on this machine: File too large" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert make_class.gradebook(tmp_path / "out") == {}
