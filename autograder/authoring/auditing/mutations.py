"""The changes that make a mutant: each looks at one node of the syntax tree and edits the text under it.

The tree says where to change something, the edit is one of text, so that a mutant reads as the typing error that it
stands for. What is visibly the same program is left out: `x * 1` for `x / 1`, `a[0:]` for `a[:]`, axes of a sum in
another order. mutmut, mutatest and cosmic-ray change files where ours are bytes in memory, and have less than half of
this: no indices, axes, slices, exchanges or dropped statements.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

Edit = tuple[int, int, str]  # from this character to that one, and what comes there instead

BINARY: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "- *"), ast.Sub: ("-", "+ *"), ast.Mult: ("*", "+ / **"), ast.Div: ("/", "* //"),
    ast.FloorDiv: ("//", "/ * %"), ast.Mod: ("%", "// *"), ast.Pow: ("**", "* +"), ast.MatMult: ("@", "* +"),
}  # fmt: skip
COMMUTE = ("+", "*")
IDLE = {(1, "*"), (1, "/"), (1, "**"), (0, "+"), (0, "-")}  # right operands that change nothing
COMPARISON: dict[type[ast.AST], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">")), ast.LtE: ("<=", ("<", ">=")), ast.Gt: (">", (">=", "<")), ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=", "<=", ">=")), ast.NotEq: ("!=", ("==",)), ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)), ast.In: ("in", ("not in",)), ast.NotIn: ("not in", ("in",)),
}  # fmt: skip
SWAPPED = {
    one: other
    for pair in (
        "max min", "sum mean", "zeros ones", "zeros_like ones_like", "argmax argmin", "floor ceil", "maximum minimum",
        "exp log", "tanh exp", "sqrt square", "tensordot dot", "cumsum cumprod", "train eval", "forward backward",
    )
    for one, other in (pair.split(), pair.split()[::-1])
}  # fmt: skip
# Names that stand for the same kind of thing, and are therefore mistaken for each other.
KINDS = tuple(
    frozenset(names.split())
    for names in (
        "h w c n f length", "height width", "p q", "i j", "row column", "top left", "k s pad i",
        "step_h step_w step_c step_n", "kernel_size stride padding in_channels out_channels", "loss accuracy",
        "in_features out_features", "weight bias", "dw db", "w g v", "x dy y", "dx dpadded dy", "shape windows",
        "y probs scores", "lr momentum weight_decay", "exponentials shifted totals", "first second third",
    )
)  # fmt: skip
ORDERLESS = {
    "sum",
    "mean",
    "var",
    "std",
    "max",
    "min",
    "any",
    "all",
    "prod",
    "maximum",
    "minimum",
    "result_type",
    "swapaxes",
    "zip",
}
KEPT = {"range", "len", "enumerate", "zip"}  # without them, the loop around could not run at all


class Page:
    """The text of a module, its tree, and where each node of one lies in the other."""

    def __init__(self, source: str, file: str) -> None:
        self.source, self.tree = source, ast.parse(source, file)
        self.parent = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Say from which character to which one a node reaches."""
        first, last = self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return first, last

    def text(self, *nodes: ast.AST) -> str:
        """Return what stands in the place of a node, or of two and all between them."""
        return self.source[self.span(nodes[0])[0] : self.span(nodes[-1])[1]]

    def find(self, symbol: str, left: ast.AST, right: ast.AST) -> tuple[int, int]:
        """Find an operator between its operands."""
        at = self.source.index(symbol, self.span(left)[1], self.span(right)[0])
        return at, at + len(symbol)

    def around(self, node: ast.AST, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> ast.AST:
        """Find the innermost node of a kind around a node, or the module."""
        while not isinstance(node, kind) and node in self.parent:
            node = self.parent[node]
        return node

    def _at(self, line: int, column: int) -> int:
        """Column counts bytes of UTF-8."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def binary(page: Page, node: ast.AST) -> Iterator[Edit]:
    """Another operator, one operand alone, and the operands exchanged."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in BINARY:
        return
    symbol, others = BINARY[type(node.op)]
    (start, end), (first, last) = page.span(node), page.find(symbol, node.left, node.right)
    left, right = page.source[start:first].rstrip(), page.source[last:end].lstrip()
    constant = node.right.value if isinstance(node.right, ast.Constant) else None
    idle = (constant, symbol) in IDLE
    yield from ((first, last, other) for other in others.split() if not (idle and (constant, other) in IDLE))
    yield from ((start, end, operand) for operand in (left, right) if not (idle and operand == left))
    if symbol not in COMMUTE and left != right:
        yield start, end, f"{right} {symbol} {left}"


def augmented(page: Page, node: ast.AST) -> Iterator[Edit]:
    """`x += 1`: another operator, or none."""
    if isinstance(node, ast.AugAssign) and type(node.op) in BINARY:
        symbol, others = BINARY[type(node.op)]
        first, last = page.find(f"{symbol}=", node.target, node.value)
        yield from ((first, last, f"{other}=") for other in (others.split()[0], ""))


def comparison(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A limit that counts or not, the other direction, the opposite."""
    if isinstance(node, ast.Compare):
        for operator, (left, right) in zip(node.ops, pairwise([node.left, *node.comparators]), strict=True):
            symbol, others = COMPARISON[type(operator)]
            first, last = page.find(symbol, left, right)
            yield from ((first, last, other) for other in others)


def logic(page: Page, node: ast.AST) -> Iterator[Edit]:
    """`and` for `or`, a condition negated, and a sign or a `not` left out."""
    if isinstance(node, ast.BoolOp):
        symbol, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        yield from ((*page.find(symbol, left, right), other) for left, right in pairwise(node.values))
    if isinstance(node, ast.UnaryOp):
        yield (*page.span(node), page.text(node.operand))
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.UnaryOp):
        yield (*page.span(node.test), f"not ({page.text(node.test)})")


def number(page: Page, node: ast.AST) -> Iterator[Edit]:
    """One more, one less, nothing; the other sign, where it is no axis or index; True for False."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float):
        return
    value, parent = node.value, page.parent[node]
    others = [value + 1, value - 1, 0 * value, -value]
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        others = [value + 1]  # `binary` has the rest
    elif isinstance(value, int) and not isinstance(parent, ast.BinOp):
        others = [value + 1, value - 1, 0]
    if isinstance(parent, ast.UnaryOp) and _name(getattr(page.around(node, ast.Call), "func", None)) == "reshape":
        others = [0]  # NumPy takes any negative length for -1
    yield from ((*page.span(node), repr(other)) for other in dict.fromkeys(others) if other != value)


def subscript(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A slice without one of its bounds, from one further, to one less or more."""
    if not isinstance(node, ast.Slice):
        return
    for bound, idle in ((node.lower, 0), (node.upper, None), (node.step, 1)):
        if bound is not None and not (isinstance(bound, ast.Constant) and bound.value == idle):
            yield (*page.span(bound), "")
    for bound in (node.lower, node.upper):
        if bound is not None and not isinstance(bound, ast.Constant | ast.UnaryOp):
            yield from ((*page.span(bound), f"{page.text(bound)} {change}") for change in ("+ 1", "- 1"))
    if node.lower is None and (node.upper or node.step):
        start = page.span(node)[0]
        yield start, start, "1"


def exchange(page: Page, node: ast.AST) -> Iterator[Edit]:
    """Two neighbours of a tuple, a list, or positional arguments exchanged; in a tuple, one of them twice."""
    items = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple | ast.List) else []
    call = page.around(node, ast.Call)
    if isinstance(call, ast.Call) and _name(call.func) in ORDERLESS and page.parent.get(node) in (call, *call.keywords):
        return
    if isinstance(node, ast.Call) and _name(node.func) in ORDERLESS:
        return
    twin = page.parent[node]
    if isinstance(twin, ast.Assign) and node is twin.value and isinstance(twin.targets[0], ast.Tuple):
        return  # exchanged targets are the same
    for left, right in pairwise(items):
        if ast.dump(left) == ast.dump(right) or ast.Starred in (type(left), type(right)):
            continue
        start, end = page.span(left)[0], page.span(right)[1]
        between = page.source[page.span(left)[1] : page.span(right)[0]]
        yield start, end, page.text(right) + between + page.text(left)
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
            yield (*page.span(left), page.text(right))
            yield (*page.span(right), page.text(left))


def like_kind(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A name mistaken for another of its kind that the same function, or class, uses."""
    match node:
        case ast.Name(name, ast.Load()):
            scope = page.around(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            known = {child.id for child in ast.walk(scope) if isinstance(child, ast.Name)}
            known |= {child.arg for child in ast.walk(scope) if isinstance(child, ast.arg)}
        case ast.Attribute(ast.Name("self"), name, ast.Load()):
            scope = page.around(node, ast.ClassDef)
            known = {child.attr for child in ast.walk(scope) if isinstance(child, ast.Attribute)}
        case ast.Constant(str(name)) if name:
            known = {str(child.value) for child in ast.walk(page.tree) if isinstance(child, ast.Constant)}
        case _:
            return
    others = {other for kind in KINDS if name in kind for other in kind if other in known} - {name}
    before, _, after = page.text(node).rpartition(name)
    yield from ((*page.span(node), before + other + after) for other in sorted(others))


def call(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A relative of the function, a call left out, a keyword left out, a range one longer or shorter; `.T` left out."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield (*page.span(node), page.text(node.value))
    if not isinstance(node, ast.Call):
        return
    name, end = _name(node.func), page.span(node.func)[1]
    if name in SWAPPED:
        yield end - len(name), end, SWAPPED[name]
    if isinstance(node.func, ast.Attribute) and not _library(node.func.value) and name not in ("forward", "backward"):
        yield (*page.span(node), page.text(node.func.value))
    elif len(node.args) == 1 and not node.keywords and name not in KEPT and not isinstance(node.args[0], ast.Starred):
        yield (*page.span(node), page.text(node.args[0]))
    items = [*node.args, *node.keywords]
    for index, keyword in enumerate(items):
        if isinstance(keyword, ast.keyword):
            first, last = page.span(keyword)
            if index:
                first = page.span(items[index - 1])[1]
            elif len(items) > 1:
                last = page.span(items[1])[0]
            yield first, last, ""
    if name == "range" and node.args:
        stop = node.args[:2][-1]
        yield from ((*page.span(stop), f"{page.text(stop)} {change}") for change in ("+ 1", "- 1"))
    if name == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
        start, end = page.span(node.args[0])
        letters = page.source[start:end]
        for at, (one, other) in enumerate(pairwise(letters)):
            if one.isalpha() and other.isalpha() and one != other:
                yield start + at, start + at + 2, other + one


def statement(page: Page, node: ast.AST) -> Iterator[Edit]:
    """A statement left out; `break` for `continue`."""
    if isinstance(node, ast.Break | ast.Continue):
        yield (*page.span(node), "continue" if isinstance(node, ast.Break) else "break")
    parent = page.parent.get(node)
    alone = isinstance(parent, ast.If) and [node, parent.orelse] == [*parent.body, []]  # as if without the `if`
    if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass | ast.Raise) and not alone:
        yield (*page.span(node), "pass")


Mutation = Callable[[Page, ast.AST], Iterator[Edit]]
MUTATIONS: tuple[Mutation, ...] = (
    binary, augmented, comparison, logic, number, subscript, exchange, like_kind, call, statement,
)  # fmt: skip


def _name(function: ast.expr | None) -> str:
    """The last part of what is called: `sum` of `x.sum`."""
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _library(receiver: ast.expr) -> bool:
    """Whether what stands before the dot is a module: np.linalg, torch."""
    while isinstance(receiver, ast.Attribute):
        receiver = receiver.value
    return isinstance(receiver, ast.Name) and receiver.id in ("np", "torch", "nn", "F")
