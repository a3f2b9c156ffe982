"""What a function can name, what its expressions are worth, and how pieces of its syntax tree are made."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

LIKELY, POSSIBLE, UNLIKELY, DESPERATE = range(4)
PLAIN = ("tuple", "text", "other", "switch")


class Option(NamedTuple):
    """What may have been meant: the node to put there, the mistake that it undoes, and how far-fetched that is."""

    node: ast.AST
    kind: str
    rank: int


@dataclass(frozen=True)
class Scope:
    """What a function can name.

    Attributes:
        names: its arguments and variables, and attributes of self, as written.
        texts: its strings.
        parent: of each node.
        unused: names that have a value and are nowhere read: where one should be read, something is missing.
        named, written: the names in each statement that somebody has asked about, and those that get a value there.
        kinds: of the values that names had when the check was run, see `kind_of`.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    parent: dict[ast.AST, ast.AST] = field(repr=False)
    unused: frozenset[str] = frozenset()
    named: dict[ast.AST, set[str]] = field(default_factory=dict, repr=False)
    written: dict[ast.AST, set[str]] = field(default_factory=dict, repr=False)
    kinds: dict[str, str] = field(default_factory=dict)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The one that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.parent[node]
        return node

    def writes(self, node: ast.AST, name: str) -> bool:
        """Whether the statement of a node gives a value to a name or an attribute that begins so."""
        statement = self.statement(node)
        if statement not in self.written:
            inner = [one for one in ast.walk(statement) if isinstance(getattr(one, "ctx", None), ast.Store)]
            targets = [one.value if isinstance(one, ast.Subscript) else one for one in inner]
            self.written[statement] = {last(one) for one in targets if isinstance(one, ast.expr)}
        return any(one.startswith(name) for one in self.written[statement])

    def near(self, node: ast.AST) -> frozenset[str] | set[str]:
        """The names in the statement of a node, and those that are nowhere read."""
        node = self.statement(node)
        if node not in self.named:
            inner = ast.walk(node.iter if isinstance(node, ast.For) else node)
            self.named[node] = {ast.unparse(one) for one in inner if isinstance(one, ast.Name | ast.Attribute)}
        return self.unused | self.named[node]

    def alike(self, kind: str, ndim: bool = False) -> Iterator[str]:
        """Yield the names whose values were of such a kind; all for an unknown one."""
        for name in self.names:
            own = self.kinds.get(name, "")
            if own and (not kind or own == kind or (not ndim and own[:5] == kind[:5])):
                yield name

    def kind(self, node: ast.AST) -> str:
        """The kind of an expression's value, as far as it can be told: "whole", "array3", or nothing."""
        match node:
            case ast.Constant(value):
                return kind_of(value)
            case ast.Name(name):
                return self.kinds.get(name, "")
            case ast.Attribute(value, name):
                known = {"shape": "tuple", "strides": "tuple", "ndim": "whole", "size": "whole", "dtype": "other"}
                same = self.kind(value) if name == "T" else ""
                return self.kinds.get(ast.unparse(node), "") or known.get(name, same)
            case ast.Subscript(value, ast.Constant()) if self.kind(value) == "tuple":
                return "whole"
            case ast.BinOp(left, operator, right):
                kinds = self.kind(left), self.kind(right)
                if kinds == ("whole", "whole"):
                    return "real" if isinstance(operator, ast.Div) else "whole"
                return max((one for one in kinds if one.startswith("array")), default="")
            case ast.UnaryOp(_, value):
                return self.kind(value)
            case ast.Call(ast.Name("len" | "int")):
                return "whole"
            case ast.Tuple() | ast.List():
                return "tuple"
        return ""


Entry = Callable[[ast.AST, Scope], Iterator[Option]]  # of the undo table


def kind_of(value: object) -> str:
    """What a value is: "array2", with its number of axes, "whole", "real", "tuple", "text" or "other"."""
    if isinstance(value, np.ndarray):
        return f"array{value.ndim}"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "switch"), ((int, np.integer), "whole"), ((float, np.floating), "real"), ((tuple, list), "tuple"),
        (str, "text"),
    )  # fmt: skip
    return next((kind for types, kind in kinds if isinstance(value, types)), "other")


def is_value(node: ast.AST, scope: Scope) -> bool:
    """Whether what stands there is computed and used, and is no module, function or target."""
    parent = scope.parent.get(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or isinstance(parent, ast.Attribute | ast.Starred):
        return False
    return not (isinstance(parent, ast.Call) and parent.func is node)


def near(node: ast.expr) -> Iterator[ast.expr]:
    """Yield one more and one less."""
    yield from (ast.BinOp(node, operator(), ast.Constant(1)) for operator in (ast.Add, ast.Sub))


def put(node: ast.AST, **fields: object) -> ast.AST:
    """Copy a node with other fields; what is below it is shared."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


@functools.cache
def parsed(text: str) -> ast.expr:
    """Make the tree of an expression."""
    return ast.parse(text, mode="eval").body


def constant(value: object) -> ast.expr:
    """Make the tree of a plain value; a negative number is an operation."""
    return parsed(repr(value))


def last(function: ast.expr) -> str:
    """The last part of what is called: `sum` of `x.sum`."""
    return str(getattr(function, "attr", getattr(function, "id", "")))
