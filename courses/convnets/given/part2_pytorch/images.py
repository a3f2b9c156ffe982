"""Images in folders, `train/<class>/<image>` and `test/<class>/<image>`, on disk or in a tar archive. Given.

They are decoded once into one array of bytes, kept in a cache; the cache is good for as long as size and date of what
it was made from stay the same.
"""

import hashlib
import io
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

SIZE = 32  # pixels, height and width
SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")  # torchvision's ImageFolder
SPLITS = ("train", "test")
DAMAGED = (EOFError, tarfile.TarError, lzma.LZMAError, zlib.error, OSError)  # what a cut archive raises

Arrays = dict[str, np.ndarray]


class DataError(Exception):
    """Images that are not there or cannot be used, and what to do, in one sentence."""


def read_images(path: Path, cache_dir: Path) -> Arrays:
    """Read a folder or archive, or its cache.

    Returns:
        `classes` (C,), text in alphabetical order; for train and test `train_images` (N, 32, 32, 3), uint8, RGB, and
        `train_labels` (N,), int64, indices into `classes`, ordered by class and file name.

    Raises:
        DataError: if there is nothing to read, or something that does not fit.
    """
    if not path.exists():
        raise DataError(f"there is no {path}: images:PATH needs a folder or a tar archive with train/ and test/")
    stamp = _stamp(path)
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    cache = cache_dir / f"{path.name.split('.')[0]}-{name}.npz"
    arrays = _read_cache(cache, stamp)
    if arrays is None:
        arrays = _decode(path)
        _write_cache(cache, stamp, arrays)
    return arrays


def _stamp(path: Path) -> str:
    """Say in short what the files at `path` are: how many, how large, how old the newest."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    facts = [file.stat() for file in files]
    newest = max((fact.st_mtime_ns for fact in facts), default=0)
    return f"{len(facts)} files, {sum(fact.st_size for fact in facts)} bytes, newest {newest}"


def _read_cache(cache: Path, stamp: str) -> Arrays | None:
    """Return the arrays of `cache` if they were made from what `stamp` describes."""
    try:
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["stamp"]) != stamp:
                return None
            return {name: stored[name] for name in stored.files if name != "stamp"}
    except Exception:  # none yet, or a damaged one, which raises almost anything: decode again
        return None


def _write_cache(cache: Path, stamp: str, arrays: Arrays) -> None:
    """Keep the arrays for next time, where the folder can be written to."""
    unfinished = cache.with_name(f"{cache.name}.{os.getpid()}.part")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez(file, stamp=np.array(stamp), **arrays)  # type: ignore[arg-type]
        os.replace(unfinished, cache)
    except OSError:  # read-only or full: decode again next time
        with suppress(OSError):
            unfinished.unlink()


def _decode(path: Path) -> Arrays:
    """Decode every image below `path`."""
    found: dict[str, list[tuple[str, str, np.ndarray]]] = {split: [] for split in SPLITS}
    for split, class_name, name, content in _files(path):
        found[split].append((class_name, name, _pixels(content, f"{split}/{class_name}/{name}")))
    names = {split: sorted({class_name for class_name, _, _ in found[split]}) for split in SPLITS}
    for split in SPLITS:
        if not found[split]:
            raise DataError(f"{path} holds no images as {split}/<class>/<image>")
    for one, other in (SPLITS, SPLITS[::-1]):
        if extra := set(names[one]) - set(names[other]):
            raise DataError(f"{path}: class {min(extra)!r} is in {one}/ but not in {other}/")
    classes = names["train"]
    arrays = {"classes": np.array(classes)}
    for split in SPLITS:
        files = sorted(found[split], key=lambda file: file[:2])
        arrays[f"{split}_images"] = np.stack([pixels for _, _, pixels in files])
        arrays[f"{split}_labels"] = np.array([classes.index(class_name) for class_name, _, _ in files], dtype=np.int64)
    return arrays


def _files(path: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield split, class, file name and content of every image of a folder or archive."""
    if path.is_dir():
        for file in path.rglob("*"):
            if (place := _place(file.relative_to(path).parts)) and file.is_file():
                yield *place, file.read_bytes()
        return
    read = 0
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if (place := _place(PurePosixPath(member.name).parts)) and (content := archive.extractfile(member)):
                    yield *place, content.read()
                    read += 1
    except DAMAGED:
        if not read:
            raise DataError(f"{path} is neither a folder nor a whole tar archive") from None
        raise DataError(f"{path} is damaged or cut short after {read} images: fetch it again") from None


def _place(parts: tuple[str, ...]) -> tuple[str, str, str] | None:
    """Split, class and file name of an image at `parts`, or None for anything else, hidden files included."""
    if not parts or not parts[-1].lower().endswith(SUFFIXES):
        return None
    if any(part.startswith(".") and part != "." for part in parts):
        return None
    for position, part in enumerate(parts[:-2]):
        if part in SPLITS:
            return part, parts[position + 1], "/".join(parts[position + 2 :])
    return None


def _pixels(content: bytes, name: str) -> np.ndarray:
    """(32, 32, 3), uint8, RGB."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises for damaged files
        raise DataError(f"{name} is no image that Pillow can read") from None
    height, width, _ = pixels.shape
    if (height, width) != (SIZE, SIZE):
        raise DataError(f"{name} is {width} x {height} pixels, expected {SIZE} x {SIZE}")
    return pixels
