"""What an audit makes mutants of: the solution regions of the reference, as far as a course asks for them.

Behind the interface of another handout (`course.handouts`) most of the reference is never called. What counts there is
what the files that stand in front of it import, and what that uses in turn, definition by definition; the TODOs of
these files are those that a change can spoil.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from autograder.authoring.auditing import mutants
from autograder.authoring.auditing.mutants import Files, Key, Mutant
from autograder.authoring.auditing.mutations import MUTATIONS, Mutation
from autograder.course.definition import Course

# What keeps the dtype of what is given: no handout is asked for that which says nothing of dtypes.
OF_DATA = re.compile(r", dtype=(np\.result_type\([^()]*\)|\w+\.dtype)|\.astype\(\w+\.dtype\)")
Place = tuple[str, str]  # a file, and the name of a definition at its top level; "" is what stands outside of them


@dataclass
class Module:
    """What a module defines and imports.

    Attributes:
        uses: by definition, the names that occur in it, and pairs of names for `module.name`.
        imported: by the name here, where it is from; all of a file where the name there is empty.
        stars: files of which it imports all names.
    """

    uses: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    imported: dict[str, Place] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


def of_part(course: Course, part: int, files: Files, changes: Sequence[Mutation] = MUTATIONS) -> list[Mutant]:
    """Make the mutants of a part that its checks can lose, each under a TODO of the course."""
    folder, own = course.parts[part].folder, asked(course, part)
    every = mutants.of_part(files, folder, changes)
    if not course.handout:
        free = judged_by_images(course)
        return [one for one in every if one.todo not in free]
    if not course.handout.same_dtypes:
        every = [one for one in every if one.after != OF_DATA.sub("", one.before)]
    behind = _behind(course, folder, files)
    spoiled = [(one, own & behind.get(_place(one), frozenset())) for one in every]
    return [replace(one, todo=min(todos, key=_number)) for one, todos in spoiled if todos]


def in_folder(course: Course, folder: str, files: Files) -> list[Mutant]:
    """Make the mutants of all parts that share a folder."""
    parts = (number for number, part in course.parts.items() if part.folder == folder)
    return [one for number in parts for one in of_part(course, number, files)]


def reach(course: Course, part: int, files: Files, chosen: Sequence[Mutant]) -> list[frozenset[str]]:
    """Say for each mutant which TODOs of the part it can spoil."""
    folder, own = course.parts[part].folder, asked(course, part)
    if course.handout:
        behind = _behind(course, folder, files)
        return [own & behind.get(_place(one), frozenset()) for one in chosen]
    near = mutants.reach(files, folder)
    return [own.intersection(near[one.file]) for one in chosen]


def asked(course: Course, part: int) -> frozenset[str]:
    """Name the TODOs of a part that are judged by what code returns."""
    return frozenset({check.todo for check in course.checks() if check.part == part} - judged_by_images(course))


def judged_by_images(course: Course) -> set[str]:
    """Name the TODOs that checkpoints decide: what computes a network of one's own is free, and has no mutants."""
    return {check.todo for check in course.checks() if check.exam}


def equivalent(course: Course, file: str = mutants.EQUIVALENT) -> dict[Key, str]:
    """Read what has been found to do the same, also by the course whose reference stands in."""
    found = mutants.load_equivalent(course, file)
    if course.base and course.handout:
        for (name, *rest), reason in mutants.load_equivalent(course.base, file).items():
            for behind in course.handout.behind(name):
                found.setdefault((behind, rest[0], rest[1], rest[2]), reason)
    return found


def _place(mutant: Mutant) -> Place:
    return mutant.file, mutant.function.partition(".")[0]


def _number(todo: str) -> list[int]:
    return [*map(int, todo.split("."))]


def _behind(course: Course, folder: str, files: Files) -> Mapping[Place, frozenset[str]]:
    """Say for each definition in a folder which TODOs of the handout use it."""
    mine = {name: files[name] for name in files.keys() - course.given() if name.startswith(f"{folder}/")}
    own = {name: content for name, content in mine.items() if name.endswith(".py")}
    modules = {name: _read(content, name, own) for name, content in own.items()}
    found: dict[Place, frozenset[str]] = {}
    for todo, file in course.places().items():
        title = course.handout.todos[todo].title if course.handout else ""
        for place in _used(modules, f"{folder}/{file}", {*re.findall(r"\w+", title)}):
            found[place] = found.get(place, frozenset()) | {todo}
    return found


def _used(modules: Mapping[str, Module], file: str, names: Collection[str]) -> set[Place]:
    """All definitions that those of these names in a file use, and those that they use in turn."""
    waiting = [place for name in names for place in _resolved(modules, file, name, "")] if file in modules else []
    seen: set[Place] = set()
    while waiting:
        place = waiting.pop()
        if place in seen or place[0] not in modules:
            continue
        seen.add(place)
        for name, attribute in modules[place[0]].uses.get(place[1], ()):
            waiting += _resolved(modules, place[0], name, attribute)
    return seen


def _resolved(modules: Mapping[str, Module], file: str, name: str, attribute: str) -> Iterator[Place]:
    module = modules[file]
    if name in module.uses:
        yield file, name
    if name in module.imported:
        where, there = module.imported[name]
        yield where, there or attribute
    for star in module.stars:
        if name in modules[star].uses:
            yield star, name


def _read(content: bytes, file: str, files: Files) -> Module:
    module, tree = Module({"": set()}), ast.parse(content, file)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            _note_import(module, node, file, files)
    for statement in tree.body:
        name = getattr(statement, "name", "")
        module.uses.setdefault(name, set()).update(_names(statement))
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    module.uses.setdefault(target.id, set()).update(_names(statement))
    return module


def _names(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that code uses; an annotation uses none."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value.id, node.attr
    elif isinstance(node, ast.Name):
        yield node.id, ""
    for part, value in ast.iter_fields(node):
        for child in (value if isinstance(value, list) else [value]) if part not in ("annotation", "returns") else ():
            if isinstance(child, ast.AST):
                yield from _names(child)


def _note_import(module: Module, node: ast.ImportFrom, file: str, files: Files) -> None:
    above = PurePosixPath(file).parents[max(node.level - 1, 0)] if node.level else None
    for alias in node.names:
        for dotted, there in ((node.module or "", alias.name), (f"{node.module or ''}.{alias.name}".strip("."), "")):
            if found := _file(dotted, above, files):
                if alias.name == "*":
                    module.stars.append(found)
                else:
                    module.imported[alias.asname or alias.name] = (found, there)


def _file(dotted: str, above: PurePosixPath | None, files: Files) -> str:
    """The file of a module: beside the one that imports it, or wherever one of its name is."""
    end = f"{dotted.replace('.', '/')}.py"
    if above is not None:
        return f"{above}/{end}" if f"{above}/{end}" in files else ""
    return next((name for name in sorted(files) if name.endswith(f"/{end}")), "")
