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
import sys
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

import numpy as np

from . import targets
from .operands import INDICES, dictionaries, holders, is_array, is_indices, named, own, shapes

# What a line of an error has room for; a name may be as long as student code likes.
MOST = 4  # things that are told
KEYS = 8  # of a dictionary
MAX_SHOWN = 40  # characters of a number or a name
ABOUT_DTYPES = ("dtype", "scalar type", "Double", "Long", "ufunc '", "casting", "not implemented for '")
MADE = re.compile(r"(\w+)\.__init__\(\) (takes|missing)")
LACKS = re.compile(r"Missing key\(s\) in state_dict: (.*)")
DETACHED = "does not require grad"
# What libraries say of mistakes that have one cause, and that cause.
CAUSES = {
    DETACHED: "is something on the way to it detached (detach, item, data), or computed without gradients (no_grad)?",
    "target with class probabilities": "its scores have the shape of its labels, where they have one axis more",
    r"log_softmax\w*\W+not implemented for '(Long|Int)'": "its scores are whole numbers: are they labels?",
    "inhomogeneous shape": "its entries have other lengths: they can be joined in a row, not stacked",
    "as a data type": "a second argument is taken for a dtype: a shape of several axes is a tuple",
}
PLAIN = (str, int, float, bool)
NUMBERS = (bool, int, float, np.integer, np.floating)
# Of these the text says it all, or the line is not what is wrong.
QUIET = (AssertionError, SyntaxError, ImportError, MemoryError)


def advice(error: BaseException, folder: Path) -> str:
    """Say what was there, or nothing where the student's own words, or a library far from their line, say it all."""
    trace = _last_own(error.__traceback__, folder)
    if trace is None or isinstance(error, QUIET) or targets.is_open(error):
        return ""
    nodes = _nodes(trace)
    if not nodes:
        return ""
    if any(isinstance(node, ast.Raise) for node in nodes):
        return ", ".join([*_counted(trace, error)][:MOST])
    match error:
        case UnboundLocalError():
            return "it is set in lines only that have not been run"
        case NameError():
            frame = trace.tb_frame
            return _meant(str(error.name), {*frame.f_locals, *frame.f_globals, *vars(builtins)})
        case _ if exchanged := _exchanged(trace.tb_frame):
            return exchanged
        case AttributeError():
            return _attribute(error, trace.tb_frame, nodes)
    if made := MADE.match(str(error)):
        return f"{made[1]} is a class: its parentheses take what makes an object, which is then called"
    known = dict(named(nodes, trace.tb_frame))
    told = [
        f"{name} {said}{_source(name, value, trace.tb_frame)}"
        for name, value in known.items()
        if (said := _said(value, error))
    ]
    if isinstance(error, KeyError):
        told += _keys(error, nodes, known)
    if missing := LACKS.search(str(error)):
        told = [*holders({*re.findall(r'"(.+?)"', missing[1])}, known)]
    inner = [*shapes(nodes, known)] if isinstance(error, RuntimeError | ValueError | IndexError) else []
    return "; ".join(filter(None, (", ".join([*inner, *told][:MOST]), _cause(str(error)))))


def _cause(text: str) -> str:
    """What is known to be behind an error of a library."""
    torch = sys.modules.get("torch")
    if DETACHED in text and torch and not torch.is_grad_enabled():
        return "gradients are switched off: set_grad_enabled(False) holds until it is undone"
    return next((cause for pattern, cause in CAUSES.items() if re.search(pattern, text)), "")


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


def _counted(trace: TracebackType, error: BaseException) -> Iterator[str]:
    """Where the student's own line raises, say of what is counted in its condition that it has axes, or is a tuple."""
    frame = trace.tb_frame
    told = {name: value for name, value in frame.f_locals.items() if is_indices(value) or _has_axes(value)}
    if not told:  # as in most: to read the whole file takes longer than a check
        return
    around = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    heads = [one for one in ast.walk(around) if isinstance(one, ast.If)]
    inner = [one for one in heads if one.body[0].lineno <= trace.tb_lineno <= (one.body[-1].end_lineno or 0)]
    for node in ast.walk(max(inner, key=lambda one: one.lineno).test) if inner else ():
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if name in told:
                yield f"{name} {_said(told[name], error)}"


def _has_axes(value: Any) -> bool:
    return is_array(value) and value.ndim > 1


