"""One worker seen from the trusted side: ask it something, within a deadline, or kill it."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from autograder.errors import SetupError, WorkerLost
from autograder.inside import wire
from autograder.sandbox.attempts import Attempts

# The lock-in takes 1 to 2 ms; on a virtual machine the first touch of memory can take seconds.
READY_SECONDS = 20.0
MAX_REPLY = 32 * 2**20  # bytes of arrays; ten times the largest that a check asks for
MAX_OUTPUT = 64 * 1024  # bytes kept of what a worker prints; the rest is read and dropped
# A small reply comes whole in one; larger arrays are received where they will lie.
CHUNK = 1 << 16
PATIENCE = 2.0  # seconds between the end of a process's connection and the end of the process


class Worker:
    """A process that runs one submission's code.

    Attributes:
        report: which mechanisms it put in place before the first byte of student code; empty text: it holds.
    """

    def __init__(self, channel: socket.socket, output: int, pidfd: int, reap: Callable[[], dict[str, int]]) -> None:
        self._channel, self._output, self._pidfd, self._reap = channel, output, pidfd, reap
        self._printed = bytearray()
        self._early, self._chunk = bytearray(), bytearray(CHUNK)
        self._deadline, self._identity = time.monotonic() + READY_SECONDS, ""
        self._alive = True
        self._attempts = Attempts()
        # Only poll waits, as it alone knows the deadline: no call on a slow worker's streams may block.
        channel.setblocking(False)
        os.set_blocking(output, False)
        try:
            self._attempts.listen(self._first_byte())
            self.report: dict[str, str] = self._receive()["ready"]
        except (WorkerLost, wire.BadMessage, KeyError) as error:
            self.kill()
            raise SetupError(f"a worker does not start: {error}{self._last_words()}") from None

    def ask(self, request: dict[str, Any], deadline: float, max_bytes: int = MAX_REPLY) -> dict[str, Any]:
        """Send one request of `inside.host` and return the reply to it; for the arguments see `send` and `receive`."""
        self.send([request], deadline)
        return self.receive(deadline, max_bytes)

    def send(self, requests: list[dict[str, Any]], deadline: float) -> None:
        """Send requests of `inside.host`, of which none may need the reply to another, once all earlier ones have come.

        Args:
            requests: done in order; each reply can be received as soon as there is one.
            deadline: time.monotonic() seconds until which they must have been taken.

        Raises:
            WorkerLost: if they cannot be sent in time; the worker is dead then.
        """
        # What was written before the question came cannot carry it.
        self._identity = secrets.token_hex(16)
        self._deadline = deadline
        try:
            # First: what lies there now was written without knowing the question.
            self._refuse_early_bytes()
            for buffer in wire.encode({"id": self._identity, "requests": requests}, wire.MAX_REQUEST):
                self._send(memoryview(buffer))
        except WorkerLost:
            self.kill()
            raise

    def receive(self, deadline: float, max_bytes: int = MAX_REPLY) -> dict[str, Any]:
        """Return the next reply to what was sent: a value, or an error, behind which none comes.

        Args:
            deadline: time.monotonic() seconds until which the whole reply must have come.
            max_bytes: of arrays in the reply.

        Raises:
            WorkerLost: if there is no usable reply in time; the worker is dead then.
        """
        self._deadline = deadline
        try:
            reply = self._receive(max_bytes)
        except wire.BadMessage as error:
            self.kill()
            if not isinstance(error, wire.TooLarge):
                self._attempts.forged("a malformed message")
            raise WorkerLost(f"the answer is malformed: {error}") from None
        except WorkerLost:
            self.kill()
            raise
        answered = reply.get("id")  # of any type: an array has no truth value
        if not isinstance(answered, str) or answered != self._identity or not ("value" in reply) ^ ("error" in reply):
            self.kill()
            self._attempts.forged("an answer to another question")
            raise WorkerLost("the answer belongs to no question")
        self._attempts.told(reply.get("opened"))
        return reply

    def printed(self) -> str:
        """Return what has been printed since the last time, cut at 64 KB."""
        if self._alive:
            self._drain()
        text = self._printed.decode(errors="replace")
        self._printed.clear()
        return text

    def kill(self) -> None:
        """End the process and everything in its box; nothing happens if it has ended already."""
        self._end(patience=0)

    @property
    def attempts(self) -> dict[str, int]:
        """What it has tried that no homework needs, and how often: observations for staff, never a verdict."""
        return dict(self._attempts.counts)

    def _first_byte(self) -> list[int]:
        """Receive the listener that comes with the first byte, where there is one."""
        self._wait(select.POLLIN)
        # One byte, as the message follows at once; recv would take the byte and drop the descriptor.
        return list(socket.recv_fds(self._channel, 1, 1)[1])

    def _receive(self, max_bytes: int = 0) -> dict[str, Any]:
        return wire.decode(self._read, max_bytes)

    def _read(self, size: int) -> bytearray:
        """Read exactly so many bytes; what comes along with them is kept for the next call."""
        buffer = self._early[:size]
        del self._early[:size]
        position = len(buffer)
        if position == size:
            return buffer
        buffer.extend(bytes(size - position))
        with memoryview(buffer) as view:
            while position < size:
                left = size - position
                if left >= CHUNK:
                    position += self._receive_into(view[position : position + CHUNK])
                    continue
                with memoryview(self._chunk) as chunk:
                    count = self._receive_into(chunk)
                used = min(count, left)
                view[position : position + used] = self._chunk[:used]
                self._early += self._chunk[used:count]
                position += used
        return buffer

    def _receive_into(self, view: memoryview) -> int:
        """Receive at least one byte, by the deadline."""
        while True:
            try:
                count = self._channel.recv_into(view)
            except BlockingIOError:
                self._wait(select.POLLIN)
                continue
            except OSError:
                count = 0
            if not count:
                raise WorkerLost(self._end(PATIENCE))
            return count

    def _send(self, view: memoryview) -> None:
        while view:
            try:
                view = view[self._channel.send(view[:CHUNK]) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError:
                raise WorkerLost(self._end(PATIENCE)) from None

    def _wait(self, event: int) -> None:
        """Wait until the channel is ready, draining what is printed meanwhile."""
        poll = select.poll()
        poll.register(self._channel, event)
        poll.register(self._output, select.POLLIN)
        self._attempts.register(poll)
        while True:
            # From the same deadline each time: a byte now and then buys no time.
            left = self._deadline - time.monotonic()
            ready = dict(poll.poll(1000 * left)) if left > 0 else {}
            if not ready:
                raise WorkerLost("out of time")
            # A call that waits for its refusal holds the worker: unanswered, it would cost the check.
            self._attempts.answer(ready, poll)
            if self._output in ready and not self._drain():
                poll.unregister(self._output)
            if self._channel.fileno() in ready:
                return

    def _drain(self) -> bool:
        """Read what is printed, a bounded amount at a time; False at its end."""
        with contextlib.suppress(BlockingIOError):
            # A megabyte at most, so that a worker which prints for ever does not keep this from its clock.
            for _ in range(16):
                chunk = os.read(self._output, 1 << 16)
                if not chunk:
                    return False
                self._printed += chunk[: MAX_OUTPUT - len(self._printed)]
        return True

    def _refuse_early_bytes(self) -> None:
        """Refuse a worker that has sent something nobody asked for."""
        with contextlib.suppress(BlockingIOError):
            if self._early or self._channel.recv(1, socket.MSG_PEEK):
                self._attempts.forged("a message that nobody asked for")
                raise WorkerLost("the worker spoke without being asked")

    def _end(self, patience: float) -> str:
        """Kill the process if it has not ended by itself within `patience` seconds, and say how it ended."""
        if not self._alive:
            return "the process has ended"
        self._alive = False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        # A crash closes the channel before the process can be seen to have ended: a moment tells it from a close.
        by_itself = bool(poll.poll(1000 * patience)) if patience else False
        with contextlib.suppress(ProcessLookupError):
            # By pidfd: the number might be another process's by now.
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._drain()
        self._attempts.close()
        os.close(self._output)
        os.close(self._pidfd)
        self._channel.close()
        # After the kill, or the zygote would wait for a process that goes on.
        status = self._reap().get("status")
        self._attempts.ended(status)
        if status is None or not by_itself:
            return "the process closed its connection to the grader"
        return f"the process was ended by signal {-status}" if status < 0 else f"the process exited ({status})"

    def _last_words(self) -> str:
        # A traceback says at its end what it was.
        return f" ({self._printed.decode(errors='replace').strip()[-300:]})" if self._printed else ""
