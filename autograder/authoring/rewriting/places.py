"""A solution region as the ways to write it see it: what is around it, which names are whose."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Statements = list[ast.stmt]
Tied = ast.Yield | ast.YieldFrom | ast.Await | ast.Global | ast.Nonlocal  # to the function that they stand in
LOOKED_UP = {"super", "locals", "eval", "exec", "__class__"}  # go by the names of the function that calls them
NESTED = ast.FunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True)
class Place:
    """Where a region is.

    Attributes:
        function, owner: what it ends, and the class of that, if any.
        tree: of the module.
        words: the function's head, docstring and comments.
        public: words outside of all regions, of this file and of those that ask for something of it.
        signatures: names of the parameters by the function, or class, of the same part.
    """

    function: ast.FunctionDef
    owner: ast.ClassDef | None
    tree: ast.Module
    words: str
    public: frozenset[str]
    signatures: Mapping[str, Sequence[str]]

    @property
    def library(self) -> str:
        """What its arrays are of: the name that the module gives NumPy or torch, or nothing."""
        names = {alias.name: alias.asname or alias.name for alias in self._imports()}
        return names.get("torch") or names.get("numpy") or ""

    @property
    def is_torch(self) -> bool:
        """Whether arrays are tensors, of which `sum` and the like take other words."""
        return any(alias.name == "torch" for alias in self._imports())

    @property
    def arguments(self) -> list[str]:
        """What the function gets, without self."""
        own = self.function.args
        every = [one.arg for one in (*own.posonlyargs, *own.args, *own.kwonlyargs)]
        return every[1:] if self.owner is not None else every

    @property
    def array(self) -> str:
        """The type of its arrays, for isinstance."""
        return f"{self.library}.Tensor" if self.is_torch else f"{self.library}.ndarray"

    def _imports(self) -> Iterator[ast.alias]:
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                yield from node.names


Wording = Callable[[Place, Statements], Statements]


def parsed(text: str, **parts: ast.expr) -> Statements:
    """Read statements, with expressions in the place of some names."""
    tree = ast.parse(textwrap.dedent(text))
    return list(_Filled(parts).visit(tree).body)


class _Filled(ast.NodeTransformer):
    def __init__(self, parts: Mapping[str, ast.expr]) -> None:
        self._parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._parts.get(node.id, node)


class EachBlock(ast.NodeTransformer):
    """Puts the statements that a function makes of one in its place, in every block; not in functions within."""

    def __init__(self, change: Callable[[ast.stmt], Statements | None]) -> None:
        self._change = change

    def visit(self, node: ast.AST) -> ast.AST | Statements:
        """Change the inner statements first."""
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return node
        self.generic_visit(node)
        new = self._change(node) if isinstance(node, ast.stmt) else None
        return node if new is None else new


def each(statements: Statements, change: Callable[[ast.stmt], Statements | None]) -> Statements:
    """Apply a change to every statement, also in the blocks of others."""
    return list(EachBlock(change).visit(ast.Module(statements, [])).body)  # type: ignore[union-attr]


def nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of some statements."""
    for statement in statements:
        yield from ast.walk(statement)


def assigned(statements: Iterable[ast.AST]) -> list[str]:
    """The names that some statements give a value, in order, each once."""
    found = [node.id for node in nodes(statements) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(found))


def used(statements: Iterable[ast.AST]) -> set[str]:
    """All names in some statements."""
    return {node.id for node in nodes(statements) if isinstance(node, ast.Name)}


def moves(statements: Statements) -> bool:
    """Whether statements do the same in a function of their own."""
    return not any(isinstance(node, Tied) for node in nodes(statements)) and not used(statements) & LOOKED_UP


def free_name(name: str, place: Place, statements: Statements) -> str:
    """A name that nobody has yet."""
    taken = used(statements) | {*place.public} | {*place.arguments}
    while name in taken:
        name += "_"
    return name
