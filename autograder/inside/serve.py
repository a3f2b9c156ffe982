"""The loop of one worker: read a request, let the host do it, write the reply; by read and write, no socket calls."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from .host import Host
from .opened import Opened
from .wire import MAX_REQUEST, BadMessage, decode, encode

# A small request comes whole by one call: prefix, header and arrays.
CHUNK = 1 << 16
Buffers = list[bytes | memoryview]


def serve(channel: int, folder: str, report: dict[str, str]) -> None:
    """Answer requests until the trusted side closes the channel.

    Args:
        channel: descriptor of a stream socket.
        folder: the submission, already on `sys.path`.
        report: which mechanisms hold; sent before anything else.
    """
    host, opened = Host(Path(folder)), Opened(folder)
    _send(channel, encode({"ready": report}))
    # No deadline here: student code could change it. The trusted side has the clock, and kills.
    while request := _receive(channel):
        identity = request["id"]
        for answer in host.answer(request["requests"]):
            reply = {"id": identity, **answer}
            if paths := opened.take():
                reply["opened"] = paths
            # Before the reply, after which the trusted side reads the output once and goes on.
            _flush()
            buffers, sendable = _encoded(reply)
            _send(channel, buffers)
            if not sendable:  # an error, too, ends what was asked for
                break


def _receive(channel: int) -> dict[str, Any]:
    """Read one request; empty at the end of the stream."""
    waiting = bytearray()

    def read(size: int) -> bytearray:
        """Read exactly so many bytes; requests come one by one, so nothing of the next is ever waiting."""
        buffer = waiting[:size]
        del waiting[:size]
        while len(buffer) < size:
            chunk = os.read(channel, CHUNK)
            if not chunk:
                raise EOFError
            left = size - len(buffer)
            buffer += chunk[:left]
            waiting.extend(chunk[left:])
        return buffer

    try:
        return decode(read, MAX_REQUEST, MAX_REQUEST)
    except EOFError:
        return {}


def _encoded(reply: dict[str, Any]) -> tuple[Buffers, bool]:
    """Encode a reply, True; where its value cannot be, as it is too large or raises when it is read, say so, False."""
    # All of it before the first byte goes: a message that breaks off would cost the worker.
    try:
        return encode(reply), True
    except Exception as error:  # student code may have made a value that raises anything
        return encode({"id": reply["id"], "error": _unsendable(error), "warnings": []}), False


def _send(channel: int, buffers: Buffers) -> None:
    for buffer in buffers:
        view = memoryview(buffer)
        while view:
            view = view[os.write(channel, view) :]


def _flush() -> None:
    """Push out what was printed, so that it is seen with the call that printed it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a student may have put anything in their place
            stream.flush()


def _unsendable(error: Exception) -> dict[str, Any]:
    text = str(error) if isinstance(error, BadMessage) else "a value that cannot be read"
    memory = isinstance(error, MemoryError)
    return {"type": "ValueError", "text": text, "where": "", "unfinished": False, "memory": memory}
