"""The weights in a checkpoint as arrays, for whoever compares models outside of the box.

Protects against all that `checkpoints` does, and against tensors that claim to be larger than the file, or lie outside
of their storage: nothing is unpickled, no torch is imported, and no more numbers are made than the file has bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from autograder.errors import BadCheckpoint
from autograder.submission import checkpoints, state_dicts
from autograder.submission.state_dicts import View

KINDS = {"Double": "<f8", "Float": "<f4", "Half": "<f2", "BFloat16": "<u2"}  # others hold no weights
Arrays = dict[str, np.ndarray]


def read(path: Path, name: str, max_megabytes: int) -> Arrays:
    """Read the floating-point tensors of a checkpoint, by name, in the file's order, as float32.

    Args:
        path: untrusted.
        name: "checkpoints/net.pt", for the sentences.
        max_megabytes: more than this is not read.

    Raises:
        NoCheckpoint, BadCheckpoint: as `checkpoints.read` does.
    """
    content = checkpoints.read(path, name, max_megabytes).content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:  # its list of entries has been judged
            return dict(_arrays(archive, len(content)))
    except Exception:  # of nearly every kind, as instructions and storages are anyone's
        raise BadCheckpoint(f"{name} is damaged: save or copy it again") from None


def _arrays(archive: zipfile.ZipFile, room: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield tensor after tensor, and stop with an exception when there are more numbers than `room`."""
    pickled = next(one for one in archive.namelist() if one.count("/") == 1 and one.endswith("/data.pkl"))
    top = pickled.partition("/")[0]
    if f"{top}/byteorder" in archive.namelist() and archive.read(f"{top}/byteorder") != b"little":
        raise ValueError("written by a machine of the other byte order")
    data = f"{top}/data/"
    infos = {info.filename.removeprefix(data): info for info in archive.infolist() if info.filename.startswith(data)}
    views = state_dicts.views(archive.read(pickled), {key: info.file_size for key, info in infos.items()})
    storages = {view.storage: b"" for view in views.values() if view.kind in KINDS}
    storages |= {key: archive.read(infos[key]) for key in storages}
    for name, view in views.items():
        if view.kind in KINDS:
            room -= view.numbers
            if room < 0:
                raise ValueError("more numbers than bytes")
            yield name, _array(view, storages)


def _array(view: View, storages: Mapping[str, bytes]) -> np.ndarray:
    """Copy what a tensor views of its storage."""
    flat = np.frombuffer(storages[view.storage], KINDS[view.kind])
    last = view.offset + sum((size - 1) * stride for size, stride in zip(view.size, view.stride, strict=True))
    if view.numbers and last >= len(flat):
        raise ValueError("outside of its storage")
    strides = [stride * flat.itemsize for stride in view.stride]
    start = flat[view.offset :] if view.numbers else flat[:0]
    seen = np.lib.stride_tricks.as_strided(start, view.size, strides, writeable=False)
    if view.kind == "BFloat16":  # the upper half of a float32
        return (seen.astype(np.uint32) << 16).view(np.float32).reshape(view.size)
    return seen.astype(np.float32)
