"""What an author forgot, as far as it can be read off the files: nothing is graded for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring import handout_text
from autograder.course import assignment as assignments
from autograder.course import mistakes as catalogue
from autograder.course import regions, selection, skeleton
from autograder.course.assignment import Assignment
from autograder.course.definition import Course
from autograder.course.toml_files import named
from autograder.errors import RubricError

SHAPE = re.compile(r"\([^()]*\b[A-Z]\w*\b[^()]*\)|\bshapes?\b|\b(scalar|index|indices|counts?)\b")
SAME = 3  # statements of a solution that a given file may not have in a row, or all of a shorter one that says much
MUCH = 25  # characters
UNFIT = "mistake that does not fit the solution"
NAMES_GONE = "text of the handout that names what is left out"
TEXTS = (".py", ".md", "Makefile")


@dataclass(frozen=True)
class Oversight:
    """One thing that was forgotten.

    Attributes:
        kind: what it is, the same for all like it.
        where, what: the file, TODO or check, and a sentence or a diff.
    """

    kind: str
    where: str
    what: str = ""


def find(course: Course) -> Iterator[Oversight]:
    """Yield all of them, in the order in which an author would see to them."""
    yield from unchecked(course)
    yield from untold(course)
    yield from astray(course)
    yield from without_shapes(course)
    yield from given_away(course)
    for file in presets(course):
        try:
            assignment = assignments.load(course, file)
            assignment.cents(assignment.checks())
        except RubricError as error:
            yield Oversight("points that do not add up", named(file), str(error).removeprefix(f"{named(file)}: "))
        else:
            yield from uneven(assignment)
            yield from left_over(assignment)


def presets(course: Course) -> list[Path]:
    """The assignment of a course, and its presets."""
    return [course.folder / assignments.FILE, *sorted((course.folder / "assignments").glob("*.toml"))]


def unchecked(course: Course) -> Iterator[Oversight]:
    """TODOs of which no check asks anything, and checks of what nobody is asked for."""
    checked = {check.todo for check in course.checks()}
    places = course.places()
    for todo, file in places.items():
        if todo not in checked:
            yield Oversight("TODO without a check", todo, file)
    for todo in sorted(checked - places.keys()):
        yield Oversight("check without a TODO", todo, "no solution has a comment that begins with its number")


def untold(course: Course) -> Iterator[Oversight]:
    """Mistakes of which no message says what they are."""
    for mistake in catalogue.load(course):
        if not mistake.named:
            yield Oversight("mistake without a sentence of its own", mistake.file, mistake.name)


def astray(course: Course) -> Iterator[Oversight]:
    """Mistakes that cannot be made in the solution, or that name checks which there are not."""
    files, checks = course.files(), {check.id for check in course.checks()}
    for mistake in catalogue.load(course):
        try:
            ast.parse(mistake.apply(files)[mistake.file])
        except RubricError as error:
            yield Oversight(UNFIT, mistake.file, str(error))
        except SyntaxError as error:
            yield Oversight(UNFIT, mistake.file, f"{mistake.name}: it is no Python: {error.msg}")
        for check in (*mistake.loses, *mistake.seen):
            if check not in checks:
                known = ", ".join(sorted(one for one in checks if one.startswith(check.partition("-")[0] + "-")))
                what = f"{mistake.name}: {check}" + (f", expected one of {known}" if known else "")
                yield Oversight("mistake that names no check of the course", mistake.file, what)


def without_shapes(course: Course) -> Iterator[Oversight]:
    """TODOs about arrays of which no text says a shape."""
    said: dict[str, bool] = {}
    for name, content in _solved(course).items():
        text = content.decode()
        own_regions = regions.find(text, name)
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        for region in own_regions:
            own = max((one for one in functions if one.lineno < region.first), key=lambda one: one.lineno)
            lines = [line.strip() for line in text.splitlines()[own.lineno : region.first]]
            words = [ast.get_docstring(own) or "", *(line for line in lines if line.startswith("#"))]
            said[region.todo] = (
                said.get(region.todo, False) or not _about_arrays(own) or bool(SHAPE.search("\n".join(words)))
            )
    for todo in (todo for todo, told in said.items() if not told):
        yield Oversight("TODO text without shapes", todo, course.places()[todo])


def given_away(course: Course) -> Iterator[Oversight]:
    """Given files that have the statements of a solution."""
    given = {name: _bodies(content) for name, content in course.given().items() if name.endswith(".py")}
    for name, content in _solved(course).items():
        tree = ast.parse(content)
        for region in regions.find(content.decode(), name):
            own = [
                ast.unparse(node)
                for node in ast.walk(tree)
                if isinstance(node, ast.stmt) and region.first < node.lineno < region.last and not hasattr(node, "body")
            ]
            enough = len(own) >= SAME or len("".join(own)) > MUCH
            for file, bodies in given.items():
                if enough and any(_within(own, body) for body in bodies):
                    yield Oversight("given file that solves a TODO", file, f"TODO {region.todo}, {region.function}")


def uneven(assignment: Assignment) -> Iterator[Oversight]:
    """Parts of the course's own assignment whose points are not those of their TODOs; presets scale on purpose."""
    if named(assignment.path) != assignments.FILE:
        return
    for number, part in assignment.parts.items():
        total = sum((part.todos | part.checks).values())
        if abs(total - part.points) > 1e-9:
            what = f"points = {part.points:g}, its TODOs have {total:g}"
            yield Oversight("points that do not add up", f"{assignments.FILE}: parts.{number}", what)


