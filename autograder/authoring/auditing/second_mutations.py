"""The changes of a second set of mutants, of another make than `mutations`: what goes wrong between lines, not in them.

Lines in another order, out of their block or twice, a division that cuts off, axes exchanged or lost, an array that is
shared or replaced, a return too early. Nothing here is in the first set, so that checks which were mended by that one
are measured by what they have never seen.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from itertools import pairwise

from autograder.authoring.auditing.mutations import Edit, Mutation, Page

REDUCTIONS = {"sum", "mean", "max", "min", "argmax", "var", "std", "softmax", "log_softmax", "cumsum"}
PLAIN = ast.Assign | ast.AugAssign | ast.Expr


def divided(page: Page, node: ast.AST) -> Iterator[Edit]:
    """`//` for `/` where one number is divided by another, `/` for `//`, in front of an equals sign too."""
    match node:
        case ast.AugAssign(target, ast.Div() | ast.FloorDiv() as operator, value):
            symbol, other = ("/=", "//=") if isinstance(operator, ast.Div) else ("//=", "/=")
            yield (*page.find(symbol, target, value), other)
        case ast.BinOp(left, ast.Mult(), ast.BinOp(one, ast.Div(), other)):  # a * (b / c)
            yield (*page.span(node), f"{page.text(left)} * {page.text(one)} // {page.text(other)}")


def order(page: Page, node: ast.AST) -> Iterator[Edit]:
    """Two plain lines exchanged, one of them twice, the last one of a block after it."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if not isinstance(block, list) or not isinstance(node, ast.stmt):
            continue
        for one, other in pairwise(block):
            if isinstance(one, PLAIN) and isinstance(other, PLAIN) and _depend(one, other):
                between = page.source[page.span(one)[1] : page.span(other)[0]]
                yield page.span(one)[0], page.span(other)[1], page.text(other) + between + page.text(one)
        for one in block:
            if isinstance(one, ast.AugAssign) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)):
                yield (*page.span(one), f"{page.text(one)}\n{' ' * one.col_offset}{page.text(one)}")
        if isinstance(node, ast.For | ast.While | ast.If) and not node.orelse and len(block) > 1:
            last = block[-1]
            if isinstance(last, PLAIN):
                text = textwrap.indent(textwrap.dedent(" " * last.col_offset + page.text(last)), " " * node.col_offset)
                yield page.span(block[-2])[1], page.span(last)[1], f"\n{text}"


def early(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A return within the loop before it, and a loop that ends after its first turn."""
    if not isinstance(node, ast.For | ast.While) or node.orelse:
        return
    last, indent = node.body[-1], " " * node.body[0].col_offset
    parent = page.parent[node]
    after = [one for one, other in pairwise(getattr(parent, "body", [])) if one is node for one in [other]]
    if after and isinstance(after[0], ast.Return):
        yield page.span(last)[1], page.span(last)[1], f"\n{indent}{page.text(after[0])}"
    yield page.span(last)[1], page.span(last)[1], f"\n{indent}break"


def axes(page: Page, node: ast.AST) -> Iterator[Edit]:
    """An axis taken for another, two axes of the result exchanged, an axis of length 1 lost or kept."""
    match node:
        case ast.keyword("axis" | "dim", ast.Constant(int(value))):
            for other in {0: (1,), 1: (0, -1), 2: (1, 3), 3: (2,), -1: (0, -2)}.get(value, (value - 1,)):
                yield (*page.span(node.value), str(other))
        case ast.keyword("axis" | "dim", ast.Tuple(elements)) if len(elements) > 1:
            for left in range(len(elements)):
                rest = [page.text(one) for at, one in enumerate(elements) if at != left]
                yield (*page.span(node.value), f"({', '.join(rest)},)")
        case ast.Subscript(value, ast.Tuple(elements)) if any(_is_none(one) for one in elements):
            kept = [page.text(one) for one in elements if not _is_none(one)]
            yield (*page.span(node), f"{page.text(value)}[{', '.join(kept)},]")
            last = [*(page.text(one) for one in elements if not _is_none(one))]
            yield (*page.span(node), f"{page.text(value)}[{', '.join(['None', *last])}]")
        case ast.Call(ast.Attribute(value, name), _, keywords) if name in REDUCTIONS:
            if any(one.arg in ("axis", "dim") for one in keywords) and not any(
                one.arg == "keepdims" for one in keywords
            ):
                end = page.span(node)[1] - 1
                yield end, end, ", keepdims=True"
        case ast.Assign([ast.Name() | ast.Attribute()], ast.BinOp() | ast.Subscript() as value):
            yield (*page.span(value), f"({page.text(value)}).swapaxes(-1, -2)")


def shared(page: Page, node: ast.AST) -> Iterator[Edit]:
    """An array that is replaced where its values should be, or the reverse; a name that keeps an earlier value."""
    match node:
        case ast.Assign([ast.Subscript(value, _) as target], _) if isinstance(value, ast.Name | ast.Attribute):
            yield (*page.span(target), page.text(value))
        case ast.Assign([ast.Name() as target], ast.BinOp(ast.Name(name), operator, right)) if name == target.id:
            symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}.get(type(operator))
            if symbol:
                yield (*page.span(node), f"{name} {symbol}= {page.text(right)}")
        case ast.Assign([ast.Attribute(ast.Name("self"), _) as target], _):
            if getattr(page.around(node, ast.FunctionDef), "name", "") != "__init__":
                yield page.span(node)[0], page.span(node)[0], f"if not hasattr(self, {target.attr!r}): "
        case ast.If(test):
            yield (*page.span(test), "True")
            yield (*page.span(test), "False")


def rounded(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A result in single precision, in reverse, its first entry only, or none."""
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple | ast.List):
        text = page.text(node.value)
        if isinstance(node.value, ast.BinOp | ast.Call | ast.Subscript | ast.Name):
            single = f"({text}).float()" if "import torch" in page.source else f"({text}).astype('float32')"
            for wrapped in (single, f"({text})[::-1]", f"({text})[:1]", "None"):
                yield (*page.span(node.value), wrapped)


SECOND_MUTATIONS: tuple[Mutation, ...] = (divided, order, early, axes, shared, rounded)


def _depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether two neighbouring lines may do something else in the other order."""
    if isinstance(one, ast.Expr) and isinstance(other, ast.Expr):
        return True
    (made, used), (later, needed) = _names(one), _names(other)
    return bool(made & (later | needed) or used & later)


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """What a line gives a value, and what it uses; arrays that it writes into count as both."""
    made, used = set(), set()
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    for target in targets:
        for node in ast.walk(target) if target is not None else ():
            if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) != "self":
                made.add(ast.unparse(node))
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            used.add(ast.unparse(node))
    return made, used


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
