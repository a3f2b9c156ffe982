"""The student in the box: each request goes to a worker, with a deadline; a worker that is lost costs one check."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autograder.checking import oracles
from autograder.checking.adaptation import Adaptation
from autograder.checking.raising import raised
from autograder.checking.student import Question, Student
from autograder.course.assignment import Limits
from autograder.errors import GraderError, OutOfTime, ProcessEnded, SetupError, WorkerLost
from autograder.inside.host import MAX_TEXT, MAX_WARNINGS, PROBES, wants_reply
from autograder.sandbox.worker import Worker

Start = Callable[[], Worker]


class BoxedStudent(Student):
    """The student's code in a worker, which is started when something is first asked of it.

    Args:
        start: forks a worker for this submission.
        limits: of `assignment.toml`.
        adaptation: where its code is that of another handout.

    Attributes:
        attempts: what the workers that have ended tried and no homework needs, and how often.
        ended: whether a worker has ended, or sent what is no answer, since the clock was set; not by the clock.
    """

    def __init__(self, start: Start, limits: Limits, adaptation: Adaptation | None = None) -> None:
        super().__init__(adaptation)
        self._start, self._limits = start, limits
        self._worker: Worker | None = None
        self._imported: set[str] = set()
        self._waiting: deque[Question] = deque()  # no answer is wanted: they travel with the next question
        self._sent: deque[Question] = deque()  # whose replies are still to come
        self._deadline = 0.0
        self._seconds = 0.0
        self._last_words = ""
        self._topic = ""
        self.attempts: Counter[str] = Counter()
        self._served: set[str] = set()
        self.ended = False

    def take_up(self, topic: str) -> bool:
        """Go on with another topic; True if the worker at hand has served others, which may have left a mark on it."""
        self._topic = topic
        self._served.add(topic)
        return self._worker is not None and len(self._served) > 1

    def allow(self, seconds: float) -> None:
        """Set the clock of the next check: this long for all that it asks, imports not counted."""
        # What a check has left unsent, or asked and not looked at, is none of the next one's.
        self.forget()
        self._waiting.clear()
        self.ended = False
        self._seconds, self._deadline = seconds, oracles.clock() + seconds

    def left(self) -> float:
        """Say how many seconds of the check's clock are left."""
        return self._deadline - oracles.clock()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Shorten the clock for the requests of a block; what they spend on imports is made good as always."""
        outer, whole = self._deadline, self._seconds
        inner = min(outer, oracles.clock() + seconds)
        self._deadline, self._seconds = inner, min(seconds, whole)
        try:
            yield
        finally:
            # What imports have added to the inner clock is added to the outer one.
            self._deadline, self._seconds = outer + self._deadline - inner, whole

    def renew(self) -> None:
        """Let the next request go to a fresh worker, in which nothing of the student's has run."""
        if self._worker is not None:
            self._worker.kill()
            self.attempts.update(self._worker.attempts)
        self._worker = None
        self._gone()
        self._waiting.clear()

    def forget(self) -> None:
        """Give up what was asked ahead; the worker gets rid of what it has done of that already."""
        super().forget()
        with contextlib.suppress(GraderError):
            while self._sent:
                self._receive()

    def finish(self) -> None:
        """Send what waits to be sent with the next question."""
        super().finish()
        while self._sent:
            self._receive()
        if self._waiting:
            self._send(deque())
            self._receive()

    def printed(self) -> str:
        """Return what the student's code has printed since the last time."""
        text, self._last_words = self._last_words, ""
        return text + (self._worker.printed() if self._worker is not None else "")

    def _do(self, request: dict[str, Any]) -> None:
        self._bring_in([request])
        self._waiting.append(Question(request, self._waiting))

    def _go_on(self, wanted: Question) -> None:
        if not self._sent:
            self._send(wanted.turn)
        self._receive()

    def _send(self, turn: deque[Question]) -> None:
        """Send what waits, a turn, and those behind it of modules that are imported already."""
        worker = self._bring_in([one.request for one in turn])
        behind = itertools.dropwhile(lambda other: other is not turn, self._turns)
        along = itertools.takewhile(lambda other: not any(self._lacking(one.request) for one in other), behind)
        # Emptied before it is known to have arrived: a worker that comes after a loss has not the objects it names.
        for part in (self._waiting, turn, *along):
            self._sent.extend(part)
            part.clear()
        try:
            worker.send([one.request for one in self._sent], self._end())
        except WorkerLost as error:
            raise self._lost(error, self._late()) from None

    def _bring_in(self, requests: Iterable[dict[str, Any]]) -> Worker:
        """Import the modules that requests need."""
        worker = self._ready()
        for name, shown in itertools.chain.from_iterable(map(self._lacking, requests)):
            while self._sent:
                self._receive()
            self._import(worker, name, shown)
        return worker

    def _receive(self) -> None:
        """Receive the next reply, and enter it; behind an error nothing has been done of what was sent."""
        try:
            reply = self._ready().receive(self._end())
        except WorkerLost as error:
            raise self._lost(error, self._late()) from None
        one = self._sent.popleft()
        while self._sent and not wants_reply(one.request):
            one = self._sent.popleft()
        try:
            one.settle(*self._value(reply))
        except GraderError as error:
            one.settle(error=error)
            while self._sent:
                other = self._sent.pop()
                if other.turn is not self._waiting:
                    other.turn.appendleft(other)
            if not wants_reply(one.request):
                raise

    def _end(self) -> float:
        """When the check's clock ends, which expected values that we worked out meanwhile have stopped."""
        return self._deadline + oracles.spent()

    def _late(self) -> str:
        return f"no answer after {self._seconds:g} s"

    def _lacking(self, request: dict[str, Any]) -> list[tuple[str, str]]:
        """The module that a request needs and that is not imported, and its file for people; none or one."""
        target = request.get("target")
        module = target.partition(":")[0] if isinstance(target, str) else ""
        if not isinstance(target, str) or not module or module in PROBES:
            return []
        # Of another handout the target tells the file, which is not called like the module.
        name, shown = (target, self.adaptation.named[target].file) if self.adaptation else (module, module)
        return [] if name in self._imported else [(name, shown)]

    def _ready(self) -> Worker:
        if self._worker is None:
            began = time.monotonic()
            self._worker = self._start()
            if self.adaptation is not None:
                self._adapt(self._worker, self.adaptation.request)
            # Starting it is our work, and takes no time of the check.
            self._deadline += time.monotonic() - began
        return self._worker

    def _adapt(self, worker: Worker, request: dict[str, Any]) -> None:
        """Tell a worker, in which nothing of the student's has run, of another handout; else it is no worker."""
        try:
            reply = worker.ask(request, time.monotonic() + self._limits.import_seconds)
        except WorkerLost as error:
            self._worker = None
            raise SetupError(f"a worker takes no adapter: {error}") from None
        if "error" in reply:
            self.renew()
            raise SetupError(f"the adapter of the course fails: {_error(reply['error'])['text']}")

    def _import(self, worker: Worker, module: str, shown: str) -> None:
        """Import a module under a clock of its own."""
        began = time.monotonic()
        # Done once a worker: on the check's clock, whichever comes first would pay for the others.
        seconds = self._limits.import_seconds
        try:
            reply = worker.ask({"do": "import", "modules": [module]}, began + seconds)
        except WorkerLost as error:
            raise self._lost(error, f"importing {shown} takes more than {seconds} s") from None
        self._deadline += time.monotonic() - began
        self._value(reply)
        self._imported.add(module)

    def _gone(self) -> None:
        """The worker has gone, and with it what it had imported and served, but for what is asked just now."""
        self._imported.clear()
        self._sent.clear()
        self._served = {self._topic}

    def _value(self, reply: dict[str, Any]) -> tuple[Any, list[str]]:
        if "error" in reply:
            raise raised(_error(reply["error"]), f" (the limit is {self._limits.memory_megabytes} MB)")
        warned = reply.get("warnings")
        # Cut in the worker already, by a program that student code may have changed.
        texts = warned[:MAX_WARNINGS] if isinstance(warned, list) else []
        return reply["value"], [text[:MAX_TEXT] for text in texts if isinstance(text, str)]

    def _lost(self, error: WorkerLost, late: str) -> WorkerLost:
        """Say why there is no answer; the next request goes to a fresh worker."""
        lost, self._worker = self._worker, None
        told = OutOfTime(late) if str(error) == "out of time" else ProcessEnded(str(error))
        # Remembered, as what finds out why a case fails goes on without an answer.
        self.ended = self.ended or isinstance(told, ProcessEnded)
        for one in self._sent:
            one.settle(error=told)
        self._gone()
        # Before the next worker's: what it printed last often says why it was lost.
        self._last_words = lost.printed() if lost is not None else ""
        self.attempts.update(lost.attempts if lost is not None else {})
        return told


def _error(error: Any) -> dict[str, Any]:
    """Read what `inside.host.describe` wrote, from a worker that may have written anything."""
    texts = {"type": "Exception", "text": "", "where": ""}
    flags = {"unfinished": False, "memory": False}
    if not isinstance(error, dict):
        error = {}
    return {
        **{
            name: value[:MAX_TEXT] if isinstance(value := error.get(name), str) else default
            for name, default in texts.items()
        },
        **{name: error.get(name) is True for name in flags},
    }
