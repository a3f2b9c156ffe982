"""A zip becomes a submission: refuse, unpack, find the parts, restore the given files."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course.assignment import Limits
from autograder.course.definition import Course
from autograder.submission.collect import choose, listed
from autograder.submission.entries import Entry, clean, first_notes, fold
from autograder.submission.generations import of_its_time
from autograder.submission.remarks import MAX_TEXT, remarks
from autograder.submission.unpack import Archive, open_zip, write


@dataclass(frozen=True)
class Submission:
    """An unpacked zip.

    Attributes:
        folder: holds those of the parts, and of `checkpoints/`, that were in the zip, and nothing else; folders have
            mode 0755, files 0644.
        notes: sentences for student and instructor: what was replaced, added, ignored or missing.
        digest: sha256 of the zip's bytes.
    """

    folder: Path
    notes: tuple[str, ...]
    digest: str


def open_submission(zip_path: Path, into: Path, limits: Limits, course: Course, checkpoints: bool = True) -> Submission:
    """Unpack what a zip holds of the assignment.

    Args:
        zip_path: untrusted.
        into: becomes `Submission.folder`; a new or an empty one. After a refusal the caller deletes what is in it.
        limits: of `assignment.toml`.
        course: whose given files take the place of the student's.
        checkpoints: whether anybody will look at them; otherwise they stay packed.

    Raises:
        SubmissionError: with one sentence that says what to do.
    """
    with open_zip(zip_path, limits.zip_megabytes, course.layout) as archive:
        choice = choose(archive.entries, course.layout)
        if not checkpoints:
            choice = replace(choice, kept=_code(choice.kept, course))
        into.mkdir(parents=True, exist_ok=True)
        into.chmod(0o755)
        notes = [
            *choice.notes,
            *_unpack(archive, choice.kept, into, course),
            *described("ignored, as these are no part of a submission", (*choice.ignored, *choice.left_out)),
        ]
        return Submission(into, tuple(notes), archive.digest)


def _unpack(archive: Archive, kept: dict[str, Entry], into: Path, course: Course) -> Iterator[str]:
    """Write all files, ours instead of the student's where they are given; yield what there is to say."""
    ours = _given(kept, course)
    by_fold = {fold(name): name for name in ours}
    edited, seen = [], set()
    texts: list[str] = []
    for name, entry in kept.items():
        if given := by_fold.get(fold(name)):
            seen.add(given)
            content = ours[given]
            if course.handout:  # ours stands for one that others wrote: whether it was edited cannot be said
                continue
            # Not more than a file with every line end doubled, and a byte order mark; else it differs anyway.
            if entry.size > 2 * len(content) + 3 or _normal(b"".join(archive.chunks(entry))) != _normal(content):
                edited.append(name)
        else:
            write(into, tuple(name.split("/")), archive.chunks(entry))
            texts += remarks(into, name)
    for name, content in ours.items():
        theirs = _of_folder(archive, kept, name) if course.handout and name.endswith(".py") else b""
        write(into, tuple(name.split("/")), [of_its_time(content, theirs) if course.handout else content])
    yield from described("given files that were edited, replaced by the original", edited)
    yield from described("given files that were missing, added", sorted(ours.keys() - seen))
    yield from first_notes(texts)


def _code(kept: Mapping[str, Entry], course: Course) -> dict[str, Entry]:
    folders = set(course.folders.values())
    return {name: entry for name, entry in kept.items() if name.partition("/")[0] in folders}


def _given(kept: dict[str, Entry], course: Course) -> dict[str, bytes]:
    """Our own files for the parts that are in the zip; of those that may be edited, what is missing."""
    present = {name.partition("/")[0] for name in kept}
    folded = set(map(fold, kept))
    ours = {}
    for name, content in course.given().items():
        part, _, below = name.partition("/")
        if part in present and not (course.layout.is_editable(part, below) and fold(name) in folded):
            ours[name] = content
    return ours


def _of_folder(archive: Archive, kept: dict[str, Entry], name: str) -> bytes:
    """What the student has in the place of a given file; where it is missing, all that lies beside it."""
    beside = [other for other in kept if other.rpartition("/")[0] == name.rpartition("/")[0] and other.endswith(".py")]
    those = [name] if name in kept else beside
    return b"\n".join(b"".join(archive.chunks(kept[one])) for one in those if kept[one].size < MAX_TEXT)


def _normal(content: bytes) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def described(what: str, names: Iterable[str]) -> Iterator[str]:
    """Name some files behind what is to be said of all of them; nothing where there are none."""
    if counts := Counter(names):
        yield f"{what}: {listed([clean(name) + (f' ({n} files)' if n > 1 else '') for name, n in counts.items()])}"
