"""Of the undo table: calls and their arguments, and the order and number of axes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from autograder.students.lines.scope import (
    DESPERATE,
    LIKELY,
    PLAIN,
    POSSIBLE,
    UNLIKELY,
    Option,
    Scope,
    constant,
    is_value,
    last,
    near,
    parsed,
    put,
)

RELATIVES = (
    "max min", "sum mean", "zeros ones empty", "zeros_like ones_like empty_like", "argmax argmin", "floor ceil round",
    "maximum minimum", "exp log", "log log1p log2 log10", "exp expm1", "tanh exp sin", "sqrt square", "tensordot dot",
    "cumsum cumprod", "forward backward", "std var", "any all", "hstack vstack column_stack", "argsort sort",
    "swapaxes transpose", "sum max", "minimum abs", "repeat tile", "insert append", "keys values",
)  # fmt: skip
REDUCTIONS = {
    "sum", "mean", "max", "min", "argmax", "argmin", "std", "var", "prod", "any", "all", "cumsum", "concatenate",
    "stack", "flip", "repeat", "take_along_axis", "sort", "argsort", "sliding_window_view", "expand_dims", "squeeze",
}  # fmt: skip
MAKERS = {"zeros", "ones", "empty", "full", "arange", "array", "asarray"}
AXES: tuple[int | tuple[int, ...] | None, ...] = (
    0, 1, 2, 3, -1, None, (0, 1), (0, 2), (1, 2), (2, 3), (0, 2, 3), (1, 2, 3), (0, 1, 2),
)  # fmt: skip
FUNCTIONS = ("int", "np.exp", "np.log", "np.sqrt", "np.abs", "np.square", "len")


def call(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A relative of the function, a call too much, an argument or a keyword too much or missing."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Option(node.value, "there is a transpose too much", LIKELY)
    if not isinstance(node, ast.Call):
        return
    name = last(node.func)
    for kind in RELATIVES:
        for other in kind.split() if name in kind.split() else ():
            if other != name:
                yield Option(put(node, func=_renamed(node.func, other)), "the function is another one", POSSIBLE)
    if isinstance(node.func, ast.Attribute) and not _library(node.func.value):
        what = "transpose" if name in ("transpose", "swapaxes") else "step"
        yield Option(node.func.value, f"there is a {what} too much", POSSIBLE)
    if node.args:
        yield Option(node.args[0], "there is a step too much", POSSIBLE)
    for index in range(1, len(node.args)):
        fewer = node.args[:index] + node.args[index + 1 :]
        yield Option(put(node, args=fewer), "there is an argument too much", UNLIKELY)
    for at, keyword in enumerate(node.keywords):
        rest = node.keywords[:at] + node.keywords[at + 1 :]
        yield Option(put(node, keywords=rest), f"{keyword.arg} is set", POSSIBLE)
        for axes in _axes(node, scope) if keyword.arg in ("axis", "axes") else ():
            set_to = [*rest, ast.keyword(keyword.arg, constant(axes))]
            yield Option(put(node, keywords=set_to), "the axis is another one", POSSIBLE)
    yield from _missing(node, name, scope)
    if name == "range" and node.args:
        for at, bound in enumerate(node.args):
            for close in near(bound):
                changed = [*node.args[:at], close, *node.args[at + 1 :]]
                stop = at == len(node.args[:2]) - 1
                yield Option(put(node, args=changed), "a range is one off", LIKELY if stop else POSSIBLE)


def _missing(node: ast.Call, name: str, scope: Scope) -> Iterator[Option]:
    there = {keyword.arg for keyword in node.keywords}

    def add(**more: ast.expr) -> ast.AST:
        return put(node, keywords=[*node.keywords, *(ast.keyword(key, value) for key, value in more.items())])

    if name in REDUCTIONS:
        if "keepdims" not in there:
            yield Option(add(keepdims=ast.Constant(True)), "an axis of length 1 is lost", POSSIBLE)
        for axes in _axes(node, scope) if "axis" not in there else ():
            rank = LIKELY if "keepdims" in there else POSSIBLE  # kept, but which?
            yield Option(add(axis=constant(axes)), "the axis is another one", rank)
            if "keepdims" not in there:
                both = add(axis=constant(axes), keepdims=ast.Constant(True))
                yield Option(both, "the axis is another one", UNLIKELY)
    if name in MAKERS and "dtype" not in there:
        for one in scope.alike("array"):
            dtype = ast.Attribute(parsed(one), "dtype", ast.Load())
            yield Option(add(dtype=dtype), "the dtype is another one", UNLIKELY)


def _axes(node: ast.Call, scope: Scope) -> Iterator[object]:
    """The axes that a reduction may go over, as far as the array is known."""
    own = isinstance(node.func, ast.Attribute) and not _library(node.func.value)
    array = node.func.value if own and isinstance(node.func, ast.Attribute) else node.args[0] if node.args else node
    kind = scope.kind(array)
    ndim = int(kind[5:]) if kind.startswith("array") else 4
    for axes in AXES:
        if max(axes if isinstance(axes, tuple) else (axes or 0,)) < ndim:
            yield axes


def _renamed(function: ast.expr, name: str) -> ast.expr:
    return put(function, **{"attr" if isinstance(function, ast.Attribute) else "id": name})  # type: ignore[return-value]


def _library(receiver: ast.expr) -> bool:
    while isinstance(receiver, ast.Attribute):
        receiver = receiver.value
    return isinstance(receiver, ast.Name) and receiver.id in ("np", "numpy", "math")


def shape(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A transpose, a copy, a reshape to rows, a step backwards or a rounding that is missing."""
    kinds = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.BinOp
    if not isinstance(node, kinds) or not is_value(node, scope):
        return
    kind = scope.kind(node)
    top = isinstance(scope.parent[node], ast.Return | ast.Assign | ast.AugAssign | ast.BinOp | ast.Call)
    rank = POSSIBLE if top else UNLIKELY
    if (not isinstance(node, ast.BinOp) or top) and (not kind or kind.startswith("array")):
        yield Option(ast.Attribute(node, "T", ast.Load()), "a transpose is missing", rank)
        for one, other in combinations(range(int(kind[5:] or 4)), 2):
            moved = ast.Call(ast.Attribute(node, "swapaxes", ast.Load()), [constant(one), constant(other)], [])
            yield Option(moved, "a transpose is missing", rank + 1)
        copied = ast.Call(ast.Attribute(node, "copy", ast.Load()), [], [])
        yield Option(copied, "an array is shared, not copied", LIKELY if top and not isinstance(node, ast.BinOp) else 2)
        if isinstance(above := scope.parent[node], ast.BinOp) and isinstance(above.op, ast.MatMult):
            sizes: list[ast.expr] = [ast.Call(parsed("len"), [node], []), constant(-1)]
            rows = ast.Call(ast.Attribute(node, "reshape", ast.Load()), sizes, [])
            yield Option(rows, "a reshape is missing", POSSIBLE)
        for text in ("::-1", "..., ::-1", "..., ::-1, ::-1", ":, :, ::-1", "None", ":, None", ":, None, None"):
            kind = "an axis runs in the other direction" if "-1" in text else "an axis of length 1 is missing"
            flipped = ast.Subscript(node, parsed(f"a[{text}]").slice, ast.Load())  # type: ignore[attr-defined]
            yield Option(flipped, kind, UNLIKELY)
    yield from _sums(node, scope)
    for function in () if kind in (*PLAIN, "whole") else FUNCTIONS:
        yield Option(ast.Call(parsed(function), [node], []), "a function is missing", DESPERATE)
    if isinstance(node, ast.Subscript):
        yield Option(node.value, "a part is taken, not the whole", POSSIBLE)


def _sums(node: ast.expr, scope: Scope) -> Iterator[Option]:
    """A sum that is missing where something is returned or kept, over any axes but all."""
    parent = scope.parent[node]
    alone = isinstance(parent, ast.Tuple) and isinstance(scope.parent[parent], ast.Assign)
    kind = scope.kind(node)
    axes = range(int(kind[5:])) if kind.startswith("array") else range(2 * isinstance(node, ast.Call))
    plain = isinstance(node, ast.Name | ast.Attribute | ast.Call)
    if plain and (alone or isinstance(parent, ast.Return | ast.Assign | ast.AugAssign)):
        for some in (one for count in range(1, len(axes)) for one in combinations(axes, count)):
            over = ast.keyword("axis", constant(some if len(some) > 1 else some[0]))
            yield Option(ast.Call(ast.Attribute(node, "sum", ast.Load()), [], [over]), "a sum is missing", POSSIBLE)
