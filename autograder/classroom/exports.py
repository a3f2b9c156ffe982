"""Who handed in what: a folder or a zip of submissions, or what Gradescope, Canvas or Moodle export, as it is.

Nobody is left out in silence: what is no zip is graded too, and refused in one sentence; what belongs to nobody, or
was replaced by something newer, is listed. No link is ever followed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.classroom import class_zip as wholes
from autograder.classroom import platforms
from autograder.classroom.platforms import METADATA, Upload
from autograder.course.layout import Layout
from autograder.errors import SetupError, SubmissionError
from autograder.reports.records import LeftOut, Person
from autograder.sandbox.temporary import TemporaryFolder
from autograder.submission import folders
from autograder.submission.entries import MEGABYTE, clean, fold, megabytes
from autograder.submission.unpack import open_zip

MAX_KEY = 60  # characters
TYPED = "a text typed into a form was handed in, expected a zip: make one with `make submit`"
JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class HandedIn:
    """One submission of a class.

    Attributes:
        key: names its folder of results: letters, digits, dot, dash and underscore; no two are equal on any machine.
        people: one; several where a group handed in together.
        path: a zip, something that should have been one, or a folder of files that were unpacked already.
        handed_in, late: what the export says of the time.
        refused: why it cannot be graded as it is, or empty.
    """

    key: str
    people: tuple[Person, ...]
    path: Path
    handed_in: str = ""
    late: bool = False
    refused: str = ""


@dataclass
class Found:
    """A class: what is graded, in the order of the keys, and what is not.

    Attributes:
        layout: of the course that it was handed in for.
    """

    layout: Layout
    handed: list[HandedIn] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@contextmanager
def opened(path: Path, layout: Layout) -> Iterator[Found]:
    """Find the submissions in a folder, or in a zip as a platform gives it, which is unpacked meanwhile.

    Raises:
        SetupError: as `find` does, or if the zip cannot be unpacked.
    """
    if path.is_dir() and (inside := list(_entries(path))) and len(inside) == 1 and _is_export(inside[0]):
        path = inside[0]
    if not path.is_file():
        yield find(path, layout)
        return
    folder = TemporaryFolder("class")
    try:
        folder.path.chmod(0o700)
        left_out = wholes.unpack(path, folder.path)
        found = find(folder.path, layout, path.name)
        found.left_out.extend(left_out)
        yield found
    finally:
        folder.remove()


def expect_apart(out: Path, path: Path) -> None:
    """Pass a folder for results that is not among the submissions.

    Raises:
        SetupError: if it is: the next run would grade it.
    """
    if out.resolve().is_relative_to(path.resolve()):
        raise SetupError(f"{out} lies in {path}, where it would be taken for a submission: choose a folder beside it")


def find(folder: Path, layout: Layout, name: str = "") -> Found:
    """List the submissions in a folder.

    Args:
        layout: of the course.
        name: by which the folder goes in sentences.

    Raises:
        SetupError: if there are none, or the folder cannot be read.
    """
    name = name or str(folder)
    if not folder.is_dir():
        raise SetupError(f"{name} is no folder and no zip, expected one that holds a class's submissions")
    inside = list(_entries(folder))
    if len(inside) == 1 and _is_whole(inside[0]):
        return find(inside[0], layout, name)
    if any(one.name in layout.parts for one in inside):
        raise SetupError(f"{name} holds one submission, expected a class's: use autograder grade")
    found = Found(layout)
    metadata = next((folder / one for one in METADATA if (folder / one).is_file()), None)
    uploads = _listed(metadata, inside, found) if metadata else _named(inside, found)
    found.handed = sorted(_distinct(uploads), key=lambda one: one.key)
    if not found.handed and found.left_out:
        first = found.left_out[0]
        raise SetupError(f"nothing in {name} can be graded: {first.name}: {first.why}")
    if not found.handed:
        raise SetupError(f"{name} holds no zip, and no export of Gradescope, Canvas or Moodle")
    return found


def read(one: HandedIn, layout: Layout, max_megabytes: int) -> bytes:
    """Read what was handed in; the files of a folder are packed, so that it is graded like any zip.

    Raises:
        SubmissionError: if it is a link, or larger than what is accepted, before it is read.
        OSError: if it cannot be read.
    """
    path = one.path
    if one.refused:
        raise SubmissionError(one.refused)
    if path.is_symlink():
        raise SubmissionError(f"{clean(path.name)} is a link, expected the file itself")
    if not path.is_dir():
        if not path.is_file() or path.stat().st_size > max_megabytes * MEGABYTE:
            with open_zip(path, max_megabytes, layout):  # refuses it, in the words for all zips
                pass
        return path.read_bytes()
    packed = TemporaryFolder("packed")
    try:
        content = folders.as_zip(path, packed.path / "submission.zip", layout).read_bytes()
    finally:
        packed.remove()
    if len(content) > max_megabytes * MEGABYTE:
        size = megabytes(len(content))
        raise SubmissionError(f"the files have {size} as a zip, at most {max_megabytes} MB are accepted")
    return content


def _entries(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder and was put there by somebody."""
    yield from (one for one in sorted(folder.iterdir()) if not one.name.startswith(".") and one.name not in JUNK)


