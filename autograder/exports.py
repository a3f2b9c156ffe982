"""Who handed in what: a folder of zips, or what Gradescope, Canvas or Moodle export.

    Gradescope   submission_metadata.yml, and a folder submission_123/ each
    Canvas       lovelaceada_LATE_101_4711_submission.zip
    Moodle       Ada Lovelace_4711_assignsubmission_file_/submission.zip, or the same without a folder
    otherwise    ada.zip, whose name is the student's

What a student handed in that is no zip is graded too, and refused in one sentence: nobody is left out in silence.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from autograder import packing
from autograder.entries import MAX_UNPACKED, MEGABYTE, fold, megabytes
from autograder.errors import SetupError, SubmissionError
from autograder.records import Person
from autograder.unpack import open_zip

METADATA = ("submission_metadata.yml", "submission_metadata.yaml")
CANVAS = re.compile(r"(?P<name>[^\W_A-Z]+)_(?P<late>(?i:late)_)?(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)")
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")  # all but the first are refused when graded
MAX_KEY = 60  # characters


@dataclass(frozen=True)
class HandedIn:
    """One submission of a class.

    Attributes:
        key: names its folder of results: letters, digits, dot, dash and underscore; no two are equal on any machine.
        people: one; several where a group handed in together.
        path: a zip, something that should have been one, or a folder of files that were unpacked already.
        handed_in, late: what the export says of the time.
    """

    key: str
    people: tuple[Person, ...]
    path: Path
    handed_in: str = ""
    late: bool = False


def find(folder: Path) -> list[HandedIn]:
    """List the submissions in a folder, in the order of their keys.

    Raises:
        SetupError: if there are none, or the folder cannot be read.
    """
    if not folder.is_dir():
        raise SetupError(f"{folder} is no folder, expected one that holds a class's submissions")
    metadata = next((folder / name for name in METADATA if (folder / name).is_file()), None)
    found = list(_gradescope(folder, metadata) if metadata else _named(folder))
    if not found:
        raise SetupError(f"{folder} holds no zip, and no export of Gradescope, Canvas or Moodle")
    return sorted(_distinct(found), key=lambda one: one.key)


def read(path: Path, max_megabytes: int) -> bytes:
    """Read what was handed in; the files of a folder are packed, so that it is graded like any zip.

    Raises:
        SubmissionError: if it is larger than what is accepted, before it is read.
        OSError: if it cannot be read.
    """
    if not path.is_dir():
        if path.stat().st_size > max_megabytes * MEGABYTE:
            with open_zip(path, max_megabytes):  # refuses it, in the words for all zips
                pass
        return path.read_bytes()
    packed = io.BytesIO()
    packing.write_zip(packed, _files(path))
    if (size := packed.tell()) > max_megabytes * MEGABYTE:
        raise SubmissionError(f"the files have {megabytes(size)} as a zip, at most {max_megabytes} MB are accepted")
    return packed.getvalue()


def _files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    if (total := sum(path.stat().st_size for path in paths)) > MAX_UNPACKED:
        raise SubmissionError(f"the files have {megabytes(total)}, at most {megabytes(MAX_UNPACKED)} are accepted")
    return {os.fsencode(path.relative_to(folder)).decode("utf-8", "replace"): path.read_bytes() for path in paths}


def _gradescope(folder: Path, metadata: Path) -> Iterator[HandedIn]:
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast; the file holds all results
        table = yaml.load(metadata.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetupError(f"{metadata.name} cannot be read ({type(error).__name__}): export it again") from None
    for name, values in table.items() if isinstance(table, dict) else ():
        path = next((path for path in (folder / str(name), folder / f"{name}.zip") if path.exists()), None)
        if path is None or not isinstance(values, dict):
            raise SetupError(f"{metadata.name} names {name}, which is not in {folder}: export it again")
        people = tuple(_person(entry) for entry in values.get(":submitters") or () if isinstance(entry, dict))
        when = values.get(":created_at", "")
        yield HandedIn(str(name), people or (Person(str(name)),), _only_zip(path), str(when or ""))


def _person(entry: dict[str, Any]) -> Person:
    name, number, email = (str(entry.get(key) or "").strip() for key in (":name", ":sid", ":email"))
    return Person(name or email or number or "unknown", number, email)


def _named(folder: Path) -> Iterator[HandedIn]:
    """Read the students from the names of files and folders; of several files of one, the newest zip is taken."""
    choices: dict[str, list[HandedIn]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if one := _moodle(path) or _canvas(path) or _plain(path):
            choices.setdefault(one.key if one.key != path.stem else path.name, []).append(one)
    for several in choices.values():
        yield max(several, key=lambda one: (one.path.is_dir() or one.path.suffix.lower() == ".zip", _age(one.path)))


def _moodle(path: Path) -> HandedIn | None:
    found = MOODLE.fullmatch(path.name)
    if not found or found["kind"] != "file":
        return None
    student = Person(found["name"], found["number"])
    return HandedIn(f"{found['name']}_{found['number']}", (student,), _only_zip(path))


def _canvas(path: Path) -> HandedIn | None:
    found = CANVAS.fullmatch(path.name)
    if not found or path.is_dir():
        return None
    student = Person(found["name"], found["user"])
    return HandedIn(f"{found['name']}_{found['user']}", (student,), path, late=bool(found["late"]))


def _plain(path: Path) -> HandedIn | None:
    is_archive = path.suffix.lower() in ARCHIVES and path.is_file()
    return HandedIn(path.stem, (Person(path.stem),), path) if is_archive else None


def _age(path: Path) -> tuple[int, ...]:
    """Tell the newer of two files of one student: Canvas counts submissions, and a second upload ends in "-1"."""
    return tuple(int(number) for number in re.findall(r"(?:_|-)(\d+)", path.name))


def _only_zip(path: Path) -> Path:
    """Choose the zip in a student's folder; the folder itself where it holds the unpacked files."""
    if not path.is_dir():
        return path
    inside = [one for one in path.iterdir() if not one.name.startswith(".") and one.name != "__MACOSX"]
    zips = [one for one in inside if one.suffix.lower() == ".zip"]
    if any(one.is_dir() for one in inside):
        return path
    return zips[0] if len(zips) == 1 else inside[0] if len(inside) == 1 else path


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
    return re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", name))[:MAX_KEY].strip(".-")
