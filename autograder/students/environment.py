"""Whether a command can run here at all, said in one sentence before anything is imported that may be missing.

Read by Python 3.7 and later, with the standard library alone: what is missing may be a newer Python.
"""

from __future__ import annotations

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# As in `course.definition`, which cannot be imported yet: what lies beside the package, or in it if a wheel brought it.
PROJECT = os.path.join(HERE, "project")
if not os.path.isdir(PROJECT):
    PROJECT = os.path.dirname(HERE)
FILE = os.path.join(PROJECT, "pyproject.toml")
# Layers of arrays do without: expected values are recorded in a handout, and computed with torch elsewhere.
LATER: tuple[str, ...] = ("torch", "torchvision", "tensorboard")
if not glob.glob(os.path.join(PROJECT, "courses", "*", "oracles", "recorded.npz")):
    LATER = LATER[1:]


def python_of_grader(path: str = FILE) -> tuple[int, int]:
    """Read which Python grades: the oldest that pyproject.toml allows; this one where there is no such file."""
    found = re.search(r'^requires-python = ">=(\d+)\.(\d+)"', _text(path), re.MULTILINE)
    return (int(found.group(1)), int(found.group(2))) if found else sys.version_info[:2]


def complaint(path: str = FILE) -> str:
    """Say what keeps a command from running here, and what to do about it, or nothing."""
    oldest = python_of_grader(path)
    if sys.version_info[:2] < oldest:
        here, expected = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, oldest))
        return f"Python is {here} here, expected {expected} or newer: install that, and start this with it"
    from importlib.metadata import PackageNotFoundError, version

    block = re.search(r"^dependencies = \[(.*?)^\]", _text(path), re.MULTILINE | re.DOTALL)
    wrong, install = [], []
    for name, least in re.findall(r'"([\w-]+)>=([\d.]+)"', block.group(1) if block else ""):
        if name in LATER:
            continue
        try:
            here = version(name) or "half installed"  # an installation that was interrupted has no version
        except PackageNotFoundError:
            here = "not installed"
        if _numbers(here) >= _numbers(least):
            continue
        expected = f" here, expected {least} or newer" if _numbers(here) else ""
        wrong.append(f"{name} is {here}{expected}")
        install.append(f'"{name}>={least}"')
    return f"{', '.join(wrong)}: {python()} -m pip install {' '.join(install)}" if wrong else ""


def stop(sentence: str) -> None:
    """End the process with the exit status of a fault that is not the student's."""
    sys.stderr.write(sentence + "\n")
    sys.exit(2)


def main() -> None:
    """Stop where nothing can run; `make` asks before it makes `.venv`."""
    oldest = python_of_grader()
    if sys.version_info[:2] < oldest:
        stop(complaint() + ", as in make PYTHON=python{}.{}".format(*oldest))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3]]


def python() -> str:
    """Name this Python as a person would."""
    return os.path.basename(sys.executable or "python")


if __name__ == "__main__":
    main()
