"""What stood on a line: names, what is left of an array over an axis, entries of dictionaries.

Nothing of the student's is called for it: names are looked up, arrays say their shape, dictionaries their keys.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Set
from types import FrameType
from typing import Any

import numpy as np

REDUCING = ("argmax", "argmin", "max", "min", "amax", "amin", "sum", "mean", "prod", "any", "all", "std", "var")
# Where a torch module keeps what looks like attributes.
KEPT = ("_buffers", "_parameters", "_modules")
INDICES = "a tuple of one array, as of np.where without [0]"


def named(nodes: list[ast.AST], frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The names, and attributes of self, in some piece of a program, with their values."""
    inner = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in frame.f_locals and (node not in inner or node.id != "self"):
            yield node.id, frame.f_locals[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            attributes = own(frame.f_locals.get("self"))
            if node.attr in attributes:
                yield f"self.{node.attr}", attributes[node.attr]


def own(owner: Any) -> dict[str, Any]:
    """The attributes of an object, those among them that a torch module keeps elsewhere."""
    there: dict[str, Any] = getattr(owner, "__dict__", {})
    apart = (there[kept] for kept in KEPT if isinstance(there.get(kept), dict))  # else a layer's own
    return there | {name: one for those in apart for name, one in those.items()}


def shapes(nodes: list[ast.AST], known: Mapping[str, Any]) -> Iterator[str]:
    """Say which shapes arrays have that are made within a line: by an axis that goes, by labels that choose rows."""
    for node in nodes:
        if isinstance(node, ast.Subscript):
            array: Any = known.get(ast.unparse(node.value))
            index: Any = known.get(ast.unparse(node.slice))
            if is_array(array) and is_array(index) and "int" in str(index.dtype):
                yield f"{ast.unparse(node)} of shape {(*index.shape, *array.shape[1:])}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REDUCING:
            name = ast.unparse(node.func.value)
            axis, shape = _axis(node), tuple(known[name].shape) if is_array(known.get(name)) else ()
            if 0 <= axis < len(shape):
                yield f"{node.func.attr} over axis {axis} of {name} leaves {shape[:axis] + shape[axis + 1 :]}"


def _axis(call: ast.Call) -> int:
    """The axis that a call names, and nothing else; -1 where it does not."""
    given = [*call.args, *(word.value for word in call.keywords if word.arg in ("dim", "axis"))]
    alone = len(given) == len(call.args) + len(call.keywords) == 1
    number = given[0].value if alone and isinstance(given[0], ast.Constant) else None
    return number if type(number) is int else -1


def dictionaries(nodes: list[ast.AST], known: Mapping[str, Any]) -> dict[str, Mapping[Any, Any]]:
    """The dictionaries of a line: of one of which an entry is taken, that entry where it is one itself."""
    entries, taken = {}, set()
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            name = ast.unparse(node.value)
            if is_dictionary(known.get(name)) and is_dictionary(known[name].get(node.slice.value)):
                entries[ast.unparse(node)] = known[name][node.slice.value]
                taken.add(name)
    return {name: one for name, one in known.items() if is_dictionary(one) and name not in taken} | entries


def holders(keys: Set[Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Say which entries of the dictionaries of a line have these keys themselves."""
    for name, one in known.items():
        for key, entry in one.items() if is_dictionary(one) and keys else ():
            if type(key) is str and is_dictionary(entry) and keys <= entry.keys():
                yield f"{name}[{key!r}] has {'it' if len(keys) == 1 else 'them'}"


def is_indices(value: Any) -> bool:
    """Whether a value is what np.where, torch.where or nonzero gives for a single axis: a tuple of one array."""
    return type(value) is tuple and len(value) == 1 and is_array(value[0])


def is_dictionary(value: Any) -> bool:
    """Whether a value is a dictionary, or the ordered one that a state_dict is, and none that somebody has derived."""
    return type(value) in (dict, OrderedDict)


def is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor, and none that somebody has derived from one."""
    return type(value) is np.ndarray or (type(value).__module__, type(value).__name__) == ("torch", "Tensor")
