"""Solution regions of a module: `# >>> solution` to `# <<< solution`, and what can stand in their place.

A region stands in a function and ends it, so that no skeleton has a half-filled body. The comment `# TODO N.M: ...`
above it gives the number of the TODO.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.errors import RubricError

TODO = re.compile(r"# TODO (\d+\.\d+)\b")
OPEN, CLOSE = "# >>> solution", "# <<< solution"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Region:
    """One solution region.

    Attributes:
        first, last: line numbers of its two marks, from 1.
        function: "Pool.forward".
        todo: "3.2".
        indent: the white space before its marks.
    """

    first: int
    last: int
    function: str
    todo: str
    indent: str

    def lines(self) -> list[str]:
        """Write what stands in its place in a skeleton."""
        return [f'{self.indent}raise NotImplementedError("TODO {self.todo}: {self.function}")']


def find(source: str, file: str) -> list[Region]:
    """Find the solution regions of a module.

    Raises:
        RubricError: with file and line, where it is no Python, or a region is not closed, not opened, nested, outside
            of a function, without a TODO above it, empty, or not the end of its function.
    """
    lines = source.splitlines()
    try:
        functions = list(_functions(ast.parse(source, file)))
    except SyntaxError as error:
        raise RubricError(f"{file}:{error.lineno}: it is no Python: {error.msg}") from None
    found = []
    for first, last in _marks(lines, file):
        inside = [(name, node) for name, node in functions if node.lineno < first <= (node.end_lineno or 0)]
        if not inside:
            raise RubricError(f"{file}:{first}: this solution region is in no function, or empty")
        name, node = inside[-1]
        if any(last < (statement.end_lineno or 0) for statement in node.body):
            raise RubricError(f"{file}:{last}: this solution region does not end its function {name}")
        if not any(first < statement.lineno < last for statement in node.body):
            raise RubricError(f"{file}:{first}: this solution region is empty, or not at the level of its function")
        todos = TODO.findall("\n".join(lines[node.lineno - 1 : first]))
        if not todos:
            raise RubricError(f"{file}:{first}: no TODO with a number stands above this solution region")
        indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
        found.append(Region(first, last, name, todos[-1], indent))
    return found


def strip(source: str, file: str) -> str:
    """Replace every solution region of a module by a NotImplementedError that names its TODO.

    Raises:
        RubricError: as `find` does.
    """
    lines = source.splitlines()
    for region in reversed(find(source, file)):
        lines[region.first - 1 : region.last] = region.lines()
    return "\n".join(lines) + "\n"


def fill(source: str, file: str, function: str, body: str) -> str:
    """Replace the solution region of one function by another body, dedented to column 0.

    Raises:
        RubricError: if the function has no region.
    """
    lines = source.splitlines()
    for region in find(source, file):
        if region.function == function:
            new = [region.indent + line if line else "" for line in body.strip("\n").splitlines()]
            lines[region.first - 1 : region.last] = new
            return "\n".join(lines) + "\n"
    raise RubricError(f"{file}: {function} has no solution region")


def solve(source: str, file: str, todos: Collection[str]) -> str:
    """Make given code of the regions of some TODOs: the solution stays, its marks and what was to do go.

    Raises:
        RubricError: as `find` does.
    """
    lines = source.splitlines()
    solved = [region for region in find(source, file) if region.todo in todos]
    gone = {number - 1 for region in solved for number in (region.first, region.last)}
    for region in solved:
        first = max(index for index in range(region.first) if TODO.findall(lines[index])[-1:] == [region.todo])
        for index in range(first, region.first):
            if not lines[index].lstrip().startswith("#"):
                break
            gone.add(index)
    return "\n".join(line for index, line in enumerate(lines) if index not in gone) + "\n"


def _functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Yield every function with its qualified name, outer ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | Function):
            if isinstance(child, Function):
                yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _marks(lines: list[str], file: str) -> Iterator[tuple[int, int]]:
    """Yield the line numbers of each pair of marks."""
    opened = 0
    for number, line in enumerate(lines, start=1):
        if line.strip() == OPEN:
            if opened:
                raise RubricError(f"{file}:{number}: a solution region opens inside the one of line {opened}")
            opened = number
        elif line.strip() == CLOSE:
            if not opened:
                raise RubricError(f"{file}:{number}: this solution region was never opened")
            yield opened, number
            opened = 0
    if opened:
        raise RubricError(f"{file}:{opened}: this solution region is never closed")
