"""Values as bytes: how arrays and plain Python values cross between the grader and student code.

A message is a header (JSON; of a reply at most 64 KB) followed by the raw bytes of its arrays, little-endian, C order.
Nothing on this wire is executed or unpickled: what comes out is None, bool, int, float, str, tuples, lists,
dictionaries with text keys, arrays of the dtypes below, and the markers `Tensor`, `Reference`, `Seed` and `Opaque`.

Protects against: code in replies, allocation before a size is checked, arrays that are not what they claim to be.
Does not protect against: wrong values. Those are for the checks to judge.
"""

from __future__ import annotations

import json
import math
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAX_HEADER = 64 * 1024  # parsed, whatever is in it, under 3 MB
MAX_REQUEST = 1 << 30  # bytes of what the trusted side sends: no defence
MAX_RANK = 8  # windows of images, which checks ask for, have six
MAX_DEPTH = 16  # far above the lists of tuples that checks ask for, far below the recursion that Python allows
MAX_WHOLE = 2**64  # from here on no dtype holds them; thousands of digits, Python refuses to write or read
# Bytes up to which a message is sent in one piece: of 64 KB in four arrays that takes 14 us instead of 22, of 256 KB
# the copy takes what the calls would.
JOINED = 256 * 1024
DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()  # noqa: SIM905 (a table)
}
NAMES = {np.dtype(name): name for name in DTYPES}  # of those in the machine's own byte order
PLAIN_KEYS = {str}  # of nearly every dictionary
ATOMS = {type(None), bool, float, str}  # what JSON, with NaN and Infinity, has itself, beside small enough integers
CONTAINERS = {list, tuple, dict}  # what may hold other values
# The first key of an object that stands for something else; of a dictionary with such a key, "dict" is the first.
MARKERS = {"array", "tuple", "dict", "reference", "seed", "opaque", "tensor"}
ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
PREFIX = struct.Struct("<II")  # bytes of the header, number of arrays

Read = Callable[[int], bytearray]


class BadMessage(ValueError):
    """What came over the wire is malformed, or larger than the reader allows."""


class TooLarge(BadMessage):
    """It is well formed, and larger than that."""


@dataclass(frozen=True)
class Reference:
    """An object that stays on the student's side, by its number there."""

    number: int


@dataclass(frozen=True)
class Seed:
    """Stands for `numpy.random.default_rng(number)` in arguments."""

    number: int


@dataclass(frozen=True)
class Opaque:
    """A value that cannot cross; all that is known is the name of its type, and of an array that of its dtype."""

    type_name: str
    entries: str = field(default="", repr=False)


@dataclass(frozen=True)
class Tensor:
    """An array that is, or shall become, a torch tensor; `dtype` is torch's name for it."""

    array: np.ndarray
    dtype: str


