"""A tar, as some handouts ask for, becomes a zip, so that one way leads to the marks.

Protects against a tar that unpacks to more than it may, or is read into memory by its headers. What its entries are
called, and whether they may be there, is judged afterwards, as of every zip.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import SubmissionError
from autograder.submission.entries import MAX_LISTED, MAX_UNPACKED, megabytes
from autograder.submission.packing import EPOCH

GZIP = b"\x1f\x8b"
ENDINGS = (".tar", ".tar.gz", ".tgz")
MAX_READ = 2**20  # bytes of one read: of a header, or a piece of a file
KINDS = {tarfile.REGTYPE: stat.S_IFREG, tarfile.AREGTYPE: stat.S_IFREG, tarfile.DIRTYPE: stat.S_IFDIR}


class _Bounded(io.RawIOBase):
    """The bytes of a tar, never more than a submission may have."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source, self._left = source, MAX_UNPACKED + 2**20 * 16

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(min(size, MAX_READ) if size >= 0 else MAX_READ)
        self._left -= len(found)
        if self._left < 0:
            raise SubmissionError(f"the tar unpacks to more than the {megabytes(MAX_UNPACKED)} that are accepted")
        return found


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so may be a tar, compressed or not."""
    return head.startswith(GZIP) or head[257:262] == b"ustar"


@contextlib.contextmanager
def as_zip(path: Path) -> Iterator[Path]:
    """Give the zip of a tar, with all that it holds; links and devices are entered as such, and empty.

    Raises:
        SubmissionError: if it is damaged, or too much.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-tar-") as folder:  # mode 0700
        made = Path(folder) / "submission.zip"
        try:
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, path.open("rb") as file:
                packed = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == GZIP else file
                with tarfile.open(fileobj=_Bounded(packed), mode="r|") as source:
                    _copy(source, archive)
        except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, UnicodeError) as error:
            raise SubmissionError(f"the tar is damaged ({type(error).__name__}): make it again") from None
        yield made


def _copy(source: tarfile.TarFile, archive: zipfile.ZipFile) -> None:
    for count, member in enumerate(source, start=1):
        if count > MAX_LISTED:
            raise SubmissionError(f"the tar has more than the {MAX_LISTED} entries that are accepted")
        kind = KINDS.get(member.type, stat.S_IFLNK)
        name = member.name if kind != stat.S_IFDIR else f"{member.name.rstrip('/')}/"
        if name in ("./", "."):
            continue
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.external_attr = (kind | 0o644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        content = source.extractfile(member) if kind == stat.S_IFREG else None
        with archive.open(entry, "w", force_zip64=member.size > 2**31) as target:
            while content is not None and (chunk := content.read(MAX_READ)):
                target.write(chunk)
