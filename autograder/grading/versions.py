"""What a mark came about with, so that two machines that disagree can be told apart."""

from __future__ import annotations

import functools
import importlib.metadata
import platform

NAMES = {"NumPy": "numpy", "torch": "torch", "torchvision": "torchvision", "autograder": "convnet-autograder"}


@functools.cache
def versions() -> str:
    """Name the versions of Python, the libraries and the grader; of what is not installed, nothing."""
    found = [f"Python {platform.python_version()}"]
    for name, package in NAMES.items():
        try:
            found.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:  # where it runs from a folder
            continue
    return ", ".join(found)
