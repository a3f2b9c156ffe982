"""Of the undo table: operators, signs, conditions and whole statements."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from autograder.students.lines.scope import (
    LIKELY,
    PLAIN,
    POSSIBLE,
    UNLIKELY,
    Option,
    Scope,
    constant,
    is_value,
    last,
    parsed,
)

OPERATORS: tuple[type[ast.operator], ...] = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
)  # fmt: skip
LIMITS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SIGNS = {(ast.Add, ast.Sub), (ast.Sub, ast.Add)}
INVERSE = {(ast.Mult, ast.Div), (ast.Div, ast.Mult), (ast.Div, ast.FloorDiv), (ast.FloorDiv, ast.Div)}
INVERSE |= {(ast.Mult, ast.MatMult), (ast.MatMult, ast.Mult), (ast.Mult, ast.Pow), (ast.Pow, ast.Mult)}


def overwriting(node: ast.AST, _: Scope) -> Iterator[Option]:
    """`=` for `+=`, and the reverse."""
    match node:
        case ast.Assign([ast.Name() | ast.Attribute() | ast.Subscript() as target], value):
            rank = LIKELY if isinstance(target, ast.Subscript) else UNLIKELY
            for operator in (ast.Add, ast.Sub, ast.Mult):
                kind = "what is there already is overwritten"
                yield Option(ast.AugAssign(target, operator(), value), kind, rank + 2 * (operator is not ast.Add))
        case ast.AugAssign(target, operator, value):
            yield Option(ast.Assign([target], value), "what is there already is kept, and changed further", LIKELY)
            for other in OPERATORS[:5]:
                if not isinstance(operator, other):
                    rank = LIKELY if (type(operator), other) in SIGNS else UNLIKELY
                    yield Option(ast.AugAssign(target, other(), value), _operator(type(operator), other), rank)


def operator(node: ast.AST, _: Scope) -> Iterator[Option]:
    """Another operator, operands exchanged, and one of them too much."""
    if not isinstance(node, ast.BinOp):
        return
    for other in OPERATORS:
        pair = type(node.op), other
        if pair[0] is not other:
            near = pair in INVERSE or set(pair) == {ast.Add, ast.Mult}
            rank = LIKELY if pair in SIGNS else POSSIBLE if near else UNLIKELY
            yield Option(ast.BinOp(node.left, other(), node.right), _operator(*pair), rank)
    if not isinstance(node.op, ast.Add | ast.Mult):
        rank = POSSIBLE if isinstance(node.op, ast.Sub | ast.MatMult | ast.Div) else UNLIKELY
        yield Option(ast.BinOp(node.right, node.op, node.left), "two operands are exchanged", rank)
    what = "term" if isinstance(node.op, ast.Add | ast.Sub) else "factor"
    for operand in (node.left, node.right):
        yield Option(operand, f"there is a {what} too much", POSSIBLE)


def _operator(one: type[ast.operator], other: type[ast.operator]) -> str:
    return "a sign is wrong" if (one, other) in SIGNS else "the operation is another one"


def condition(node: ast.AST, _: Scope) -> Iterator[Option]:
    """A limit that belongs to the other side, the opposite, `and` for `or`."""
    match node:
        case ast.Compare(left, [operator], [right]):
            for limit in LIMITS if isinstance(operator, LIMITS) else ():
                if not isinstance(operator, limit):
                    near = type(operator).__name__[:2] == limit.__name__[:2]
                    kind = "the limit itself is on the wrong side" if near else "the comparison is another one"
                    yield Option(ast.Compare(left, [limit()], [right]), kind, LIKELY if near else POSSIBLE)
            if other := NEGATED.get(type(operator)):
                yield Option(ast.Compare(left, [other()], [right]), "the condition is the opposite", LIKELY)
        case ast.BoolOp(operator, values):
            swapped = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield Option(ast.BoolOp(swapped, values), "conditions are joined the other way", LIKELY)
        case ast.If(test, body, orelse):
            yield Option(ast.If(_not(test), body, orelse), "the condition is the opposite", POSSIBLE)
        case ast.IfExp(test, body, orelse):
            yield Option(ast.IfExp(test, orelse, body), "the condition is the opposite", POSSIBLE)
        case ast.While(test, body, orelse):
            yield Option(ast.While(_not(test), body, orelse), "the condition is the opposite", POSSIBLE)
        case ast.Break():
            yield Option(ast.Continue(), "a loop ends too early", POSSIBLE)
        case ast.Continue():
            yield Option(ast.Break(), "a loop goes on for too long", POSSIBLE)


def _not(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def sign(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A minus or `not` too much, or a minus or the division of 1 missing."""
    if isinstance(node, ast.UnaryOp):
        yield Option(node.operand, "a sign is wrong", LIKELY)
    elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.BinOp | ast.Subscript):
        if not is_value(node, scope) or scope.kind(node) in PLAIN:
            return
        signed = isinstance(scope.parent[node], ast.Return | ast.Assign | ast.AugAssign | ast.BinOp | ast.Call)
        yield Option(ast.UnaryOp(ast.USub(), node), "a sign is wrong", POSSIBLE if signed else UNLIKELY)
        if isinstance(scope.parent[node], ast.Return | ast.Assign):
            yield Option(ast.BinOp(constant(1), ast.Div(), node), "a division is missing", POSSIBLE)


