"""What a file is that is named as a module of Python and holds something else."""

from __future__ import annotations

import re
from pathlib import Path

HEAD = 4096  # bytes that are looked at for what a file is
LFS = b"version https://git-lfs"
PAGE = re.compile(rb"\s*<(!doctype html|html|head|\?xml)\b", re.IGNORECASE)
CONFLICT = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)  # not =======, which underlines headings too
MAX_BYTES = 1 << 20  # hundreds of times what a homework has: the look at a larger file ends there


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
        return f"{name} is a web page, expected Python: was it saved from a browser, or is it an error page?"
    if found := CONFLICT.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        return f"{name}:{line} holds the marks of a merge conflict: decide which lines stay"
    return ""
