"""What a worker can reach although it should not: tried in the box, before any student code, to know what holds."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Callable
from functools import partial

from .confinement.syscalls import ARM, call

KEYCTL = 219 if ARM else 250
GET_KEYRING_ID, USER_KEYRING = 0, -4
CLONE_NEWUSER = 0x1000_0000


def reach(bait: dict[str, str], port: int, grader_pid: int) -> dict[str, bool]:
    """Try to get out; say by name what was tried, and whether it succeeded.

    Args:
        bait: what the grader has laid out: paths by the name of the attempt to read them; under "abstract" the name
            of an abstract socket that listens.
        port: a TCP port on 127.0.0.1 that listens.
        grader_pid: the trusted process, as the machine numbers it.
    """
    files = {name: path for name, path in bait.items() if name != "abstract"}
    attempts: dict[str, Callable[[], object]] = {
        **{f"read {name}": partial(_read, path) for name, path in files.items()},
        "read the grader's environment": lambda: _read(f"/proc/{grader_pid}/environ"),
        "read the grader's memory": lambda: _read(f"/proc/{grader_pid}/mem"),
        "write beside the submission": lambda: _create(os.path.dirname(os.path.abspath(__file__))),
        "write into /usr/lib": lambda: _create("/usr/lib"),
        "connect to a port": lambda: socket.create_connection(
            ("127.0.0.1", port), timeout=1
        ).close(),  # dropped without a word, perhaps
        "connect to an abstract socket": lambda: _connect("\0" + bait["abstract"]),
        "fork": _fork,
        "signal the grader": lambda: os.kill(grader_pid, 0),
        "make a user namespace": lambda: _unshare(CLONE_NEWUSER),
        "use a keyring": lambda: call(KEYCTL, GET_KEYRING_ID, USER_KEYRING, 1),
    }
    # All of them, whatever the first shows: the level is made of which succeed.
    reached = {}
    for name, attempt in attempts.items():
        reached[name] = False
        with contextlib.suppress(OSError):
            attempt()
            reached[name] = True
    return reached


def _read(path: str) -> None:
    with open(path, "rb") as file:
        if not path.endswith("/mem"):  # there, the first page is never mapped: to have it open is enough
            file.read(1)


def _create(folder: str) -> None:
    path = f"{folder}/canary"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)


def _connect(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(address)


def _fork() -> None:
    if not os.fork():
        os._exit(0)
    os.wait()


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
