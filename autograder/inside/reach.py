"""What a worker can reach although it should not: tried in the box, before any student code, to know what holds."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Callable
from functools import partial


def reach(files: dict[str, str], port: int, grader_pid: int) -> list[str]:
    """Try to get out, and return the names of what succeeded.

    Args:
        files: canaries by name: files of the grader that should not be readable.
        port: a TCP port on 127.0.0.1 that listens.
        grader_pid: the trusted process, as the machine numbers it.
    """
    attempts: dict[str, Callable[[], object]] = {
        **{f"read {name}": partial(_read, path) for name, path in files.items()},
        "connect to a port": lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close(),
        "fork": _fork,
        "signal the grader": lambda: os.kill(grader_pid, 0),
        "write beside the submission": lambda: _create(os.path.dirname(os.path.abspath(__file__))),
        "write into /usr/lib": lambda: _create("/usr/lib"),
        "read the grader's environment": lambda: _read(f"/proc/{grader_pid}/environ"),
        "make a user namespace": lambda: _call("unshare", 0x1000_0000),
    }
    reached = []
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError):
            attempt()
            reached.append(name)
    return reached


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _create(folder: str) -> None:
    path = f"{folder}/canary"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)


def _fork() -> None:
    if not os.fork():
        os._exit(0)
    os.wait()


def _call(function: str, argument: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), function)(argument) < 0:
        raise OSError(ctypes.get_errno(), function)
