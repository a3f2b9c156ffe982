"""Submissions side by side: none sees another, in any of the ways that leave a trace, and none costs another a mark."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attacks.grading import grade
from attacks.mechanisms import Boxes
from attacks.table import ATTACKED, ATTACKS, PREAMBLE

from autograder import catalogue, trials
from autograder.assignment import Assignment
from autograder.inside.syscalls import ARM, call
from autograder.sandbox.box import Box
from autograder.sandbox.student import BoxedStudent
from autograder.scores import Outcome

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open") or ARM, reason="numbers of system calls are x86-64's")

# What a submission may leave, and where the other looks for it. Each attempt that fails counts as nothing left.
SPY = (
    PREAMBLE
    + '''
import ctypes, fcntl, json, os, random, socket
import numpy as np

FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/run/lock")
LIBRARY = np.__file__
kept = []

def attempt(action):
    try: return action()
    except OSError: return None

def write(folder, token):
    with open(f"{folder}/{token}", "w") as file: file.write(token)
    os.chmod(f"{folder}/{token}", 0o644)

def listen(token):
    server = socket.socket(socket.AF_UNIX)
    server.bind("\\0" + token)
    server.listen()
    kept.append(server)

def connect(token):
    with socket.socket(socket.AF_UNIX) as client: client.connect("\\0" + token)
    return True

def lock():
    file = open(LIBRARY)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    kept.append(file)
    return True

def queue(token, flags): return syscall(240, token.encode(), flags, 0o666, 0) >= 0

def leave(token):
    """Leave everything that a process can leave."""
    for folder in FOLDERS: attempt(lambda: write(folder, token))
    attempt(lambda: listen(token))
    attempt(lock)
    attempt(lambda: syscall(248, b"user", token.encode(), b"x", 1, -4))
    attempt(lambda: syscall(29, sum(token.encode()) + 77, 4096, 0o1666))
    attempt(lambda: queue(token, os.O_CREAT | os.O_RDWR))
    os.environ[token] = token
    return os.getpid()

def look(token, pid):
    """Name what is found of it."""
    found = {f"file in {folder}": attempt(lambda: token in os.listdir(folder)) for folder in FOLDERS}
    found["abstract socket"] = attempt(lambda: connect(token))
    found["lock"] = locks_work() and attempt(lock) is None
    found["key"] = attempt(lambda: syscall(250, 10, -4, b"user", token.encode(), 0))
    found["shared memory"] = attempt(lambda: syscall(29, sum(token.encode()) + 77, 0, 0) >= 0)
    found["message queue"] = attempt(lambda: queue(token, os.O_RDONLY))
    found["environment"] = token in os.environ
    found["process"] = pid != os.getpid() and attempt(lambda: os.kill(pid, 0) is None)
    return [name for name, seen in found.items() if seen]

def locks_work():
    try: fcntl.flock(open("/proc/cpuinfo"), fcntl.LOCK_EX)
    except OSError: return False
    return True

def numbers(): return [random.random(), float(np.random.rand()), os.getuid()]
'''
)
Start = Callable[[Box], BoxedStudent]


@pytest.fixture
def open_box(assignment: Assignment) -> Iterator[Box]:
    """A box in which nothing holds."""
    boxes = Boxes(assignment.limits)
    yield boxes.with_only()
    boxes.close()


@pytest.fixture
def spies() -> Iterator[Start]:
    """Start a worker of a submission of its own."""
    with contextlib.ExitStack() as stack:

        def start(box: Box) -> BoxedStudent:
            folder = stack.enter_context(box.room())
            trials.write(folder, {"part1_numpy/__init__.py": b"", "part1_numpy/spy.py": SPY.encode()})
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o755)
            student = box.student(folder, 1)
            student.allow(20)
            stack.callback(student.renew)
            return student

        yield start


def found_of(box: Box, spies: Start, token: str) -> tuple[list[str], list[str]]:
    """What one worker leaves, and others find: one at the same time, one afterwards."""
    first, second, third = spies(box), spies(box), spies(box)
    pid = first.call("part1_numpy.spy:leave", token)
    beside = second.call("part1_numpy.spy:look", token, pid)
    first.renew()
    return beside, third.call("part1_numpy.spy:look", token, pid)


def test_two_workers_of_one_box_do_not_see_each_other_at_once_or_one_after_another(box, spies) -> None:
    assert found_of(box, spies, f"token{os.getpid()}") == ([], [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can switch all off")
def test_without_any_mechanism_they_do(open_box, spies) -> None:
    """The control: what the spies try does work."""
    token = f"token{os.getpid()}"
    try:
        beside, afterwards = found_of(open_box, spies, token)
    finally:
        for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run/lock"):
            Path(folder, token).unlink(missing_ok=True)
        _forget(token)
    assert {"file in /tmp", "file in /dev/shm", "abstract socket", "lock", "process"} <= set(beside)
    assert {"file in /tmp", "key", "shared memory", "message queue"} <= set(afterwards)


def _forget(token: str) -> None:
    """Remove what the control has left in the kernel."""
    with contextlib.suppress(OSError):
        call(241, token.encode())
    with contextlib.suppress(OSError):
        call(31, call(29, sum(token.encode()) + 77, 0, 0), 0, None)
    with contextlib.suppress(OSError):
        call(250, 3, call(250, 10, -4, b"user", token.encode(), 0))


def test_workers_have_random_states_and_users_of_their_own(box, spies) -> None:
    first, second = (spies(box).call("part1_numpy.spy:numbers") for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]
    if box.isolation.level == "A" and os.geteuid() == 0:
        assert first[2] != second[2]
        assert min(first[2], second[2]) >= 100_000_000


def test_what_one_submission_leaves_in_its_scratch_the_next_does_not_find(box, assignment, reference, tmp_path) -> None:
    body = "import os\nassert not os.listdir('/tmp')\nopen('/tmp/left', 'w').close()\nreturn np.maximum(x, 0)"
    row = next(row for row in ATTACKS if row.name == "a file left for the next submission")
    row = dataclasses.replace(row, body=body)
    first, second = (
        grade(row.apply(dict(reference), {}), box, assignment, tmp_path / "a.zip", row).marks[ATTACKED] for _ in "12"
    )
    assert first.message == second.message
    assert first.outcome is Outcome.RAISED  # the second call in one worker does find it


@pytest.mark.slow
def test_good_submissions_beside_hostile_ones_get_the_marks_that_they_get_alone(reference: Mapping[str, bytes]) -> None:
    mistakes = [mistake for mistake in catalogue.load() if "activations" in mistake.file or "linear" in mistake.file]
    good = [dict(reference), *(mistake.apply(reference) for mistake in mistakes[:7])]
    names = (
        "an endless loop", "64 GiB at once", "400 forks", "4,000 threads", "a gigabyte of prints", "an answer of 2 GB",
        "a scratch file without end", "recursion until the stack ends",
    )  # fmt: skip
    hostile = [next(row for row in ATTACKS if row.name == name).apply(dict(reference), {}) for name in names]
    todos = ("1.2", "1.3", "1.4")
    alone = list(trials.run(good, (1,), 2, 3.0, [todos] * 8))
    mixed = [files for pair in zip(hostile, good, strict=True) for files in pair]
    beside = list(trials.run(mixed, (1,), 2, 3.0, [todos] * 16))[1::2]
    assert len({card.cents for card in alone}) > 1
    assert [card.marks for card in beside] == [card.marks for card in alone]
    assert not any(card.broken for card in beside)
