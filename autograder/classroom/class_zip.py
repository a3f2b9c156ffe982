"""A class in one zip, as Gradescope, Canvas and Moodle give it: unpacked into a folder of ours.

Its names are students' words: nothing is written outside of the folder, and no link is made.
"""

from __future__ import annotations

import io
import shutil
import stat
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from lzma import LZMAError
from pathlib import Path

from autograder.classroom.platforms import METADATA, may_be_upload
from autograder.errors import SetupError, SubmissionError
from autograder.reports.records import LeftOut
from autograder.submission.entries import ENCRYPTED, NAME_IS_UTF8, BoundedReader, Route, clean, megabytes

ROOM = 10**9  # bytes that shall stay free
MAX_DIRECTORY = 16 * 10**6  # bytes of a zip's own list of its entries: 2000 students with 60 files each


def is_export(path: Path) -> bool:
    """Whether a zip is what a platform gives for a whole class."""
    try:
        with BoundedReader(io.FileIO(path), MAX_DIRECTORY) as file, zipfile.ZipFile(file) as archive:
            routes = [_route(info) for info in archive.infolist()]
    except (zipfile.BadZipFile, SubmissionError, EOFError, NotImplementedError, ValueError, OSError):
        return False
    names = {route[0] for route in routes if route and not route[0].startswith((".", "__MACOSX"))}
    if len(names) == 1 and not may_be_upload(*names):
        names = {route[1] for route in routes if len(route) > 1 and not route[1].startswith(".")}
    return not names.isdisjoint(METADATA) or (bool(names) and all(map(may_be_upload, names)))


def unpack(path: Path, into: Path) -> list[LeftOut]:
    """Write the files of a zip; return those that may not be written.

    Raises:
        SetupError: if it is no zip, damaged, encrypted, or larger than the space that is left.
    """
    left_out = []
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            free = shutil.disk_usage(into).free - ROOM
            if (total := sum(info.file_size for info in infos)) > free:
                raise SetupError(f"{path.name} unpacks to {megabytes(total)}, {megabytes(max(0, free))} are free here")
            if any(info.flag_bits & ENCRYPTED for info in infos):
                raise SetupError(f"{path.name} is encrypted: unpack it, and name the folder")
            for info in infos:
                route = _route(info)
                if (why := _refused(info, route)) or (why := _write(archive, info, into.joinpath(*route))):
                    left_out.append(LeftOut(clean("/".join(route)), why))
    except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, ValueError) as error:
        raise SetupError(f"{path.name} is no zip or damaged ({type(error).__name__}): export it again") from None
    return left_out


def _route(info: zipfile.ZipInfo) -> Route:
    name = info.filename
    if not info.flag_bits & NAME_IS_UTF8:
        with suppress(UnicodeError):  # many programs write UTF-8 and do not say so
            name = name.encode("cp437").decode("utf-8")
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _refused(info: zipfile.ZipInfo, route: Route) -> str:
    form = stat.S_IFMT(info.external_attr >> 16)
    if form not in (0, stat.S_IFREG):
        return "a link or a device, expected the file itself"
    if not route or ".." in route or any(unicodedata.category(one) in ("Cc", "Cs") for part in route for one in part):
        return "its name leads out of the zip, or cannot be written"
    return ""


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> str:
    """Write one file; say why it could not be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, path.open("xb") as target:
            shutil.copyfileobj(source, target, 2**20)
    except OSError as error:  # a name that is too long, or there twice
        if error.errno is None:  # what bzip2 raises where it cannot go on
            raise zipfile.BadZipFile from error
        return error.strerror or type(error).__name__
    return ""
