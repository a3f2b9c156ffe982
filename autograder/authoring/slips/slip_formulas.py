"""What is said of slips within a formula: another operator, operand, sign, number or limit."""

from __future__ import annotations

import ast

from autograder.authoring.slips.slip_phrases import DONE, NOUNS, SPOKEN, TO_DO, UNDONE, Change, last_name, same

AXES = {"axis", "dim", "start_dim", "end_dim"}
REDUCTIONS = {"sum", "mean", "max", "min", "argmax", "softmax", "flip"}
ORDINALS = ("first", "second", "third", "fourth")


def operator(change: Change) -> str:
    """Another operator: found in the node around it."""
    old, new = change.around(ast.operator)
    if isinstance(old, ast.BinOp) and isinstance(new, ast.BinOp):
        right = old.right
    elif isinstance(old, ast.AugAssign) and isinstance(new, ast.AugAssign):
        right = old.value
    else:
        return ""
    return f"{DONE[type(new.op)].format(change.say(right))}, not {TO_DO[type(old.op)]}"


def operands(change: Change) -> str:
    """One operand left out, or both exchanged."""
    old, new = change.old, change.new
    if not isinstance(old, ast.BinOp):
        return ""
    noun, kind = NOUNS[type(old.op)], type(old.op)
    if same(new, old.left):
        return UNDONE[kind].format(change.say(old.right))
    if same(new, old.right):
        if isinstance(old.op, ast.Add | ast.Mult):
            return UNDONE[kind].format(change.say(old.left))
        return f"of a {noun} only {change.say(old.right)} is left"
    if isinstance(new, ast.BinOp) and same(old.left, new.right) and same(old.right, new.left):
        return f"the two sides of a {noun} are exchanged"
    if not isinstance(new, ast.BinOp) or not isinstance(new.left, ast.BinOp | ast.Call):
        return ""
    return "parentheses are missing or stand elsewhere" if _leaves(old) == _leaves(new) else ""


def sign(change: Change) -> str:
    """Another sign, a condition turned round."""
    old, new = change.old, change.new
    if isinstance(old, ast.UnaryOp) and same(old.operand, new):
        return "a minus sign is missing" if isinstance(old.op, ast.USub) else "a condition is the opposite"
    if not isinstance(new, ast.UnaryOp) or not same(new.operand, old):
        return ""
    if not isinstance(new.op, ast.USub):
        return "a condition is the opposite"
    parent = change.parent
    power = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and same(parent.right, old)
    return f"{'the exponent ' if power else ''}{change.say(old)} has the wrong sign"


def more(change: Change) -> str:
    """Something done to an operand that should stay as it is."""
    old, new = change.old, change.new
    what = change.say(old)
    if not isinstance(new, ast.BinOp):
        return ""
    if isinstance(new.left, ast.Constant) and same(new.right, old):
        return f"1 {'over' if isinstance(new.op, ast.Div) else 'minus'} {what} stands where {what} should"
    if not isinstance(new.right, ast.Constant) or not same(new.left, old):
        return ""
    number = ast.unparse(new.right)
    if isinstance(new.op, ast.Pow):
        return f"{what} is squared" if number == "2" else f"the root of {what} is taken"
    if not isinstance(new.op, ast.Add | ast.Sub):
        return f"{what} is {'doubled' if isinstance(new.op, ast.Mult) else 'halved'}"
    up, parent = isinstance(new.op, ast.Add), change.parent
    if isinstance(parent, ast.Call) and last_name(parent.func) == "range":
        return f"a loop runs once too {'often' if up else 'few'}"
    if isinstance(parent, ast.Slice):
        return f"a slice {'begins' if same(parent.lower, old) else 'ends'} {number} too {'late' if up else 'early'}"
    return f"{what} is {number} too {'large' if up else 'small'}"


def compared(change: Change) -> str:
    """A limit, a direction, a condition."""
    if isinstance(change.old, ast.cmpop) and isinstance(change.new, ast.cmpop):
        old, new = type(change.old).__name__, type(change.new).__name__
        if {old, new} in ({"Lt", "LtE"}, {"Gt", "GtE"}):
            return f"equal values {'count' if 'E' in new else 'do not count'} in a comparison"
        return f"a {'comparison' if old not in ('Eq', 'NotEq') else 'condition'} is the wrong way round"
    if isinstance(change.old, ast.boolop) and isinstance(change.new, ast.boolop):
        return "and stands for or" if isinstance(change.new, ast.And) else "or stands for and"
    return ""


def number(change: Change) -> str:
    """A number, an axis, a switch; which one is right is not said."""
    old, new = change.old, change.new
    if not (isinstance(old, ast.Constant) and isinstance(new, ast.Constant)):
        return ""
    keyword = next((one.arg for one, _ in change.path if isinstance(one, ast.keyword)), None)
    if isinstance(old.value, bool):
        switch = "True" if new.value else "False"
        return f"`{keyword}` is {switch}" if keyword else f"something is {switch} that should not be"
    if not isinstance(old.value, int | float) or not isinstance(new.value, int | float):
        return ""
    calls = [one for one, _ in change.path if isinstance(one, ast.Call)]
    if calls and (keyword in AXES or (last_name(calls[-1].func) in REDUCTIONS and old in calls[-1].args)):
        noun = SPOKEN.get(last_name(calls[-1].func), "operation")
        return f"the {noun} goes over axis {new.value}, not {old.value}"
    size = _size(old.value, new.value)
    parent = change.parent
    if isinstance(parent, ast.BinOp) and same(parent.right, old):
        return f"{DONE[type(parent.op)].format(new.value)}, which is {size}"
    if isinstance(parent, ast.List | ast.Tuple) and old in parent.elts[: len(ORDINALS)]:
        entry = f"the {ORDINALS[parent.elts.index(old)]} of {f'`{keyword}`' if keyword else 'several numbers'}"
        return f"{entry} is {size}"
    index = any(isinstance(one, ast.Subscript) for one, _ in change.path[-3:])
    return f"{'an index' if index else f'`{keyword}`' if keyword in change.public else 'a number'} is {size}"


def _size(old: float, new: float) -> str:
    if new == 0:
        return "0"
    if new == -old:
        return "of the wrong sign"
    return f"{abs(new - old):g} too {'large' if new > old else 'small'}"


def _leaves(node: ast.AST) -> list[str]:
    return sorted(ast.dump(one) for one in ast.walk(node) if isinstance(one, ast.Name | ast.Constant | ast.operator))
