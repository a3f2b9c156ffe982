"""Counts how deeply Python loops are nested in a student's source, which is parsed and never run.

A for, a while, each `for` of a comprehension, map and its like, np.vectorize and its like are one loop; np.ndindex and
itertools.product are one for each axis. Functions of the student's own modules count where they are named: a loop
around a function that loops is two. A function that calls itself is a loop as well.

Does not see: one loop that runs over two axes as one (`range(P * Q)`), methods of objects whose class cannot be read
off nearby, and whatever else the source does not say. It decides about a point for style, not about right or wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from .scopes import WRAPPERS, Scope, Sources

MANY = 4  # loops where their number cannot be read off: as many as a batch of images has axes
MAX_CALLS = 40  # functions that call each other in a row

# What calls another function, or steps an iterator, once for each value or row.
CALLERS = frozenset(
    """map filter functools.reduce itertools.starmap itertools.accumulate itertools.filterfalse itertools.takewhile
    itertools.dropwhile numpy.vectorize numpy.frompyfunc numpy.apply_along_axis numpy.apply_over_axes
    numpy.fromiter""".split()  # noqa: SIM905 (a table)
)
CALLER_METHODS = frozenset({"map", "starmap", "imap", "imap_unordered"})  # of executors and pools
UNREADABLE = frozenset({"exec", "eval"})
CHOICES = frozenset("itertools." + name for name in ("combinations", "combinations_with_replacement", "permutations"))
AXES = frozenset({"itertools.product", "numpy.ndindex", "numpy.ndenumerate", "numpy.nditer", *CHOICES})

Step = tuple[ast.AST, int]


def count_loops(folder: Path, target: str) -> dict[str, int]:
    """Count the loops that each method of a class, or a function, nests at most.

    Args:
        folder: holds the student's packages.
        target: "part1_numpy.conv2d:Conv2d".

    Raises:
        ValueError: if there is no such class or function, or a source is too large or too deeply nested.
        SyntaxError: if a source is no Python.
    """
    module, _, name = target.partition(":")
    sources = Sources(folder)
    try:
        found = sources.find(f"{module}.{name}")
        if found is None:
            raise ValueError(f"{module} defines no class or function {name}")
        functions = sources.methods(found) if isinstance(found.node, ast.ClassDef) else {name: found}
        return {name: _Counter(sources).loops(function) for name, function in functions.items()}
    except RecursionError:
        raise ValueError(f"the source of {target} is nested too deeply to be read") from None


class _Counter:
    """Counts for one function and those that it calls."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[Scope, int] = {}
        self._active: list[Scope] = []
        self._recursive: set[Scope] = set()
        self._axes_of_calls: dict[ast.Call, int] = {}

    def loops(self, function: Scope) -> int:
        """The most loops that are nested at any place of a function."""
        if function in self._active:
            self._recursive.add(function)
            return 0
        if function not in self._known:
            if len(self._active) >= MAX_CALLS:
                return MANY
            self._active.append(function)
            most = self._deepest(function)
            self._active.pop()
            self._known[function] = most + (function in self._recursive)
        return self._known[function]

    def _deepest(self, function: Scope) -> int:
        node = function.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda), "only functions have loops"
        most = 0 if isinstance(node, ast.Lambda) else sum(_wraps(part, function) for part in node.decorator_list)
        waiting = _at([node.body] if isinstance(node, ast.Lambda) else node.body, most)
        while waiting:
            part, level = waiting.pop()
            most = max(most, level)
            waiting += self._inside(part, level, function)
            if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Load):
                for called, around in self._sources.functions(part, function):
                    most = max(most, level + around + self.loops(called))
        return most

    def _inside(self, node: ast.AST, level: int, scope: Scope) -> list[Step]:
        """What a node consists of, each part with the number of loops that it runs in."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return []  # counted where it is named
            case ast.For() | ast.AsyncFor():
                inner = level + self._axes(node.iter, node.target, scope)
                return [(node.iter, level), (node.target, inner), *_at(node.body, inner), *_at(node.orelse, level)]
            case ast.While():
                return [*_at([node.test, *node.body], level + 1), *_at(node.orelse, level)]
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                steps: list[Step] = []
                for part in node.generators:
                    steps.append((part.iter, level))
                    level += self._axes(part.iter, part.target, scope)
                    steps += _at(part.ifs, level)
                return [*steps, *_at([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt], level)]
            case ast.Call():
                return self._call(node, level, scope)
        return _at(ast.iter_child_nodes(node), level)

    def _call(self, node: ast.Call, level: int, scope: Scope) -> list[Step]:
        name = scope.dotted(node.func)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name in CALLERS or (isinstance(node.func, ast.Attribute) and node.func.attr in CALLER_METHODS):
            return [(node.func, level + 1), *((part, level + self._is_function(part, scope)) for part in arguments)]
        around = MANY if name in UNREADABLE else 0
        if name in AXES:  # known already where a loop runs over it, which may tell more
            around = self._axes_of_calls.get(node) or self._axes(node, None, scope)
        return [(node.func, level + around), *_at(arguments, level)]

    def _is_function(self, node: ast.AST, scope: Scope) -> bool:
        return isinstance(node, ast.Lambda) or any(True for _ in self._sources.functions(node, scope))

    def _axes(self, iterated: ast.AST, target: ast.AST | None, scope: Scope, depth: int = 0) -> int:
        """How many axes a loop over `iterated` runs along; `target` is what its values are assigned to."""
        if depth > MAX_CALLS:
            return MANY
        match iterated:
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return sum(self._axes(part.iter, part.target, scope, depth + 1) for part in iterated.generators)
            case ast.Name():
                values = [value for value in scope.values(iterated.id) if isinstance(value, ast.expr)]
                return max((self._axes(value, target, scope, depth + 1) for value in values), default=1)
            case ast.Call():
                self._axes_of_calls[iterated] = self._axes_of_call(iterated, target, scope, depth)
                return self._axes_of_calls[iterated]
        return 1

    def _axes_of_call(self, node: ast.Call, target: ast.AST | None, scope: Scope, depth: int) -> int:
        name = scope.dotted(node.func)
        if name == "itertools.product":
            repeat = [part.value for part in node.keywords if part.arg == "repeat"]
            each = sum(self._axes_of_factor(part, target, scope, depth) for part in node.args)
            return each * (_number(repeat[0]) if repeat else 1)
        if name in CHOICES:
            return _number(node.args[1]) if len(node.args) > 1 else MANY
        if name == "numpy.ndenumerate":
            return _length(None, target.elts[0] if isinstance(target, ast.Tuple) and target.elts else None)
        if name in AXES:
            return self._axes_of_shape(node.args, target, scope)
        if name == "range":
            return 1
        if name in ("enumerate", "zip"):
            target = next((part for part in getattr(target, "elts", []) if isinstance(part, ast.Tuple)), None)
        yields = (self.loops(found) for found, _ in self._sources.functions(node.func, scope) if _is_generator(found))
        return max([1, *yields, *(self._axes(part, target, scope, depth + 1) for part in node.args)])

    def _axes_of_factor(self, node: ast.expr, target: ast.AST | None, scope: Scope, depth: int) -> int:
        """How many axes one argument of itertools.product stands for."""
        return (
            _length(node.value, target) if isinstance(node, ast.Starred) else self._axes(node, None, scope, depth + 1)
        )

    def _axes_of_shape(self, arguments: list[ast.expr], target: ast.AST | None, scope: Scope) -> int:
        """How many axes np.ndindex, called with these, runs along."""
        if len(arguments) != 1 and not any(isinstance(part, ast.Starred) for part in arguments):
            return len(arguments)
        shape = arguments[0].value if isinstance(arguments[0], ast.Starred) else arguments[0]
        values = scope.values(shape.id) if isinstance(shape, ast.Name) else []
        known = [value for value in values if isinstance(value, ast.expr)]
        return max((_length(value, target) for value in known), default=_length(shape, target))


def _at(nodes: Iterable[ast.AST], level: int) -> list[Step]:
    return [(node, level) for node in nodes]


def _wraps(decorator: ast.AST, function: Scope) -> int:
    """The loops that a decorator puts around its function: one for np.vectorize."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return WRAPPERS.get(function.outer.dotted(called), 0) if function.outer is not None else 0


def _is_generator(function: Scope) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function.node))


def _number(node: ast.AST) -> int:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else MANY


def _length(shape: ast.AST | None, target: ast.AST | None) -> int:
    """The number of axes of a shape, read off it or off the loop's variables; MANY where neither says it."""
    match shape:
        case ast.Tuple() | ast.List() if not any(isinstance(part, ast.Starred) for part in shape.elts):
            return len(shape.elts)
        case ast.Subscript(slice=ast.Slice(lower=None, upper=ast.Constant(value=int(upper)))) if upper > 0:
            return upper
        case ast.Subscript(slice=ast.Slice(lower=ast.Constant(value=int(lower)), upper=None)) if 0 <= lower < MANY:
            return MANY - lower
        case ast.Subscript(slice=ast.Slice(lower=ast.UnaryOp(ast.USub(), ast.Constant(value=int(last))), upper=None)):
            return last
        case ast.Constant() | ast.BinOp():
            return 1
    return len(target.elts) if isinstance(target, ast.Tuple) else MANY
