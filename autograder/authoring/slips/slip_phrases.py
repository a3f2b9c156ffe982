"""How one speaks of the parts of a formula without quoting it, and of names only where the handout has them."""

from __future__ import annotations

import ast
from collections.abc import Set
from dataclasses import dataclass

Pair = tuple[ast.AST | None, ast.AST | None]

DONE: dict[type[ast.operator], str] = {
    ast.Add: "{} is added", ast.Sub: "{} is subtracted", ast.Mult: "it is multiplied by {}",
    ast.Div: "it is divided by {}", ast.FloorDiv: "it is divided by {} and cut off", ast.Mod: "its rest by {} is taken",
    ast.Pow: "it is raised to the power of {}", ast.MatMult: "it is multiplied by {} as a matrix",
}  # fmt: skip
UNDONE: dict[type[ast.operator], str] = {
    ast.Add: "{} is not added", ast.Sub: "{} is not subtracted", ast.Mult: "it is not multiplied by {}",
    ast.Div: "it is not divided by {}", ast.FloorDiv: "it is not divided by {}", ast.Mod: "no rest by {} is taken",
    ast.Pow: "it is not raised to the power of {}", ast.MatMult: "it is not multiplied by {}",
}  # fmt: skip
TO_DO: dict[type[ast.operator], str] = {
    ast.Add: "added", ast.Sub: "subtracted", ast.Mult: "multiplied", ast.Div: "divided", ast.Pow: "raised to a power",
    ast.FloorDiv: "divided and cut off", ast.Mod: "divided with rest", ast.MatMult: "multiplied as a matrix",
}  # fmt: skip
NOUNS: dict[type[ast.operator], str] = {
    ast.Add: "sum", ast.Sub: "difference", ast.Mult: "product", ast.Div: "quotient", ast.FloorDiv: "whole quotient",
    ast.Mod: "rest", ast.Pow: "power", ast.MatMult: "matrix product",
}  # fmt: skip
# Functions of libraries, as one speaks of them; most as they are called.
SPOKEN = {
    "nanmean": "mean", "nanmedian": "median", "max": "maximum", "min": "minimum", "amax": "maximum",
    "argmax": "index of the maximum", "argmin": "index of the minimum", "log": "logarithm", "len": "length",
    "log2": "logarithm to base 2", "log10": "logarithm to base 10", "log1p": "logarithm of 1 more",
    "exp": "exponential", "expm1": "exponential less 1", "abs": "absolute value", "sqrt": "root", "clone": "copy",
    "log_softmax": "logarithm of the softmax", "relu": "ReLU", "transpose": "exchange of axes",
    "swapaxes": "exchange of axes", "flatten": "flattening", "pad": "padding", "cumsum": "running sum",
    "int": "cutting off", "var": "variance", "std": "standard deviation", "tensordot": "tensor product",
    "sliding_window_view": "windows", "as_strided": "strided view", "clamp": "clamping", "clip": "clamping",
    "reversed": "reverse order", "float": "conversion to float", "bincount": "count", "prod": "product",
    "cross_entropy": "cross-entropy", "enumerate": "numbering", "floor": "rounding down", "ceil": "rounding up",
    "astype": "conversion of the dtype", "to": "move to the device", "where": "choice",
    "sum": "sum", "mean": "mean", "median": "median", "maximum": "maximum", "minimum": "minimum", "square": "square",
    "copy": "copy", "softmax": "softmax", "sigmoid": "sigmoid", "tanh": "tanh", "reshape": "reshape",
    "zeros": "zeros", "ones": "ones", "diagonal": "diagonal", "einsum": "einsum", "range": "range", "eval": "eval",
    "train": "train", "step": "step", "backward": "backward", "zero_grad": "zero_grad", "item": "item",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What tells a wrong function from the right one.

    Attributes:
        path: the nodes in which they differ, each right and wrong, from the function down to the last single one.
        public: words of the handout.
    """

    path: tuple[Pair, ...]
    public: Set[str]

    @property
    def old(self) -> ast.AST | None:
        """What is right, at the end of the path."""
        return self.path[-1][0]

    @property
    def new(self) -> ast.AST | None:
        """What is wrong there."""
        return self.path[-1][1]

    @property
    def parent(self) -> ast.AST | None:
        """What is right around it."""
        return self.path[-2][0] if len(self.path) > 1 else None

    def around(self, *kinds: type[ast.AST]) -> Pair:
        """The nodes around the change, where that is one of a kind."""
        return self.path[-2] if isinstance(self.old, kinds) and len(self.path) > 1 else (None, None)

    def public_name(self, node: ast.AST | None) -> str:
        """A name that the handout has, in quotes."""
        while isinstance(node, ast.Subscript):
            node = node.value
        name = last_name(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        return f"`{name}`" if name in self.public else ""

    def say(self, node: ast.AST | None, otherwise: str = "something") -> str:
        """Speak of an expression."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return str(node.value)
        if name := self.public_name(node):
            return name
        if isinstance(node, ast.Call) and (spoken := SPOKEN.get(last_name(node.func))):
            inner = self.public_name(node.args[0]) if node.args else ""
            return f"the {spoken}" + (f" of {inner}" if inner else "")
        if isinstance(node, ast.Subscript):
            return self.say(node.value, otherwise)
        if isinstance(node, ast.BinOp) and otherwise:
            return f"the {NOUNS[type(node.op)]}"
        return otherwise


def last_name(node: ast.AST | None) -> str:
    """The last part of a name: `sum` of `x.sum`."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def differ(one: object, other: object) -> bool:
    """Whether two nodes, or what they hold, say different things."""
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return ast.dump(one) != ast.dump(other)
    return type(one) is not type(other) or one != other


def same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether there are two nodes that say the same."""
    return one is not None and other is not None and not differ(one, other)
