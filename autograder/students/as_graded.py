"""What a student's code may use where it is graded, kept to on the student's own machine too.

While a student's code runs, its imports are those of the box, and files, network and processes are refused as there.
Against accidents: `make test` and `make submit` say what the grader would. It protects from nothing, and cannot see
what a library in C does.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.course.definition import Course
from autograder.inside import absent
from autograder.students import environment, newer_python

LIBRARIES = {"numpy": ("numpy",), "torch": ("numpy", "torch", "torchvision", "tensorboard")}  # and what these need
ONLY = {"numpy": "NumPy and the standard library", "torch": "PyTorch, torchvision, NumPy and the standard library"}
READ = (".py", ".pyc", ".toml", ".pt")  # what is handed in, and what Python makes of it
SYSTEM = ("/dev", "/proc", "/sys", "/etc", "/usr", "/lib", "/lib64", "/opt", "/System", "/Library")
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind")

WORDS = re.compile(r"\bgraded (without|where|with)\b")  # of the sentences below

_rule: AsGraded | None = None  # the one that holds just now


class AsGraded:
    """The rule for one part of one folder; a context manager around each call of the student's code.

    Args:
        folder: holds the parts.
        course: whose parts they are.
        part: its number.
        files: whether files, network and processes are refused as well; not where a debugger needs them.
    """

    def __init__(self, folder: Path, course: Course, part: int, files: bool = True) -> None:
        self.part, self.files, self._kind = part, files, course.parts[part].libraries
        self._parts, self._home = course.layout.parts, course.parts[part].folder
        self._folder = os.path.realpath(folder)
        self._spare: frozenset[str] = frozenset()  # what the box lets files import that do not use it
        roots = {str(folder), self._folder}
        self._own = tuple(os.path.join(root, name, "") for root in roots for name in self._parts)
        if course.handout:  # its modules lie in this folder and in those on the path, under names of their own
            paths = [folder / path for path in course.handout.paths.get(part, (".",))]
            names = {inner.stem for path in paths if path.is_dir() for inner in path.iterdir()}
            self._parts = (*names, *course.handout.missing)
            self._spare = absent.COMMON.difference(_allowed(self._kind), self._parts)
            self._own = tuple(os.path.join(root, "") for root in roots)
        ours = os.path.dirname(os.path.dirname(__file__))  # in a handout it lies in the student's folder
        packages = (path for path in sys.path if path.endswith("-packages"))
        prefixes = {ours, sys.prefix, sys.base_prefix, sys.exec_prefix, *packages}
        self._libraries = tuple(map(os.path.realpath, prefixes))
        self._finders = [newer_python.Finder(self._parts)] if newer_python.needed() else []
        self._outside = tuple(map(os.path.realpath, (*SYSTEM, tempfile.gettempdir())))

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold while the block runs."""
        global _rule
        before, _rule = _rule, self
        sys.meta_path[:0] = self._finders
        plain = builtins.__import__, importlib.import_module
        builtins.__import__ = self._guarded(plain[0])
        importlib.import_module = self._guarded(plain[1])
        _listen()
        try:
            yield
        finally:
            builtins.__import__, importlib.import_module = plain
            _rule = before
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in self._finders]

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`import` and `import_module`, refused where the student's own lines ask for what the box has not."""

        @functools.wraps(function)
        def guarded(name: str, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            level = kwargs.get("level", args[3] if len(args) > 3 else 0)
            asked_by = sys._getframe(1).f_code.co_filename
            if not level and isinstance(name, str) and asked_by.startswith(self._own):
                first = name.partition(".")[0]
                if first in self._spare:
                    return absent.Unused(first)
                self._expect_library(first)
            return function(name, *args, **kwargs)

        return guarded

    def _expect_library(self, name: str) -> None:
        __tracebackhide__ = True
        if not name or name in self._parts or name in sys.stdlib_module_names:
            return
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:  # in sys.modules without a spec
            spec = None
        here = sys.modules.get(name) is not None or spec is not None
        if name in LIBRARIES[self._kind]:
            if here:
                return
            install = f"{environment.python()} -m pip install {name}"
            raise ModuleNotFoundError(f"{name}, which part {self.part} needs, is not installed: {install}", name=name)
        if name in _allowed(self._kind):  # last, as that reads what every distribution here has installed
            return
        if not here:
            return  # nor here: Python says so
        origin = os.path.realpath(spec.origin) if spec is not None and spec.origin else ""
        if _within(origin, (self._folder,)) and not _within(origin, self._libraries):
            why = f"{name} is outside of the parts, which alone are handed in: move it into {self._home}/"
        else:
            why = f"part {self.part} is graded without {name}: only {ONLY[self._kind]} are there"
        raise ModuleNotFoundError(why, name=name)

    def expect_file(self, path: Any, mode: str | None, flags: int) -> None:
        """Refuse a file that the grader's machine has not, and one to write outside of the temporary folder.

        Raises:
            PermissionError: with its name.
        """
        __tracebackhide__ = True
        if not isinstance(path, str | bytes) or not self.files:
            return
        where = os.path.realpath(os.fsdecode(path))
        writes = not {*(mode or "")}.isdisjoint("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if _within(where, self._libraries) or (not writes and not os.path.isfile(where)):
            return
        below = _within(where, (self._folder,))
        if (where.startswith(self._own) and where.endswith(READ)) or (not below and _within(where, self._outside)):
            return
        name = os.path.relpath(where, self._folder) if below else where
        raise PermissionError(f"graded without the file {name}: only code is handed in, and sees no files but its own")


def _within(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(os.path.join(folder, "")) for folder in folders)


@functools.cache
def _listen() -> None:
    """Hear of what Python opens, connects to and starts; a hook can only be added once, and never removed."""
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    __tracebackhide__ = True
    if _rule is None:
        return
    if event == "open":
        _rule.expect_file(*args)
    elif _rule.files and event in NETWORK:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))  # the very words of the box
    elif _rule.files and event in PROCESSES:
        raise PermissionError("graded where no other process can be started")


@functools.cache
def _allowed(kind: str) -> frozenset[str]:
    """Top-level names that the box of a kind has."""
    needed: set[str] = set()
    todo = list(LIBRARIES[kind])
    while todo:
        name = _normal(todo.pop())
        if name not in needed:
            needed.add(name)
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                lines = importlib.metadata.requires(name) or []
                todo += [re.split(r"[^\w.-]", line)[0] for line in lines if "extra ==" not in line]
    found = importlib.metadata.packages_distributions().items()
    ours = (module for module, names in found if any(_normal(name) in needed for name in names))
    return frozenset({*sys.stdlib_module_names, *ours})


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
