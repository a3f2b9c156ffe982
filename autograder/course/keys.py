"""The instructor's secret key, from which the seed of the hidden cases is derived."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

from autograder.errors import SetupError

FILE = Path("secret.key")  # where the command runs
MIN_BYTES = 32


def seed(path: Path) -> int:
    """Derive the seed of the hidden cases from a key.

    Raises:
        SetupError: if there is no key, or one that can be guessed.
    """
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise SetupError(
            f"{path.name} cannot be read ({error.strerror}): autograder gradescope writes it where there is none"
        ) from None
    if len(content) < MIN_BYTES:
        raise SetupError(f"{path.name} has {len(content)} bytes, expected at least {MIN_BYTES}")
    return int.from_bytes(sha256(b"cases/" + content).digest()[:8], "little")


def read_or_make(path: Path) -> bytes:
    """Read the key, or make one that nobody has seen.

    Raises:
        SetupError: if the one that is there can be guessed.
    """
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(MIN_BYTES) + "\n")
    seed(path)
    return path.read_bytes()
