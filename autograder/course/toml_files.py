"""Files that authors and instructors write by hand: read, and complained about by file and place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from autograder.errors import RubricError

# Kinds of error, by pydantic.
UNKNOWN, MISSING, FORM, OURS = "extra_forbidden", "missing", "string_pattern_mismatch", "value_error"
HOME = "course.toml"  # lies in the folder of every course
_forms: dict[str, str] = {}  # in words, by the pattern


def form(pattern: str, words: str) -> Any:
    """A field that takes text of some form; who writes another reads in words what is expected."""
    _forms[pattern] = words
    return Field(pattern=pattern)


TODO = form(r"^\d+\.\d+$", "a number like 1.2")
TARGET = form(r"^[\w.]+:\w+$", "a module and a name in it, like networks.models:Net")


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        RubricError: with the file, and where it is wrong.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RubricError(f"{named(path)}: {reason}") from None


def named(path: Path) -> str:
    """Name a file as its author does: within its course, else by its last name."""
    home = next((folder for folder in path.parents if (folder / HOME).is_file()), path.parent)
    return path.relative_to(home).as_posix()


def complaint(path: Path, error: ValidationError, entry: str = "") -> RubricError:
    """Say what is wrong with a file, and where in it, or in an entry of it."""
    first, *others = error.errors()
    # A slip in a name is two errors: the key that is missed comes first.
    unknown = [str(one["loc"][-1]) for one in others if one["type"] == UNKNOWN and one["loc"][:-1] == first["loc"][:-1]]
    meant = f"; there is no key {unknown[0]}" if unknown and first["type"] == MISSING else ""
    place = [named(path), entry, ".".join(str(part) for part in first["loc"] if part != "[key]")]
    return RubricError(": ".join([*filter(None, place), _said(first) + meant]))


def _said(error: ErrorDetails) -> str:
    if error["type"] == UNKNOWN:
        return "there is no such key here"
    if error["type"] == FORM:
        return f"{error['input']!r}, expected {_forms[error['ctx']['pattern']]}"
    return str(error["ctx"]["error"]) if error["type"] == OURS else error["msg"].lower()
