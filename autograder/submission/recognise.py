"""Finds the files of another handout in what was handed in, by their own names, whatever the folders around them.

The folder of a part is the one below which most of its files lie. Names that differ by case alone are taken, with a
note; of files that lie elsewhere, or are called otherwise, the note says what is missing and what is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from autograder.course.layout import CHECKPOINTS, Layout
from autograder.errors import SubmissionError
from autograder.inside.names import nearest
from autograder.submission import folders
from autograder.submission.entries import Entry, Route, clean, first_notes, fold
from autograder.submission.sift import is_junk

LIKELY = 0.6  # of names of files: "conv.py" for "convolution.py" is not, "maxpool.py" for "max_pool.py" is
MAX_NOTES = 8


def roots(paths: Sequence[Route], layout: Layout) -> dict[str, Route]:
    """Find the folder of each part that is there: where most of its files lie, the outermost of several."""
    found: dict[str, Route] = {}
    for part, files in layout.known.items():
        counts: Counter[Route] = Counter()
        for names in files:
            ends = [tuple(map(fold, name.split("/"))) for name in names]
            counts.update({top for path in paths for end in ends if (top := _top(path, end)) is not None})
        if counts:
            found[part] = min(counts, key=lambda top: (-counts[top], len(top), top))
    return found


def homes(folder: Path, layout: Layout, parts: Mapping[int, str]) -> dict[int, Path]:
    """Find the folder of each part in the one where a student works, or above; that one itself where there is none."""
    there = [tuple(path.relative_to(folder).parts) for path in folders.paths(folder) if path.suffix == ".py"]
    found = roots([route for route in there if not any(map(is_junk, route))], layout)
    return {number: folder.joinpath(*found.get(part, ())) for number, part in parts.items()}


def recognise(files: Sequence[Entry], layout: Layout) -> tuple[dict[str, Entry], list[str]]:
    """Say which files count, by the names that the grader reads, and what is to be said of them.

    Raises:
        SubmissionError: if none does, or two copies of one differ.
    """
    tops = roots([entry.path for entry in files], layout)
    _expect_once(files, tops, layout)
    kept: dict[str, Entry] = {}
    taken: list[str] = []
    for entry in files:
        inside = [part for part, top in tops.items() if entry.path[: len(top)] == top]
        deepest = max((len(tops[part]) for part in inside), default=0)
        for part in inside:
            below = _canonical(entry.path[len(tops[part]) :], part, layout)
            name = f"{part}/{'/'.join(below)}"
            if len(tops[part]) == deepest and layout.keeps(name) and "checkpoints" not in below[:1]:
                kept[name] = entry
                if below != entry.path[len(tops[part]) :]:
                    taken.append(f"{clean('/'.join(entry.path))} is taken as {'/'.join(below)}: write it like that")
    notes = [*first_notes(taken), *_loose(files, tops, kept, layout)]
    if not kept:
        wanted = ", ".join(layout.work[part][0] for part in layout.parts)
        raise SubmissionError(f"none of the files of this homework is in the zip: {wanted} and the others")
    notes += _missing(files, tops, kept, layout)[:MAX_NOTES]
    kept |= dict(_checkpoints(files, layout))
    return kept, notes


def _top(path: Route, end: Route) -> Route | None:
    """The folder below which a path ends so, but for case."""
    below = tuple(map(fold, path[-len(end) :]))
    return path[: -len(end)] if below == end else None


def _canonical(below: Route, part: str, layout: Layout) -> Route:
    """A path below a part as the handout spells it, folder by folder."""
    names = {name for names in layout.known[part] for name in names} | {*layout.given[part]}
    folders = {PurePosixPath(name).parent.as_posix() for name in names} - {"."}
    spelled = {fold(name): name for name in (*folders, *names)}
    whole = "/".join(below)
    if fold(whole) in spelled:
        return tuple(spelled[fold(whole)].split("/"))
    for depth in range(len(below) - 1, 0, -1):
        if (found := spelled.get(fold("/".join(below[:depth])))) is not None:
            return (*found.split("/"), *below[depth:])
    return below


def _expect_once(files: Sequence[Entry], tops: Mapping[str, Route], layout: Layout) -> None:
    """Refuse a second folder with as many files of a part, and other contents: only the student knows which counts."""
    for part, top in tops.items():
        contents: dict[Route, dict[str, int]] = {}
        for names in layout.known[part]:
            for name in names:
                end = tuple(map(fold, name.split("/")))
                for entry in files:
                    if (other := _top(entry.path, end)) is not None:
                        contents.setdefault(other, {})[name] = entry.crc
        for other, content in contents.items():
            if other != top and len(content) == len(contents[top]) and content != contents[top]:
                one, two = sorted(clean("/".join(path)) or "the top of the zip" for path in (top, other))
                raise SubmissionError(f"{one} and {two} both hold this homework and differ: leave one of them out")


def _loose(files: Sequence[Entry], tops: dict[str, Route], kept: dict[str, Entry], layout: Layout) -> Iterator[str]:
    """Take the files of a part that has no folder by their last names, where each is there once."""
    for part in layout.parts:
        if part in tops:
            continue
        for names in layout.known[part]:
            last = fold(names[0].rpartition("/")[2])
            there = [entry for entry in files if fold(entry.path[-1]) == last]
            if len(there) == 1 and there[0] not in kept.values():
                kept[f"{part}/{names[0]}"] = there[0]
                yield f"{clean('/'.join(there[0].path))} is taken as {names[0]}: put it there"


def _missing(files: Sequence[Entry], tops: Mapping[str, Route], kept: Mapping[str, Entry], layout: Layout) -> list[str]:
    """Say of each file that is missing where it was probably meant."""
    notes: list[str] = []
    read = {entry.path for entry in kept.values()}
    for part in layout.parts:
        if not any(name.startswith(f"{part}/") for name in kept):
            continue
        for names in layout.known[part]:
            if any(f"{part}/{name}" in kept for name in names):
                continue
            wanted = names[0].rpartition("/")[2]
            spare = [entry.path for entry in files if entry.path not in read and entry.path[-1].endswith(".py")]
            own = [
                entry.path for name, entry in kept.items() if name.startswith(f"{part}/") and not _known(name, layout)
            ]
            near = nearest(wanted, [path[-1] for path in (*own, *spare)], LIKELY)
            place = next((clean("/".join(path)) for path in (*own, *spare) if path[-1] == near), "")
            notes.append(f"{names[0]} is missing" + (f", {place} is there: call it {names[0]}" if place else ""))
    return notes


def _known(name: str, layout: Layout) -> bool:
    part, _, below = name.partition("/")
    return any(below in names for names in layout.known[part]) or below in layout.given[part]


def _checkpoints(files: Sequence[Entry], layout: Layout) -> Iterator[tuple[str, Entry]]:
    """Find the checkpoints: those in a folder of their own first, the outermost of several."""
    for model in layout.models:
        there = [entry for entry in files if fold(entry.path[-1]) == fold(model)]
        if there:
            best = min(there, key=lambda entry: (CHECKPOINTS not in entry.path, len(entry.path), entry.path))
            yield f"{CHECKPOINTS}/{model}", best
