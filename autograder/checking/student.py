"""The student as the checks see them: one interface, in this process for `make test`, in the box for grading.

    pool = student.new("layers.pooling:Pool", kernel_size=3, stride=1)
    y = pool.forward(x)

Arguments and results are plain values and arrays, copied on the way in and out in both cases. Nothing that comes back
is trusted: it is used only after an `expect_*` of `autograder.checking.expect` has passed it.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from autograder.checking.adaptation import Adaptation
from autograder.diagnosis.fingerprints import Slips
from autograder.diagnosis.known_mistakes import Trace
from autograder.errors import OutOfMemory, StudentRaised, Unfinished
from autograder.inside import wire
from autograder.inside.host import Host, describe
from autograder.inside.targets import Mismatch
from autograder.inside.wire import Reference

# What a module may meet that was written for a newer Python.
NEWER = re.compile(
    r"SyntaxError: |ImportError: cannot import name '\w+' from '({0})'|AttributeError: module '({0})' has no"
    r"|ModuleNotFoundError: No module named '({1})'".format(
        "|".join(sys.stdlib_module_names), r"annotationlib|compression[.\w]*"
    )
)

Target = str | tuple[Reference, str]
MAX_COPIED = 1 << 30  # bytes of arrays that a check and a student in one process hand each other


class Ask(Protocol):
    """Sends one request of `inside.host` and returns its value and the warnings that it caused."""

    def __call__(self, request: dict[str, Any]) -> tuple[object, list[str]]:
        """Raise StudentRaised, Unfinished or WorkerLost instead, where there is no value."""


class Remote:
    """An object that lives on the student's side: `layer.forward(x)` calls its method there.

    `set`, `get` and `fetch` are ours; a student's attribute of such a name is reached through `call`.
    """

    def __init__(self, student: Student, reference: Reference) -> None:
        self._student = student
        self.reference = reference

    def set(self, **values: Any) -> None:
        """Assign attributes, copies of what is given."""
        self._student.ask({"do": "set", "on": self.reference, "values": values})

    def set_at(self, path: str, value: Any) -> None:
        """Assign one attribute that lies deeper: "modules.0.weight"."""
        self._student.ask({"do": "set", "on": self.reference, "values": {path: value}})

    def get(self, path: str) -> object:
        """Read an attribute; dots and indices lead deeper: "modules.0.weight"."""
        return self._student.ask(self.asking(path))

    def get_all(self, paths: Sequence[str]) -> Iterator[object]:
        """Read several attributes, one after the other."""
        return self._student.several([self.asking(path) for path in paths])

    def asking(self, path: str) -> dict[str, Any]:
        """The request that reads an attribute, for `Student.several`."""
        return {"do": "get", "on": self.reference, "name": path, "keep": None}

    def at(self, path: str) -> Remote:
        """Name an attribute without fetching it, to call its methods: `net.at("modules.0").forward(x)`."""
        return self._student.keep({"do": "get", "on": self.reference, "name": path})

    def fetch(self) -> object:
        """Fetch the object itself, where it is an array or a plain value."""
        return self._student.ask(self.fetching())

    def fetching(self) -> dict[str, Any]:
        """The request that fetches it, for `Student.several`."""
        return {"do": "fetch", "on": self.reference}

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> object:
        """Call a method by name and return its value."""
        return self._student.ask(self.calling(method, *args, **kwargs))

    def leave(self, method: str, /, *args: Any) -> None:
        """Call a method whose value nobody looks at: it stays there, and in the box the call travels with the next."""
        self._student.keep(self.calling(method, *args))

    def calling(self, method: str, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The request that calls a method, for `Student.several`."""
        return {**_call((self.reference, method), args, kwargs), "keep": None}

    def __getattr__(self, method: str) -> Callable[..., object]:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *args, **kwargs: self.call(method, *args, **kwargs)


class Student:
    """What checks may ask of a student's code; `ask` is what differs between this process and the box.

    Args:
        adaptation: where the student's code is that of another handout.

    Attributes:
        warned: what the latest request caused.
        explains: whether a case that fails is followed by simpler ones, to tell what matters; never where cases are
            secret.
        explaining: seconds that these have taken.
        mistakes, slips: say what a check sees of these with the cases of a seed, see `diagnosis.known_mistakes`.
    """

    def __init__(self, ask: Ask, adaptation: Adaptation | None = None) -> None:
        self._ask, self.adaptation = ask, adaptation
        self._numbers = itertools.count()
        self.warned: list[str] = []
        self.explains = False
        self.explaining = 0.0
        self.mistakes: Callable[[Any, int], Sequence[Trace]] | None = None
        self.slips: Callable[[Any, int], Slips] | None = None

    def ask(self, request: dict[str, Any]) -> object:
        """Send one request and return its value; the warnings it caused are in `warned` until the next one."""
        if self.adaptation is not None:
            request = self.adaptation.follow(request)
        value, self.warned = self._ask(request)
        return value

    def begin(self, instead: Mapping[str, str]) -> None:
        """Begin a check of another handout's, which may ask other targets than the check names."""
        if self.adaptation is not None:
            self.adaptation.begin(instead)

    def keep(self, request: dict[str, Any]) -> Remote:
        """Send a request whose value stays on the student's side."""
        number = next(self._numbers)
        self.ask({**request, "keep": number})
        return Remote(self, Reference(number))

    def several(self, requests: Sequence[dict[str, Any]]) -> Iterator[object]:
        """Send requests in order, and yield the value of each; one that raises does so in turn.

        None may need the answer to another: in the box they travel together.
        """
        return map(self.ask, requests)

    def finish(self) -> None:
        """Make sure that all that was asked for has been done; what it raises belongs to the check that asked."""

    def left(self) -> float:
        """Say how many seconds the check has left; without end where nothing is timed."""
        return math.inf

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the requests of a block less time than the check has; nothing happens where nothing is timed."""
        yield

    def call(self, target: Target, /, *args: Any, **kwargs: Any) -> object:
        """Call a function, "package.module:name", and return its value."""
        return self.ask({**_call(target, args, kwargs), "keep": None})

    def new(self, target: Target, /, *args: Any, **kwargs: Any) -> Remote:
        """Call a function or a class, and leave what it returns on the student's side."""
        return self.keep(_call(target, args, kwargs))

    def hold(self, value: Any, layout: str = "plain") -> Remote:
        """Leave a copy of a value there: to see afterwards whether it was changed, or to choose its memory layout.

        Args:
            value: an array or a plain value.
            layout: "plain" (C order, writable), "strided", "fortran" or "readonly".
        """
        return self.keep({"do": "hold", "value": value, "layout": layout})

    def function(self, target: str) -> Remote:
        """Name a function without calling it, for a probe to call it."""
        return self.keep({"do": "name", "target": target})

    def renew(self) -> None:
        """Give up all that the student's side holds: in the box, the next request goes to a fresh process."""


