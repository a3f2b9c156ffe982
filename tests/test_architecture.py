"""Who may import whom: the arrows of the design."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.assignment import PARTS, ROOT

# Folder or module: what it may import of ours. A name allows all that is below it.
ARROWS = {
    "autograder/inside": (),
    "autograder/checks": ("autograder.rubric", "autograder.answers", "autograder.expect", "autograder.errors",
                          "autograder.student", "autograder.oracles", "autograder.cases", "autograder.inside.wire",
                          "autograder.exam", "autograder.checks"),
    "autograder/oracles": ("autograder.oracles", "autograder.cases", "autograder.recordings"),
    "autograder/answers.py": ("autograder.inside.wire",),
    "autograder/cases.py": (),
    "autograder/recordings.py": ("autograder.errors",),
    "autograder/reports": ("autograder.scores", "autograder.diagnosis", "autograder.reports", "autograder.records"),
    "autograder/sandbox": ("autograder.sandbox", "autograder.inside", "autograder.errors", "autograder.assignment",
                           "autograder.student"),
    "autograder/conformance": ("autograder.conformance", "autograder.assignment", "autograder.checkpoints",
                               "autograder.engine", "autograder.entries", "autograder.errors", "autograder.expect",
                               "autograder.inside", "autograder.packing", "autograder.reports.gradescope",
                               "autograder.rubric", "autograder.sandbox", "autograder.scores", "autograder.student",
                               "autograder.submission"),
    "autograder/lateness.py": ("autograder.errors", "autograder.tables", "autograder.times"),
    "autograder/times.py": ("autograder.errors",),
    "autograder/tables.py": ("autograder.errors",),
    "autograder/written": ("autograder.errors", "autograder.assignment", "autograder.reports", "autograder.written"),
    "autograder/gradebook": ("autograder.errors", "autograder.assignment", "autograder.reports", "autograder.scores",
                             "autograder.lateness", "autograder.tables", "autograder.times", "autograder.written",
                             "autograder.records", "autograder.gradebook"),
    "autograder/student.py": ("autograder.errors", "autograder.inside"),
    "autograder/records.py": ("autograder.scores",),
    "autograder/scores.py": ("autograder.diagnosis",),
    "autograder/diagnosis.py": (),
    "reference/part1_numpy": ("part1_numpy",),
    "reference/part2_pytorch": ("part2_pytorch",),
    "reference/part3_imbalance": ("part2_pytorch", "part3_imbalance"),
}  # fmt: skip
OURS = ("autograder", "reference", *PARTS)


def _imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of what a module imports, whatever the line."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
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


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_only_what_the_design_allows(room) -> None:
    for module in _modules(room):
        own = ".".join(Path(room).parts).removesuffix(".py")
        for name in _imports(module):
            if name.split(".")[0] in OURS and not name.startswith(own):
                assert name.startswith(ARROWS[room]), f"{module.relative_to(ROOT)} imports {name}"


def test_the_box_needs_only_the_standard_library_numpy_and_torch() -> None:
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "torch", "torchvision", "autograder"}
    for module in _modules("autograder/inside"):
        assert {name.split(".")[0] for name in _imports(module)} <= allowed, module.name


def test_part_1_needs_numpy_alone() -> None:
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "reference", "PIL"}
    for module in _modules("reference/part1_numpy"):
        assert {name.split(".")[0] for name in _imports(module)} <= allowed, module.name