def _is_export(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and not path.is_symlink() and wholes.is_export(path)


def _is_whole(folder: Path) -> bool:
    """Whether a folder is a class's, around which another one was put."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    inside = list(_entries(folder))
    if any(one.name in METADATA or platforms.recognise(one) for one in inside):
        return True
    archives = [one for one in inside if one.suffix.lower() in platforms.ARCHIVES]
    return len(archives) > 1 and len(archives) == len(inside)


def _listed(metadata: Path, inside: Iterable[Path], found: Found) -> Iterator[HandedIn]:
    """Take what Gradescope's list names."""
    known = {metadata.name}
    for upload in platforms.gradescope(metadata):
        known.add(upload.path.name)
        who = f"{upload.key} ({', '.join(person.name for person in upload.people)})"
        if not upload.path.exists() and not upload.path.is_symlink():
            found.left_out.append(LeftOut(who, f"named in {metadata.name}, and not there: export it again"))
        else:
            yield from _chosen(upload, found)
    for path in inside:
        if path.name not in known:
            found.left_out.append(LeftOut(clean(path.name), f"{metadata.name} does not name it"))


def _named(inside: Iterable[Path], found: Found) -> Iterator[HandedIn]:
    """Take what names itself; of several uploads of one student, the newest zip."""
    choices: dict[str, list[Upload]] = {}
    for path in inside:
        if _is_export(path):
            why = "it is an export of a whole class: autograder batch grades it by itself"
            found.left_out.append(LeftOut(clean(path.name), why))
        elif upload := platforms.recognise(path) or platforms.plain(path):
            choices.setdefault(upload.key, []).append(upload)
        elif path.is_symlink():
            found.left_out.append(LeftOut(clean(path.name), "a link: put the file itself there"))
        else:
            found.left_out.append(LeftOut(clean(path.name), "no zip, no folder, and no name that a platform gives"))
    for several in choices.values():
        best = max(several, key=_worth)
        rivals = [one for one in several if _worth(one) == _worth(best)]
        if len(rivals) > 1 and best.path.suffix.lower() == ".zip":
            yield from _one_of(best, [one.path for one in rivals], found)
        else:
            yield from _chosen(best, found)
        for other in several:
            if other is not best and (other not in rivals or best.path.suffix.lower() != ".zip"):
                why = "typed into a form" if other.is_text else f"{clean(best.path.name)} is graded instead"
                found.left_out.append(LeftOut(clean(other.path.name), why))


def _worth(upload: Upload) -> tuple[object, ...]:
    """Files before what was typed, zips and folders before other files, the newest of these."""
    is_folder = upload.path.is_dir() and not upload.path.is_symlink()
    return not upload.is_text, is_folder or upload.path.suffix.lower() == ".zip", upload.order


def _chosen(upload: Upload, found: Found) -> Iterator[HandedIn]:
    """Look into a student's folder: for the unpacked parts, else for a zip, else for the one file in it."""
    path = upload.path
    if path.is_symlink() or not path.is_dir():
        yield _handed(upload, path, TYPED if upload.is_text else "")
        return
    files = list(folders.paths(path))
    seen = [one for one in files if not any(_is_junk(part) for part in one.relative_to(path).parts)]
    zips = [one for one in seen if one.suffix.lower() == ".zip"]
    python = any(one.suffix == ".py" for one in seen)
    if not seen:
        who = ", ".join(person.name for person in upload.people)
        found.left_out.append(LeftOut(who, f"{clean(path.name)} is empty"))
    elif upload.is_text:
        yield _handed(upload, path, TYPED)
    elif any(part in found.layout.parts for one in seen for part in one.relative_to(path).parts[:-1]):
        yield _handed(upload, path)
    elif zips and (not python or any(_holds_parts(one, found.layout) for one in zips if not one.is_symlink())):
        yield from _one_of(upload, zips, found)
    else:
        yield _handed(upload, seen[0] if len(seen) == 1 and not python else path)


def _one_of(upload: Upload, zips: list[Path], found: Found) -> Iterator[HandedIn]:
    """Of several zips of which none is newer, take the one that holds the parts, if it is one."""
    real = [one for one in zips if not one.is_symlink() and one.is_file()] or zips[:1]
    best = [one for one in real if _holds_parts(one, found.layout)] if len(real) > 1 else real
    best = best or real
    if len(best) > 1 and len({one.read_bytes() for one in best}) > 1:
        names = ", ".join(clean(one.name) for one in best)
        yield _handed(upload, best[0], f"{len(best)} zips were handed in, {names}: hand in one")
        return
    yield _handed(upload, best[0])
    for other in zips:
        if other != best[0]:
            label = f"{clean(other.name)} of {upload.people[0].name}"
            found.left_out.append(LeftOut(label, f"{clean(best[0].name)} is graded instead"))


def _holds_parts(path: Path, layout: Layout) -> bool:
    with suppress(SubmissionError, OSError), open_zip(path, 10**6, layout) as archive:
        return any(part in layout.parts for entry in archive.entries for part in entry.path)
    return False


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name in JUNK


def _handed(upload: Upload, path: Path, refused: str = "") -> HandedIn:
    return HandedIn(upload.key, upload.people, path, upload.handed_in, upload.late, refused)


def _distinct(found: Iterable[HandedIn]) -> Iterator[HandedIn]:
    """Make the keys fit for folders; one that would equal another, or be empty, ends in a digest of its name."""
    keys = [(one, _safe(one.key)) for one in found]
    counts = Counter(fold(key) for _, key in keys)
    for one, key in keys:
        if not key or counts[fold(key)] > 1:
            name = f"{one.key}/{one.path.name}".encode("utf-8", "surrogateescape")
            key = f"{key}-{hashlib.sha256(name).hexdigest()[:8]}".strip("-")
        yield replace(one, key=key)


def _safe(name: str) -> str:
    name = re.sub(r"(\.tar)?\.(zip|rar|7z|tar|gz|tgz|bz2|xz)$", "", name.removesuffix("/"), flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", name))[:MAX_KEY].strip(".-")