def _call(target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"do": "call", "target": target, "args": _unwrap(args), "kwargs": _unwrap(kwargs)}


def _unwrap(value: Any) -> Any:
    """Replace each Remote by its Reference, however deep it lies in tuples, lists and dictionaries."""
    if isinstance(value, Remote):
        return value.reference
    if isinstance(value, list | tuple):
        return type(value)(_unwrap(item) for item in value)
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return value


def raised(error: dict[str, Any], memory_limit: str = "") -> Exception:
    """Make the exception that tells what a student's code raised, from `inside.host.describe`."""
    place = f" ({error['where']})" if error["where"] else ""
    if NEWER.match(f"{error['type']}: {error['text']}") and "graded with" not in error["text"]:
        place += f", graded with Python {sys.version_info[0]}.{sys.version_info[1]}"
    if error["memory"]:
        return OutOfMemory(f"out of memory{memory_limit}{place}")
    if error["unfinished"]:
        return Unfinished(f"{error['text'] or 'NotImplementedError'}{place}")
    within = " in " in error["where"] and not error["where"].endswith(" in <module>")  # a function of the student's
    whatever = not error["type"] or bool(error["where"] and not within)
    cause = f"{error['type']}{place}" if within else ""  # whatever the text says of this case
    return StudentRaised(": ".join(filter(None, (error["type"], error["text"]))) + place, whatever, cause)


class LocalStudent(Student):
    """The student's modules imported into this process, as `make test` does; no protection of any kind.

    Args:
        folder: holds the parts; goes to the front of `sys.path`.

    Attributes:
        surroundings: entered around each call of the student's code; `as_graded` makes them.
    """

    def __init__(self, folder: Path, adaptation: Adaptation | None = None) -> None:
        super().__init__(self._perform, adaptation)
        self.surroundings: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
        self.folder = folder.resolve()
        self._host = Host(self.folder)
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        self._greeting = [adaptation.request] if adaptation is not None else []

    def _perform(self, request: dict[str, Any]) -> tuple[Any, list[str]]:
        try:
            while self._greeting:
                self._host.perform(self._greeting.pop())
            with self.surroundings():
                value = self._host.perform(_copied(request))
        except Mismatch as error:  # it says all that there is to see
            raise raised(describe(error, self.folder)) from None
        except Exception as error:
            raise raised(describe(error, self.folder)) from error
        return _copied({"value": value})["value"], self._host.warnings


class Direct(Student):
    """The student's modules as they are in this process, asked as often and as fast as possible.

    Args:
        folder: holds the parts, and is on `sys.path`.
    """

    def __init__(self, folder: Path, adaptation: Adaptation | None = None) -> None:
        super().__init__(self._perform, adaptation)
        self._folder, self._host = folder, Host(folder)
        if adaptation is not None:
            self._host.perform(adaptation.request)

    def _perform(self, request: dict[str, Any]) -> tuple[Any, list[str]]:
        try:
            value = self._host.perform(_own_arrays(request))
        except Exception as error:
            raise raised(describe(error.with_traceback(None), self._folder)) from None  # nobody reads where
        return _own_arrays(value), self._host.warnings


def _own_arrays(value: Any) -> Any:
    """Copy a value as sending it would."""
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in "fiub":
        return value.copy(order="C")
    if kind in (list, tuple):
        return kind(map(_own_arrays, value))
    if kind is dict:
        return {key: _own_arrays(item) for key, item in value.items()}
    if value is None or kind in (bool, int, float, str, Reference, wire.Seed):
        return value
    return _copied({"value": value})["value"]


def _copied(message: dict[str, Any]) -> dict[str, Any]:
    """Send a message through the wire format, as the box does, so that both see the same values."""
    stream = memoryview(b"".join(wire.encode(message)))
    position = 0

    def read(size: int) -> bytearray:
        nonlocal position
        position += size
        return bytearray(stream[position - size : position])

    return wire.decode(read, max_bytes=MAX_COPIED)
