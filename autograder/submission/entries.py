"""Which entries a zip may have: number, place, size, names and kinds, judged before one is unpacked."""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Literal

from autograder.errors import SubmissionError

MEGABYTE = 10**6
MAX_LISTED = 20_000  # entries
MAX_ENTRIES = 2000  # of them, without what is left out by its name
MAX_PATH_BYTES = 240
MAX_DEPTH = 12
# Of any entry, what is left out included: it takes time by the square of these to compare names, and to normalise them.
ANY_PATH_BYTES, ANY_DEPTH = 2048, 100
MAX_UNPACKED = 400 * MEGABYTE  # again without what is left out
MAX_SHOWN = 80  # characters of a name in a sentence
MAX_NOTES = 6  # of one kind

LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, length of the name, length of the extra field
METHODS = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd"}
ENCRYPTED = 0x1 | 0x40 | 0x2000
NAME_IS_UTF8 = 0x800

Route = tuple[str, ...]
Kind = Literal["file", "folder", "special"]


@dataclass(frozen=True)
class Entry:
    """One entry of a zip that has passed all checks.

    Attributes:
        path: its name, split at the slashes.
        kind: "special" is a link, a device or the like; whoever unpacks leaves it out or refuses it.
        size: declared, in bytes.
        info: for `Archive.chunks`.
    """

    path: Route
    kind: Kind
    size: int
    info: zipfile.ZipInfo

    @property
    def crc(self) -> int:
        """Tell files of other content apart; declared, so only a sentence hangs on it, or which equal copy counts."""
        return self.info.CRC


def judge(archive: zipfile.ZipFile, file: BinaryIO) -> tuple[Entry, ...]:
    """Return all entries of a zip, if each may be there.

    Raises:
        SubmissionError: with the name of the one that may not, and what to do.
    """
    infos = archive.infolist()
    if not infos:
        raise SubmissionError("the zip is empty: make one with `make submit`")
    if len(infos) > MAX_LISTED:
        raise too_many([info.filename for info in infos], MAX_LISTED)
    _expect_apart(archive, file)
    entries = tuple(map(_judge_one, infos))
    _expect_distinct(entries)
    return entries


class BoundedReader(io.BufferedReader):
    """A file of which no single read is large: zipfile reads a list of entries of any size that a zip declares.

    Args:
        most: bytes of one read.
    """

    def __init__(self, raw: io.FileIO | io.BytesIO, most: int) -> None:
        super().__init__(raw)
        self._most, self._size = most, self.seek(0, io.SEEK_END)
        self.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """Raise SubmissionError for more than that."""
        rest = max(0, self._size - self.tell())
        wanted = rest if size is None or size < 0 else min(size, rest)
        if wanted > self._most:
            raise SubmissionError("the zip's list of files is too long: leave out data sets and virtual environments")
        return super().read(wanted)


@contextmanager
def reading(name: str = "") -> Iterator[None]:
    """Turn whatever zipfile raises into a SubmissionError, about the entry `name` or the whole zip."""
    try:
        yield
    except SubmissionError:
        raise
    except (
        Exception
    ) as error:  # zipfile raises nearly everything: UnicodeDecodeError, zlib.error, RuntimeError, OSError
        what = f"{clean(name)} in the zip" if name else "the zip"
        raise SubmissionError(
            f"{what} is damaged or packed in an unusual way ({type(error).__name__}): make the zip again"
        ) from error


def clean(name: str) -> str:
    r"""Make a name fit for a sentence: control and bidirectional characters escaped, the middle cut out if it is long.

    >>> clean("part1\x1b[31m")
    'part1\\u001b[31m'
    """
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name[: MAX_PATH_BYTES + 1])
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN // 4]}...{text[-MAX_SHOWN * 3 // 4 + 3 :]}"


def first_notes(notes: list[str]) -> list[str]:
    """The first of many sentences of one kind, and how many more there are."""
    more = len(notes) - MAX_NOTES
    return [*notes[:MAX_NOTES], f"and {more} more of this kind"] if more > 1 else notes


