"""What the content of a submission's files gives away before any of it runs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.submission.entries import clean

POINTER = b"version https://git-lfs.github.com/spec"
BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
WEIGHTS = (".pt", ".pth")
MAX_TEXT = 2**20  # bytes of a source file that are looked at


def remarks(folder: Path, name: str) -> Iterator[str]:
    """Say what keeps a file from being read, or from being what it looks like."""
    with folder.joinpath(name).open("rb") as file:
        content = file.read(512 if name.endswith(WEIGHTS) else MAX_TEXT)
    if content.startswith(POINTER):
        yield f"{clean(name)} is a git-LFS pointer instead of the file: run `git lfs pull` and make the zip again"
    if name.endswith(WEIGHTS):
        return
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield f"{clean(name)} is UTF-16 text, which Python cannot read: save it as UTF-8"
        return
    for number, row in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
        if found := BIDIRECTIONAL.search(row):
            yield (
                f"{clean(name)}:{number} has the control character U+{ord(found[0]):04X}, "
                "by which an editor shows another order of the text than Python reads: remove it"
            )
            return
