"""Of the undo table: names, numbers, slices, and entries in another order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from autograder.students.lines.scope import (
    DESPERATE,
    LIKELY,
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

# Names that stand for the same kind of thing, and are mistaken for each other.
ALIKE = tuple(
    frozenset(names.split())
    for names in (
        "h w height width rows cols h_out w_out out_h out_w oh ow hout wout h_in w_in", "p q", "i j", "row column col",
        "k s p pad padding stride kernel kernel_size step", "n c f", "x y dy dout out dx", "weight bias w b dw db",
        "in_channels out_channels in_features out_features", "self.weight self.bias self.dw self.db",
        "self.in_channels self.out_channels self.in_features self.out_features", "x self.x self.cache self.y",
        "self.kernel_size self.stride self.padding", "top bottom left right up down", "start stop end first last",
        "a b", "lr momentum weight_decay",
    )
)  # fmt: skip
ELSEWHERE = "a slice ends elsewhere"
ORDERLESS = {"max", "min", "maximum", "minimum", "zip", "result_type"}


def names(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A name that is mistaken for another."""
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return
    own = ast.unparse(node)
    parent = scope.parent.get(node)
    if own not in scope.names or (isinstance(parent, ast.Call) and parent.func is node):
        return
    kind = scope.kind(node)
    for other in scope.alike(kind):
        if other != own:
            alike = any(own in kind and other in kind for kind in ALIKE)
            place = isinstance(parent, ast.Subscript | ast.Tuple | ast.Slice)
            rank = LIKELY if alike else POSSIBLE if place else UNLIKELY
            yield Option(parsed(other), "one name is taken for another", rank)


def number(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A number that is one off, or another one; True for False."""
    if not isinstance(node, ast.Constant):
        return
    value, parent = node.value, scope.parent.get(node)
    if isinstance(value, bool):
        yield Option(ast.Constant(not value), "a switch is set the other way", LIKELY)
    elif isinstance(value, int):
        axis = isinstance(parent, ast.keyword) and parent.arg == "axis"
        kind = "the axis is another one" if axis else "a number is one off"
        for other in dict.fromkeys((value + 1, value - 1, -value, 0, 1, 2, 3, -1, -2, value + 2)):
            if other != value:
                near = abs(other - value) == 1
                yield Option(constant(other), kind if near or axis else "a number is another one", 0 if near else 1)
        yield Option(constant(0.5), "a number is another one", DESPERATE)
        if isinstance(parent, ast.Call) and last(parent.func) == "transpose" and node in parent.args:
            used = {getattr(one, "value", None) for one in parent.args}
            for other in {*range(len(parent.args))} - used:
                yield Option(constant(other), "the axis is another one", LIKELY)
        if value == 1 and isinstance(parent, ast.BinOp) and node is parent.left:
            for name in sorted(scope.near(node)):
                if scope.kinds.get(name) == "real":
                    yield Option(ast.BinOp(node, ast.Sub(), parsed(name)), "a term is missing", POSSIBLE)
    elif isinstance(value, float):
        for factor in dict.fromkeys((0.0, 1.0, 2.0, 0.5, -value, value + 1, value - 1)):
            if factor != value:
                yield Option(constant(factor), "a number is another one", POSSIBLE)
    elif isinstance(value, str):
        yield from _text(value, scope)


def _text(value: str, scope: Scope) -> Iterator[Option]:
    for other in scope.texts:
        if other != value and len(value) < 20:
            yield Option(ast.Constant(other), "one name is taken for another", POSSIBLE)
    if "->" in value:
        places = [at for at, letter in enumerate(value) if letter.isalpha()]
        for left, right in combinations(places, 2):
            if value[left] != value[right]:
                letters = [*value]
                letters[left], letters[right] = letters[right], letters[left]
                rank = LIKELY if right - left == 1 else POSSIBLE
                yield Option(ast.Constant("".join(letters)), "two axes are exchanged", rank)
        for at in places:
            for letter in sorted({*value} - {*"->, ", value[at]}):
                yield Option(ast.Constant(value[:at] + letter + value[at + 1 :]), "an axis is another one", UNLIKELY)


def one_off(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A size or an index that is one off."""
    parent = scope.parent.get(node)
    if not isinstance(node, ast.BinOp | ast.Name | ast.Attribute) or not is_value(node, scope):
        return
    index = isinstance(parent, ast.Subscript) and parent.slice is node
    if (index or isinstance(parent, ast.Tuple | ast.Assign)) and scope.kind(node) in ("", "whole"):
        for other in near(node):
            yield Option(other, "a size or place is one off", POSSIBLE if isinstance(node, ast.BinOp) else UNLIKELY)


def slices(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """A slice that begins, ends or steps elsewhere."""
    if not isinstance(node, ast.Slice):
        return
    for name in ("lower", "upper", "step"):
        bound = getattr(node, name)
        if bound is None:
            ends = node.upper if name == "lower" else None
            for part in (ends.left, ends.right) if isinstance(ends, ast.BinOp) else ():
                yield Option(put(node, lower=part), "a slice begins elsewhere", POSSIBLE)
            begins = node.lower if name == "upper" else None
            if begins is not None:
                for length in map(parsed, scope.alike("whole")):
                    yield Option(put(node, upper=ast.BinOp(begins, ast.Add(), length)), ELSEWHERE, POSSIBLE)
            kind = {"lower": "a slice begins", "upper": "a slice ends"}.get(name, "a slice steps")
            choices = [*map(parsed, scope.alike("whole")), constant(1), constant(-1), constant(2)]
            for other in choices:
                yield Option(put(node, **{name: other}), f"{kind} elsewhere", UNLIKELY)
            continue
        what = "step" if name == "step" else "beginning" if name == "lower" else "end"
        if isinstance(bound, ast.UnaryOp) and not isinstance(bound.operand, ast.Constant):
            guarded = ast.BoolOp(ast.Or(), [bound, ast.Constant(None)])
            yield Option(put(node, **{name: guarded}), "a slice to -p is empty where p is 0", LIKELY)
        yield Option(put(node, **{name: None}), f"the {what} of a slice is another one", POSSIBLE)
        for array in scope.alike("array") if name == "upper" else ():
            far = ast.BinOp(bound, ast.Add(), ast.Call(parsed("len"), [parsed(array)], []))
            yield Option(put(node, upper=far), f"the {what} of a slice is another one", UNLIKELY)
        if not isinstance(bound, ast.Constant):
            for other in near(bound):
                yield Option(put(node, **{name: other}), f"the {what} of a slice is one off", LIKELY)


def exchanged(node: ast.AST, scope: Scope) -> Iterator[Option]:
    """Two entries of a tuple, list or call exchanged, or one of them twice."""
    match node:
        case ast.Tuple(items) | ast.List(items):
            name, kind = "elts", "two entries are exchanged"
        case ast.Call(function, items) if last(function) not in ORDERLESS:
            name, kind = "args", "two arguments are exchanged"
        case _:
            return
    twice = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load)
    for one, other in combinations(range(len(items)), 2):
        if ast.dump(items[one]) != ast.dump(items[other]):
            swapped = list(items)
            swapped[one], swapped[other] = items[other], items[one]
            yield Option(put(node, **{name: swapped}), kind, LIKELY if other - one == 1 else POSSIBLE)
            for to, source in ((one, other), (other, one)) if twice else ():
                doubled = [*items[:to], items[source], *items[to + 1 :]]
                yield Option(put(node, **{name: doubled}), "an entry is another one", POSSIBLE)
