"""A worker that lies: the real reference's answers to each check, recorded once, and given back forged.

What a check talks to is real, down to the bytes on the socket; only whoever holds its other end is in the hands of a
test. So an answer here is whatever the box could send, and nothing that it could not.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forgeries import Raw, Reply

from autograder.course.assignment import Limits
from autograder.inside import wire
from autograder.inside.host import wants_reply
from autograder.sandbox.boxed_student import BoxedStudent
from autograder.sandbox.worker import Worker

ERROR = b'"error": '  # in the header of a reply


@dataclass
class Forger(wire._Packer):
    """Packs values as the worker does, and whatever else is asked of it."""

    raw: int = 0
    rest: bytes = b""

    def pack(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, Raw):
            self.raw, self.rest = self.raw + value.arrays, self.rest + value.body
            return value.tree
        return super().pack(value, depth)


def packed(reply: Reply) -> bytes:
    """A message, however malformed."""
    forger = Forger()
    header = json.dumps({key: forger.pack(value) for key, value in reply.items()}).encode("ascii")
    bodies = b"".join(array.tobytes() for array in forger.arrays)
    return wire.PREFIX.pack(len(header), len(forger.arrays) + forger.raw) + header + bodies + forger.rest


class Impostor:
    """Whoever answers in the place of a worker: a thread with the other end of its channel.

    Args:
        reply: makes the bytes of the next answer from the question's id; empty to hang up.
    """

    _dead = subprocess.Popen(["true"])  # stands for the process behind the channel; it has ended, whenever asked

    def __init__(self, reply: Callable[[str], bytes]) -> None:
        ours, self._channel = socket.socketpair()
        output, self._noise = os.pipe()
        self._channel.sendall(b"\0" + b"".join(wire.encode({"ready": {}})))  # the first byte comes without a listener
        self._reply = reply
        threading.Thread(target=self._serve, daemon=True).start()
        self.worker = Worker(ours, output, os.pidfd_open(self._dead.pid), lambda: {"status": 0})

    def _serve(self) -> None:
        with self._channel, contextlib.suppress(OSError, EOFError):
            while question := wire.decode(self._read, wire.MAX_REQUEST, wire.MAX_REQUEST):
                *first, last = question["requests"]
                for _ in (*filter(wants_reply, first), last):
                    answer = self._reply(question["id"])
                    if not answer:
                        return
                    self._channel.sendall(answer)
                    if ERROR in answer:  # behind one nobody waits for more
                        break
        os.close(self._noise)

    def _read(self, size: int) -> bytearray:
        if not size:
            return bytearray()
        if len(content := self._channel.recv(size, socket.MSG_WAITALL)) < size:
            raise EOFError
        return bytearray(content)


class Tap:
    """A real worker, and what it has answered."""

    def __init__(self, worker: Worker, replies: list[Reply]) -> None:
        self._worker, self._replies = worker, replies

    def ask(self, request: dict[str, Any], deadline: float) -> Reply:
        self.send([request], deadline)
        return self.receive(deadline)

    def receive(self, deadline: float) -> Reply:
        reply = self._worker.receive(deadline)
        self._replies.append({key: value for key, value in reply.items() if key != "id"})
        return reply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker, name)


def recording(honest: BoxedStudent, replies: list[Reply]) -> BoxedStudent:
    """A student of the box whose answers are kept."""
    return BoxedStudent(lambda: Tap(honest._start(), replies), Limits())  # type: ignore[arg-type]


@dataclass
class Script:
    """The answers to one check's questions, of which a forger changes what it likes.

    Attributes:
        forge: gets an answer and its place; returns what is sent in its place.
        sent: how many answers were forged.
    """

    replies: list[Reply]
    forge: Callable[[Reply, int], Reply]
    sent: int = 0
    place: int = field(default=0, init=False)

    def student(self) -> BoxedStudent:
        """A student whose every worker goes on where the one before has stopped."""
        return BoxedStudent(lambda: Impostor(self._next).worker, Limits())

    def _next(self, identity: str) -> bytes:
        honest = self.replies[min(self.place, len(self.replies) - 1)]
        forged = self.forge(honest, self.place)
        self.sent += forged is not honest
        self.place += 1
        return packed({"id": identity, **forged})
