"""A class in which some have copied: independent solutions, and pairs of which one was made from the other.

An independent student takes, function by function, one of the ways that the catalogues know, and writes it down in a
way of their own: what gets a name, what is a loop, which of two equal forms. Real classes differ more than that: here
all start from one solution. Who copies keeps all of this, and changes what hides it.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import keyword
import random
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping

from homework import COURSE

from autograder.course import mistakes as catalogue
from autograder.course import regions, skeleton

UNUSUAL = COURSE.folder / "unusual"
WORDS = ("total", "grid", "patch", "cube", "rows", "acc", "tmp", "res", "buf", "inner", "step", "view", "part", "val")
MANY = 5  # known ways to write a function, beside that of the reference
LONG = 500  # characters of a function
METHODS = ("sum", "mean", "reshape", "transpose", "max", "argmax", "copy")
COPIES = ("renamed", "reordered", "reformatted", "commented", "rewritten", "one function")
Files = dict[str, str]
Ways = tuple[list[list[ast.stmt]], dict[int, list[ast.stmt]]]


def independent(seed: int) -> Files:
    """The files with TODOs, as one student writes them; no two have the same unusual way of writing a function."""
    draw = random.Random(seed)
    files = {}
    for name, functions in _pool().items():
        tree = copy.deepcopy(_reference()[name])
        for qualified, node in _functions(tree):
            if qualified in functions:
                usual, unusual = functions[qualified]
                chosen = unusual.get(seed) or (draw.choice(usual) if usual and draw.random() < 0.5 else None)
                if chosen:
                    node.body = copy.deepcopy(chosen)
                _Style(draw, 0.5).body(node)
        files[name] = ast.unparse(ast.fix_missing_locations(tree))
    return files


def copied(files: Mapping[str, str], kind: str, seed: int) -> Files:
    """What somebody hands in who started from these files.

    Args:
        kind: one of COPIES; each comes with other names, but for "commented" and "reformatted".
    """
    draw = random.Random(seed)
    if kind == "one function":
        return _one_function(files, draw)
    new = {
        name: source if kind in ("reformatted", "commented") else renamed(source, draw)
        for name, source in files.items()
    }
    edits: dict[str, Callable[[str, random.Random], str]] = {
        "reordered": _reordered, "reformatted": _reformatted, "commented": _commented, "rewritten": _rewritten,
    }  # fmt: skip
    return {name: edits[kind](source, draw) if kind in edits else source for name, source in new.items()}


def renamed(source: str, draw: random.Random) -> str:
    """Give the variables, and the attributes that no handout names, other names."""
    tree = ast.parse(source)
    known = {*dir(builtins), *keyword.kwlist, *_handout_words()}
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found |= {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    new = {name: f"{draw.choice(WORDS)}_{number}" for number, name in enumerate(sorted(found - known))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.Attribute):
            node.attr = new.get(node.attr, node.attr)
    return ast.unparse(tree)


def _one_function(files: Mapping[str, str], draw: random.Random) -> Files:
    """Somebody's own work, but for one function that is not among the shortest, and can be written in many ways."""
    mine = independent(draw.randrange(10**9, 10**10))
    choices = [
        (name, qualified, node)
        for name, source in files.items()
        for qualified, node in _functions(ast.parse(renamed(source, draw)))
        if sum(map(len, _pool()[name].get(qualified, ()))) >= MANY and len(_text(node)) > LONG
    ]
    name, wanted, body = draw.choice(choices)
    tree = ast.parse(mine[name])
    for qualified, node in _functions(tree):
        if qualified == wanted:
            node.body = body.body
    return {**mine, name: ast.unparse(tree)}


def _reordered(source: str, draw: random.Random) -> str:
    """Functions, and methods of a class, in another order."""
    tree = ast.parse(source)
    for node in [tree, *(one for one in ast.walk(tree) if isinstance(one, ast.ClassDef))]:
        functions = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        others = [one for one in node.body if not isinstance(one, ast.FunctionDef)]
        draw.shuffle(functions)
        node.body = [*others, *functions]
    return ast.unparse(tree)


