"""Which of the files handed in are the assignment's, wherever people put them, and what is to be said of the others.

What is beyond doubt is taken, with a note: one folder more or less, equal copies. A near name is never taken: the note
says what is missing, what is there, and to rename it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.course.layout import CHECKPOINTS, Layout
from autograder.errors import SubmissionError
from autograder.submission import misnamed
from autograder.submission.entries import MAX_UNPACKED, Entry, Route, clean, expect_modest, first_notes, fold, megabytes
from autograder.submission.recognise import recognise
from autograder.submission.sift import biggest, common_top, label, sift

MAX_LISTED = 10


@dataclass
class Choice:
    """What of a submission counts.

    Attributes:
        kept: by the names that the grader reads: "layers/pooling.py".
        notes: what was taken from an unusual place, what is missing, and what was probably meant.
        ignored: files or folders of which the student may believe that they count.
        left_out: files or folders that nobody meant to hand in, one name for each file.
    """

    kept: dict[str, Entry] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def choose(entries: Sequence[Entry], layout: Layout) -> Choice:
    """Find the files of the assignment among all that was handed in.

    Raises:
        SubmissionError: if there is none, two copies of a part differ, or there is too much of it.
    """
    files = [entry for entry in entries if entry.kind != "folder"]
    left_out = sift([entry.path for entry in files], layout)
    real = [entry for entry in files if entry.path not in left_out]
    _expect_plain(real, layout)
    expect_modest(real)
    if (total := sum(entry.size for entry in real)) > MAX_UNPACKED:
        sizes = biggest([(entry.path, entry.size) for entry in real], layout)
        raise SubmissionError(
            f"the zip unpacks to {megabytes(total)}, at most {megabytes(MAX_UNPACKED)} are accepted{sizes}"
        )
    choice = Choice(left_out=[label(path, len(found)) for path, found in left_out.items()])
    if layout.known:
        choice.kept, choice.notes = recognise(real, layout)
        read = {entry.path for entry in choice.kept.values()}
        choice.ignored = sorted({label(entry.path, len(entry.path)) for entry in real if entry.path not in read})
        return choice
    places = _places(real, layout, choice.notes)
    if not places:
        raise SubmissionError(_no_parts([entry.path for entry in real], layout))
    tops = {place.top for place in places.values()}
    for entry in real:
        name = _name(entry.path, places, tops, layout)
        if name and (other := choice.kept.setdefault(name, entry)).crc != entry.crc:
            raise SubmissionError(f"{_shown(other.path)} and {_shown(entry.path)} differ: leave one of them out")
    _take_checkpoints(choice, real, tops, layout)
    read = {entry.path for entry in choice.kept.values()}
    unread = [entry for entry in real if entry.path not in read]
    choice.notes += misnamed.sentences(layout, choice.kept, real, unread, [path for path in left_out if "runs" in path])
    ignored = sorted((_ignored(entry.path, tops, layout) for entry in unread), key=lambda found: found[0])
    choice.ignored = [text for _, text in ignored]
    return choice


@dataclass(frozen=True)
class Place:
    """Where a part lies: `top` is the folder above it, `home` holds its modules; `flat` are the files taken of it."""

    top: Route
    home: Route
    flat: tuple[str, ...] = ()

    def may_hold(self, path: Route) -> bool:
        """Whether a file below `home` belongs to the part."""
        return not self.flat or (len(path) == len(self.home) + 1 and path[-1] in self.flat)


def _expect_plain(files: Sequence[Entry], layout: Layout) -> None:
    for entry in files:
        if entry.kind == "special" and not {*layout.folders}.isdisjoint(entry.path):
            raise SubmissionError(f"{clean('/'.join(entry.path))} is a link or a device, expected the file itself")


def _places(files: Sequence[Entry], layout: Layout, notes: list[str]) -> dict[str, Place]:
    """Find where each part lies, and note what is unusual about it."""
    found: dict[str, dict[Route, dict[Route, Entry]]] = defaultdict(lambda: defaultdict(dict))
    for entry in files:
        depth = next((depth for depth, name in enumerate(entry.path[:-1]) if name in layout.parts), None)
        if depth is not None and entry.path[-1].endswith(".py"):
            found[entry.path[depth]][entry.path[: depth + 1]][entry.path[depth + 1 :]] = entry
    outer = {part: _only(homes, notes) for part, homes in found.items()}
    places = {
        part: Place(home[:-1], _deeper(layout.work[part], home, found[part][home])) for part, home in outer.items()
    }
    apart = len({place.top for place in places.values()}) > 1
    for part, place in sorted(places.items()):
        if apart or place.home[:-1] != place.top:
            notes.append(f"{part} is taken from {_shown(place.home)}")
    return {**places, **dict(_flat(files, places, layout, notes))}


def _only(homes: Mapping[Route, Mapping[Route, Entry]], notes: list[str]) -> Route:
    """The one place of a part, or the first of copies that are equal."""
    contents = [{below: entry.crc for below, entry in files.items()} for files in homes.values()]
    first, *others = sorted(homes, key=lambda home: (len(home), home))
    if any(content != contents[0] for content in contents):
        one, two = sorted((_shown(first), _shown(others[0])))
        raise SubmissionError(f"the parts lie in different folders, {one} and {two}: put all of them into one, once")
    notes += first_notes([f"{_shown(other)} is the same as {_shown(first)}, which counts" for other in others])
    return first


def _deeper(work: Sequence[str], home: Route, files: Mapping[Route, Entry]) -> Route:
    """Where the modules lie: in the part's folder, or in the one folder below it that has them all."""
    wanted = [tuple(name.split("/")) for name in work]
    inner = {below[: -len(one)] for below in files for one in wanted if below[-len(one) :] == one}
    return home if () in inner or len(inner) != 1 else home + inner.pop()


