"""A check's requests as a short program that repeats them on the student's code, without the grader in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.classroom.witness import Asked
from autograder.inside.host import PROBES
from autograder.inside.wire import Reference, Seed, Tensor

ARRAYS, CODE = "case.npz", "code"
HEAD = '''"""Repeats {check} on the code in {code}, which runs here without the box: look at it first."""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "{code}"))
case = np.load(HERE / "{arrays}")
'''
LAYOUTS = {  # as the box lays them out
    "fortran": "np.asfortranarray({0})",
    "readonly": "np.broadcast_to({0}, {0}.shape)",
    "strided": "np.insert({0}, range(1, {0}.shape[-1] + 1), np.nan, axis=-1)[..., ::2]",
}
FOUND = 'found = locals().get("found")\nprint("found", found)'
EXPECTED = """expected = case["expected"]
print("expected", expected)
if expected.size and np.shape(found) == expected.shape:
    found = np.asarray(found.detach() if hasattr(found, "detach") else found)
    at = np.unravel_index(np.abs(np.subtract(found, expected, dtype=float)).argmax(), expected.shape)
    print(f"furthest apart at {list(map(int, at))}: found {found[at]}, expected {expected[at]}")"""


class Script:
    """Writes calls as Python, and collects the arrays that they need.

    Args:
        code: where the submission's code lies, seen from the script.

    Attributes:
        arrays: by their names in the file of arrays.
        lines: the calls, in order.
    """

    def __init__(self, code: str = CODE) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.lines: list[str] = []
        self._code = code
        self._imports: dict[str, None] = {}
        self._call = 0

    def write(self, check: str, asked: Sequence[Asked], expected: bool) -> str:
        """Write the program; it ends with what it got beside what was expected, where that is in the file."""
        self.lines = [self._line(one) for one in asked]
        end = ["", FOUND, EXPECTED] if expected else ["", FOUND]
        head = HEAD.format(check=check, code=self._code, arrays=ARRAYS)
        return "\n".join([head, *sorted(self._imports), "", *self.lines, *end]) + "\n"

    def _line(self, one: Asked) -> str:
        """Write one call."""
        self._call += 1
        request, keep = one.request, one.request.get("keep")
        name = "found" if keep is None else f"object_{keep}"
        match request["do"]:
            case "call":
                arguments = [self._value(arg) for arg in request["args"]]
                arguments += [f"{key}={self._value(arg)}" for key, arg in request["kwargs"].items()]
                text = f"{name} = {self._target(request['target'])}({', '.join(arguments)})"
            case "name":
                text = f"{name} = {self._target(request['target'])}"
            case "hold":
                value = LAYOUTS.get(request["layout"], "{0}").format(self._value(request["value"]))
                text = f"{name} = {value}"
            case "set":
                on, values = request["on"], request["values"].items()
                text = "\n".join(f"{_path(on, path)} = {self._value(value)}" for path, value in values)
            case "get":
                text = f"{name} = {_path(request['on'], request['name'])}"
            case _:
                text = f"{name} = object_{request['on'].number}"
        return text

    def _target(self, target: Any) -> str:
        if isinstance(target, list | tuple):
            return _path(*target)
        module, _, name = target.partition(":")
        full = f"autograder.inside.probes.{PROBES[module]}" if module in PROBES else module
        self._imports[f"import {full}"] = None
        return f"{full}.{name}"

    def _value(self, value: Any) -> str:
        match value:
            case Reference(number):
                return f"object_{number}"
            case Seed(number):
                return f"np.random.default_rng({number})"
            case Tensor(array, dtype):
                self._imports["import torch"] = None
                return f"torch.from_numpy({self._array(array)}.copy()).to(torch.{dtype})"
            case np.ndarray():
                return f"{self._array(value)}.copy()"
            case np.generic():
                return repr(value.item())
            case list():
                return f"[{', '.join(map(self._value, value))}]"
            case tuple():
                return f"({''.join(f'{self._value(item)}, ' for item in value)})"
            case dict():
                return "{" + ", ".join(f"{key!r}: {self._value(item)}" for key, item in value.items()) + "}"
        return repr(value)

    def _array(self, array: np.ndarray) -> str:
        name = f"call_{self._call}_{sum(key.startswith(f'call_{self._call}_') for key in self.arrays)}"
        self.arrays[name] = np.asarray(array)
        return f'case["{name}"]'


def _path(on: Reference, path: str) -> str:
    """An attribute of an attribute, or an entry of one: "modules.0.weight"."""
    return f"object_{on.number}." + re.sub(r"\.(\d+)", r"[\1]", path)
