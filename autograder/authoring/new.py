"""`autograder new`: a course, or a TODO of one, that works at once and is then written over. Nothing is overwritten."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.authoring.beginnings import COURSE, FUNCTION, PACKAGE, fill
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.course_file import free_name
from autograder.course.definition import Course
from autograder.errors import SetupError

WEEKS = 4  # until a new course is due, for an author to change
NAME = re.compile(r"[a-z][a-z0-9_]*")
ONE_LINE = re.compile(r"^(todos\s*=\s*\{[^{}\n]*?)(\s*\})", re.M)
TABLE = re.compile(r"^\[parts\.(\d+)\]\s*$", re.M)


@dataclass(frozen=True)
class Made:
    """What was written, and what to run next."""

    files: tuple[Path, ...]
    next: tuple[str, ...]


def expect_empty(folder: Path) -> None:
    """Refuse a folder in which something lies.

    Raises:
        SetupError: with its name.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        where = folder.resolve().name if folder == Path() else folder
        raise SetupError(f"{where} is not empty, expected a new folder or an empty one: nothing was written")


def course(folder: Path, title: str, part: str, name: str, points: int) -> Made:
    """Begin a course in an empty folder: one part, one TODO.

    Args:
        folder: made if it is not there.
        title: of the course and its part.
        part: the package that students write.
        name: the function of its first TODO.
        points: that it is worth.

    Raises:
        SetupError: if the folder is not empty, or a name cannot be one in Python.
    """
    expect_empty(folder)
    _expect_names(part, name)
    try:
        free_name(part)
    except ValueError as error:
        raise SetupError(str(error)) from None
    _expect_text(title)
    due = (datetime.now(UTC) + timedelta(weeks=WEEKS)).strftime("%Y-%m-%dT23:59:00Z")
    names = {"PART": part, "FILE": name, "NAME": name, "TITLE": title, "TODO": "1.1", "POINTS": str(points), "DUE": due}
    return _made(folder, fill({**COURSE, **PACKAGE, **FUNCTION}, names), "1.1")


def todo(course: Course, part_number: str, title: str, name: str, points: int) -> Made:
    """Add a TODO to a part of a course: solution, declaration, two mistakes, points.

    Raises:
        SetupError: if there is no such part, or something of that name.
        RubricError: if the course cannot be read.
    """
    parts = course.definition.parts
    if part_number not in map(str, parts):
        known = ", ".join(map(str, parts))
        raise SetupError(
            f"{course.name} has no part {part_number}, its parts are {known}: a further one is a table of course.toml, "
            "[parts.N] with its folder"
        )
    part = int(part_number)
    _expect_names(name)
    _expect_text(title)
    numbers = [int(own.partition(".")[2]) for own in course.places() if own.startswith(f"{part}.")]
    numbers += [int(check.todo.partition(".")[2]) for check in course.checks() if check.part == part]
    number = f"{part}.{max(numbers, default=0) + 1}"
    names = {"PART": parts[part].folder, "FILE": name, "NAME": name, "TITLE": title, "TODO": number}
    first = not any((course.folder / home / parts[part].folder).exists() for home in ("reference", "given"))
    texts = fill({**(PACKAGE if first else {}), **FUNCTION}, names)
    given = course.folder / "given" / parts[part].folder / f"{name}.py"
    for path in [given, *(course.folder / file for file in texts)]:
        if path.exists():
            raise SetupError(
                f"{path.relative_to(course.folder)} is there already, expected a new name: nothing was written"
            )
    assignment = course.folder / assignments.FILE
    changed = with_points(assignment.read_text(encoding="utf-8"), part, number, points, title)
    made = _made(course.folder, texts, number)
    assignment.write_text(changed, encoding="utf-8")
    return Made((*made.files, _from_here(assignment)), made.next)


def with_points(text: str, part: int, todo: str, points: int, title: str = "") -> str:
    """Add a TODO to the text of an assignment file, and its points to those of the part; comments stay.

    Args:
        title: of the part, where it is not there yet.

    Raises:
        SetupError: if the text is laid out so that this cannot be done safely.
    """
    before = tomllib.loads(text)
    if str(part) not in before.get("parts", {}):
        own = f'[parts.{part}]\ntitle = "{title}"\npoints = {points}\ntodos = {{ "{todo}" = {points} }}\n'
        return f"{text.rstrip()}\n\n{own}"
    table = before["parts"][str(part)]
    if todo in table.get("todos", {}):
        return text
    start = next((one.end() for one in TABLE.finditer(text) if int(one[1]) == part), len(text))
    end = next((one.start() for one in re.finditer(r"^\[", text, re.M) if one.start() > start), len(text))
    total = table.get("points", 0) + points
    own = ONE_LINE.sub(lambda row: f'{row[1].rstrip(" ,")}, "{todo}" = {points}{row[2]}', text[start:end], count=1)
    own = re.sub(r"^(points\s*=\s*)[\d.]+", lambda row: f"{row[1]}{total:g}", own, count=1, flags=re.M)
    changed = text[:start] + own + text[end:]
    table |= {"points": total, "todos": {**table.get("todos", {}), todo: points}}
    if tomllib.loads(changed) != before:
        raise SetupError(
            f"{assignments.FILE} is laid out in a way that cannot be added to: write "
            f'"{todo}" = {points} among the todos of part {part}, and add them to its points; then run this again'
        )
    return changed


def _made(folder: Path, texts: Mapping[str, str], todo: str) -> Made:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    option = f" --course {folder}" if folder.resolve() != Path.cwd() and folder.parent != definition.SHIPPED else ""
    option = f" --course {folder.name}" if folder.parent == definition.SHIPPED else option
    return Made(
        tuple(_from_here(folder / name) for name in texts),
        (f"autograder demo{option}", f"autograder author --todo {todo}{option}", f"autograder handout{option}"),
    )


def _expect_names(*names: str) -> None:
    for name in names:
        if not NAME.fullmatch(name) or keyword.iskeyword(name):
            raise SetupError(
                f"{name!r} is no name for a module, expected a letter, then lower case letters, digits and _, and no "
                "word of Python's own"
            )


def _expect_text(title: str) -> None:
    if not title.isprintable() or not title.strip() or '"' in title or "\\" in title:
        raise SetupError(f"{title!r} is no title, expected one line without quotation marks")


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
