"""Files that are whole at every moment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PARTIAL = ".partial"  # ends the name of what is not whole yet


def replace(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it, after a kill at any moment too, finds the old text or the new one.

    It does not wait for the disk: the kill of a process is survived, a power cut may not be.

    Raises:
        OSError: that names it, if it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):  # it may be what cannot be written to
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
