"""The fingerprints of Python code: what stays the same when it is renamed, laid out anew, commented or moved.

Winnowing (Schleimer, Wilkerson, Aiken 2003, doi:10.1145/872757.872770) over tokens: of every few sequences of tokens
one is kept, the same one wherever the sequences are the same. Names that a student may choose count as one and the
same; comments, docstrings, layout, brackets around a whole and commas do not count at all. No sequence runs from one
function into another. Any text has fingerprints, in time that grows with its length alone.
"""

from __future__ import annotations

import builtins
import functools
import keyword
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

WINDOW = 4  # sequences, of which one is kept
MAX_BYTES = 2_000_000  # of Python in a submission; what lies beyond is not compared
MAX_TOKENS = 200_000
LARGEST = np.uint64(2**64 - 1)
FIELDS = frozenset([*keyword.kwlist, "shape", "dtype", "ndim", "T"])  # no variable has these names

TOKEN = re.compile(
    r"""(?P<text>(?:\b[rbfuRBFU]{1,2})?(?:\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)))
    |(?P<string>(?:\b[rbfuRBFU]{1,2})?(?:"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<comment>\#[^\n]*)
    |(?P<number>\d[\w.]*)
    |(?P<called>\w+(?=[ ]?\())
    |(?P<name>\w+)
    |(?P<operator>\*\*=?|//=?|<<=?|>>=?|->|:=|[-+*/%@&|^=!<>]=|[^\s\w(),;:\\])""",
    re.VERBOSE | re.DOTALL,
)


Place = tuple[str, int, int]  # file, first and last line


@dataclass(frozen=True)
class Print:
    """One fingerprint of a submission: number of its first token, and where that is."""

    start: int
    place: Place


Prints = dict[int, Print]


@dataclass(frozen=True)
class Tokens:
    """The normal form of one file: a number and a line for each token; functions by name, first token and end."""

    values: np.ndarray
    lines: np.ndarray
    functions: Sequence[tuple[str, int, int]]


def tokens(source: str) -> Tokens:
    """Put Python into its normal form; also what no Python would parse."""
    values, starts, heads, before = [], [], [], ""
    for found in TOKEN.finditer(source):
        if found.lastgroup in ("text", "comment"):
            continue
        values.append(_number(_word(str(found.lastgroup), found.group())))
        starts.append(found.start())
        if before in ("def", "class"):
            heads.append((before, found.group(), len(values) - 2))
        before = found.group()
        if len(values) == MAX_TOKENS:
            break
    ends = [found.start() for found in re.finditer("\n", source)]
    functions = tuple(_functions(heads, len(values)))
    return Tokens(np.array(values, dtype=np.uint64), np.searchsorted(ends, starts) + 1, functions)


def _functions(heads: Sequence[tuple[str, str, int]], end: int) -> Iterator[tuple[str, int, int]]:
    """Name the functions, methods by the class before them; each ends where the next one or a class begins."""
    owner = ""
    for (kind, name, start), (_, _, stop) in zip(heads, [*heads[1:], ("", "", end)], strict=False):
        if kind == "class":
            owner = name
        else:
            yield f"{owner}.{name}", start, stop


@functools.lru_cache(maxsize=2**14)
def _number(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace"))


def _word(kind: str, text: str) -> str:
    """What stands for a token."""
    if kind == "string":
        return "''"
    free = (kind == "name" and text not in FIELDS) or (kind == "called" and text not in _known())
    return "name" if free else text


@functools.cache
def _known() -> frozenset[str]:
    """Names that nobody chooses where something of the name is called: Python's own, and those of the libraries."""
    import torch

    places = (np, np.ndarray, torch, torch.Tensor, torch.nn, torch.nn.functional)
    return FIELDS | frozenset([*dir(builtins), *(name for place in places for name in dir(place))])


def read(files: Mapping[str, str]) -> dict[str, Tokens]:
    """The normal form of a submission's files, as many as there is room for."""
    read, room = {}, MAX_BYTES
    for name, text in sorted(files.items()):
        read[name] = tokens(text[:room])
        room = max(0, room - len(text))
    return read


def sequences(files: Mapping[str, Tokens], handout: Iterable[Tokens], size: int) -> Prints:
    """The fingerprints of sequences of so many tokens, without those of the handout."""
    known = given(handout, size)
    found: Prints = {}
    for name, each in files.items():
        hashes, mine = own(each, known, size)
        for start in _winnowed(hashes, mine):
            place = name, int(each.lines[start]), int(each.lines[start + size - 1])
            found.setdefault(int(hashes[start]), Print(start, place))
    return found


def given(handout: Iterable[Tokens], size: int) -> np.ndarray:
    """The sequences of so many tokens that everyone got, in order, and one that ends them."""
    return np.unique(np.concatenate([np.array([LARGEST]), *(_hashes(each.values, size) for each in handout)]))


def own(each: Tokens, known: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """All sequences of a file, and which of them are its own: not given, and within one function."""
    hashes = _hashes(each.values, size)
    return hashes, (known[np.searchsorted(known, hashes)] != hashes) & ~_crossing(each.values, size)


def _hashes(values: np.ndarray, size: int) -> np.ndarray:
    """One number for each sequence of tokens, spread evenly."""
    count = max(0, len(values) - size + 1)
    total = np.zeros(count, dtype=np.uint64)
    for place in range(size):  # wraps around
        total = total * np.uint64(0x9E3779B97F4A7C15) + values[place : count + place]
    total ^= total >> np.uint64(29)
    total *= np.uint64(0xBF58476D1CE4E5B9)
    return total ^ (total >> np.uint64(32))


def _crossing(values: np.ndarray, size: int) -> np.ndarray:
    """Which sequences run from one function into another: what they say is who stands beside whom."""
    starts = np.cumsum(_begins(values))
    crossing: np.ndarray = starts[: max(0, len(values) - size + 1)] != starts[size - 1 :]
    return crossing


def _begins(values: np.ndarray) -> np.ndarray:
    """Where a function or a class begins."""
    return np.isin(values, [_number("def"), _number("class")])


def _winnowed(hashes: np.ndarray, own: np.ndarray) -> list[int]:
    """The places of the smallest hash of every window, of the rightmost where two are equal; none of the handout's."""
    if not len(hashes):
        return []
    kept = np.where(own, hashes, LARGEST)
    width = min(WINDOW, len(kept))
    windows = np.lib.stride_tricks.sliding_window_view(kept, width)[:, ::-1]
    places = np.arange(len(windows)) + width - 1 - windows.argmin(axis=1)
    return [int(place) for place in np.unique(places) if own[place]]