def fold(name: str) -> str:
    """Give names that some file system takes for equal one spelling."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def megabytes(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / MEGABYTE:.1f} MB"


def too_many(names: Sequence[str], most: int) -> SubmissionError:
    """Refuse so many entries, and name the deepest folder that holds more than half of them."""
    counts: Counter[str] = Counter()
    for name in names:
        route = name.split("/", 4)
        counts.update("/".join(route[:depth]) for depth in range(1, len(route)))
    deepest = max((name for name in counts if 2 * counts[name] > len(names)), key=lambda n: n.count("/"), default="")
    text = f"the zip has {len(names)} entries, at most {most} are accepted"
    return SubmissionError(f"{text}; {counts[deepest]} lie in {clean(deepest)}/: leave that out" if deepest else text)


def _expect_apart(archive: zipfile.ZipFile, file: BinaryIO) -> None:
    """Refuse entries that share bytes: so a small zip declares terabytes."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        start, shown = info.header_offset, clean(info.filename)
        if start < end:
            raise SubmissionError(f"{shown} overlaps another entry of the zip: make the zip again")
        with reading(info.filename):
            file.seek(start)
            signature, *lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        end = start + LOCAL_HEADER.size + sum(lengths) + info.compress_size
        if signature != b"PK\3\4" or end > archive.start_dir:
            raise SubmissionError(f"{shown} is not where the zip says that it is: make the zip again")


def _judge_one(info: zipfile.ZipInfo) -> Entry:
    shown = clean(info.orig_filename)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = METHODS.get(info.compress_type, f"method {info.compress_type}")
        raise SubmissionError(f"{shown} is compressed with {method}, expected deflate: make the zip again")
    if info.flag_bits & ENCRYPTED:
        raise SubmissionError(f"{shown} is encrypted: make a zip without a password")
    if (size := len(info.orig_filename.encode("utf-8", "replace"))) > ANY_PATH_BYTES:
        raise SubmissionError(f"{shown} has a path of {size} bytes, at most {ANY_PATH_BYTES} are read: leave it out")
    name = _name(info)
    path = _route(name, shown)
    if len(path) > ANY_DEPTH:
        raise SubmissionError(f"{shown} lies {len(path)} folders deep, at most {ANY_DEPTH} are read: leave it out")
    form = stat.S_IFMT(info.external_attr >> 16)
    kind: Kind = "file"
    if form not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "special"
    elif name.endswith("/") or form == stat.S_IFDIR:
        kind = "folder"
    return Entry(path, kind, info.file_size, info)


def _name(info: zipfile.ZipInfo) -> str:
    """Read a name as the program meant it that wrote it, in NFC, with slashes."""
    name = info.filename
    if not info.flag_bits & NAME_IS_UTF8:
        with suppress(UnicodeError):  # Finder writes UTF-8 and does not say so
            name = name.encode("cp437").decode("utf-8")
    if "\0" in info.orig_filename:  # zipfile cuts the name there
        name = info.orig_filename
    # Finder's picture of a folder is the file "Icon\r".
    return unicodedata.normalize("NFC", name).replace("\\", "/").removesuffix("\r")


def _route(name: str, shown: str) -> Route:
    path = tuple(part for part in name.split("/") if part not in ("", "."))
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise SubmissionError(f"{shown} has a control character in its name: rename it")
    if name.startswith("/") or any(re.match("[A-Za-z]:", part) for part in path):
        raise SubmissionError(f"{shown} is an absolute path: zip the folder from where it lies")
    if ".." in path:
        raise SubmissionError(f"{shown} leads out of its folder: zip the folder from where it lies")
    if not path and not name.endswith("/"):
        raise SubmissionError("an entry of the zip has no name: make the zip again")
    return path


def expect_modest(entries: Sequence[Entry]) -> None:
    """Refuse more files, deeper or longer paths or larger files than a submission needs; `entries` is what counts.

    Raises:
        SubmissionError: with what is too much, and the most that is accepted.
    """
    if len(entries) > MAX_ENTRIES:
        raise too_many(["/".join(entry.path) for entry in entries], MAX_ENTRIES)
    for entry in entries:
        name = "/".join(entry.path)
        if (size := len(name.encode("utf-8", "replace"))) > MAX_PATH_BYTES:
            raise SubmissionError(f"{clean(name)} has a path of {size} bytes, at most {MAX_PATH_BYTES} are accepted")
        if len(entry.path) > MAX_DEPTH:
            raise SubmissionError(
                f"{clean(name)} lies {len(entry.path)} folders deep, at most {MAX_DEPTH} are accepted"
            )


def _expect_distinct(entries: Iterable[Entry]) -> None:
    """Refuse two entries that some file system takes for one."""
    files: dict[Route, str] = {}
    folders: set[Route] = set()
    for entry in entries:
        key, name = tuple(map(fold, entry.path)), "/".join(entry.path)
        if entry.kind == "folder":
            folders.add(key)
        elif key in files:
            raise SubmissionError(f"{clean(files[key])} and {clean(name)} have one name: remove one of them")
        else:
            files[key] = name
    # In this order what lies below a name comes right after it; to list all folders above each would take memory.
    for key, after in pairwise(sorted([*files, *folders])):
        if key in files and after[: len(key)] == key:
            raise SubmissionError(f"{clean(files[key])} is both a file and a folder in the zip: make the zip again")
