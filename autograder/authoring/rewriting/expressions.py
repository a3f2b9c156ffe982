"""Ways to write an expression that mean the same: see `autograder.authoring.rewriting.wordings`."""

from __future__ import annotations

import ast
from collections.abc import Callable

from autograder.authoring.rewriting.places import Place, Statements

FUNCTIONS = {"sum", "mean", "max", "min", "argmax", "argmin", "reshape", "transpose"}  # of NumPy, and methods as well
REDUCTIONS = {"sum", "mean", "max", "min", "argmax", "argmin"}  # whose first argument is an axis
MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip


class _Each(ast.NodeTransformer):
    """Puts what a function makes of an expression in its place."""

    def __init__(self, change: Callable[[ast.expr], ast.expr | None]) -> None:
        self._change = change

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        new = self._change(node) if isinstance(node, ast.expr) else None
        return node if new is None else new


def _each(statements: Statements, change: Callable[[ast.expr], ast.expr | None]) -> Statements:
    return list(_Each(change).visit(ast.Module(statements, [])).body)  # type: ignore[attr-defined]


def einsum_for_matmul(place: Place, statements: Statements) -> Statements:
    """Matmul is written as einsum where both sides have two axes or more."""
    if not place.library:
        return statements

    def change(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and _plain(node.left, node.right)):
            return None
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        einsum = f"{place.library}.einsum('...ij,...jk->...ik', {left}, {right})"
        return _expression(f"{einsum} if ({left}).ndim > 1 and ({right}).ndim > 1 else ({left}) @ ({right})")

    return _each(statements, change)


def functions_for_methods(place: Place, statements: Statements) -> Statements:
    """Methods of arrays are written as functions of NumPy."""
    if not place.library or place.is_torch:
        return statements

    def change(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS):
            return None
        receiver, name, args = node.func.value, node.func.attr, node.args
        if (isinstance(receiver, ast.Name) and receiver.id == place.library) or not _is_array(receiver):
            return None
        if name in ("reshape", "transpose") and (len(args) > 1 or any(isinstance(one, ast.Starred) for one in args)):
            args = [ast.Tuple(args, ast.Load())]
        return ast.Call(_expression(f"{place.library}.{name}"), [receiver, *args], node.keywords)

    return _each(statements, change)


def keywords_for_positions(place: Place, statements: Statements) -> Statements:
    """Arguments are given by name."""

    def change(node: ast.expr) -> ast.expr | None:
        if not isinstance(node, ast.Call) or not node.args or any(isinstance(one, ast.Starred) for one in node.args):
            return None
        if isinstance(node.func, ast.Attribute) and node.func.attr in REDUCTIONS and len(node.args) == 1:
            if isinstance(node.func.value, ast.Name) and node.func.value.id in (place.library, "np", "torch"):
                return None
            axis = ast.keyword("axis", node.args[0])  # torch takes that word too
            return ast.Call(node.func, [], [axis, *node.keywords]) if _is_axis(node.args[0]) else None
        names = place.signatures.get(node.func.id, ()) if isinstance(node.func, ast.Name) else ()
        if len(names) < len(node.args):
            return None
        given = [ast.keyword(name, value) for name, value in zip(names, node.args, strict=False)]
        return ast.Call(node.func, [], [*given, *node.keywords])

    return _each(statements, change)


def factors_exchanged(place: Place, statements: Statements) -> Statements:
    """Factors are exchanged, comparisons turned round, and squares written as products."""

    def change(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _plain(node.left, node.right):
            return ast.BinOp(node.right, node.op, node.left)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Name):
            square = isinstance(node.right, ast.Constant) and node.right.value == 2
            return ast.BinOp(node.left, ast.Mult(), node.left) if square else None
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and _plain(node.left, *node.comparators):
            mirrored = MIRRORED.get(type(node.ops[0]))
            return ast.Compare(node.comparators[0], [mirrored()], [node.left]) if mirrored else None
        return None

    return _each(statements, change)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _plain(*nodes: ast.expr) -> bool:
    """Whether it makes no difference which is computed first, and how often: names, attributes and what they index."""
    kinds = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.BinOp)
    inner = [child for node in nodes for child in ast.walk(node) if isinstance(child, ast.expr)]
    return all(isinstance(child, kinds) for child in inner)


def _is_array(node: ast.expr) -> bool:
    """Whether a receiver can be nothing else than an array: one that is indexed by several axes, or computed."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Tuple)
    return isinstance(node, ast.BinOp | ast.Compare | ast.Name)


def _is_axis(node: ast.expr) -> bool:
    axes = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(isinstance(one, ast.Constant | ast.UnaryOp) for one in axes)
