"""A submission that comes as a folder, as on Gradescope, becomes a zip again, so that one way leads to the marks."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.entries import MAX_ENTRIES, MAX_UNPACKED
from autograder.packing import EPOCH


def as_zip(folder: Path, into: Path) -> Path:
    """Return the zip of a folder: the one that alone lies in it, or a new one of all that it holds.

    Links and devices are entered as such and never followed. What is too much is entered up to where it is too much,
    so that it is refused like any other zip.

    Args:
        folder: untrusted.
        into: where a new zip is written.
    """
    paths = list(_paths(folder))
    if len(paths) == 1 and paths[0].suffix.lower() == ".zip" and stat.S_ISREG(paths[0].lstat().st_mode):
        return paths[0]
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        size = 0
        for path in paths[: MAX_ENTRIES + 1]:
            status = path.lstat()
            entry = zipfile.ZipInfo(_name(path, folder), EPOCH)
            entry.external_attr = status.st_mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            regular = stat.S_ISREG(status.st_mode)
            size += status.st_size if regular else 0
            archive.writestr(entry, path.read_bytes() if regular and status.st_size <= MAX_UNPACKED else b"")
            if size > MAX_UNPACKED:
                break
    return into


def _paths(folder: Path) -> Iterator[Path]:
    """Yield everything that is no folder, in order of names."""
    for top, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        yield from sorted(Path(top) / name for name in (*files, *filter(lambda name: _is_link(top, name), folders)))


def _is_link(top: str, name: str) -> bool:
    return os.path.islink(os.path.join(top, name))


def _name(path: Path, folder: Path) -> str:
    """The name below the folder, as text that a zip can hold."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")
