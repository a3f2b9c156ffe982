"""A zip becomes a submission: refuse, unpack, find the parts, restore the given files."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from autograder.assignment import PARTS, ROOT, Limits
from autograder.entries import Entry, Route, clean, fold
from autograder.errors import SubmissionError
from autograder.unpack import Archive, open_zip, write

CHECKPOINTS = "checkpoints"
FOLDERS = (*PARTS, CHECKPOINTS)
# Ours in every submission: a student's version is replaced, a missing one added.
GIVEN = {
    "part1_numpy": ("__init__.py", "module.py", "gradcheck.py", "train.py"),
    "part2_pytorch": (
        "__init__.py",
        "__main__.py",
        "checkpoint.py",
        "config.py",
        "data.py",
        "device.py",
        "images.py",
        "muon.py",
        "pictures.py",
        "shapes.py",
    ),
    "part3_imbalance": (
        "__init__.py",
        "__main__.py",
        "experiment.py",
        "figures.py",
        "plan.py",
        "resnet.py",
        "summary.py",
    ),
}
# The student's to edit; ours only where one is missing.
CONFIGS = "part2_pytorch/configs"

KEPT = re.compile(
    r"part1_numpy/.+\.py | part2_pytorch/(.+\.py | configs/[^/]+\.toml) | part3_imbalance/.+\.(py|toml)"
    r" | checkpoints/[^/]+\.pt",
    re.VERBOSE,
)
JUNK = {"__MACOSX", "__pycache__", "site-packages", "node_modules"}
ENVIRONMENTS = {"venv", "env"}
POINTER = b"version https://git-lfs.github.com/spec"
MAX_LISTED = 10


@dataclass(frozen=True)
class Submission:
    """An unpacked zip.

    Attributes:
        folder: holds those of `part1_numpy/`, `part2_pytorch/`, `part3_imbalance/` and `checkpoints/` that were in the
            zip, and nothing else; folders have mode 0755, files 0644.
        notes: sentences for student and instructor: what was replaced, added, ignored or missing.
        digest: sha256 of the zip's bytes.
    """

    folder: Path
    notes: tuple[str, ...]
    digest: str


def open_submission(zip_path: Path, into: Path, limits: Limits, root: Path = ROOT) -> Submission:
    """Unpack what a zip holds of the assignment.

    Args:
        zip_path: untrusted.
        into: becomes `Submission.folder`; a new or an empty one. After a refusal the caller deletes what is in it.
        limits: of `assignment.toml`.
        root: holds our own `part1_numpy/` and its siblings, for the given files; one that is not there is skipped.

    Raises:
        SubmissionError: with one sentence that says what to do.
    """
    with open_zip(zip_path, limits.zip_megabytes) as archive:
        kept, ignored = _choose(archive.entries)
        into.mkdir(parents=True, exist_ok=True)
        into.chmod(0o755)
        notes = [
            *_missing(kept, ignored),
            *_unpack(archive, kept, into, root),
            *_described("ignored, as these are no part of a submission", ignored),
        ]
        return Submission(into, tuple(notes), archive.digest)


def _choose(entries: Iterable[Entry]) -> tuple[dict[str, Entry], list[str]]:
    """Return the files of the assignment by their names below the parts' folder, and what is left out, worst first."""
    files = [entry for entry in entries if entry.kind != "folder"]
    environments = set(_environments(entry.path for entry in files))
    real, junk = [], []
    for entry in files:
        depth = _junk_depth(entry.path, environments)
        if depth:
            junk.append(_label(entry.path[depth - 1 :], 1))
        elif entry.kind == "special" and not {*FOLDERS}.isdisjoint(entry.path):
            raise SubmissionError(f"{clean('/'.join(entry.path))} is a link or a device, expected the file itself")
        else:
            real.append(entry)
    top = _top([entry.path for entry in real])
    kept, close, far = {}, [], []
    for entry in real:
        below = entry.path[len(top) :] if entry.path[: len(top)] == top else ()
        name = "/".join(below)
        if KEPT.fullmatch(name) and not _hides_given(below):
            kept[name] = entry
        elif below and below[0] in FOLDERS:
            close.append(name)
        else:
            far.append(_label(entry.path, len(top) + 1 if below else 1))
    return kept, close + far + junk


def _label(path: Route, depth: int) -> str:
    """Name a file, or the folder at that depth which it lies in."""
    return "/".join(path[:depth]) + "/" * (depth < len(path))


def _environments(paths: Iterable[Route]) -> Iterator[Route]:
    """Find the folders that are virtual environments."""
    for path in paths:
        if path[-1] == "pyvenv.cfg":
            yield path[:-1]
        for depth, name in enumerate(path, start=1):
            if name in ENVIRONMENTS and "site-packages" in path[depth:]:
                yield path[:depth]


def _junk_depth(path: Route, environments: set[Route]) -> int:
    """Return how many of a path's names lead to what nobody meant to hand in; 0 if none does."""
    for depth, name in enumerate(path, start=1):
        if name.startswith(".") or name in JUNK or path[:depth] in environments:
            return depth
    return 0