@dataclass
class _Packer:
    arrays: list[np.ndarray] = field(default_factory=list)

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Turn a value into JSON, its arrays set aside."""
        if depth > MAX_DEPTH:
            return {"opaque": "a value nested too deeply", "entries": ""}
        kind = type(value)  # the exact one: the methods of another class would be a student's
        if kind in ATOMS or (kind is int and abs(value) < MAX_WHOLE):
            return value
        if kind is list:
            return self.all(value, depth)
        if kind is tuple:
            return {"tuple": self.all(value, depth)}
        if kind is Reference:
            return {"reference": value.number}
        if kind is dict and {*map(type, value)} <= PLAIN_KEYS:
            packed = {key: item if type(item) in ATOMS else self.pack(item, depth + 1) for key, item in value.items()}
            return packed if MARKERS.isdisjoint(packed) else {"dict": [[*packed], [*packed.values()]]}
        if kind is np.ndarray or isinstance(value, np.ndarray | np.generic):
            known = value.dtype in NAMES or value.dtype.name in DTYPES
            return {"array": self.array(np.asarray(value))} if known else _opaque(value)
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"dict": [list(value), self.all(value.values(), depth)]}
        if isinstance(value, Seed):
            return {"seed": value.number}
        if isinstance(value, Opaque):
            return {"opaque": value.type_name, "entries": value.entries}
        if isinstance(value, Tensor):
            return {"tensor": self.array(value.array), "dtype": value.dtype}
        if isinstance(value, tuple | list):
            return {"tuple": self.all(value, depth)}
        return _opaque(value)

    def all(self, values: Any, depth: int) -> list[Any]:
        return [value if type(value) in ATOMS else self.pack(value, depth + 1) for value in values]

    def array(self, array: np.ndarray) -> list[Any]:
        name = NAMES.get(array.dtype) or array.dtype.name
        # Plain, whatever class it has: a masked array crosses as the values below its mask.
        self.arrays.append(np.array(array, dtype=DTYPES[name], order="C", copy=None, subok=False))
        return [name, list(array.shape)]


def _opaque(value: Any) -> dict[str, str]:
    entries = value.dtype.name[:40] if isinstance(value, np.ndarray | np.generic) else ""
    return {"opaque": type(value).__name__[:80], "entries": entries}


def encode(message: dict[str, Any], max_header: int = MAX_HEADER) -> list[bytes | memoryview]:
    """Turn a message into the buffers to send, in order.

    Raises:
        BadMessage: if its header would be larger than so many bytes.
    """
    packer = _Packer()
    tree = {key: packer.pack(value) for key, value in message.items()}
    header = ENCODER.encode(tree).encode("ascii")
    if len(header) > max_header:
        raise BadMessage(f"a value takes {len(header)} bytes beside its arrays, the limit is {max_header}")
    bodies = [memoryview(array.reshape(-1).view(np.uint8).data) for array in packer.arrays if array.size]
    buffers: list[bytes | memoryview] = [PREFIX.pack(len(header), len(packer.arrays)), header, *bodies]
    return [b"".join(buffers)] if sum(map(len, buffers)) <= JOINED else buffers


def decode(read: Read, max_bytes: int, max_header: int = MAX_HEADER) -> dict[str, Any]:
    """Read one message through `read(n)`, which returns exactly n bytes.

    Args:
        read: called for the prefix, the header and then each array, in that order.
        max_bytes, max_header: of all arrays together, and of what comes before them; checked before anything of that
            size is allocated.

    Raises:
        BadMessage: if it is malformed or too large.
    """
    header_size, count = PREFIX.unpack(read(PREFIX.size))
    if header_size > max_header:
        raise BadMessage(f"header of {header_size} bytes, the limit is {max_header}")
    unpacker = _Unpacker(read, max_bytes)
    try:
        message = json.loads(read(header_size).decode("ascii"), object_hook=unpacker.unpack)
    except BadMessage:
        raise
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"header is no JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise BadMessage("header is no object")
    # What is too deep to be packed leaves an Opaque, one level further, in the message.
    if _deeper(message, MAX_DEPTH + 1):
        raise BadMessage("a value nested too deeply")
    if unpacker.count != count:
        raise BadMessage(f"{unpacker.count} arrays in the header, {count} announced")
    return message


def _deeper(value: Any, levels: int) -> bool:
    """Whether a list, tuple or dictionary holds others, one in the other, of more levels than that."""
    if levels < 0:
        return True
    items = value.values() if type(value) is dict else value
    return any(_deeper(item, levels - 1) for item in items if type(item) in CONTAINERS)


@dataclass
class _Unpacker:
    read: Read
    left: int
    count: int = 0

    def unpack(self, found: dict[str, Any]) -> Any:
        """Turn an object of JSON, in which this has been done already, into what it stands for."""
        name = next(iter(found), "")
        if name not in MARKERS:
            return found
        inner = found[name]
        if name == "array" and type(inner) is list and len(inner) == 2 and type(inner[1]) is list:
            return self.array(*inner)
        if name == "tuple" and type(inner) is list:
            return tuple(inner)
        if name == "reference" and type(inner) is int:
            return Reference(inner)
        match found:
            case {"dict": [list(keys), list(items)]} if len(keys) == len(items) and {*map(type, keys)} <= PLAIN_KEYS:
                return dict(zip(keys, items, strict=True))
            case {"tensor": [str(dtype), list(shape)], "dtype": str(name)}:
                if name != dtype and (name, dtype) != ("bfloat16", "float32"):  # NumPy has no bfloat16
                    raise BadMessage("a tensor whose numbers are of another dtype")
                return Tensor(self.array(dtype, shape), name)
            case {"seed": int(number)}:
                return Seed(number)
            # Both come to stand in sentences that students read.
            case {"opaque": str(type_name), "entries": str(entries)}:
                return Opaque(type_name[:80], entries if re.fullmatch(r"[\w\[\]]{1,40}", entries) else "")
        raise BadMessage("a value of unknown form")

    def array(self, dtype: str, shape: list[Any]) -> np.ndarray:
        if type(dtype) is not str or dtype not in DTYPES:
            raise BadMessage("an array of a dtype that is not allowed")
        if len(shape) > MAX_RANK or any(type(size) is not int or not 0 <= size <= sys.maxsize for size in shape):
            raise BadMessage("an array of an impossible shape")
        # Python's numbers: a product that overflows in 64 bits is no small one here.
        size = math.prod(shape) * DTYPES[dtype].itemsize
        # An array without numbers may still have rows without number: they count as if each held one.
        if (size or math.prod(size or 1 for size in shape)) > self.left:
            raise TooLarge(f"arrays of more than {self.left} bytes")
        self.left -= size
        self.count += 1
        # A bytearray, so that the array can be written to without another copy.
        body = self.read(size)
        return np.frombuffer(body, dtype=DTYPES[dtype]).astype(dtype, copy=False).reshape(shape)
