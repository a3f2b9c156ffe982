"""The student's functions as they run, each to be exchanged for a changed one without importing anything anew.

A changed function is compiled from its syntax tree, and its code put in the place of the old one: whoever has imported
the function, made a closure of it or bound it to an object runs the new code, until it is put back.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

from autograder.students.lines.scope import Entry, Option, Scope, kind_of

Lines = frozenset[tuple[str, int]]  # by file and number
Key = tuple[str, str, int]  # of a piece of code: file, name, first line
Definition = ast.FunctionDef | ast.AsyncFunctionDef
HEADS = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Slot = tuple[ast.AST, str, int]  # the node above, its field, and where in it, -1 where it is no list


@dataclass(frozen=True)
class Function:
    """A function that is defined in a module or a class, not in another function.

    Attributes:
        file: its path.
        name: with its class.
        node: in the syntax tree of its module.
        classes: that it is defined in, the outermost first.
        scope: what its lines can name.
        options: what may have been meant in a statement, by statement and table: every check that fails asks anew.
    """

    file: str
    name: str
    node: Definition
    classes: tuple[ast.ClassDef, ...]
    scope: Scope
    options: dict[object, list[Change]] = field(default_factory=dict, repr=False, compare=False)

    def compiled(self) -> Iterator[CodeType]:
        """Compile it as it is just now, and yield its code and that of the functions in it."""
        body: ast.stmt = self.node
        for one in self.classes[::-1]:  # `super` and private names need them
            body = ast.ClassDef(one.name, [], [], [body], [])
            ast.copy_location(body, one)
        code = compile(ast.Module([body], []), self.file, "exec", dont_inherit=True)
        yield from (inner for inner in _within(code) if inner.co_firstlineno >= _first(self.node))


@dataclass(frozen=True)
class Change:
    """One node of a function and what may have been meant by it.

    Attributes:
        turn: how many options of the same rank this node has before it.
    """

    function: Function
    line: int
    slot: Slot
    old: ast.AST
    option: Option
    turn: int = 0


def functions(path: Path) -> list[Function]:
    """Read the functions of a module; none where it cannot be parsed."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError, OSError):
        return []
    parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return [_function(str(path), node, classes, parent) for node, classes in _definitions(tree, ())]


def _function(
    file: str, node: Definition, classes: tuple[ast.ClassDef, ...], parent: dict[ast.AST, ast.AST]
) -> Function:
    inner = list(ast.walk(node))
    names = [one.arg for one in inner if isinstance(one, ast.arg) and one.arg != "self"]
    names += [one.id for one in inner if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]
    around = classes[-1] if classes else node
    for one in ast.walk(around):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self":
            called = isinstance(parent[one], ast.Call) and getattr(parent[one], "func", None) is one
            names += [] if called else [f"self.{one.attr}"]
    unused = frozenset(name for name in names if name.isidentifier()) - _read(node) - {"self"}
    texts = [one.value for one in inner if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    scope = Scope(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(texts)), parent, unused)
    return Function(file, ".".join(one.name for one in (*classes, node)), node, classes, scope)