def near_operand(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A factor or a term that is missing, and stands in the same line, or was worked out and is nowhere used."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.BinOp | ast.Call) or not is_value(node, scope):
        return
    kind, parent = scope.kind(node), scope.parent[node]
    if kind in PLAIN or not isinstance(
        parent, ast.Return | ast.Assign | ast.AugAssign | ast.BinOp | ast.Slice | ast.Tuple | ast.Call
    ):
        return
    own = {ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Name | ast.Attribute)}
    for name in sorted(scope.near(node) - own):
        other = scope.kinds.get(name, "")
        if other in ("whole", "real") or (other.startswith("array") and kind != "whole"):
            rank = LIKELY if name in scope.unused else POSSIBLE
            inverse = ast.FloorDiv if kind == "whole" else ast.Div
            for operator in (ast.Mult, ast.Add, ast.Sub, inverse):
                what = "term" if operator in (ast.Add, ast.Sub) else "factor"
                yield Option(ast.BinOp(node, operator(), parsed(name)), f"a {what} is missing", rank)
    if isinstance(node, ast.Call) and last(node.func) == "len":
        for name in scope.alike("array"):
            if name not in own:
                yield Option(ast.BinOp(_size(name), ast.Add(), node), "a term is missing", POSSIBLE)
    if kind in ("whole", "real") and isinstance(parent, ast.BinOp):
        yield Option(ast.BinOp(node, ast.Pow(), constant(2)), "a power is missing", POSSIBLE)


def product(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A matrix that something should be multiplied by."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Call) and is_value(node, scope):
        kind = scope.kind(node)
        if kind not in ("", "array2") or not isinstance(scope.parent[node], ast.Return | ast.Assign | ast.Attribute):
            return
        for name in scope.alike("array2", ndim=True):
            if name != ast.unparse(node):
                other = parsed(name)
                for matrix in (other, ast.Attribute(other, "T", ast.Load())):
                    yield Option(ast.BinOp(node, ast.MatMult(), matrix), "a factor is missing", UNLIKELY)
                    yield Option(ast.BinOp(matrix, ast.MatMult(), node), "a factor is missing", UNLIKELY)


def operand(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A factor or a term that is missing."""
    if not isinstance(node, ast.expr) or not is_value(node, scope):
        return
    parent = scope.parent[node]
    whole = isinstance(parent, ast.Return | ast.Assign | ast.AugAssign)
    if not whole and not (isinstance(parent, ast.BinOp | ast.Slice | ast.Tuple | ast.Call)):
        return
    if isinstance(node, ast.Constant | ast.Tuple | ast.List):
        return
    kind = scope.kind(node)
    if kind in PLAIN:
        return
    own = {ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Name | ast.Attribute)}
    kinds = ("whole",) if kind == "whole" else ("array", "real", "whole")
    found = [name for one in kinds for name in scope.alike(one) if name not in own]
    others = [*map(parsed, found), *(_size(name) for name in scope.alike("array") if whole)]
    for operator in (ast.Mult, ast.Add, ast.Sub, ast.FloorDiv if kind == "whole" else ast.Div):
        what = "term" if operator in (ast.Add, ast.Sub) else "factor"
        for other in [*others, constant(2)]:
            plain = isinstance(other, ast.Name | ast.Attribute)
            yield Option(ast.BinOp(node, operator(), other), f"a {what} is missing", UNLIKELY if whole and plain else 3)
        if whole and operator is ast.Add and "self.bias" in scope.names:
            for text in ("self.bias[:, None]", "self.bias[:, None, None]"):
                yield Option(ast.BinOp(node, operator(), parsed(text)), "a term is missing", POSSIBLE)


@functools.cache
def _size(name: str) -> ast.expr:
    return ast.Call(parsed("len"), [parsed(name)], [])


def line_too_much(node: ast.AST, _: Scope) -> Iterator[Option]:
    """A statement that should not be there."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For):
        yield Option(ast.Pass(), "a line too much", POSSIBLE if isinstance(node, ast.AugAssign) else UNLIKELY)