def _flat(
    files: Sequence[Entry], places: Mapping[str, Place], layout: Layout, notes: list[str]
) -> Iterator[tuple[str, Place]]:
    """Parts that have no folder, and whose files lie beside those of the others; a name that two have is left alone."""
    top = common_top([entry.path for entry in files], layout)
    names = {entry.path[-1] for entry in files if entry.path[:-1] == top}
    missing = {part: {*layout.names(part)} for part in layout.parts if part not in places}
    taken = {
        part: names & own
        for part, own in missing.items()
        if names
        & {*layout.work[part]} - {name for other in layout.parts if other != part for name in layout.names(other)}
    }
    for part, own in taken.items():
        both = {name for other in taken if other != part for name in own & taken[other]}
        sure = tuple(name for name in layout.names(part) if name in own - both)
        notes.append(f"taken as files of {part}, of which there is no folder: {listed([*map(clean, sure)])}")
        if both:
            notes.append(f"not taken, as two parts have files of this name: {listed(sorted(both))}")
        yield part, Place(top, top, sure)


def _name(path: Route, places: Mapping[str, Place], tops: set[Route], layout: Layout) -> str:
    """The name by which the grader reads a file, or nothing where it does not."""
    inside = [
        (len(place.home), part)
        for part, place in places.items()
        if path[: len(place.home)] == place.home and place.may_hold(path)
    ]
    if inside:
        depth, part = max(inside)
        below = (part, *path[depth:])
    else:
        below = next((path[len(top) :] for top in tops if path[: len(top)] == top and path[len(top) :]), ())
        if below[:1] != (CHECKPOINTS,):
            return ""
    name = "/".join(below)
    return name if layout.keeps(name) and not _hides_given(below, layout) else ""


def _take_checkpoints(choice: Choice, files: Sequence[Entry], tops: set[Route], layout: Layout) -> None:
    """Take a checkpoint of the right name from a place beyond doubt, where it is the only one of that name."""
    for model in layout.models:
        name = f"{CHECKPOINTS}/{model}"
        there = [entry for entry in files if entry.path[-1] == model and _may_be_meant(entry.path[:-1], tops, layout)]
        if name not in choice.kept and len(there) == 1:
            choice.kept[name] = there[0]
            choice.notes.append(f"{name} is taken from {_shown(there[0].path)}")


def _may_be_meant(folder: Route, tops: set[Route], layout: Layout) -> bool:
    """Whether a folder is the top, a part, or checkpoints in either of them."""
    below = [folder[len(top) :] for top in tops if folder[: len(top)] == top]
    return any(set(names) <= {*layout.folders} for names in below)


def _hides_given(below: Route, layout: Layout) -> bool:
    """Python prefers a folder `module/` to our `module.py`; a folder with a dot may stand where ours goes."""
    folders = below[1:-1]
    given = layout.given.get(below[0], ())
    return any("." in name for name in folders) or any(f"{fold(name)}.py" in given for name in folders[:1])


def _ignored(path: Route, tops: set[Route], layout: Layout) -> tuple[int, str]:
    """Name what a file is ignored with; the closer to what counts, the earlier."""
    top = max((top for top in tops if path[: len(top)] == top), key=len, default=None)
    if top is None:
        return 1, label(path, 1)
    if path[len(top)] in layout.folders:
        return 0, "/".join(path[len(top) :])
    return 1, label(path, len(top) + 1)


def _no_parts(paths: Sequence[Route], layout: Layout) -> str:
    depth = 1
    while paths and all(path[:depth] == paths[0][:depth] and len(path) > depth for path in paths):
        depth += 1
    found = sorted({clean(label(path, depth)) for path in paths})
    text = f"no Python file lies in a folder {either(layout.parts)}"
    text += f"; the zip holds {listed(found) if found else 'only hidden files'}"
    renames = [rename for part in layout.parts if (rename := misnamed.folder(part, paths, layout))]
    endings = {path[-1].rpartition(".")[2].lower() for path in paths}
    if renames:
        return f"{text}; {renames[0]}"
    if "ipynb" in endings and "py" not in endings:
        return f"{text}; notebooks are not graded: save their code as Python files in these folders"
    if endings == {"zip"}:
        return f"{text}; a zip in a zip is not opened: hand in the inner one"
    return f"{text}: make one with `make submit`"


def either(names: Sequence[str]) -> str:
    """Join names of which one is meant: "a, b or c"."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def listed(names: Sequence[str]) -> str:
    """Join the first names of a list, and say how many more there are."""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _shown(path: Route) -> str:
    return clean("/".join(path))
