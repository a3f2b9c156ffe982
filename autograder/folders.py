"""A submission that comes as a folder, as on Gradescope, becomes a zip again, so that one way leads to the marks."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.entries import MAX_ENTRIES, MAX_UNPACKED, megabytes
from autograder.errors import SubmissionError
from autograder.packing import EPOCH


def as_zip(folder: Path, into: Path) -> Path:
    """Return the zip of a folder: the one that alone lies in it, or a new one of all that it holds.

    Links and devices are entered as such and never followed; of too many files as many as it takes to be refused.

    Args:
        folder: untrusted.
        into: where a new zip is written.

    Raises:
        SubmissionError: if it is larger than any zip may unpack to.
    """
    found = list(paths(folder))
    if len(found) == 1 and found[0].suffix.lower() == ".zip" and _size(found[0]) is not None:
        return found[0]
    if (total := sum(_size(path) or 0 for path in found)) > MAX_UNPACKED:
        raise SubmissionError(
            f"the submission unpacks to {megabytes(total)}, at most {megabytes(MAX_UNPACKED)} are accepted"
        )
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in found[: MAX_ENTRIES + 1]:
            entry = zipfile.ZipInfo(_name(path, folder), EPOCH)
            entry.external_attr = path.lstat().st_mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, b"" if _size(path) is None else path.read_bytes())
    return into


def _size(path: Path) -> int | None:
    """The bytes of a file; None of a link, a device and the like."""
    status = path.lstat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def paths(folder: Path) -> Iterator[Path]:
    """Yield everything that is no folder, in order of names."""
    for top, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        yield from sorted(Path(top) / name for name in (*files, *filter(lambda name: _is_link(top, name), folders)))


def _is_link(top: str, name: str) -> bool:
    return os.path.islink(os.path.join(top, name))


def _name(path: Path, folder: Path) -> str:
    """The name below the folder, as text that a zip can hold."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")
