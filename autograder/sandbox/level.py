"""How well the box isolates on this machine: found by trying to get out of it, never assumed."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import WorkerLost
from autograder.sandbox.launch import Zygote

MEANING = {
    "A": "namespaces, own user, Landlock, seccomp and limits: all that Linux offers",
    "B": "no namespaces: own user, Landlock, seccomp and limits",
    "B-": "seccomp and limits, with either an own user or Landlock: what others may read stays readable",
    "C": "a separate process and a clock: nothing keeps student code from reading or writing files",
}
READABLE = {  # what level B- cannot hide
    "read a world-readable file",
    "read another submission",
    "read a file in /dev/shm",
    "write beside the submission",
}
SHARED_MEMORY = Path("/dev/shm")
SECONDS = 10.0  # of its ten tries and more, two may wait for a second each


@dataclass(frozen=True)
class Isolation:
    """What was found.

    Attributes:
        level: "A", "B", "B-" or "C".
        mechanisms: by name, an empty text where it holds, else the reason why not.
        reached: what a worker could do although it should not.
        tried: all that it tried.
    """

    level: str
    mechanisms: dict[str, str]
    reached: tuple[str, ...]
    tried: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say it in one line."""
        reached = f"; could {', '.join(self.reached)}" if self.reached else ""
        return f"level {self.level}: {MEANING[self.level]}{reached}"

    @property
    def keeps_secrets(self) -> bool:
        """Whether checks with a secret seed may run."""
        return self.level != "C"


def measure(zygote: Zygote) -> Isolation:
    """Let a worker of an empty submission try to get out, and grade the box by what it reached.

    The submission is a folder `canary` that is made among the submissions and removed again, and so is a neighbour.
    """
    folder = Path(tempfile.mkdtemp(prefix="canary-", dir=zygote.submissions))
    folder.chmod(0o755)  # a worker may be another user, whom mkdtemp keeps out
    with contextlib.ExitStack() as stack:
        stack.callback(folder.rmdir)
        bait = stack.enter_context(_bait(zygote.submissions))
        # It listens: a refused connection to a closed port would prove nothing.
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        worker = zygote.worker(folder.name)
        stack.callback(worker.kill)
        request: dict[str, Any] = {
            "do": "call",
            "target": "inside.reach:reach",
            "args": (bait, listener.getsockname()[1], os.getpid()),
            "kwargs": {},
            "keep": None,
        }
        # A box that cannot be probed counts as one that holds nothing.
        try:
            answer = worker.ask(request, time.monotonic() + SECONDS)
        except WorkerLost as error:
            return Isolation("C", worker.report, (f"not be probed: {error}",))
        found = answer.get("value")
        if not isinstance(found, dict):
            return Isolation("C", worker.report, (f"not be probed: {answer.get('error')}",))
        reached = tuple(name for name, succeeded in found.items() if succeeded)
        return Isolation(_level(worker.report, set(reached)), worker.report, reached, tuple(found))


@contextlib.contextmanager
def _bait(submissions: Path) -> Iterator[dict[str, str]]:
    """Lay out what no worker should reach: files of several kinds, and an abstract socket; each by its name."""
    with contextlib.ExitStack() as stack:
        canaries = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-canary-")))
        # Open, so that nothing but the box keeps a worker from what lies in it.
        canaries.chmod(0o755)
        neighbour = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="canary-", dir=submissions)))
        neighbour.chmod(0o755)
        files = {
            # Of two modes: to hide the one, another user is enough; the other takes Landlock or mounts.
            "a private file of the grader": (canaries / "private", 0o600),
            "a world-readable file": (canaries / "public", 0o644),
            "another submission": (neighbour / "public", 0o644),
        }
        if SHARED_MEMORY.is_dir():
            shared = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-", dir=SHARED_MEMORY)))
            shared.chmod(0o755)
            files["a file in /dev/shm"] = (shared / "public", 0o644)
        for path, mode in files.values():
            path.write_text("canary", encoding="utf-8")
            path.chmod(mode)
        bait = {name: str(path) for name, (path, _) in files.items()}
        name = f"autograder-{secrets.token_hex(8)}"
        if sys.platform == "linux":
            abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
            abstract.bind("\0" + name)
            abstract.listen()
        yield {**bait, "abstract": name}


def _level(report: dict[str, str], reached: set[str]) -> str:
    held = {name for name, reason in report.items() if not reason}
    # What every Linux offers to anybody; where one of them is lacking, something is wrong.
    basic = {"seccomp", "limits", "no-new-privileges", "descriptors"}
    if {"zygote-namespaces", "worker-namespaces", "own-user", "landlock", *basic} <= held and not reached:
        return "A"
    if {"own-user", "landlock", *basic} <= held and not reached:
        return "B"
    # Either keeps student code from files that only the grader may read, and so from a secret seed.
    if basic <= held and held & {"own-user", "landlock"} and reached <= READABLE:
        return "B-"
    return "C"