def _reformatted(source: str, draw: random.Random) -> str:
    """Other line breaks, indents and quotes; brackets around what is returned."""
    lines = []
    for line in ast.unparse(ast.parse(source)).splitlines():
        indent = len(line) - len(line.lstrip())
        text = line.strip()
        if text.startswith("return ") and draw.random() < 0.5 and text.count("(") == text.count(")"):
            text = f"return ({text[7:]})"
        text = text.replace(", ", ",") if draw.random() < 0.5 and "'" not in text else text
        lines.append(" " * (indent // 2) + text)
    return "\n".join(lines)


def _commented(source: str, draw: random.Random) -> str:
    """Comments where none were, and other docstrings."""
    lines = []
    for line in ast.unparse(ast.parse(source)).splitlines():
        if line.strip() and draw.random() < 0.3 and not line.strip().startswith(("'", '"')):
            indent = " " * (len(line) - len(line.lstrip()))
            lines.append(f"{indent}# {draw.choice(WORDS)} {draw.choice(WORDS)}: {draw.randrange(100)}")
        lines.append(line + (f"  # {draw.choice(WORDS)}" if draw.random() < 0.2 and '"""' not in line else ""))
    text = "\n".join(lines)
    try:
        ast.parse(text)
    except SyntaxError:  # a comment went into a text
        return source
    return text


def _rewritten(source: str, draw: random.Random) -> str:
    """Some loops and expressions in another form, and functions in another order."""
    names = {name for name, _ in _functions(ast.parse(source))}
    return _reordered(_edited(source, names, draw, lambda node: _Style(draw, 0.12).body(node)), draw)


def _edited(
    source: str, functions: Collection[str], draw: random.Random, edit: Callable[[ast.FunctionDef], None]
) -> str:
    tree = ast.parse(source)
    for qualified, node in _functions(tree):
        if qualified in functions:
            edit(node)
    return ast.unparse(ast.fix_missing_locations(tree))


class _Style(ast.NodeTransformer):
    """Equal forms of one thing, each taken with some probability."""

    def __init__(self, draw: random.Random, often: float) -> None:
        self.draw, self.often, self.fresh = draw, often, 0

    def body(self, node: ast.FunctionDef) -> None:
        self._name_fields(node)
        node.body = self._block(self._inlined(node.body))
        returns = [one for one in node.body if isinstance(one, ast.Return) and one.value is not None]
        if returns and node.body[-1] is returns[-1] and self._says_yes():
            name = self._name()
            node.body[-1:] = [_assign(name, returns[-1].value), ast.Return(ast.Name(name, ast.Load()))]

    def _name_fields(self, node: ast.FunctionDef) -> None:
        """`self.stride` gets a name of its own at the start, if the function only reads it."""
        fields = [one for one in ast.walk(node) if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self"]
        stored = {one.attr for one in fields if isinstance(one.ctx, ast.Store)}
        called = {
            one.func.attr for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
        }
        start = len(node.body) - len(_after_docstring(node))
        for name in sorted({one.attr for one in fields} - stored - called):
            if self._says_yes():
                fresh = self._name()
                replace = _Replace([one for one in fields if one.attr == name], fresh)
                node.body = [replace.visit(one) for one in node.body]
                value = ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())
                node.body.insert(start, _assign(fresh, value))

    def _inlined(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """What has a name, and is used once in the next line, is written there."""
        new: list[ast.stmt] = []
        for statement in statements:
            match new[-1] if new else None:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self._says_yes():
                    uses = [one for one in ast.walk(statement) if isinstance(one, ast.Name) and one.id == name]
                    later = sum(name == getattr(one, "id", "") for other in statements for one in ast.walk(other))
                    simple = isinstance(statement, ast.Assign | ast.Return)
                    if simple and len(uses) == 1 and later == 2 and isinstance(uses[0].ctx, ast.Load):
                        new.pop()
                        statement = _Replace(uses, value).visit(statement)
            new.append(statement)
        return new

    def _says_yes(self) -> bool:
        return self.draw.random() < self.often

    def _name(self) -> str:
        self.fresh += 1
        return f"{self.draw.choice(WORDS)}{self.fresh}"

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        new: list[ast.stmt] = []
        for statement in statements:
            new += self._statement(statement)
        return new

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        for field in ("body", "orelse"):
            if isinstance(getattr(node, field, None), list) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
                setattr(node, field, self._block(getattr(node, field)))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and node.value is not None:
            before = self._split(node)
            node.value = self.visit(node.value)
            return [*before, *self._several(node)]
        if isinstance(node, ast.For) and self._says_yes() and isinstance(node.target, ast.Name):
            return self._while(node)
        return [node]

    def _several(self, node: ast.stmt) -> list[ast.stmt]:
        """`a, b = c, d` in two lines, where no name on the right is one on the left."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if self._says_yes():
                left = {ast.unparse(one) for one in targets}
                right = {ast.unparse(one) for value in values for one in ast.walk(value) if isinstance(one, ast.expr)}
                if not left & right and len(targets) == len(values):
                    return [ast.Assign([target], value) for target, value in zip(targets, values, strict=True)]
        return [node]

    def _split(self, node: ast.Assign | ast.AugAssign | ast.Return) -> list[ast.stmt]:
        """Give names to parts of an expression."""
        before: list[ast.stmt] = []
        for _ in range(2):
            parts = [one for one in _inner(node.value) if isinstance(one, ast.Call | ast.BinOp | ast.Subscript)]
            if parts and self._says_yes():
                part, name = self.draw.choice(parts), self._name()
                before.insert(0, _assign(name, self.visit(copy.deepcopy(part))))
                node.value = _Replace([part], name).visit(node.value)
        return before

    def _while(self, node: ast.For) -> list[ast.stmt]:
        match node.iter:
            case ast.Call(func=ast.Name(id="range"), args=[stop]) if not _continues(node):
                name = node.target.id
                one = ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1))
                test = ast.Compare(ast.Name(name, ast.Load()), [ast.Lt()], [stop])
                return [_assign(name, ast.Constant(0)), ast.While(test, [*node.body, one], [])]
        return [node]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult) and self._says_yes() and not isinstance(node.left, ast.List):
            node.left, node.right = node.right, node.left
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq}
        if len(node.ops) == 1 and type(node.ops[0]) in turned and self._says_yes():
            return ast.Compare(node.comparators[0], [turned[type(node.ops[0])]()], [node.left])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=value, attr=attr) if attr in METHODS and self._says_yes():
                if isinstance(value, ast.Name) and value.id in ("np", "torch"):
                    if len(node.args) == 1:
                        return ast.Call(ast.Attribute(node.args[0], attr, ast.Load()), [], node.keywords)
                elif attr in ("sum", "mean", "max", "copy"):
                    return ast.Call(
                        ast.Attribute(ast.Name("np", ast.Load()), attr, ast.Load()), [value, *node.args], node.keywords
                    )
        return node


class _Replace(ast.NodeTransformer):
    """Puts a name, or an expression, in the place of some nodes."""

    def __init__(self, parts: list[ast.AST], by: str | ast.expr) -> None:
        self.parts, self.by = {id(part) for part in parts}, by

    def visit(self, node: ast.AST) -> ast.AST:
        if id(node) not in self.parts:
            return super().visit(node)
        return ast.Name(self.by, ast.Load()) if isinstance(self.by, str) else self.by


def _inner(value: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that are always computed once."""
    for child in ast.iter_child_nodes(value):
        if not isinstance(child, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.IfExp | ast.DictComp | ast.BoolOp):
            yield child
            yield from _inner(child)


def _continues(node: ast.For) -> bool:
    return any(isinstance(one, ast.Continue) for one in ast.walk(node))


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _functions(tree: ast.AST) -> Iterator[tuple[str, ast.FunctionDef]]:
    yield from regions._functions(tree)


def _text(node: ast.FunctionDef) -> str:
    return "".join(map(ast.unparse, _after_docstring(node)))


def _after_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    first = node.body[0]
    return node.body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else node.body


@functools.cache
def _reference() -> Mapping[str, ast.Module]:
    files = COURSE.files()
    return {
        name: ast.parse(files[name])
        for part, names in COURSE.layout.work.items()
        for name in [f"{part}/{one}" for one in names]
    }


@functools.cache
def _pool() -> Mapping[str, Mapping[str, Ways]]:
    """The ways to write each function with a TODO: those that many may have, and those that are one student's."""
    files = COURSE.files()
    pool: dict[str, dict[str, Ways]] = {
        name: {region.function: ([], {}) for region in regions.find(files[name].decode(), name)}
        for name in _reference()
    }
    for one in catalogue.load(COURSE):
        if one.function:
            pool[one.file][one.function][0].append(ast.parse(one.body).body)
    changes = [
        change
        for path in sorted(UNUSUAL.glob("*.toml"))
        for change in tomllib.loads(path.read_text(encoding="utf-8"))["change"]
        if "function" in change
    ]
    for change in changes:
        students = pool[change["file"]][change["function"]][1]
        students[7 * len(students) + len(change["function"])] = ast.parse(change["body"]).body
    return pool


@functools.cache
def handout() -> Mapping[str, bytes]:
    """What everyone got."""
    return skeleton.generate(COURSE)


@functools.cache
def _handout_words() -> frozenset[str]:
    texts = [content.decode() for name, content in handout().items() if name.endswith(".py")]
    return frozenset(re.findall(r"\w+", "\n".join(texts)))
