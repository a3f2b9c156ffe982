"""Stands in for modules that a handout's files import and checks never need: what was given and not handed in, say.

Only for names that a course lists, and only where nothing else is found under them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Absent(ModuleType):
    """A module of which everything is there, and nothing does anything."""

    def __getattr__(self, name: str) -> Any:
        """Whatever is asked for, but what tells a module of Python's from another object."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(name)

    def __call__(self, *args: Any, **_: Any) -> Any:
        """Hand back the first of what it is given: a decorator leaves its function, a progress bar its loader."""
        return args[0] if args else self


class Finder(MetaPathFinder, Loader):
    """Finds stand-ins, last of all finders."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Say that a listed module is there, with all below it."""
        parts = name.split(".")
        listed = any(".".join(parts[:depth]) in self._names for depth in range(1, len(parts) + 1))
        return ModuleSpec(name, self, is_package=True) if listed else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make one."""
        return Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""


def allow(names: Iterable[str]) -> None:
    """Let these modules be imported where they are missing."""
    sys.meta_path[:] = [*(one for one in sys.meta_path if not isinstance(one, Finder)), Finder(names)]
