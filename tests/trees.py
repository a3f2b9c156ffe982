"""What lies below a folder, for tests that compare it with what should."""

from __future__ import annotations

import stat
from pathlib import Path


def tree(folder: Path) -> dict[str, bytes]:
    """Read all files below a folder; anything that is neither file nor folder fails."""
    found = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode), path
        if stat.S_ISREG(mode):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def give(ours: Path, *names: str) -> None:
    """Put a given file of two lines under each name."""
    for name in names:
        path = ours / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a = 1\nb = 2\n")
