"""The modules of a course's oracles, imported when a value has to be worked out: PyTorch takes seconds and 300 MB.

Until then a module has nothing but its oracles, which look up what is known. All else that is asked of it brings it in.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any

from autograder.checking.oracles import stand_in

PACKAGES, FOLDER = "courses", "oracles"  # courses.NAME.oracles.MODULE


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs a module once something is asked of it that is no oracle, or an oracle has to work."""

    def exec_module(self, module: ModuleType) -> None:
        names = _oracles(self.get_data(self.path))
        bring_in = cache(partial(self._run, module))

        def find(name: str) -> Any:
            if name in names:
                module.__dict__[name] = stand_in(module.__name__, name, lambda: getattr(bring_in(), name))
                return module.__dict__[name]
            if name.startswith("__"):  # asked by whoever looks at all modules, as inspect does
                raise AttributeError(name)
            return getattr(bring_in(), name)

        module.__dict__["__getattr__"] = find

    def _run(self, module: ModuleType) -> ModuleType:
        del module.__dict__["__getattr__"]  # before it runs: what it lacks, it lacks
        super().exec_module(module)
        return module


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules of oracles, wherever the folder of the course is, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        parent, _, _ = fullname.rpartition(".")
        if not parent.startswith(f"{PACKAGES}.") or parent.split(".")[2:] != [FOLDER]:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def defer() -> None:
    """Import no module of oracles from now on before it is needed."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _oracles(source: bytes) -> frozenset[str]:
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return frozenset(one.name for one in functions if any(ast.unparse(mark) == "oracle" for mark in one.decorator_list))
