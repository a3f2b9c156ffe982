"""How people write one thing in different ways: what gets a name, what is a loop, which of two equal forms."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator

WORDS = ("total", "grid", "patch", "cube", "rows", "acc", "tmp", "res", "buf", "inner", "step", "view", "part", "val")
METHODS = ("sum", "mean", "reshape", "transpose", "max", "argmax", "copy")


class Style(ast.NodeTransformer):
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
        start = len(node.body) - len(after_docstring(node))
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


def after_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    first = node.body[0]
    return node.body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else node.body