def left_over(assignment: Assignment) -> Iterator[Oversight]:
    """Texts of the handout that name what the assignment leaves out."""
    course, whole = assignment.course, replace(assignment.course, asked=None)
    files = {**skeleton.generate(course), **handout_text.write(assignment)}
    gone = {name for name in whole.files() if name not in files}
    words = _names(whole, gone)
    for name, content in sorted(files.items()):
        if name.endswith(TEXTS):
            text = content.decode(errors="replace")
            found = [f"TODO {todo}" for todo in course.left_out if re.search(rf"\bTODO {re.escape(todo)}\b", text)]
            found += [word for word in words if re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.py)", text)]
            for word in sorted(found):
                yield Oversight(NAMES_GONE, f"{named(assignment.path)}: {name}", word)


def _names(whole: Course, gone: set[str]) -> set[str]:
    """What to look for: folders, modules and functions that are not in the handout, unless they are plain words."""
    files = whole.files()
    spoken = selection.spoken_of(files)

    def names(those: set[str]) -> set[str]:
        functions = {place.partition("/")[2] for place, name in spoken.items() if name in those}
        return {name.partition("/")[0] for name in those} | {name.rpartition("/")[2] for name in those} | functions

    return {word for word in names(gone) - names({*files} - gone) if re.search(r"[_.]|[a-z0-9][A-Z]", word)}


def _about_arrays(function: ast.FunctionDef) -> bool:
    """Whether a function takes or returns arrays, or may, as it does not say."""
    own = [one.annotation for one in (*function.args.args, *function.args.kwonlyargs) if one.arg != "self"]
    types = [*own, function.returns]
    return any(one is None or re.search("Array|array|Tensor", ast.unparse(one)) for one in types)


def _solved(course: Course) -> dict[str, bytes]:
    """The files with solution regions."""
    return {name: text for name, text in course.files().items() if name in set(course.places().values())}


def _bodies(content: bytes) -> list[list[str]]:
    """The plain statements of each function, as text."""
    functions = [node for node in ast.walk(ast.parse(content)) if isinstance(node, ast.FunctionDef)]
    return [
        [ast.unparse(node) for node in ast.walk(one) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
        for one in functions
    ]


def _within(own: list[str], body: list[str]) -> bool:
    return bool(own) and all(statement in body for statement in own)
