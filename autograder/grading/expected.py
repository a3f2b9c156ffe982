"""Where expected values are kept between gradings: a file for the code that they come from and for the seed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.checking.kept import Kept
from autograder.checking.oracles import keeping
from autograder.course.definition import PACKAGE, Course
from autograder.grading.versions import versions

FOLDER = Path("autograder", "expected")  # of the caches of whoever grades
DAYS = 30  # after which a file that nobody has opened goes
OF_A_COURSE, OF_THE_ENGINE = ("checks", "oracles"), ("cases", "checking", "inside")  # what values may depend on


@contextlib.contextmanager
def kept(course: Course, seed: int, private: bool) -> Iterator[None]:
    """Let oracles keep their values for the next grading, where a folder is the grader's alone.

    Args:
        private: whether student code is kept from files of the grader.
    """
    folder = _private_folder() if private else None
    if folder is None:
        yield
        return
    path = folder / hashlib.sha256(f"{_code(course)}/{seed}".encode()).hexdigest()[:32]
    fresh = not path.exists()
    with contextlib.closing(Kept(path)) as values, keeping(values):
        with contextlib.suppress(OSError):  # nothing can be made there, or another grader sweeps as well
            os.utime(path)
            if fresh:
                _sweep(folder)
        yield


def digest(folder: Path, paths: Iterable[Path]) -> str:
    """Digest of files below a folder, their names included."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@functools.cache
def _code(course: Course) -> str:
    own = [course, *([course.base] if course.base else [])]
    sources = [(one.folder, one.folder / name) for one in own for name in OF_A_COURSE]
    sources += [(PACKAGE, PACKAGE / name) for name in OF_THE_ENGINE]
    return "/".join([versions(), *(digest(home, folder.rglob("*.py")) for home, folder in sources)])


def _private_folder() -> Path | None:
    """A folder that nobody else may enter: secret cases have their values there."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.stat()
    except (OSError, RuntimeError):  # the latter of a user without a home
        return None
    return folder if seen.st_uid == os.getuid() and not seen.st_mode & 0o077 else None


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > DAYS * 86400:
            path.unlink()
