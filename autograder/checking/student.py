"""The student as the checks see them: one interface, in this process for `make test`, in the box for grading.

    pool = student.new("layers.pooling:Pool", kernel_size=3, stride=1)
    y = pool.forward(x)

Arguments and results are plain values and arrays, copied on the way in and out in both cases. Nothing that comes back
is trusted: it is used only after an `expect_*` of `autograder.checking.expect` has passed it.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from autograder.checking.adaptation import Adaptation
from autograder.diagnosis.fingerprints import Slips
from autograder.diagnosis.known_mistakes import Trace
from autograder.errors import GraderError
from autograder.inside.host import wants_reply
from autograder.inside.wire import Reference

Target = str | tuple[Reference, str]


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
        self._student.leave({"do": "set", "on": self.reference, "values": values})

    def set_at(self, path: str, value: Any) -> None:
        """Assign one attribute that lies deeper: "modules.0.weight"."""
        self._student.leave({"do": "set", "on": self.reference, "values": {path: value}})

    def get(self, path: str) -> object:
        """Read an attribute; dots and indices lead deeper: "modules.0.weight"."""
        return self._student.ask(self.asking(path))

    def get_all(self, paths: Sequence[str]) -> Iterator[object]:
        """Read several attributes, one after the other."""
        return self.asked([self.asking(path) for path in paths])

    def asked(self, requests: Sequence[dict[str, Any]]) -> Iterator[object]:
        """Do what `Student.several` does."""
        return self._student.several(requests)

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
        return calling((self.reference, method), *args, **kwargs)

    def __getattr__(self, method: str) -> Callable[..., object]:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *args, **kwargs: self.call(method, *args, **kwargs)


class Question:
    """A request, and its answer once there is one: a value with the warnings that it caused, or what was raised.

    Args:
        turn: what was asked together with it, in order, as far as it is still to be done.
    """

    __slots__ = ("done", "error", "request", "turn", "value", "warned")

    def __init__(self, request: dict[str, Any], turn: deque[Question]) -> None:
        self.request, self.turn = request, turn
        self.done = False
        self.value: object = None
        self.warned: list[str] = []
        self.error: Exception | None = None

    def settle(self, value: object = None, warned: Sequence[str] = (), error: Exception | None = None) -> None:
        """Enter the answer."""
        self.done, self.value, self.warned, self.error = True, value, [*warned], error


class Student:
    """What checks may ask of a student's code; how a request is done differs between this process and the box.

    Args:
        adaptation: where the student's code is that of another handout.

    Attributes:
        warned: what the latest request caused.
        explains: whether a case that fails is followed by simpler ones, to tell what matters; never where cases are
            secret.
        explaining: seconds that these have taken.
        mistakes, slips: say what a check sees of these with the cases of a seed, see `diagnosis.known_mistakes`.
    """

    def __init__(self, adaptation: Adaptation | None = None) -> None:
        self.adaptation = adaptation
        self._numbers = itertools.count()
        self._turn: deque[Question] | None = None  # that requests go to
        self._turns: list[deque[Question]] = []  # of the cases that were asked ahead
        self.warned: list[str] = []
        self.explains = False
        self.explaining = 0.0
        self.mistakes: Callable[[Any, int], Sequence[Trace]] | None = None
        self.slips: Callable[[Any, int], Slips] | None = None

    def ask(self, request: dict[str, Any]) -> object:
        """Send one request and return its value; the warnings it caused are in `warned` until the next one."""
        return next(self.several([request]))

    def begin(self, instead: Mapping[str, str]) -> None:
        """Begin a check of another handout's, which may ask other targets than the check names."""
        if self.adaptation is not None:
            self.adaptation.begin(instead)

    def keep(self, request: dict[str, Any]) -> Remote:
        """Send a request whose value stays on the student's side."""
        number = next(self._numbers)
        self.leave({**request, "keep": number})
        return Remote(self, Reference(number))

    def leave(self, request: dict[str, Any]) -> None:
        """Send a request that has no answer; what it raises, whoever asks next gets to hear."""
        if self._turn is None:
            self._do(self._followed(request))
        else:
            self._turn.append(Question(self._followed(request), self._turn))

    def several(self, requests: Sequence[dict[str, Any]]) -> Iterator[object]:
        """Send requests in order, and yield the value of each; one that raises does so in turn.

        None may need the answer to another: they are done once the first of the values is wanted, and in the box they
        travel together.
        """
        turn: deque[Question] = deque() if self._turn is None else self._turn
        asked = [Question(self._followed(request), turn) for request in requests]
        turn.extend(asked)
        return map(self._answer, asked)

    @contextlib.contextmanager
    def together(self, ahead: bool = False) -> Iterator[None]:
        """Let all that is asked in this block wait until one of its answers is wanted: in the box it travels together.

        Args:
            ahead: whether it travels as soon as an answer of an earlier block of that kind is wanted.
        """
        before, self._turn = self._turn, deque()
        if ahead:
            self._turns.append(self._turn)
        try:
            yield
        finally:
            self._turn = before

    def forget(self) -> None:
        """Give up what was asked ahead, and of which nobody has wanted an answer."""
        self._turns.clear()

    def _followed(self, request: dict[str, Any]) -> dict[str, Any]:
        return request if self.adaptation is None else self.adaptation.follow(request)

    def _answer(self, asked: Question) -> object:
        while not asked.done:
            self._go_on(asked)
        if asked.error is not None:
            raise asked.error
        self.warned = asked.warned
        return asked.value

    def _do(self, request: dict[str, Any]) -> None:
        """Do a request that has no answer, now or before the next one that has."""
        raise NotImplementedError

    def _go_on(self, wanted: Question) -> None:
        """Do at least one more of the requests that lead to an answer."""
        raise NotImplementedError

    def finish(self) -> None:
        """Make sure that all that was asked for has been done; what it raises belongs to the check that asked."""
        for turn in filter(None, self._turns):
            self._answer(turn[-1])
        self._turns.clear()

    def left(self) -> float:
        """Say how many seconds the check has left; without end where nothing is timed."""
        return math.inf

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the requests of a block less time than the check has; nothing happens where nothing is timed."""
        yield

    def call(self, target: Target, /, *args: Any, **kwargs: Any) -> object:
        """Call a function, "package.module:name", and return its value."""
        return self.ask(calling(target, *args, **kwargs))

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


def calling(target: Target, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The request that calls a function and wants its value, for `Student.several`."""
    return {**_call(target, args, kwargs), "keep": None}


def _call(target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"do": "call", "target": target, "args": [*map(_unwrap, args)], "kwargs": _unwrap(kwargs)}


def _unwrap(value: Any) -> Any:
    """Replace each Remote by its Reference, however deep it lies in tuples, lists and dictionaries."""
    if isinstance(value, Remote):
        return value.reference
    if isinstance(value, list | tuple):
        return type(value)([_unwrap(item) for item in value])
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return value


class Prompt(Student):
    """A student who does each request by itself, once its answer is wanted.

    Args:
        ask: does one request.
        adaptation: where the student's code is that of another handout.
    """

    def __init__(self, ask: Ask, adaptation: Adaptation | None = None) -> None:
        super().__init__(adaptation)
        self._ask = ask

    def _do(self, request: dict[str, Any]) -> None:
        _, self.warned = self._ask(request)

    def _go_on(self, wanted: Question) -> None:
        one = wanted.turn.popleft()
        try:
            one.settle(*self._ask(one.request))
        except GraderError as error:
            one.settle(error=error)
            while wanted.turn and not wants_reply(one.request):  # what has no answer raises with what comes next
                one = wanted.turn.popleft()
                one.settle(error=error)
