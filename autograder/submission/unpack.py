"""An untrusted zip: opened within bounds, and its files written one by one.

Protects against a zip that leaves its folder, fills memory or disk, or means different things to different readers:
every entry is judged before the first one is unpacked. Does not protect against what the files say.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.course.layout import Layout
from autograder.errors import SubmissionError
from autograder.submission import tars
from autograder.submission.entries import (
    MAX_LISTED,
    MEGABYTE,
    BoundedReader,
    Entry,
    Route,
    clean,
    judge,
    megabytes,
    reading,
)
from autograder.submission.sift import biggest

MAX_DIRECTORY = 4 * MEGABYTE  # bytes of the zip's own list of its entries; also of any other single read
CHUNK = 2**18
HEADS = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x1f\x8b": "a gzip archive, as .tar.gz files are",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True)
class Archive:
    """An open zip; `digest` is the sha256 of its bytes."""

    zip: zipfile.ZipFile
    entries: tuple[Entry, ...]
    digest: str

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of a file, never more than one beyond its declared size.

        Raises:
            SubmissionError: if it is damaged, or shorter or longer than declared.
        """
        entry.info.file_size = entry.size + 1  # zipfile stops there: a longer file shows, instead of being cut
        with reading(entry.info.filename):
            source = self.zip.open(entry.info)
        count = 0
        with source:
            while True:
                with reading(entry.info.filename):
                    chunk = source.read(CHUNK)
                if not chunk:
                    break
                count += len(chunk)
                yield chunk
        if count != entry.size:
            name = clean("/".join(entry.path))
            raise SubmissionError(f"{name} has {count} bytes, the zip declares {entry.size}: make the zip again")


@contextmanager
def open_zip(path: Path, max_megabytes: int, layout: Layout) -> Iterator[Archive]:
    """Open a zip and judge all of its entries; nothing is unpacked yet.

    Raises:
        SubmissionError: if it is no zip, too large, damaged, or holds an entry that is not accepted.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file" if not path.exists() else "no regular file"
        raise SubmissionError(f"the submission is {what}, expected a zip: make one with `make submit`")
    with _as_zip(path, max_megabytes, layout) as path, BoundedReader(io.FileIO(path), MAX_DIRECTORY) as file:
        _expect_zip(file.read(512))
        size = file.seek(0, io.SEEK_END)
        if size > max_megabytes * MEGABYTE:
            raise SubmissionError(
                f"the zip has {megabytes(size)}, at most {max_megabytes} MB are accepted{_biggest_packed(file, layout)}"
            )
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        with reading():
            archive = zipfile.ZipFile(file)
        with archive:
            yield Archive(archive, judge(archive, file), digest)


@contextmanager
def _as_zip(path: Path, max_megabytes: int, layout: Layout) -> Iterator[Path]:
    """Give what was handed in, or the zip of a tar where the handout may ask for one."""
    with path.open("rb") as file:
        tar = layout.known and tars.is_tar(file.read(512)) and path.stat().st_size <= max_megabytes * MEGABYTE
    if not tar:
        yield path
        return
    with tars.as_zip(path) as made:
        yield made


def write(root: Path, path: Route, chunks: Iterable[bytes]) -> None:
    """Write a new file below `root`, through no link; folders get mode 0755, files 0644."""
    if os.open not in os.supports_dir_fd:  # Windows, where only one's own zip is tried, by `make submit`
        root.joinpath(*path[:-1]).mkdir(parents=True, exist_ok=True)
        with root.joinpath(*path).open("xb") as file:
            file.writelines(chunks)
        return
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in path[:-1]:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
            above, folder = folder, os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(above)
            os.fchmod(folder, 0o755)
        descriptor = os.open(path[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    finally:
        os.close(folder)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o644)
        file.writelines(chunks)


def _expect_zip(head: bytes) -> None:
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return
    if not head:
        raise SubmissionError("the submission is an empty file, expected a zip: upload it again")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise SubmissionError(
            "the submission is a web page, perhaps of a login: download the zip again and look into it"
        )
    kinds = [kind for start, kind in HEADS.items() if head.startswith(start)]
    kinds += ["a tar archive"] if head[257:262] == b"ustar" else []
    what = kinds[0] if kinds else "something that does not start like a zip"
    raise SubmissionError(f"the submission is {what}, expected a zip: make one with `make submit`")


def _biggest_packed(file: BoundedReader, layout: Layout) -> str:
    with suppress(Exception), zipfile.ZipFile(file) as archive:  # a zip too large is refused anyway; this only helps
        files = [info for info in archive.infolist()[:MAX_LISTED] if not info.is_dir()]
        return biggest([(tuple(info.filename.split("/")), info.compress_size) for info in files], layout)
    return ""
