"""Stands in for modules that a handout's files import and checks never need: what was given and not handed in, say.

Only where nothing else is found under their names. Those that a course lists do nothing, whatever is asked of them.
Libraries that files import and do not use, as editors add such lines, can be imported, and are missed once used.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# What editors, notebooks and the lines that people copy put at the head of a file.
COMMON = frozenset(
    [
        "IPython",
        "PIL",
        "cgi",
        "cv2",
        "distutils",
        "imp",
        "keras",
        "matplotlib",
        "mpl_toolkits",
        "numba",
        "pandas",
        "psutil",
        "pylab",
        "pytest",
        "scipy",
        "seaborn",
        "skimage",
        "sklearn",
        "sympy",
        "tensorboard",
        "tensorflow",
        "tkinter",
        "torch",
        "torchinfo",
        "torchsummary",
        "torchvision",
        "tqdm",
        "turtle",
        "wandb",
        "yaml",
    ]
)


class Absent(ModuleType):
    """A module of which everything is there, and nothing does anything."""

    def __getattr__(self, name: str) -> Any:
        """Whatever is asked for, but what tells a module of Python's from another object."""
        # Else `inspect` and `copy` would find every protocol here, and call it.
        if name.startswith("__"):
            raise AttributeError(name)
        return type(self)(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **_: Any) -> Any:
        """Hand back the first of what it is given: a decorator leaves its function, a progress bar its loader."""
        return args[0] if args else self

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """As the base of a class it adds nothing."""
        return ()


class Unused(Absent):
    """One that may be needed: all it does is to leave a function or class as it is that it decorates."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Be missed where it is called in a function, not in the lines that define one."""
        # Only the body of a function is compiled so, never that of a module or a class.
        if sys._getframe(1).f_code.co_flags & inspect.CO_OPTIMIZED:
            name = self.__name__.partition(".")[0]
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return super().__call__(*args, **named)


class Finder(MetaPathFinder, Loader):
    """Finds stand-ins, last of all finders."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Say that a listed module is there, with all below it."""
        known = self._listed(name) or name.partition(".")[0] in COMMON
        return ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make one."""
        return Absent(spec.name) if self._listed(spec.name) else Unused(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""

    def _listed(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:depth]) in self._names for depth in range(1, len(parts) + 1))


def allow(names: Iterable[str]) -> None:
    """Let these modules be imported where they are missing."""
    # Last, so that whatever is installed is found before; and one, however many students `make test` has seen.
    sys.meta_path[:] = [*(one for one in sys.meta_path if not isinstance(one, Finder)), Finder(names)]
