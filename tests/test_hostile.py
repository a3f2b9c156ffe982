"""What a submission does to the grader stays with the submission: each costs its own checks, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from autograder.sandbox.box import Box
from autograder.scores import Outcome, Scorecard

MODULE = "part1_numpy/activations.py"
TODOS = ("1.2", "1.3")
PASSED, FAILED, RAISED, LOST, SKIPPED = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.RAISED,
    Outcome.LOST,
    Outcome.SKIPPED,
)

# Each body runs in ReLU.forward, with x at hand; the outcome is that of the check that calls it first.
IN_A_CALL = {
    "hangs": ("while True: pass", LOST, "no answer after"),
    "exits": ("import os; os._exit(3)", LOST, "exited (3)"),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", PASSED, ""),  # process 1 is immune to itself
    "aborts": ("import os; os.abort()", LOST, "ended by signal"),
    "crashes": ("import ctypes; ctypes.string_at(0)", LOST, "ended by signal"),
    "allocates 64 GiB": ("return np.ones(2**33)", LOST, "out of memory"),
    "forks 400 times": ("import os\nfor _ in range(400): os.fork()", RAISED, "PermissionError"),
    "starts a thread bomb": (
        "import threading, time\nfor _ in range(4000): threading.Thread(target=time.sleep, args=(60,)).start()",
        RAISED,
        "can't start new thread",
    ),
    "returns NaN": ("return x * np.nan", FAILED, "is nan"),
    "returns an object equal to everything": (
        "class Yes:\n    def __eq__(self, other): return True\n    __array_priority__ = 99\nreturn Yes()",
        FAILED,
        "an object of type Yes",
    ),
    "returns itself forever": ("y = []\ny.append(y)\nreturn y", FAILED, "is a list"),
    "imports torch": ("import torch", RAISED, "No module named 'torch'"),
    "opens a connection": (
        "import socket\nsocket.create_connection(('127.0.0.1', PORT))",
        RAISED,
        "Operation not permitted",
    ),
    "reads reference/": ("return open('ROOT/reference/part1_numpy/activations.py').read()", RAISED, "No such file"),
    "reads results.json": ("return open('OUT/results.json').read()", RAISED, "No such file"),
    "writes results.json": ("open('OUT/results.json', 'w').write('{}')", RAISED, "No such file"),
    "answers for the grader": ("import os\nos.write(3, b'x' * 4096)", LOST, "malformed"),
    "closes the channel": ("import os\nos.close(3)", LOST, "exited (1)"),
    "raises SystemExit": ("raise SystemExit(0)", RAISED, "SystemExit"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", RAISED, "KeyboardInterrupt"),
    "raises with a text of 10 MB": ("raise ValueError('x' * 10**7)", RAISED, "ValueError: xxx"),
    "fills the scratch": (
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    while True: f.write(b'x' * 2**20)",
        RAISED,
        "OSError",
    ),
}


@pytest.fixture
def hostile(reference: Mapping[str, bytes], tmp_path: Path) -> Callable[[str], dict[str, bytes]]:
    """Make a submission whose ReLU.forward begins with a body of code."""

    def make(body: str, at_import: str = "") -> dict[str, bytes]:
        source = reference[MODULE].decode()
        start = source.index("# >>> solution")
        indent = " " * 8
        lines = "\n".join(indent + line for line in body.splitlines())
        return {
            **reference,
            MODULE: f"{at_import}\n{source[:start]}# hostile\n{lines}\n{indent}{source[start:]}".encode(),
        }

    return make


@pytest.fixture(autouse=True)
def nothing_is_left(box: Box) -> Iterator[None]:
    """No process of a worker, no file of a submission survives its grading."""
    box.isolation  # noqa: B018 (starts the zygote, so that its processes are there before)
    before = _descendants()
    yield
    deadline = time.monotonic() + 5
    while (left := _descendants() - before) and time.monotonic() < deadline:
        time.sleep(0.05)  # a killed process takes a moment to be gone
    assert not left
    assert not list(box.submissions.iterdir())


def _descendants() -> set[int]:
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows if row.strip())}
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid for pid in found if pid in parents and Path(f"/proc/{pid}/cmdline").exists() and _is_worker(pid)}


def _is_worker(pid: int) -> bool:
    try:
        return b"inside.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(("body", "outcome", "text"), IN_A_CALL.values(), ids=IN_A_CALL)
def test_hostile_code_costs_its_own_check_only(grade, hostile, tmp_path, body, outcome, text) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        body = body.replace("PORT", str(listener.getsockname()[1])).replace("OUT", str(tmp_path))
        card = grade(hostile(body.replace("ROOT", str(Path.cwd()))), todos=TODOS, seconds=2)
    mark = card.marks["1.3-relu"]
    assert (mark.outcome, text in mark.message) == (outcome, True), mark.message
    assert all(mark.outcome is PASSED for mark in _others(card)), _others(card)


def _others(card: Scorecard) -> list:
    return [mark for mark in card.marks.values() if mark.todo != "1.3"]


def test_an_exit_at_import_costs_the_checks_of_that_module_only(grade, hostile) -> None:
    card = grade(hostile("pass", at_import="import os; os._exit(0)"), todos=TODOS)
    assert {mark.outcome for mark in card.marks.values() if mark.todo == "1.3"} <= {LOST, SKIPPED}
    assert card.marks["1.3-relu"].outcome is LOST
    assert {mark.outcome for mark in card.marks.values() if mark.todo == "1.2"} == {PASSED}


def test_a_gigabyte_of_prints_is_cut_and_changes_no_mark(grade, hostile) -> None:
    card = grade(hostile("for _ in range(1000): print('x' * 10**6)"), todos=TODOS)
    assert all(mark.outcome is PASSED for mark in _others(card))
    assert len(card.marks["1.3-relu"].printed) <= 64 * 1024
    assert card.marks["1.3-relu"].printed.startswith("xxx")


def test_what_one_worker_writes_the_next_does_not_find(grade, hostile, tmp_path) -> None:
    leave = f"import os\nassert not os.listdir('/tmp')\nopen('/tmp/{tmp_path.name}', 'w').close()"
    first, second = (grade(hostile(leave), todos=("1.3",)) for _ in range(2))
    assert first.marks["1.3-relu"].message == second.marks["1.3-relu"].message
    assert not Path(tempfile.gettempdir(), tmp_path.name).exists()


def test_what_one_todo_spoils_costs_no_other_todo_its_marks(grade, hostile) -> None:
    spoil = "np.exp = np.max = np.matmul = None"
    card = grade(hostile(spoil), todos=("1.3", "1.4"))
    assert card.marks["1.3-relu"].outcome is PASSED
    assert card.marks["1.3-sigmoid"].outcome is RAISED
    assert all(mark.outcome is PASSED for mark in _others(card)), _others(card)
