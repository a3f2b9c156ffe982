"""Further slips, beside those of mutants: what is known to be mistaken for what in a formula."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.authoring.auditing.mutations import MUTATIONS, Edit, Mutation, Page
from autograder.authoring.auditing.second_mutations import SECOND_MUTATIONS

RELATIVES = {
    "nanmean": ("nanmedian", "nansum", "nanmax"), "mean": ("median", "sum"), "log": ("log2", "log10", "log1p"),
    "exp": ("expm1",), "expm1": ("exp",), "sigmoid": ("tanh", "relu"), "relu": ("sigmoid", "tanh"),
    "argmax": ("max",), "log_softmax": ("softmax",), "softmax": ("log_softmax", "sigmoid"),
}  # fmt: skip
WRAPPED = ("{} ** 2", "{} ** 0.5", "-{}", "(1 - {})", "(1 / {})", "{} * 2", "{} / 2", "({} + 1)", "({} - 1)")
NUMBERS = (1, 2, 3, 4)  # that stand in a list of small numbers


def relatives(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A function for another one that is like it."""
    if isinstance(node, ast.Call):
        name, end = str(getattr(node.func, "attr", getattr(node.func, "id", ""))), page.span(node.func)[1]
        yield from ((end - len(name), end, other) for other in RELATIVES.get(name, ()))


def wrapped(page: Page, node: ast.AST) -> Iterator[Edit]:
    """An operand squared, its root, its sign, 1 minus or over it, twice and half of it, one more or less."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mod):
        for operand in (node.left, node.right):
            if isinstance(operand, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
                yield from ((*page.span(operand), form.format(page.text(operand))) for form in WRAPPED)


def counted(page: Page, node: ast.AST) -> Iterator[Edit]:
    """Divided by the number of something else: of each argument, or of what is summed."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        divisor = node.right if isinstance(node, ast.BinOp) else node.value
        function = page.around(node, ast.FunctionDef)
        arguments = function.args if isinstance(function, ast.FunctionDef) else None
        own = [one.arg for one in arguments.args if one.arg != "self"] if arguments else []
        others = [*(f"len({name})" for name in own), *own]
        yield from ((*page.span(divisor), other) for other in others if other != page.text(divisor))


def listed(page: Page, node: ast.AST) -> Iterator[Edit]:
    """Another small number in a list of them."""
    if isinstance(node, ast.List) and node.elts and all(isinstance(one, ast.Constant) for one in node.elts):
        for one in node.elts:
            yield from ((*page.span(one), str(other)) for other in NUMBERS if page.text(one) != str(other))


SLIPS: tuple[Mutation, ...] = (*MUTATIONS, *SECOND_MUTATIONS, relatives, wrapped, counted, listed)