def _read(node: ast.AST) -> set[str]:
    """The names that are read in a function."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}


def changes(function: Function, trace: Trace, table: Sequence[Entry]) -> Iterator[Change]:
    """Yield all that may have been meant in the lines of a function that were run."""
    trace.learn(function)
    for statement in ast.walk(function.node):
        if isinstance(statement, ast.stmt) and statement is not function.node:
            last = statement.end_lineno or statement.lineno
            if isinstance(statement, HEADS):
                last = max(statement.lineno, statement.body[0].lineno - 1)
            if any((function.file, line) in trace.lines for line in range(statement.lineno, last + 1)):
                key = statement, tuple(table)
                if key not in function.options:
                    function.options[key] = list(_changes(function, statement, table))
                yield from function.options[key]


def _changes(function: Function, statement: ast.stmt, table: Sequence[Entry]) -> Iterator[Change]:
    above = function.scope.parent[statement]
    todo: list[tuple[ast.AST, Slot]] = [(statement, _slot(above, statement))]
    while todo:
        node, slot = todo.pop()
        line = getattr(node, "lineno", statement.lineno)
        turns: Counter[int] = Counter()
        for entry in table:
            for option in entry(node, function.scope):
                yield Change(function, line, slot, node, option, turns[option.rank])
                turns[option.rank] += 1
        for name, value in ast.iter_fields(node):
            for at, child in enumerate(value) if isinstance(value, list) else [(-1, value)]:
                if isinstance(child, ast.expr | ast.keyword | ast.Slice) and name not in ("annotation", "exc"):
                    todo.append((child, (node, name, at)))


def _slot(above: ast.AST, child: ast.AST) -> Slot:
    for name, value in ast.iter_fields(above):
        if isinstance(value, list) and any(one is child for one in value):
            return above, name, next(at for at, one in enumerate(value) if one is child)
    raise AssertionError("a node is a child of the node above it")


class Running:
    """The functions of some files that exist in this process."""

    def __init__(self, files: set[str]) -> None:
        self._found: dict[Key, list[FunctionType]] = {}
        for one in gc.get_objects():
            if type(one) is FunctionType and one.__code__.co_filename in files:
                self._found.setdefault(_key(one.__code__), []).append(one)

    @contextlib.contextmanager
    def changed(self, change: Change) -> Iterator[bool]:
        """Let a change hold in the block; False where it cannot be made."""
        codes = _compiled(change)
        before: list[tuple[FunctionType, CodeType]] = []
        for code in codes:
            for one in self._found.get(_key(code), ()):
                if one.__code__.co_freevars == code.co_freevars:
                    before.append((one, one.__code__))
                    one.__code__ = code
        try:
            yield bool(before)
        finally:
            for one, old in before:
                one.__code__ = old


def _compiled(change: Change) -> list[CodeType]:
    new = ast.fix_missing_locations(ast.copy_location(change.option.node, change.old))
    _put(change.slot, new)
    try:
        return list(change.function.compiled())
    except (SyntaxError, ValueError, TypeError, RecursionError):  # not everything may stand everywhere
        return []
    finally:
        _put(change.slot, change.old)


def _put(slot: Slot, node: ast.AST) -> None:
    above, name, at = slot
    if at < 0:
        setattr(above, name, node)
    else:
        getattr(above, name)[at] = node


@dataclass
class Trace:
    """What was run of some files.

    Attributes:
        lines: by file and number.
        kinds: of the values that names had at the end, by file and first line of the function.
    """

    lines: set[tuple[str, int]] = field(default_factory=set)
    kinds: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    def learn(self, function: Function) -> None:
        """Let the scope of a function know the kinds of its values."""
        last = function.node.end_lineno or 0
        for (file, line), kinds in self.kinds.items():
            if file == function.file and _first(function.node) <= line <= last:
                function.scope.kinds.update(kinds)

    def _ends(self, frame: FrameType) -> None:
        kinds = self.kinds.setdefault((frame.f_code.co_filename, frame.f_code.co_firstlineno), {})
        for name, value in frame.f_locals.items():
            kinds[name] = kind_of(value)
        with contextlib.suppress(Exception):  # an object of the student's, whatever it is
            kinds.update({f"self.{name}": kind_of(value) for name, value in vars(frame.f_locals["self"]).items()})


def executed(files: set[str], run: Callable[[], Any]) -> tuple[Trace, Any]:
    """Run something, and say what was run of these files, and what it returned."""
    trace = Trace()

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            trace.lines.add((frame.f_code.co_filename, frame.f_lineno))
        elif event == "return":
            trace._ends(frame)
        return follow

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        return follow if frame.f_code.co_filename in files else None

    outer, threads = sys.gettrace(), threading.gettrace()
    threading.settrace(enter)
    sys.settrace(enter)
    try:
        result = run()
    finally:
        sys.settrace(outer)
        threading.settrace(threads)
    return trace, result


def _definitions(
    node: ast.AST, classes: tuple[ast.ClassDef, ...]
) -> Iterator[tuple[Definition, tuple[ast.ClassDef, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child, classes
        else:
            yield from _definitions(child, (*classes, child) if isinstance(child, ast.ClassDef) else classes)


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _within(constant)


def _first(node: Definition) -> int:
    return min(node.lineno, *(one.lineno for one in node.decorator_list)) if node.decorator_list else node.lineno


def _key(code: CodeType) -> Key:
    return code.co_filename, code.co_name, code.co_firstlineno
