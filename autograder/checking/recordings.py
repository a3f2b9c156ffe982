"""What the oracles return for the cases of `make test`, as arrays: the handout ships these in place of the oracles.

An oracle's call is known by a key made of its name and its arguments, the same on every platform. Nothing in the file
but arrays is ever read, so nothing that a student finds in it is code.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import NotRecorded

FILE = "recorded.npz"  # beside the modules that it stands for
NUMBER, LIST, TUPLE = "float", "list", "tuple"  # what a result was, where it was no array


def key(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Name one call of an oracle, the same on every platform for the same case."""
    digest = hashlib.sha256()
    for value in (*args, *(item for pair in sorted(kwargs.items()) for item in pair)):
        _add(digest, value)
    return f"{name.replace('/', ':')}-{digest.hexdigest()[:32]}"  # what stands behind a / in an archive is the kind


def _add(digest: hashlib._Hash, value: Any) -> None:
    """Add a value; floats are rounded to 6 digits after the point, as platforms may differ in the last bit."""
    if isinstance(value, np.ndarray):
        rounded = np.round(value.astype(np.float64), 6) + 0.0  # -0.0 becomes 0.0
        digest.update(f"{value.dtype.name}{value.shape}".encode() + rounded.tobytes())
    elif isinstance(value, list | tuple):
        digest.update(f"[{len(value)}".encode())
        for item in value:
            _add(digest, item)
    else:
        digest.update(f"|{value!r}".encode())


def save(path: Path, results: Mapping[str, Any]) -> None:
    """Write results by their keys: arrays, numbers, and lists and tuples of arrays; equal ones give equal bytes."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in sorted(results.items()):
        if isinstance(value, list | tuple):
            kind = LIST if isinstance(value, list) else TUPLE
            arrays |= {f"{name}/{kind}/{index}": np.asarray(item) for index, item in enumerate(value)}
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        else:
            arrays[f"{name}/{NUMBER}"] = np.asarray(value, dtype=np.float64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def recorded(name: str, module: str) -> Callable[..., Any]:
    """Make the stand-in of an oracle: called with a case, it looks up what the oracle returned for it.

    Args:
        name: of the oracle.
        module: the file of the stand-in; the recorded values lie beside it.

    Raises:
        NotRecorded: when called with a case that is none of `make test`.
    """

    def look_up(*args: Any, **kwargs: Any) -> Any:
        found = _read(Path(module).parent / FILE, key(name, args, kwargs))
        if found is None:
            raise NotRecorded(
                f"no value of {name} is recorded for this case: is NumPy {np.__version__} that of requirements.lock?"
            )
        return found

    look_up.__name__ = name
    return look_up


@functools.cache
def _open(path: Path) -> tuple[Mapping[str, np.ndarray], Mapping[str, list[str]]]:
    """Open a file, and index it: the entries of each key."""
    archive = np.load(path, allow_pickle=False)
    entries: dict[str, list[str]] = {}
    for entry in archive.files:
        entries.setdefault(entry.partition("/")[0], []).append(entry)
    return archive, entries


@functools.cache
def _read(path: Path, key: str) -> Any:
    """The result of one call; None where it is not recorded."""
    archive, entries = _open(path)
    if key not in entries:
        return None
    arrays = [_read_only(archive[entry]) for entry in entries[key]]
    _, _, kind = entries[key][0].partition("/")
    if kind.startswith((LIST, TUPLE)):
        return arrays if kind.startswith(LIST) else tuple(arrays)
    return float(arrays[0]) if kind == NUMBER else arrays[0]


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
