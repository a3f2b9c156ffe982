"""What is said of slips beside formulas: of names, arguments, calls, slices and whole lines."""

from __future__ import annotations

import ast

from autograder.authoring.slips.slip_phrases import SPOKEN, TO_DO, Change, differ, last_name, same


def assigned(change: Change) -> str:
    """Overwritten instead of added to, or the reverse."""
    old, new = change.old, change.new
    if isinstance(old, ast.AugAssign) and isinstance(new, ast.Assign) and same(old.value, new.value):
        what = change.public_name(old.target) or "what is there"
        return f"{what} is overwritten, nothing is {TO_DO[type(old.op)]} (an = without the operator before it)"
    if isinstance(old, ast.Assign) and isinstance(new, ast.AugAssign):
        return "something is added to what is there, which should be replaced"
    return ""


def order(change: Change) -> str:
    """Neighbours of a tuple or of arguments exchanged, or one of them twice."""
    for old, new in reversed(change.path):
        one, other = (_items(node) for node in (old, new))
        if one is None or other is None or len(one) != len(other):
            continue
        changed = [at for at, pair in enumerate(zip(one, other, strict=True)) if differ(*pair)]
        if len(changed) == 2 and same(one[changed[0]], other[changed[1]]) and same(one[changed[1]], other[changed[0]]):
            first, second = (change.say(one[at], "") for at in changed)
            return f"{first} and {second} are exchanged" if first and second else "two neighbours are exchanged"
        if len(changed) == 1 and any(same(other[changed[0]], each) for each in one):
            wrong, right = change.say(other[changed[0]], ""), change.say(one[changed[0]], "")
            return f"{wrong} stands for {right}" if wrong and right and not right.isdigit() else ""
        return ""
    return ""


def cut(change: Change) -> str:
    """A bound or a step of a slice left out or added."""
    old, new = (change.old, change.new) if isinstance(change.old, ast.Slice) else change.around(ast.Slice)
    if not (isinstance(old, ast.Slice) and isinstance(new, ast.Slice)):
        return ""
    if old.step is not None and new.step is None:
        return "a slice takes everything, not every s-th"
    if old.lower is not None and new.lower is None:
        return "a slice begins at the start"
    if old.upper is not None and new.upper is None:
        return "a slice goes on to the end"
    return "a slice begins 1 too late" if old.lower is None and new.lower is not None else ""


def name(change: Change) -> str:
    """One name, or what it is divided by, for another."""
    old, new = change.old, change.new
    kinds = ast.Name | ast.Attribute | ast.Call | ast.Subscript
    if not isinstance(old, kinds) or not isinstance(new, kinds):
        return ""
    wrong, right = change.say(new, ""), change.say(old, "")
    if not wrong or wrong == right:
        return ""
    parent = change.parent
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and same(parent.right, old):
        return f"it is divided by {wrong}, not by {right or 'something else'}"
    return f"{wrong} stands for {right or 'something else'}"


def called(change: Change) -> str:
    """A function left out or exchanged, an argument left out."""
    old, new = change.old, change.new
    if isinstance(old, ast.Attribute) and isinstance(new, ast.Attribute) and same(old.value, new.value):
        wrong, right = SPOKEN.get(new.attr), SPOKEN.get(old.attr)
        return f"the {wrong} is taken, not the {right}" if wrong and right else ""
    if isinstance(old, ast.Attribute) and old.attr == "T" and same(old.value, new):
        return "a transposition is left out"
    if isinstance(change.parent, ast.Call) and change.parent.func is old:
        wrong, right = SPOKEN.get(last_name(new)), SPOKEN.get(last_name(old))
        return f"the {wrong} is taken, not the {right}" if wrong and right else ""
    if not isinstance(old, ast.Call):
        return ""
    if isinstance(new, ast.Call) and len(old.keywords) > len(new.keywords) and same(old.func, new.func):
        gone = {one.arg for one in old.keywords} - {one.arg for one in new.keywords}
        return f"`{gone.pop()}` is not given"
    receiver = old.func.value if isinstance(old.func, ast.Attribute) else None
    if same(new, receiver) or any(same(new, one) for one in old.args):
        plain = last_name(old.func)
        spoken = SPOKEN.get(plain) or (plain if plain in change.public else "")
        return f"the {spoken} is left out" if spoken else ""
    return ""


def lines(change: Change) -> str:
    """A line left out, or lines in another order."""
    old, new = change.old, change.new
    if isinstance(new, ast.Pass):
        return _line_left_out(change, old)
    blocks = [getattr(one, "body", None) for one in (old, new)]
    if all(isinstance(block, list) for block in blocks):
        one, other = ([ast.dump(line) for line in block] for block in blocks)  # type: ignore[union-attr]
        if sorted(one) == sorted(other):
            return "two steps are in the wrong order"
        if len(other) == len(one) + 1 and set(one) == set(other):
            return "a step is done twice"
    return "a loop ends too early or too late" if isinstance(old, ast.Break | ast.Continue) else ""


def _line_left_out(change: Change, line: ast.AST | None) -> str:
    if isinstance(line, ast.Return):
        return "nothing is returned"
    if isinstance(line, ast.AugAssign):
        what = change.public_name(line.target) or "a value"
        return f"{what} is never {'added to' if isinstance(line.op, ast.Add) else 'changed'}"
    if isinstance(line, ast.Assign) and (what := change.public_name(line.targets[0])):
        return f"{what} is not set"
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
        called = last_name(line.value.func)
        return f"the call of `{called}` is left out" if called in change.public or called in SPOKEN else ""
    if isinstance(line, ast.If):
        return "a special case is left out"
    return "a loop is left out" if isinstance(line, ast.For | ast.While) else ""


def _items(node: ast.AST | None) -> list[ast.expr] | None:
    return node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple | ast.List) else None
