"""A submission that comes as a folder, as on Gradescope, becomes a zip again, so that one way leads to the marks."""

from __future__ import annotations

import itertools
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course.layout import Layout
from autograder.errors import SubmissionError
from autograder.submission.entries import MAX_LISTED, MAX_UNPACKED, Route, megabytes
from autograder.submission.misnamed import may_count
from autograder.submission.packing import EPOCH
from autograder.submission.sift import biggest, is_junk, sift
from autograder.submission.tars import ENDINGS

VENV = "pyvenv.cfg"


def as_zip(folder: Path, into: Path, layout: Layout, *, packed: bool = True) -> Path:
    """Return the zip of a folder: the one that alone lies in it, or a new one of all that it holds.

    Links and devices are entered as such and never followed; of too many files as many as it takes to be refused. What
    is never read is entered by name alone, of what is left out of every submission one file for each folder, and counts
    towards no limit.

    Args:
        folder: untrusted.
        into: where a new zip is written.
        layout: of the course.
        packed: whether to compress.

    Raises:
        SubmissionError: if it is larger than any zip may unpack to.
    """
    found = {_route(path, folder): path for path in paths(folder)}
    left_out = sift(list(found), layout)
    real = [route for route in found if route not in left_out]
    archives = (".zip", *ENDINGS) if layout.known else (".zip",)
    if len(real) == 1 and real[0][-1].lower().endswith(archives) and _size(found[real[0]]) is not None:
        return found[real[0]]
    sizes = [(route, _size(found[route]) or 0) for route in real if may_count(route[-1], layout)]
    if (total := sum(size for _, size in sizes)) > MAX_UNPACKED:
        raise SubmissionError(
            f"the submission unpacks to {megabytes(total)}, at most {megabytes(MAX_UNPACKED)} are accepted"
            + biggest(sizes, layout)
        )
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(into, "w", method, compresslevel=1) as archive:
        for route in sorted({*real[:MAX_LISTED], *_one_each(left_out)}):
            path = found[route]
            entry = zipfile.ZipInfo("/".join(route), EPOCH)
            plain = route not in left_out and _size(path) is not None and may_count(route[-1], layout)
            entry.external_attr = (0o100644 if route in left_out else path.lstat().st_mode) << 16
            entry.compress_type = method
            archive.writestr(entry, path.read_bytes() if plain else b"")
    return into


def _one_each(left_out: dict[Route, Route]) -> Iterator[Route]:
    """One file of each folder that is left out, the one by which it is known."""
    best = {left_out[path]: path for path in sorted(left_out, key=lambda path: (_telling(path), path))}
    yield from best.values()


def _telling(path: Route) -> bool:
    return path[-1] == VENV or "site-packages" in path


def _size(path: Path) -> int | None:
    """The bytes of a file; None of a link, a device and the like."""
    status = path.lstat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def paths(folder: Path) -> Iterator[Path]:
    """Yield everything that is no folder, in order of names; of what is left out anyway one file."""
    for top, folders, files in os.walk(folder, followlinks=False):
        if Path(top) != folder and (is_junk(Path(top).name) or VENV in files):
            folders.clear()
            known = (Path(top) / VENV,) if VENV in files else Path(top).rglob("*")
            yield from itertools.islice((path for path in known if not path.is_dir()), 1)
            continue
        folders.sort()
        yield from sorted(Path(top) / name for name in (*files, *filter(lambda name: _is_link(top, name), folders)))


def _is_link(top: str, name: str) -> bool:
    return os.path.islink(os.path.join(top, name))


def _route(path: Path, folder: Path) -> Route:
    """The name below the folder, as text that a zip can hold."""
    return tuple(os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace").split("/"))
