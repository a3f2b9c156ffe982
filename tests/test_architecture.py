"""Who may import whom: the arrows of the design."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from homework import COURSE, PARTS, ROOT

# The floors, from the ground up: a room imports from those below it, and from itself; what stands on one floor knows
# nothing of its neighbours.
FLOORS = (
    ("errors",),
    ("inside", "cases", "diagnosis"),
    ("checking",),
    ("course", "reports"),
    ("submission", "sandbox"),
    ("grading",),
    ("conformance",),
    ("students", "classroom"),
    ("authoring",),
    ("bench",),
    ("cli",),
    ("__main__",),
)
# Of a course: what its folders know of the engine.
COURSES = {
    "checks": ("errors", "inside.wire", "cases", "checking"),
    "oracles": ("cases.training", "checking.oracles"),
    "reference": (),
    "given": (),
}
# Narrower than its floor: what the doors of these rooms keep out.
NARROW = {
    "inside": (),
    "cases": (),
    "diagnosis": (),
    "reports": ("errors",),
}
MODULES = {"errors", "cli", "__main__"}


def _imports(path: Path, house: Path = ROOT) -> Iterator[str]:
    """Yield the absolute names of what a module imports, whatever the line."""
    package = path.relative_to(house).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) + 1 - node.level]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _modules(room: str) -> list[Path]:
    path = ROOT / room
    return [path] if path.suffix else [file for file in path.rglob("*.py") if "__pycache__" not in file.parts]


@pytest.mark.parametrize("room", [room for floor in FLOORS for room in floor])
def test_a_room_imports_only_from_the_floors_below(room) -> None:
    below = NARROW.get(room, tuple(other for floor in FLOORS[: _floor(room)] for other in floor))
    for module in _modules(f"autograder/{room}") if room not in MODULES else [ROOT / f"autograder/{room}.py"]:
        for name in _ours(module):
            assert _within(name, (*below, room)), f"{module.relative_to(ROOT)} imports {name}"


def test_every_room_has_a_floor_and_a_sentence() -> None:
    rooms = {path.parent.name for path in (ROOT / "autograder").glob("*/__init__.py")}
    assert rooms | MODULES == {room for floor in FLOORS for room in floor}
    for room in rooms:
        assert ast.get_docstring(ast.parse((ROOT / "autograder" / room / "__init__.py").read_bytes())), room


def test_no_two_modules_or_rooms_have_one_name() -> None:
    names = [path.stem for path in _modules("autograder") if path.name != "__init__.py"]
    names += [
        path.parent.name for path in (ROOT / "autograder").rglob("__init__.py") if path.parent.name != "autograder"
    ]
    assert not [name for name in set(names) if names.count(name) > 1]


@pytest.mark.parametrize("root", ["", "courses/convnets/given", "courses/convnets/reference"])
def test_no_circle_of_modules(root) -> None:
    """Types count as well."""
    house = ROOT / root
    paths = house.rglob("*.py") if root else _modules("autograder")
    known = {".".join(path.relative_to(house).with_suffix("").parts): path for path in paths}
    graph = {
        name: {_module(one, known) for one in _imports(path, house)} & {*known} - {name} for name, path in known.items()
    }
    assert len(graph) > 10
    while leaves := [name for name, arrows in graph.items() if not arrows & {*graph}]:
        for name in leaves:
            del graph[name]
    assert not graph


def _module(name: str, known: Mapping[str, Path]) -> str:
    return name if name in known else name.rpartition(".")[0]


def _floor(room: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if room in floor)


def _ours(module: Path) -> Iterator[str]:
    """Yield what a module imports of the engine, without its name."""
    yield from (name.partition(".")[2] for name in _imports(module) if name.startswith("autograder."))


def _within(name: str, allowed: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{room}.") for room in allowed)


@pytest.mark.parametrize("course", sorted(path.parent for path in (ROOT / "courses").glob("*/course.toml")))
@pytest.mark.parametrize("room", COURSES)
def test_a_course_knows_of_the_engine_what_authors_of_checks_import(course, room) -> None:
    for module in _modules(f"{course.relative_to(ROOT)}/{room}"):
        for name in _ours(module):
            assert _within(name, COURSES[room]), f"{module.relative_to(ROOT)} imports {name}"


def test_the_engine_names_no_homework() -> None:
    names = {*PARTS, COURSE.name, *(check.id for check in COURSE.checks())}
    names |= {name for key, model in COURSE.models.items() for name in (key, model.name)}
    pattern = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    kinds = {".py", ".toml", ".ini", ".j2", ".css", ".js", ".sh", ""}
    files = [path for path in (ROOT / "autograder").rglob("*") if path.is_file() and path.suffix in kinds]
    assert len(files) > 100
    assert {path.relative_to(ROOT): found for path in files if (found := pattern.findall(path.read_text()))} == {}


def test_a_part_imports_only_itself_and_those_it_builds_on() -> None:
    for part in COURSE.parts.values():
        known = {part.folder, *(COURSE.parts[other].folder for other in part.builds_on)}
        for name, content in COURSE.files().items():
            if name.startswith(f"{part.folder}/") and name.endswith(".py"):
                seen = {word for word in PARTS if re.search(rf"^\s*(from|import) {word}\b", content.decode(), re.M)}
                assert seen <= known, name


def test_the_box_needs_only_the_standard_library_numpy_and_torch() -> None:
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "torch", "torchvision", "autograder"}
    for module in _modules("autograder/inside"):
        assert {name.split(".")[0] for name in _imports(module)} <= allowed, module.name


def test_part_1_needs_numpy_alone() -> None:
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "courses", "PIL"}
    for module in (
        *_modules("courses/convnets/reference/part1_numpy"),
        *_modules("courses/convnets/given/part1_numpy"),
    ):
        assert {name.split(".")[0] for name in _imports(module)} <= allowed, module.name
