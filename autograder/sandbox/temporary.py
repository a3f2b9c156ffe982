"""Folders that vanish with the process that made them, or, if that one was killed, when the next one starts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PREFIX = "autograder-"
YOUNG_SECONDS = 60.0  # between its creation and its lock, a folder looks abandoned: under 1 ms, unless it is held up


class TemporaryFolder:
    """A folder that is locked while its owner lives.

    Attributes:
        path: mode 0711: others may pass, not list.
    """

    def __init__(self, purpose: str) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
        self.path.chmod(0o711)
        # A lock ends with its process, however that ends; a number in a file would have to be believed.
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove it with all that it holds."""
        remove_tree(self.path)
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1


def remove_tree(path: Path) -> None:
    """Remove a folder and all that it holds, however deep: where no tmpfs vanishes, student code may nest thousands."""
    assert path.is_absolute(), path
    with contextlib.suppress(RecursionError):  # a level of Python's own removal, and a descriptor, for each folder
        shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        subprocess.run(["rm", "-rf", "--", str(path)], stderr=subprocess.DEVNULL, check=False)


def sweep() -> None:
    """Remove what processes that were killed have left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone already
            if time.time() - path.stat().st_mtime < YOUNG_SECONDS:
                continue
            # NOFOLLOW: anybody may lay a link of this name.
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(path)
            finally:
                os.close(lock)
