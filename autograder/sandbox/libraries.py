"""Which files of the environment student code gets to see: a few distributions and all that they depend on."""

from __future__ import annotations

import importlib.metadata
import os
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

from autograder.errors import SetupError

# Not all that is installed: beside them lie what the grader needs, pip, and perhaps somebody's notes.
NUMPY = ("numpy",)
TORCH = ("numpy", "torch", "torchvision", "tensorboard")


def paths(distributions: Iterable[str]) -> list[str]:
    """List the top-level files and folders, in site-packages, of distributions and their dependencies.

    Raises:
        SetupError: if one of them is not installed.
    """
    found: dict[str, set[str]] = {}
    todo = list(distributions)
    while todo:
        name = _normal(todo.pop())
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise SetupError(f"{name} is not installed in this environment: run make again") from None
        found[name] = _top_level(distribution)
        todo += _requirements(distribution)
    return sorted(set().union(*found.values()))


def standard_library() -> str:
    """Where the interpreter's own modules lie."""
    # Without links: mounts and Landlock take what a path leads to.
    return os.path.realpath(sysconfig.get_paths()["stdlib"])


def _requirements(distribution: importlib.metadata.Distribution) -> list[str]:
    # Without an extra: what only its tests and documentation need stays out.
    parsed = (Requirement(text) for text in distribution.requires or ())
    needed = [item for item in parsed if item.marker is None or item.marker.evaluate({"extra": ""})]
    extras = [(item.name, extra) for item in needed for extra in item.extras]
    return [item.name for item in needed] + [name for base, extra in extras for name in _of_extra(base, extra)]


def _of_extra(name: str, extra: str) -> list[str]:
    """List what an extra such as cuda-toolkit[cublas] adds."""
    try:
        requires = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # markers leave out here what another platform needs
        return []
    parsed = (Requirement(text) for text in requires)
    return [item.name for item in parsed if item.marker is not None and item.marker.evaluate({"extra": extra})]


def _top_level(distribution: importlib.metadata.Distribution) -> set[str]:
    root = Path(str(distribution.locate_file(""))).resolve()
    # `..` leads to programs and manuals; the `__pycache__` at the top is that of everybody's single modules.
    names = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    return {str(root / name) for name in names if (root / name).exists()}


def _normal(name: str) -> str:
    # Metadata spell one name in several ways.
    return name.lower().replace("_", "-")