def _attribute(error: AttributeError, frame: FrameType, nodes: list[ast.AST]) -> str:
    """Say what has not the attribute, and what may have been meant."""
    missing, owner = error.name, error.obj
    if missing is None:  # somebody has raised it in words of their own
        return ""
    if kind := _kind(owner):
        asked = [node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == missing]
        name = ast.unparse(asked[0])[:MAX_SHOWN] if asked else ""
        return f"{name} {kind}" + _source(name, owner, frame) if asked else ""
    if isinstance(owner, ModuleType):
        return _meant(missing, set(vars(owner)))
    known = set(own(owner))
    if likely := _meant(missing, known.union(*(vars(one) for one in type(owner).__mro__))):
        return likely
    if "self" in frame.f_locals and frame.f_locals["self"] is owner:
        setters = sorted(_setters(type(owner), missing))
        return f"it is set in {' and '.join(setters)} only" if setters else "no method sets it"
    return ""


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


def _keys(error: KeyError, nodes: list[ast.AST], known: dict[str, Any]) -> Iterator[str]:
    """Say what keys there are where one is missing, and which other entry has it."""
    for name, one in dictionaries(nodes, known).items():
        # Of these kinds alone: `repr` of another would be the student's.
        keys = [repr(key)[:MAX_SHOWN] for key in one if type(key) in PLAIN]
        if keys and error.args[0] not in one:
            yield f"{name} has the keys {', '.join(keys[:KEYS])}"
    yield from holders({*error.args}, known)


def _source(name: str, value: Any, frame: FrameType) -> str:
    """Of what is None: which function of the same module has made it, and returns nothing."""
    if value is not None:
        return ""
    around = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    functions = {one.name: one for one in around.body if isinstance(one, ast.FunctionDef)}
    first = frame.f_code.co_firstlineno
    for node in (inner for one in ast.walk(around) if getattr(one, "lineno", 0) == first for inner in ast.walk(one)):
        match node:
            case ast.Assign(targets=[ast.Name(id=set_name)], value=ast.Call(func=ast.Name(id=made))) if (
                set_name == name and made in functions
            ):
                inside = [*ast.walk(functions[made])]
                if not any(isinstance(one, ast.Yield) or (isinstance(one, ast.Return) and one.value) for one in inside):
                    return f": {made} ends without return"
    return ""


def _exchanged(frame: FrameType) -> str:
    """Say which two arguments of a function were given in each other's place, by what is written at them."""
    function = frame.f_globals.get(frame.f_code.co_name)
    if not isinstance(function, FunctionType) or function.__code__ is not frame.f_code:
        return ""
    hints: dict[str, Any] = {name: typing.get_origin(kind) or kind for name, kind in function.__annotations__.items()}
    kinds: dict[str, type] = {
        name: kind for name, kind in hints.items() if type(kind) is type and not getattr(kind, "_is_protocol", False)
    }
    for one, other in itertools.combinations([name for name in kinds if name in frame.f_locals], 2):
        is_a = [[isinstance(frame.f_locals[name], kinds[kind]) for kind in (one, other)] for name in (one, other)]
        if is_a == [[False, True], [True, False]]:
            return f"{one} and {other} are exchanged"
    return ""


def _said(value: Any, error: BaseException) -> str:
    """What matters of a value to an exception of this kind."""
    if isinstance(error, ZeroDivisionError):
        return f"is {value}"[:MAX_SHOWN] if isinstance(value, NUMBERS) else ""
    if is_array(value):
        dtype = str(value.dtype).removeprefix("torch.")
        about = any(word in str(error) for word in ABOUT_DTYPES)
        return f"of shape {tuple(value.shape)}" + (f" and dtype {dtype}" if about else "")
    if isinstance(error, IndexError) and isinstance(value, int | np.integer):
        return f"is {value}"[:MAX_SHOWN]
    if is_indices(value):
        return f"is {INDICES}"
    return _kind(value) if isinstance(error, TypeError) else ""


def _kind(value: Any) -> str:
    """What a value is, where it is nothing that a function of arrays takes."""
    if value is None:
        return "is None"
    if isinstance(value, NUMBERS):
        return f"is the number {value}"[:MAX_SHOWN]
    if type(value) in (list, tuple, dict):
        return f"is a {type(value).__name__} of {len(value)}"
    if isinstance(value, PurePath):
        return "is a path, nothing that was read from it"
    if isinstance(value, type):
        return f"is the class {value.__name__[:MAX_SHOWN]}, none of its objects"
    return ""
