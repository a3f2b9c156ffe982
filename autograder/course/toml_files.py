"""Files that authors and instructors write by hand: read, and complained about with the place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autograder.errors import RubricError


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        RubricError: with the file, and where it is wrong.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"{path.name}: {error}") from None


def complaint(path: Path, error: ValidationError) -> RubricError:
    """Say what is wrong with a file, and where in it."""
    first = error.errors()[0]
    return RubricError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}")
