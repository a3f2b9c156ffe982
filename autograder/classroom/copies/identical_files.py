"""The same file twice: what is byte by byte equal in the submissions of different students.

Only what could be equal by its size and checksum is read. What we gave to everyone, and the few lines that anyone would
write into it, do not count. This lists; it accuses nobody.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from autograder.classroom.exports import HandedIn
from autograder.course import skeleton
from autograder.course.definition import Course
from autograder.course.layout import CHECKPOINTS, Layout
from autograder.errors import SubmissionError
from autograder.reports.records import Alike
from autograder.submission import folders
from autograder.submission.entries import clean
from autograder.submission.unpack import open_zip

OWN = 200  # characters that a Python file has beside the skeleton's lines; with fewer, two may well think alike
MIN_BYTES = 1000  # of a file that is compared as a whole
WEIGHTS = (".pt", ".pth")
SHOWN = 5  # names of files
LIMIT = 10**6  # megabytes of a zip: whether it is too large is not asked here

Print = tuple[int, int]  # size and CRC-32


def find(handed: Sequence[HandedIn], course: Course) -> list[Alike]:
    """Name the files that different submissions share, those of the same students in one sentence."""
    layout = course.layout
    prints = {one.key: dict(_prints(one.path, layout)) for one in handed}
    counts = Counter(mark for files in prints.values() for mark in set(files.values()))
    given = _lines(course)
    same = course.given() if course.handout else {}  # handed out by others, in words that we have not
    shared: dict[str, dict[str, list[str]]] = {}  # names by submission, by digest
    for one in handed:
        names = [name for name, mark in prints[one.key].items() if counts[mark] > 1 and name not in same]
        for name, content in _contents(one.path, names, layout):
            if name.endswith(WEIGHTS) or _own(content, given.get(name, frozenset())) >= OWN:
                digest = hashlib.sha256(content).hexdigest()
                shared.setdefault(digest, {}).setdefault(one.key, []).append(name)
    by_key = {one.key: one for one in handed}
    together: dict[tuple[str, ...], list[str]] = {}
    for where in shared.values():
        if len(where) > 1 and not _same_people([by_key[key] for key in where]):
            names = sorted({name for names in where.values() for name in names})
            together.setdefault(tuple(sorted(where)), []).append(" = ".join(map(clean, names)))
    found = [_sentence([by_key[key] for key in keys], names) for keys, names in together.items()]
    found += _unread([one for one in handed if not prints[one.key]])
    return sorted(found, key=lambda alike: (-len(alike.who), alike.who))


def _unread(handed: Sequence[HandedIn]) -> Iterator[Alike]:
    """Name equal files in which there is nothing to compare: no zips, damaged ones, or zips of something else."""
    same: dict[str, list[HandedIn]] = {}
    for one in handed:
        if one.path.is_file() and not one.path.is_symlink() and one.path.stat().st_size >= MIN_BYTES:
            same.setdefault(_digest(one.path), []).append(one)
    for those in same.values():
        if len(those) > 1 and not _same_people(those):
            yield Alike("the whole file", tuple(", ".join(person.name for person in one.people) for one in those))


def _sentence(those: Sequence[HandedIn], names: list[str]) -> Alike:
    who = tuple(", ".join(person.name for person in one.people) for one in those)
    if not any(one.path.is_dir() for one in those) and len({_digest(one.path) for one in those}) == 1:
        return Alike("the whole zip", who)
    names.sort(key=lambda name: (not name.startswith(CHECKPOINTS), name))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return Alike(", ".join(names[:SHOWN]) + more, who)


def _same_people(those: Sequence[HandedIn]) -> bool:
    """Whether they are all of one student, or one group."""
    common = set(those[0].people)
    for one in those[1:]:
        common &= set(one.people)
    return bool(common)


def _prints(path: Path, layout: Layout) -> Iterator[tuple[str, Print]]:
    """Yield size and CRC-32 of each file that could count; of a zip, without reading any."""
    with suppress(SubmissionError, OSError):
        if path.is_symlink():
            return
        if path.is_dir():
            yield from ((name, (len(content), zlib.crc32(content))) for name, content in _contents(path, None, layout))
            return
        with open_zip(path, LIMIT, layout) as archive:
            for entry in archive.entries:
                if entry.kind == "file" and (name := _name(entry.path, layout)):
                    yield name, (entry.size, entry.info.CRC)


def _contents(path: Path, names: Sequence[str] | None, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """Yield some files of a submission, all that could count when `names` is None."""
    if names is not None and not names:
        return
    with suppress(SubmissionError, OSError):
        if path.is_dir():
            for one in folders.paths(path):
                name = _name(one.relative_to(path).parts, layout)
                if name and not one.is_symlink() and one.is_file() and (names is None or name in names):
                    yield name, one.read_bytes()
            return
        with open_zip(path, LIMIT, layout) as archive:
            for entry in archive.entries:
                name = _name(entry.path, layout)
                if name and entry.kind == "file" and (names is None or name in names):
                    yield name, b"".join(archive.chunks(entry))


def _name(parts: Sequence[str], layout: Layout) -> str:
    """The name of a file of Python or a checkpoint from the part's folder on; empty for anything else."""
    start = next((n for n, part in enumerate(parts[:-1]) if part in layout.folders), None)
    wanted = start is not None and parts[-1].endswith((".py", *WEIGHTS)) and not parts[-1].startswith(".")
    return "/".join(parts[start:]) if wanted else ""


def _lines(course: Course) -> Mapping[str, frozenset[bytes]]:
    """The lines of what everyone got from us, by the file's name."""
    ours = skeleton.generate(course)
    return {name: frozenset(line.strip() for line in content.splitlines()) for name, content in ours.items()}


def _own(content: bytes, given: frozenset[bytes]) -> int:
    """Count the characters of lines that are not ours."""
    lines = (line.strip() for line in content.splitlines())
    return sum(len(line) for line in lines if line not in given)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
