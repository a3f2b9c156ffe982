"""What stood where an exception arose: shapes, kinds and numbers of what its line names, and names like a missing one.

"matmul: Input operand 1 has a mismatch" says nothing of which arrays met, and "'NoneType' object has no attribute
'step'" not what is None. Nothing of the student's is called for it: names are looked up, arrays say their shape.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import dis
import itertools
import linecache
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

import numpy as np

from . import targets

# What a line of an error has room for; a name may be as long as student code likes.
MOST = 4  # things that are told
KEYS = 8  # of a dictionary
MAX_SHOWN = 40  # characters of a number or a name
ABOUT_DTYPES = ("dtype", "scalar type", "Double", "Long", "ufunc '", "casting")
MADE = re.compile(r"(\w+)\.__init__\(\) (takes|missing)")
PLAIN = (str, int, float, bool)
NUMBERS = (bool, int, float, np.integer, np.floating)
# Where a torch module keeps what looks like attributes.
KEPT = ("_buffers", "_parameters", "_modules")
# Of these the text says it all, or the line is not what is wrong.
QUIET = (NotImplementedError, AssertionError, SyntaxError, ImportError, MemoryError)


def advice(error: BaseException, folder: Path) -> str:
    """Say what was there, or nothing where the student's own words, or a library far from their line, say it all."""
    trace = _last_own(error.__traceback__, folder)
    if trace is None or isinstance(error, QUIET):
        return ""
    nodes = _nodes(trace)
    if not nodes or any(isinstance(node, ast.Raise) for node in nodes):
        return ""
    match error:
        case AttributeError():
            return _attribute(error, trace.tb_frame, nodes)
        case UnboundLocalError():
            return "it is set in lines only that have not been run"
        case NameError():
            frame = trace.tb_frame
            return _meant(str(error.name), {*frame.f_locals, *frame.f_globals, *vars(builtins)})
    if made := MADE.match(str(error)):
        return f"{made[1]} is a class: its parentheses take what makes an object, which is then called"
    known = dict(_named(nodes, trace.tb_frame))
    told = [f"{name} {said}" for name, value in known.items() if (said := _said(value, error))]
    return ", ".join(told[:MOST])


def _last_own(trace: TracebackType | None, folder: Path) -> TracebackType | None:
    """The innermost line of the student's in a traceback."""
    found = None
    while trace is not None:
        if targets.is_own(trace.tb_frame.f_code.co_filename, folder):
            found = trace
        trace = trace.tb_next
    return found


def _nodes(trace: TracebackType) -> list[ast.AST]:
    """The piece of a line that was computed, as a syntax tree; nothing where it cannot be read."""
    code = trace.tb_frame.f_code
    first, last, start, end = next(itertools.islice(code.co_positions(), trace.tb_lasti // 2, None))
    if first is None or last is None or start is None or end is None:
        return []
    lines = [linecache.getline(code.co_filename, number) for number in range(first, last + 1)]
    # Positions count bytes of UTF-8. The last line first: where it is the only one, its end moves with its start.
    lines[-1] = lines[-1].encode()[:end].decode()
    lines[0] = lines[0].encode()[start:].decode()
    try:
        return list(ast.walk(ast.parse(textwrap.dedent("".join(lines)).strip())))
    except SyntaxError:
        return []


def _attribute(error: AttributeError, frame: FrameType, nodes: list[ast.AST]) -> str:
    """Say what has not the attribute, and what may have been meant."""
    missing, owner = error.name, error.obj
    if missing is None:  # somebody has raised it in words of their own
        return ""
    if kind := _kind(owner):
        asked = [node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == missing]
        return f"{ast.unparse(asked[0])[:MAX_SHOWN]} {kind}" if asked else ""
    if isinstance(owner, ModuleType):
        return _meant(missing, set(vars(owner)))
    known = set(_own(owner))
    if likely := _meant(missing, known.union(*(vars(one) for one in type(owner).__mro__))):
        return likely
    if "self" in frame.f_locals and frame.f_locals["self"] is owner:
        setters = sorted(_setters(type(owner), missing))
        return f"it is set in {' and '.join(setters)} only" if setters else "no method sets it"
    return ""


def _own(owner: Any) -> dict[str, Any]:
    """The attributes of an object, those among them that a torch module keeps elsewhere."""
    own: dict[str, Any] = getattr(owner, "__dict__", {})
    return own | {name: one for kept in KEPT for name, one in dict(own.get(kept) or {}).items()}


def _meant(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, [one for one in known if not one.startswith("__")], n=1, cutoff=0.75)
    return f"is {close[0]} meant?" if close else ""


def _setters(kind: type, attribute: str) -> Iterator[str]:
    """The methods of a class that give an attribute of that name a value."""
    for name, method in {name: value for one in kind.__mro__[::-1] for name, value in vars(one).items()}.items():
        if isinstance(method, FunctionType):
            stores = (one for one in dis.get_instructions(method) if one.opname == "STORE_ATTR")
            if any(one.argval == attribute for one in stores):
                yield name


def _named(nodes: list[ast.AST], frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The names, and attributes of self, in some piece of a program, with their values."""
    inner = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in frame.f_locals and (node not in inner or node.id != "self"):
            yield node.id, frame.f_locals[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            own = _own(frame.f_locals.get("self"))
            if node.attr in own:
                yield f"self.{node.attr}", own[node.attr]


def _said(value: Any, error: BaseException) -> str:
    """What matters of a value to an exception of this kind."""
    if isinstance(error, KeyError):
        # Of these kinds alone: `repr` of another would be the student's.
        keys = [repr(key)[:MAX_SHOWN] for key in value if type(key) in PLAIN] if type(value) is dict else []
        return f"has the keys {', '.join(keys[:KEYS])}" if keys else ""
    if isinstance(error, ZeroDivisionError):
        return f"is {value}"[:MAX_SHOWN] if isinstance(value, NUMBERS) else ""
    if _is_array(value):
        dtype = str(value.dtype).removeprefix("torch.")
        about = any(word in str(error) for word in ABOUT_DTYPES)
        return f"of shape {tuple(value.shape)}" + (f" and dtype {dtype}" if about else "")
    if isinstance(error, IndexError) and isinstance(value, int | np.integer):
        return f"is {value}"[:MAX_SHOWN]
    return _kind(value) if isinstance(error, TypeError) else ""


def _kind(value: Any) -> str:
    """What a value is, where it is nothing that a function of arrays takes."""
    if value is None:
        return "is None"
    if isinstance(value, NUMBERS):
        return f"is the number {value}"[:MAX_SHOWN]
    if type(value) in (list, tuple, dict):
        return f"is a {type(value).__name__} of {len(value)}"
    if isinstance(value, type):
        return f"is the class {value.__name__[:MAX_SHOWN]}, none of its objects"
    return ""


def _is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor, and none that somebody has derived from one."""
    return type(value) is np.ndarray or (type(value).__module__, type(value).__name__) == ("torch", "Tensor")
