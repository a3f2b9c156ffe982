"""Which checks `make test` is asked for; what is asked for and not there is said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.checking.rubric import Check
from autograder.course.definition import Course
from autograder.errors import SetupError
from autograder.submission import recognise


def expect_parts(folder: Path, course: Course) -> None:
    """See that students' code lies here at all, whatever of it is missing.

    Raises:
        SetupError: if a command was given in another folder.
    """
    names = course.folders.values()

    def holds(place: Path) -> bool:
        return any((place / name).is_dir() for name in names)

    if course.handout or holds(folder):
        return  # files of another handout are found wherever they lie
    near = [*filter(holds, folder.parents), *filter(holds, sorted(folder.glob("[!.]*/")))]
    there = f"{near[0].name}/, where it lies" if near else "the folder that has it"
    raise SetupError(f"there is no {' or '.join(f'{name}/' for name in names)} here: run this in {there}")


def homes(folder: Path, course: Course) -> Mapping[int, Path]:
    """Find the folder from which the code of each part is imported, for a command that was given in one."""
    if course.handout:
        return recognise.homes(folder, course.layout, course.folders)
    return dict.fromkeys(course.parts, folder)


def chosen(checks: Sequence[Check], part: str, todo: str, expression: str) -> list[Check]:
    """Choose the checks that are asked for, and before each those that it needs.

    Raises:
        SetupError: if there are none.
    """
    _expect("part", part, (str(check.part) for check in checks))
    _expect("TODO", todo, (check.todo for check in checks))
    by_id = {check.id: check for check in checks}
    wanted: set[str] = set()

    def want(check: Check) -> None:
        if check.id not in wanted:
            wanted.add(check.id)
            for need in check.needs:
                want(by_id[need])

    for check in checks:
        right_part = part in ("", str(check.part))
        if right_part and todo in ("", check.todo) and expression.lower() in f"{check.id} {check.title}".lower():
            want(check)
    if not wanted:
        asked = {"part": part, "TODO": todo, "a name with": expression}
        raise SetupError(f"there is no check of {', '.join(f'{key} {value}' for key, value in asked.items() if value)}")
    return [check for check in checks if check.id in wanted]


def _expect(kind: str, asked: str, there: Iterable[str]) -> None:
    names = list(dict.fromkeys(there))
    if asked and asked not in names:
        near = [name for name in names if name.partition(".")[0] == asked.partition(".")[0]] or names
        raise SetupError(f"there is no {kind} {asked}, expected {', '.join(near)}")
