"""What of a submission nobody meant to hand in, told by its names: it is left out, and counts towards no limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from autograder.course.layout import CHECKPOINTS, Layout
from autograder.submission.entries import MEGABYTE, Route, clean, megabytes

JUNK = {"__MACOSX", "__pycache__", "site-packages", "node_modules"}
ENVIRONMENTS = {"venv", "env"}
# Beside the parts: of the course, where all of its folder is handed in, and what training and building leave.
OURS = {"autograder", "reference", "tests", "docs", "bench", "gradescope", "handout", "courses", "assignments"}
LEFT = {"data", "runs", "build", "dist", "wandb", "lightning_logs", "mlruns"}
MAX_NAMED = 5


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is left out, wherever it lies."""
    return name.startswith(".") or name in JUNK


def sift(paths: Sequence[Route], layout: Layout) -> dict[Route, Route]:
    """Find what to leave out: the path of each such file, and the folder for whose sake it is, or the file itself."""
    environments = set(_environments(paths))
    left_out = {path: path[:depth] for path in paths if (depth := _junk_depth(path, environments))}
    real = [path for path in paths if path not in left_out]
    top = len(common_top(real, layout))
    aside = {path: path[:depth] for path in real if (depth := _aside(path, top, layout))}
    parts = [path for path in real if not {*layout.parts}.isdisjoint(path[:-1]) and path[-1].endswith(".py")]
    if not parts or any(path not in aside for path in parts):  # else it is the student who calls a folder so
        left_out |= aside
    return left_out


def common_top(paths: Iterable[Route], layout: Layout) -> Route:
    """The folder in which all files lie."""
    top: list[str] = []
    for names in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(names)) > 1 or names[0] in layout.folders:
            break
        top.append(names[0])
    return tuple(top)


def label(path: Route, depth: int) -> str:
    """Name a file, or the folder at that depth which it lies in."""
    return "/".join(path[:depth]) + "/" * (depth < len(path))


def biggest(sizes: Sequence[tuple[Route, int]], layout: Layout) -> str:
    """Name what takes the most room, as the end of a sentence: folders, and in `checkpoints` files."""
    paths = [path for path, _ in sizes]
    top, left_out = len(common_top(paths, layout)), sift(paths, layout)
    totals: Counter[str] = Counter()
    for path, size in sizes:
        depth = len(path) if path[top : top + 1] == (CHECKPOINTS,) else top + 1
        totals[label(path, len(left_out.get(path, path[:depth])))] += size
    named = [(name, size) for name, size in totals.most_common(MAX_NAMED) if size >= MEGABYTE / 20]
    useless = {label(path, len(left_out[path])) for path in left_out}
    spare = [clean(name) for name, size in named if name in useless]
    if not named:
        return ""
    text = "; the biggest: " + ", ".join(f"{clean(name)} ({megabytes(size)})" for name, size in named)
    return f"{text}: leave out {', '.join(spare)}, which nobody grades" if spare else text


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
        if is_junk(name) or path[:depth] in environments:
            return depth
    return 0


def _aside(path: Route, top: int, layout: Layout) -> int:
    """How many names lead to a folder of the course's or one that training leaves, outside of the parts; 0 if none."""
    for depth, name in enumerate(path[:-1], start=1):
        if name in layout.folders:
            return 0
        if layout.known and path[-1].endswith(".py"):  # a handout of others has such names for its own
            return 0
        if depth > top and name in OURS | LEFT:
            return depth
    return 0
