"""Of the undo table: what is written for one axis and should have been written for the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.students.lines.scope import LIKELY, POSSIBLE, Option, Scope, put

PAIRS = "h w, height width, rows cols, row column, row col, top left, bottom right, i j, p q, h_out w_out, oh ow"
OTHER = {
    one: other for pair in PAIRS.split(", ") for one, other in (pair.split(), pair.split()[::-1])
}  # the name that means the same along the other axis
KIND = "what belongs to one axis is taken for the other"


def renamed(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A slice or an entry that its neighbour has too, with the names of the other axis."""
    if not isinstance(node, ast.Tuple):
        return
    texts = [ast.unparse(one) for one in node.elts]
    for at, entry in enumerate(node.elts):
        if texts.count(texts[at]) == 2 and not isinstance(entry, ast.Constant):
            for turned in _turned(entry, scope):
                yield Option(put(node, elts=[*node.elts[:at], turned, *node.elts[at + 1 :]]), KIND, LIKELY)
            if isinstance(scope.parent.get(node), ast.Subscript) and not isinstance(entry, ast.Slice):
                whole = [*node.elts[:at], ast.Slice(), *node.elts[at + 1 :]]
                yield Option(put(node, elts=whole), "an entry is picked where all are needed", POSSIBLE)


def sibling(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A line, or an entry, that is not that of the other axis with other names."""
    match node:
        case ast.Assign([ast.Name(name)], value) if name in OTHER:
            for other in _siblings(node, scope):
                if isinstance(other, ast.Assign) and ast.unparse(other.targets[0]) == OTHER[name]:
                    for turned in _turned(other.value, scope):
                        if ast.unparse(turned) != ast.unparse(value):
                            yield Option(put(node, value=turned), KIND, LIKELY)
        case ast.Tuple([*_, one, other]):
            for at, source in ((len(node.elts) - 1, one), (len(node.elts) - 2, other)):
                for turned in _turned(source, scope):
                    if ast.unparse(turned) != ast.unparse(node.elts[at]):
                        yield Option(put(node, elts=[*node.elts[:at], turned, *node.elts[at + 1 :]]), KIND, POSSIBLE)


def _siblings(node: ast.AST, scope: Scope) -> list[ast.stmt]:
    """The statements of the same block."""
    above = scope.parent[node]
    blocks = [getattr(above, name, []) for name in ("body", "orelse", "finalbody")]
    return next((block for block in blocks if node in block), [])


def _turned(node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """An expression as it is for the other axis: with its names, its places in a shape, or both."""
    seen = {ast.unparse(node)}
    for numbers in ({0: 1, 1: 0}, {2: 3, 3: 2}):
        swap = _Swap({*scope.names}, numbers)
        turned: ast.expr = swap.visit(ast.parse(f"a[{ast.unparse(node)}]", mode="eval").body).slice
        if (text := ast.unparse(turned)) not in seen:
            seen.add(text)
            yield turned


class _Swap(ast.NodeTransformer):
    def __init__(self, known: set[str], numbers: dict[int, int]) -> None:
        self.known, self.numbers = known, numbers

    def visit_Name(self, node: ast.Name) -> ast.Name:
        other = OTHER.get(node.id, "")
        return ast.Name(other, node.ctx) if other in self.known else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        match node:
            case ast.Subscript(value, ast.Constant(int(number))) if number in self.numbers:
                return ast.Subscript(self.visit(value), ast.Constant(self.numbers[number]), node.ctx)
        self.generic_visit(node)
        return node
