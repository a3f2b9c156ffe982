"""What cannot be meant in a declaration, each told in one sentence that names the file."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.drawn import NAME
from autograder.errors import RubricError

RECORDED = "recorded"  # stands in a handout for a line of PyTorch
WORD = re.compile(r"\W")  # what the line of PyTorch cannot have in a name
TARGET = re.compile(r"[\w.-]+:[\w.]+")
KNOWN = ("torch", "nn", "F", "math", "run", "training")  # to every line of PyTorch


def expect_none(own: Declaration, rows: Collection[str], kinds: Collection[str]) -> None:
    """Pass a declaration that can be meant.

    Raises:
        RubricError: if it cannot.
    """
    if own.counterpart and own.counterpart.recorded:
        return  # in a handout, which has no line of PyTorch: it was looked at where that was made
    for fault in (*_names(own, own.package.partition(".checks.")[0]), *_kinds(rows, kinds)):
        raise RubricError(f"{own.place}: {fault}")


def spoken(line: str, args: Iterable[Any]) -> list[str]:
    """The names that arguments and the line of PyTorch speak of: axes of no input, such as the size of a result."""
    named = dict.fromkeys(name for term in _texts(args) for name in NAME.findall(term))
    if line == RECORDED:
        return [name for name in named if not name.islower()]
    return [name for name in named if name in _free(line)]


def _names(own: Declaration, course: str) -> Iterator[str]:
    if not TARGET.fullmatch(own.target):
        yield f"it is of {own.target!r}, expected a module and a name: layers.norm:LayerNorm"
    arrays = {**own.inputs, **own.parameters, **own.buffers}
    numbers = [*own.plan.axes, *own.plan.options]
    line = own.counterpart.line if own.counterpart else ""
    if fault := _syntax(line):
        yield f"the line of PyTorch is no expression: {fault}"
    known = {*KNOWN, *numbers, *(WORD.sub("_", name) for name in arrays), *dir(builtins)}
    for name in sorted(_free(line) - known):
        if not _is_module(f"{course}.oracles.{name}"):
            yield f"the line of PyTorch speaks of {name}, expected {_listed([*arrays, *numbers])} or a file of oracles/"
    if len(arrays) < len(own.inputs) + len(own.parameters) + len(own.buffers):
        yield "one name stands for two arrays, expected a name for each"
    outputs = [array for array in own.outputs.values() if array is not None]
    terms = {text: None for array in (*arrays.values(), *outputs) for text in (*array.axes, array.below) if text}
    for text in terms:
        if fault := _syntax(text.removeprefix("*")):
            yield f"the axis {text!r} is no term: {fault}"
    for name, lengths in own.plan.axes.items():
        if lengths is not None and not len(lengths) and not own.cases:
            yield f"axes give no length for {name}, expected at least one"
    for name in own.plan.axes:
        if name not in _words([*terms, line, *_texts(own.args), *_texts(own.plan.options.values())]):
            yield f"axes speak of {name}, which nothing else speaks of: {_listed(numbers)} are known"
    for term in _texts(own.args):
        unknown = [name for name in NAME.findall(term) if name not in {*numbers, *arrays}]
        if unknown and not term.islower():
            yield f"args speak of {unknown[0]}, expected {_listed([*numbers, *own.inputs])}"
    for name in (*_texts(own.call), *own.draws):
        if name not in arrays:
            yield f"call and draws speak of {name}, expected {_listed([*arrays])}"
    if own.start and own.start not in own.outputs:
        yield f"start is {own.start}, expected an output: {_listed([*own.outputs])}"
    for name, array in own.inputs.items():
        if "optional" in array.words and array.real:
            yield f"{name} is optional and has a gradient, expected it to be constant, bool, or whole numbers"
    if own.plain and own.random:
        yield "a function draws random numbers, expected a layer, or a check of its own with @check"


def _kinds(rows: Collection[str], kinds: Collection[str]) -> Iterator[str]:
    for name in rows:
        if name not in kinds:
            yield f"rows speak of {name}, expected {_listed([*kinds])}"


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # nor is there a package of oracles
        return False


def _syntax(text: str) -> str:
    try:
        ast.parse(text.strip() or "0", mode="eval")
    except SyntaxError as error:
        return error.msg
    return ""


def _free(line: str) -> frozenset[str]:
    """The names of an expression that it does not bind itself."""
    if _syntax(line):
        return frozenset()
    nodes = [*ast.walk(ast.parse(line.strip() or "0", mode="eval"))]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name)) - bound


def _texts(value: Any) -> list[str]:
    """All texts in tuples, lists and tables, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return _texts([*value.values()])
    return [text for one in value for text in _texts(one)] if isinstance(value, Iterable) else []


def _words(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in NAME.findall(text)}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "nothing"
