"""Files that are whole at every moment."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it, after a kill at any moment too, finds the old text or the new one.

    It does not wait for the disk: the kill of a process is survived, a power cut may not be.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
