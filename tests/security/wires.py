"""Bytes that come over the wire: a stream that remembers what was asked for, and messages that say what they like."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from autograder.inside import wire

LIMIT = 1 << 16  # bytes of arrays that the tests allow


class Stream:
    """Bytes to be read; remembers how many have been asked for at once."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position, self.largest = data, 0, 0

    def read(self, size: int) -> bytearray:
        self.largest = max(self.largest, size)
        if self.position + size > len(self.data):
            raise EOFError
        self.position += size
        return bytearray(self.data[self.position - size : self.position])


def decoded(data: bytes, max_bytes: int = LIMIT) -> dict[str, Any]:
    return wire.decode(Stream(data).read, max_bytes)


def crossed(value: Any) -> Any:
    """The value after a way over the wire, which must be read to its last byte."""
    stream = Stream(b"".join(wire.encode({"value": value})))
    message = wire.decode(stream.read, LIMIT)
    assert stream.position == len(stream.data)
    return message["value"]


def message(header: Any, arrays: int = 0, body: bytes = b"") -> bytes:
    """A message whose header says what it likes."""
    text = header if isinstance(header, bytes) else json.dumps({"value": header}).encode()
    return wire.PREFIX.pack(len(text), arrays) + text + body


BASE = np.arange(24.0).reshape(2, 3, 4)
