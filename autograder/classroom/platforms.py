"""Whose file is it: how Gradescope, Canvas and Moodle name what they export, read from their own programs.

    Gradescope   assignment_7_export/submission_metadata.yml, and a folder submission_123/ each
    Canvas       lovelaceada_LATE_101_4711_submission.zip; LATE_anon_x7Yz2_4711_submission.zip where it is anonymous
    Moodle       Ada Lovelace_4711_assignsubmission_file/submission.zip, or the same without a folder;
                 Participant_4711_... where it is anonymous, Group A_12_... of a group
    otherwise    ada.zip or ada/, whose name is the student's

Nothing is opened here but Gradescope's list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from autograder.errors import SetupError
from autograder.reports.records import Person

METADATA = ("submission_metadata.yml", "submission_metadata.yaml")
CANVAS = re.compile(
    r"(?P<late>LATE_)?anon(ymous)?_(?P<between>LATE_)?(?P<anonymous>[A-Za-z0-9]+)_((?P<n>\d+)_.+|(text|link)\.html)"
    r"|(?P<name>[^\WA-Z]+?)_(?P<later>(?i:late)_)?(?P<user>\d+)_((?P<number>\d+)_.+|(text|link)\.html)"
)
MOODLE = re.compile(r"(?P<name>.+?)(_(?P<number>\d+))?_assignsubmission_(?P<kind>[a-z]+)(_(?P<file>.*))?")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")  # all but the first are refused when graded
MAX_NAME = 255  # characters; of most file systems
AGAIN = re.compile(r"-(\d+)\.\w+")  # Canvas names a second upload of one name so


@dataclass(frozen=True)
class Upload:
    """A file or folder of an export.

    Attributes:
        key: the same for all that one student uploaded.
        people: one; several where a group handed in together.
        order: of two of one student, the larger one is newer; equal where the export does not tell.
        is_text: something typed into a form, which is no file.
        handed_in, late: what the export says of the time.
    """

    key: str
    people: tuple[Person, ...]
    path: Path
    order: tuple[int, ...] = ()
    is_text: bool = False
    handed_in: str = ""
    late: bool = False


def recognise(path: Path) -> Upload | None:
    """Read from its name whose upload something is; None where no platform names it so."""
    return _moodle(path) or (None if path.is_dir() else _canvas(path))


def may_be_upload(name: str) -> bool:
    """Whether a platform names a file so; of what lies nowhere, and may have a name that no file can have."""
    # A longer one takes the expressions time by the square of its length.
    return len(name) <= MAX_NAME and (_moodle(Path(name)) or _canvas(Path(name))) is not None


def plain(path: Path) -> Upload | None:
    """Take a folder or an archive for what the student wrote by whose name it goes."""
    if path.is_dir():  # a link to one, too, which is refused when it is read
        return Upload(f"{path.name}/", (Person(path.name),), path)
    if path.suffix.lower() not in ARCHIVES:
        return None
    name = re.sub(r"(\.tar)?\.\w+$", "", path.name)
    return Upload(path.name, (Person(name),), path)


def _moodle(path: Path) -> Upload | None:
    found = MOODLE.fullmatch(path.name)
    if not found:
        return None
    number = found["number"] or ""
    # By the word of its grading worksheet: a participant's number is no student's ID number.
    student = Person(found["name"], f"Participant {number}".strip())
    key = f"{found['name']}_{number}".strip("_")
    return Upload(key, (student,), path, is_text=found["kind"] != "file")


def _canvas(path: Path) -> Upload | None:
    found = CANVAS.fullmatch(path.name)
    if not found:
        return None
    late = any(found[group] for group in ("late", "between", "later"))
    number, again = found["n"] or found["number"], AGAIN.search(path.name)
    order = (int(number or 0), int(again[1]) if again else 0)
    if who := found["anonymous"]:
        return Upload(f"anon_{who}", (Person(f"anonymous {who}", who),), path, order, not number, late=late)
    student, key = Person(found["name"], found["user"]), f"{found['name']}_{found['user']}"
    return Upload(key, (student,), path, order, not number, late=late)


def gradescope(metadata: Path) -> Iterator[Upload]:
    """Read Gradescope's list of submissions; the path of one that is not there does not exist.

    Raises:
        SetupError: if it cannot be read.
    """
    try:
        table = yaml.load(metadata.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        raise SetupError(f"{metadata.name} cannot be read ({type(error).__name__}): export it again") from None
    for name, values in table.items() if isinstance(table, dict) else ():
        values = _plain_keys(values)
        submitters = values.get("submitters")
        people = tuple(_person(_plain_keys(one)) for one in submitters) if isinstance(submitters, list) else ()
        base = metadata.parent / Path(str(name)).name
        path = next((path for path in (base, base.with_name(f"{base.name}.zip")) if path.exists()), base)
        yield Upload(str(name), people or (Person(str(name)),), path, handed_in=str(values.get("created_at") or ""))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times as fast as SafeLoader
    """Reads the classes of Gradescope's own program, which it names in places, as plain values."""


def _anything(loader: Any, tag: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _anything)


def _plain_keys(values: Any) -> dict[str, Any]:
    """Keys are written as Ruby's symbols, ":name", or plainly."""
    return {str(key).removeprefix(":"): value for key, value in values.items()} if isinstance(values, dict) else {}


def _person(entry: dict[str, Any]) -> Person:
    name, number, email = (str(entry.get(key) or "").strip() for key in ("name", "sid", "email"))
    return Person(name or email or number or "unknown", number, email)
