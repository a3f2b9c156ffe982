"""Two submissions of one box: whether one finds what the other leaves, at the same time or afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autograder.conformance.table import PREAMBLE
from autograder.inside.confinement.syscalls import call
from autograder.sandbox.box import Box
from autograder.sandbox.boxed_student import BoxedStudent

FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/run/lock")
KINDS = (
    *(f"file in {folder}" for folder in FOLDERS), "abstract socket", "lock", "key", "shared memory", "message queue",
    "process",
)  # fmt: skip
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


@contextlib.contextmanager
def spies(box: Box, count: int) -> Iterator[list[BoxedStudent]]:
    """Start workers, each of a submission of its own."""
    with contextlib.ExitStack() as stack:
        yield [_spy(box, stack) for _ in range(count)]


def found(box: Box, token: str) -> tuple[list[str], list[str]]:
    """Name what one submission finds of what another has left: while that one runs, and after its end."""
    with spies(box, 3) as (first, second, third):
        pid = first.call("layers.spy:leave", token)
        beside = _names(second.call("layers.spy:look", token, pid))
        first.renew()
        return beside, _names(third.call("layers.spy:look", token, pid))


def _names(found: object) -> list[str]:
    """Read what our own spy has answered."""
    if not isinstance(found, list):
        raise TypeError(f"the spy answers {found!r}, expected names")
    return found


def forget(token: str) -> None:
    """Remove what stays where nothing keeps submissions apart."""
    for folder in FOLDERS:
        with contextlib.suppress(OSError):
            Path(folder, token).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        call(241, token.encode())
    with contextlib.suppress(OSError):
        call(31, call(29, sum(token.encode()) + 77, 0, 0), 0, None)
    with contextlib.suppress(OSError):
        call(250, 3, call(250, 10, -4, b"user", token.encode(), 0))


def _spy(box: Box, stack: contextlib.ExitStack) -> BoxedStudent:
    folder = stack.enter_context(box.room())
    (folder / "layers").mkdir()
    (folder / "layers").chmod(0o755)
    for name, text in (("__init__.py", ""), ("spy.py", SPY)):
        (folder / "layers" / name).write_text(text, encoding="utf-8")
        (folder / "layers" / name).chmod(0o644)
    student = box.student(folder, "numpy")
    student.allow(20)
    stack.callback(student.renew)
    return student