def _top(paths: list[Route]) -> Route:
    """Find the one folder in which all parts lie."""
    places: dict[Route, str] = {}
    for path in paths:
        depth = next((depth for depth, name in enumerate(path[:-1]) if name in PARTS), None)
        if depth is not None and path[-1].endswith(".py"):
            places.setdefault(path[:depth], "/".join(path[: depth + 1]))
    if len(places) > 1:
        first, second, *_ = sorted(places.values())
        raise SubmissionError(
            f"the parts lie in different folders, {clean(first)} and {clean(second)}: put all of them into one, once"
        )
    if not places:
        raise SubmissionError(_no_parts(paths))
    return next(iter(places))


def _no_parts(paths: list[Route]) -> str:
    depth = 0
    while paths and all(path[: depth + 1] == paths[0][: depth + 1] and len(path) > depth + 1 for path in paths):
        depth += 1
    found = sorted({clean(_label(path, depth + 1)) for path in paths})
    renames = [rename for part in PARTS for rename in _renames(part, paths)]
    text = f"no Python file lies in a folder {', '.join(PARTS[:-1])} or {PARTS[-1]}"
    text += f"; the zip holds {_listed(found) if found else 'only hidden files'}"
    return f"{text}; {renames[0]}" if renames else f"{text}: make one with `make submit`"


def _renames(right: str, paths: Iterable[Sequence[str]]) -> Iterator[str]:
    """Say which folder was probably meant by the name `right`: "Part1-NumPy", "part1", "checkpoint"."""
    stem = right.partition("_")[0].rstrip("s")
    for path in paths:
        for name in path[:-1]:
            if name != right and re.sub("[^a-z0-9]", "", name.casefold()).startswith(stem):
                yield f"rename the folder {clean(name)} to {right}"
                return


def _hides_given(below: Route) -> bool:
    """Python prefers a folder `module/` to our `module.py`; a folder with a dot may stand where ours goes."""
    folders = below[1:-1]
    given = GIVEN.get(below[0], ())
    return any("." in name for name in folders) or any(f"{fold(name)}.py" in given for name in folders[:1])


def _missing(kept: dict[str, Entry], ignored: list[str]) -> Iterator[str]:
    present = {name.partition("/")[0] for name in kept}
    for right in FOLDERS:
        if right in present or (right == CHECKPOINTS and "part2_pytorch" not in present):
            continue
        rename = next(_renames(right, [label.split("/")[-2:] for label in ignored]), "")
        what = "no file checkpoints/*.pt is" if right == CHECKPOINTS else f"{right} is not"
        yield f"{what} in the zip" + (f": {rename}" if rename else "")


def _unpack(archive: Archive, kept: dict[str, Entry], into: Path, root: Path) -> Iterator[str]:
    """Write all files, ours instead of the student's where they are given; yield what there is to say."""
    ours = _given(kept, root)
    by_fold = {fold(name): name for name in ours}
    edited, seen = [], set()
    texts: list[str] = []
    for name, entry in kept.items():
        if given := by_fold.get(fold(name)):
            seen.add(given)
            content = ours[given]
            # Not more than a file with every line end doubled, and a byte order mark; else it differs anyway.
            if entry.size > 2 * len(content) + 3 or _normal(b"".join(archive.chunks(entry))) != _normal(content):
                edited.append(name)
        else:
            texts += _odd(name, _write(into, tuple(name.split("/")), archive.chunks(entry)))
    for name, content in ours.items():
        write(into, tuple(name.split("/")), [content])
    yield from _described("given files that were edited, replaced by the original", edited)
    yield from _described("given files that were missing, added", sorted(ours.keys() - seen))
    yield from texts


def _given(kept: dict[str, Entry], root: Path) -> dict[str, bytes]:
    """Read our own files for the parts that are in the zip."""
    present = {name.partition("/")[0] for name in kept}
    paths = [root / part / name for part, names in GIVEN.items() if part in present for name in names]
    if CONFIGS.partition("/")[0] in present:
        folded = set(map(fold, kept))
        paths += [
            path for path in sorted((root / CONFIGS).glob("*.toml")) if fold(f"{CONFIGS}/{path.name}") not in folded
        ]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def _write(into: Path, path: Route, chunks: Iterator[bytes]) -> bytes:
    """Write a file and return its first bytes."""
    first = next(chunks, b"")
    write(into, path, chain([first], chunks))
    return first


def _normal(content: bytes) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def _odd(name: str, head: bytes) -> Iterator[str]:
    """Say what keeps a file from being read."""
    if head.startswith(POINTER):
        yield f"{clean(name)} is a git-LFS pointer instead of the file: run `git lfs pull` and make the zip again"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not name.endswith(".pt"):
        yield f"{clean(name)} is UTF-16 text, which Python cannot read: save it as UTF-8"


def _described(what: str, names: Iterable[str]) -> Iterator[str]:
    if counts := Counter(names):
        yield f"{what}: {_listed([clean(name) + (f' ({n} files)' if n > 1 else '') for name, n in counts.items()])}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
