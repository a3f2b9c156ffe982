"""What a file is that is named as a module of Python and holds something else."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

HEAD = 4096  # bytes that are looked at for what a file is
LFS = b"version https://git-lfs"
PAGE = re.compile(rb"\s*<(!doctype html|html|head|\?xml)\b", re.IGNORECASE)
CONFLICT = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)  # not =======, which underlines headings too
MAX_BYTES = 1 << 20  # hundreds of times what a homework has: the look at a larger file ends there
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CODING = re.compile(rb"(?:[^\n]*\n)?[ \t\f]*#[^\n]*coding[:=]")  # in the first two lines: an encoding of its own
NAMELESS = ("*.py", "[!.]*/*.py", "[!.]*/*/*.py")  # where the file may be that Python refuses without its name


def in_folder(folder: Path) -> str:
    """Say which file Python has refused for its bytes of 0, whose name it does not tell; nothing where none has any."""
    for path in (path for pattern in NAMELESS for path in sorted(folder.glob(pattern))):
        if path.is_file() and b"\0" in path.read_bytes()[:MAX_BYTES]:
            return instead_of_python(str(path))
    return ""


def instead_of_python(path: str) -> str:
    """Say what a file is that Python cannot read as code; nothing where it is code with a slip."""
    name = Path(path).name
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES)
    except OSError:  # code of a text, say, has a name and no file
        return ""
    head = content[:HEAD]
    if head.startswith(LFS):
        return f"{name} is a pointer of Git LFS, expected the file that it stands for: run git lfs pull"
    if PAGE.match(head):
        return f"{name} is a web page, expected Python: it was saved from a browser, or is an error page"
    if found := CONFLICT.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        return f"{name}:{line} holds the marks of a merge conflict: decide which lines stay"
    return _encoded(name, content)


def _encoded(name: str, content: bytes) -> str:
    """Say what is wrong with the encoding."""
    if content.startswith(UTF16):
        return f"{name} is UTF-16, expected UTF-8: save it with that encoding"
    if b"\0" in content:
        return f"{name} holds bytes of 0, expected Python: it is a file of another kind"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)  # what is cut at the end is no fault
    except UnicodeDecodeError as error:
        if not CODING.match(content):
            line = content.count(b"\n", 0, error.start) + 1
            return f"{name}:{line} holds a character that is not UTF-8: save the file with that encoding"
    return ""
