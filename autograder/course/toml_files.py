"""Files that authors and instructors write by hand: read, and complained about by file and place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autograder.errors import RubricError

UNKNOWN, MISSING = "extra_forbidden", "missing"  # kinds of error, by pydantic
HOME = "course.toml"  # lies in the folder of every course


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
    said = "there is no such key here" if first["type"] == UNKNOWN else first["msg"].lower()
    # A slip in a name is two errors: the key that is missed comes first.
    unknown = [str(one["loc"][-1]) for one in others if one["type"] == UNKNOWN and one["loc"][:-1] == first["loc"][:-1]]
    meant = f"; there is no key {unknown[0]}" if unknown and first["type"] == MISSING else ""
    place = [named(path), entry, ".".join(map(str, first["loc"]))]
    return RubricError(": ".join([*filter(None, place), said.removeprefix("value error, ") + meant]))
