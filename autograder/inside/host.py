"""Does to the student's code what the grader asks: call, construct, read and set attributes.

The same `Host` works in both places: in the box it answers messages, in `make test` it is called directly, so that
dtypes, tuples and in-place edits behave alike.

Requests are dictionaries with the key `do`:
    import   modules                         -> None
    call     target, args, kwargs, keep      -> the value
    get      on, name, keep                  -> an attribute; dots and indices lead further: "modules.0.weight"
    set      on, values                      -> None
    hold     value, layout, keep             -> None; the value is laid out in memory as asked
    name     target, keep                    -> None; a function itself, for a probe to call it
    fetch    on                              -> the value itself
    adapt    home, paths, table, code, missing -> None; code below `home` is of another handout: `inside.adapted`

Where `keep` is a number, the value stays here under it, for a Reference to name it later, and None is returned.

A target is "package.module:Name.attribute", or a Reference followed by a method's name. Targets that begin with
"probe:" or another key of PROBES are the grader's own small layers, models, loaders and counters, which live here
because student code calls them, or is called by them.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import advice, not_python, surroundings, targets
from .adapted import Adapter
from .probes.step_probes import follow_threads
from .wire import MAX_DEPTH, Opaque, Reference, Seed, Tensor

PROBES = {
    "probe": "layer_probes",
    "step-probe": "step_probes",
    "torch-probe": "training_probes",
    "model-probe": "model_probes",
    "loss-probe": "loss_probes",
    "autograd-probe": "autograd_probes",
    "checkpoint-probe": "checkpoint_probes",
}
NO_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # a RuntimeError of torch
# In ASCII 12 of the 64 KB that a header may have; where other letters take more, `serve` says that it is too large.
MAX_WARNINGS = 5
MAX_TEXT = 2000  # characters of a student's text in one answer


class _Warnings(contextlib.ExitStack):
    """Hears what is warned of, request by request; starts again where student code has changed who hears it."""

    _caught: list[warnings.WarningMessage]
    _state: tuple[Any, ...] = ()

    def anew(self) -> None:
        """Forget what was heard, and hear what comes; to start again takes as long as a small layer."""
        if self._state != (warnings.showwarning, id(warnings.filters), [*warnings.filters]):
            self.close()
            self._caught = self.enter_context(warnings.catch_warnings(record=True))
            # By default Python says a warning once a place: a later check would not see it.
            warnings.simplefilter("always")
            self._state = warnings.showwarning, id(warnings.filters), [*warnings.filters]
        self._caught.clear()

    def texts(self) -> list[str]:
        """Each once: a loop says the same a thousand times."""
        found = (f"{item.category.__name__}: {item.message}" for item in self._caught)
        return [text[:MAX_TEXT] for text in dict.fromkeys(found)][:MAX_WARNINGS]


class Host:
    """The objects of one student, and what may be done to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects: dict[int, Any] = {}
        self._called: dict[int, str] = {}  # the method of each that was called last
        self.warnings: list[str] = []
        self._adapter: Adapter | None = None
        follow_threads()

    def perform(self, request: dict[str, Any]) -> Any:
        """Do what a request asks and return its value; whatever the student's code raises comes through."""
        with _Warnings() as heard:
            return self._perform(request, heard)

    def answer(self, requests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Do what requests ask, one after the other, and yield a reply to each that wants one, and to the last.

        Whatever is raised ends them, and is the reply in place of the next one.
        """
        with _Warnings() as heard:
            for place, request in enumerate(requests, start=1):
                try:
                    value = self._perform(request, heard)
                except BaseException as error:  # student code may raise anything, SystemExit included
                    yield {"error": _described(error, self.folder), "warnings": self.warnings}
                    return
                if wants_reply(request) or place == len(requests):
                    yield {"value": value, "warnings": self.warnings}

    def _perform(self, request: dict[str, Any], heard: _Warnings) -> Any:
        self.warnings = []
        heard.anew()
        # A copy, as `make test` gives its own. By name: requests come from the trusted side alone.
        request = dict(request)
        action: Callable[..., Any] = getattr(self, f"_{request.pop('do')}")
        try:
            return action(**request)
        finally:
            self.warnings = heard.texts()

    # What can be asked for.

    def _adapt(self, home: str, **how: Any) -> None:
        self.folder = self.folder / home
        self._adapter = Adapter(self.folder, **how)

    def _import(self, modules: list[str]) -> None:
        for module in modules:
            if self._adapter is not None:
                self._adapter.open(module)
            else:
                targets.module(module, self.folder)

    def _call(self, target: Any, args: Any, kwargs: dict[str, Any], keep: int | None) -> Any:
        function = self._find(target)
        opened = {name: self._open(arg) for name, arg in kwargs.items()}
        return self._result(targets.call(function, [self._open(arg) for arg in args], opened, self.folder), keep)

    def _get(self, on: Reference, name: str, keep: int | None) -> Any:
        return self._result(self._walk(self._objects[on.number], name, self._called.get(on.number, "")), keep)

    def _set(self, on: Reference, values: dict[str, Any]) -> None:
        for path, value in values.items():
            *steps, name = path.split(".")
            targets.assign(self._walk(self._objects[on.number], ".".join(steps)), name, self._open(value), self.folder)

    def _hold(self, value: Any, layout: str, keep: int) -> None:
        opened = self._open(value)
        self._objects[keep] = opened if layout == "plain" else LAYOUTS[layout](opened)

    def _name(self, target: str, keep: int) -> None:
        self._objects[keep] = self._find(target)

    def _fetch(self, on: Reference) -> Any:
        return self._close(self._objects[on.number])

    # How values pass.

    def _find(self, target: Any) -> Any:
        if isinstance(target, list | tuple):
            reference, name = target
            found = self._walk(self._objects[reference.number], name)
            self._called[reference.number] = name
            return found
        module, _, name = target.partition(":")
        if module in PROBES:
            return self._walk(importlib.import_module(f".probes.{PROBES[module]}", __package__), name)
        if self._adapter is not None:
            return self._adapter.find(target)
        return self._walk(targets.module(module, self.folder), name)

    def _walk(self, value: Any, path: str, after: str = "") -> Any:
        for name in filter(None, path.split(".")):
            value = targets.step(value, name, self.folder, after)
        return value

    def _result(self, value: Any, keep: int | None) -> Any:
        if keep is None:
            return self._close(value)
        self._objects[keep] = value
        return None

    def _open(self, value: Any) -> Any:
        """Turn what came over the wire into what student code gets."""
        match value:
            case Reference(number):
                return self._objects[number]
            case Seed(number):
                return np.random.default_rng(number)
            case Tensor(array, dtype):
                torch = sys.modules["torch"]
                # from_numpy shares memory: without the box, that is the check's own array.
                return torch.from_numpy(array.copy()).to(getattr(torch, dtype))
            case list() | tuple():
                return type(value)(self._open(item) for item in value)
            case dict():
                return {key: self._open(item) for key, item in value.items()}
        return value

    def _close(self, value: Any, depth: int = 0) -> Any:
        """Turn what student code returned into what may go over the wire."""
        if depth > MAX_DEPTH:
            return Opaque("a value nested too deeply")
        if _is_tensor(value):
            # Autograd keeps to one process, and NumPy takes nothing that it follows.
            plain = value.detach().cpu()
            dtype = str(value.dtype).removeprefix("torch.")
            # NumPy has no bfloat16; float32 holds each of its values exactly.
            return Tensor((plain.float() if dtype == "bfloat16" else plain).numpy(), dtype)
        if isinstance(value, list | tuple):
            return (list if isinstance(value, list) else tuple)(self._close(item, depth + 1) for item in value)
        if isinstance(value, dict):
            return {key: self._close(item, depth + 1) for key, item in value.items()}
        return value


def wants_reply(request: dict[str, Any]) -> bool:
    """Whether a request asks for a value; of the others one hears only what they raise."""
    return request["do"] != "set" and request.get("keep") is None


def _is_tensor(value: object) -> bool:
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return isinstance(kind, type) and isinstance(value, kind)  # something else may stand in for torch


def _strided(array: np.ndarray) -> np.ndarray:
    """The same values, every second one of a larger array along the last axis, filled with NaN between."""
    # NaN, so that whoever reads past the strides shows it.
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _readonly(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "strided": _strided,
    "fortran": np.asfortranarray,
    "readonly": _readonly,
}


def describe(error: BaseException, folder: Path) -> dict[str, Any]:
    """Tell an exception in plain values: type, text, the student's file, line and function where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if targets.is_own(frame.filename, folder)]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno} in {own[-1].name}" if own else ""
    kind, text, lacking = _type(error), _text(error), ""
    if isinstance(error, SyntaxError) and not error.filename and (other := not_python.in_folder(folder)):
        kind, text = "", other
    elif isinstance(error, SyntaxError) and error.filename and targets.is_own(error.filename, folder):
        where, text = f"{Path(error.filename).name}:{error.lineno}", error.msg
        if other := not_python.instead_of_python(error.filename):
            kind, text, where = "", other, ""
    elif isinstance(error, targets.Mismatch):
        kind, where = "", error.where
    elif sentence := targets.unimportable(error, folder):
        kind, text = "", sentence
    elif isinstance(error, KeyError) and targets.is_ours(error):  # of ours, which says nothing to others
        kind, text = "", "what is asked for is not there"
    elif lacking := surroundings.lacking(error, text):
        kind, text = "", lacking
    else:
        with contextlib.suppress(Exception):  # whatever the student's names stand for
            if told := advice.advice(error, folder):
                text = f"{text.rstrip('. ')}: {told}"
    return {
        # Names, too, are as long as student code makes them.
        "type": kind[:80],
        "text": text[:MAX_TEXT],
        "where": where[:200],
        "unfinished": targets.is_open(error) and not lacking,
        "memory": isinstance(error, MemoryError) or NO_MEMORY in text,
    }


def _described(error: BaseException, folder: Path) -> dict[str, Any]:
    """Describe an exception, whatever its class does to whoever looks at it."""
    try:
        return describe(error, folder)
    except Exception:  # a student's metaclass may raise as well
        plain = {"type": "Exception", "text": "it cannot be described", "where": ""}
        return {**plain, "unfinished": False, "memory": False}


def _type(error: BaseException) -> str:
    """Name its class; ValueError first where it is a kind of that, which is as good where that is asked for."""
    name = type(error).__name__
    return f"ValueError ({name})" if isinstance(error, ValueError) and name != "ValueError" else name


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a student's __str__ may raise as well
        return "its text cannot be read"
