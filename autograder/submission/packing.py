"""Write a submission's zip: the same files give the same bytes, on every machine."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def write_zip(path: Path | BinaryIO, files: Mapping[str, bytes]) -> None:
    """Pack files in order of their names, all with one date and one mode."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
