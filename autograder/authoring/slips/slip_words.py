"""Says in words what tells a changed solution from the right one: what kind of slip, of what, in which function.

The student must not read the solution: expressions are never quoted, and of names only those that the handout has.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Set

from autograder.authoring.slips import slip_formulas as formulas
from autograder.authoring.slips import slip_lines as beside
from autograder.authoring.slips.slip_phrases import SPOKEN, Change, Pair, differ, last_name

KINDS: tuple[Callable[[Change], str], ...] = (
    formulas.operator, formulas.operands, formulas.sign, formulas.more, beside.assigned, formulas.compared,
    formulas.number, beside.order, beside.cut, beside.called, beside.name, beside.lines,
)  # fmt: skip


def describe(before: str, after: str, function: str, public: Set[str]) -> str:
    """Say what a change is; nothing where that cannot be said without the solution. Continues "what you get when".

    Args:
        before, after: the module.
        function: where it was changed, "Pool.forward".
        public: words of the handout.
    """
    pair: Pair = (_body(ast.parse(before), function), _body(ast.parse(after), function))
    path = [pair]
    while inner := _only_change(*path[-1]):
        path.append(inner)
    change = Change(tuple(path), public)
    words = next((words for kind in KINDS if (words := kind(change))), "")
    return f"{words}, in {function}{_where(change, words)}" if words else ""


def _where(change: Change, words: str) -> str:
    """What is worked out there, where the handout has a name for it."""
    for old, _ in reversed(change.path[:-1]):
        if isinstance(old, ast.Return):
            return ", in what it returns"
        targets = getattr(old, "targets", None) or [getattr(old, "target", None)]
        if isinstance(old, ast.Assign | ast.AugAssign) and (name := change.public_name(targets[0])):
            return f", where {name} is worked out" if name not in words else ""
        if isinstance(old, ast.Call) and (spoken := SPOKEN.get(last_name(old.func))) and spoken not in words:
            return f", in the {spoken}"
    return ""


def _body(tree: ast.AST, function: str) -> ast.AST:
    for name in function.split("."):
        tree = next(one for one in ast.walk(tree) if getattr(one, "name", "") == name)
    return tree


def _only_change(old: ast.AST | None, new: ast.AST | None) -> Pair | None:
    """The children that differ, where a node is of one kind in both and only one child does."""
    if old is None or new is None or type(old) is not type(new):
        return None
    pairs: list[tuple[object, object]] = []
    for field in old._fields:
        one, other = (getattr(node, field, None) for node in (old, new))
        if isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return None
            pairs += [pair for pair in zip(one, other, strict=True) if differ(*pair)]
        elif differ(one, other):
            pairs.append((one, other))
    if len(pairs) != 1:
        return None
    one, other = pairs[0]
    return (one, other) if isinstance(one, ast.AST) and isinstance(other, ast.AST) else None
