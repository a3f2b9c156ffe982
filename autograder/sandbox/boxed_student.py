"""The student in the box: each request goes to a worker, with a deadline; a worker that is lost costs one check."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograder.checking import oracles
from autograder.checking.adaptation import Adaptation
from autograder.checking.student import Student, raised
from autograder.course.assignment import Limits
from autograder.errors import OutOfTime, ProcessEnded, SetupError, StudentRaised, WorkerLost
from autograder.inside.host import MAX_TEXT, MAX_WARNINGS, PROBES
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
        super().__init__(self._perform, adaptation)
        self._start, self._limits = start, limits
        self._worker: Worker | None = None
        self._imported: set[str] = set()
        self._waiting: list[dict[str, Any]] = []
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
        # What a check has left unsent is none of the next one's.
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
        self._forget()
        self._waiting.clear()

    def several(self, requests: Sequence[dict[str, Any]]) -> Iterator[object]:
        """Send requests that only look at what is there in one exchange, and yield the value of each.

        One that raises does so in turn, after the values before it: they are asked one by one then.
        """
        if len(requests) < 2:
            return super().several(requests)
        self.finish()  # what that raises is none of theirs
        followed = [self.adaptation.follow(one) if self.adaptation else one for one in requests]
        try:
            values, self.warned = self._exchange(self._ready(), [{"do": "several", "requests": followed}])
        except StudentRaised:
            values = None
        if not isinstance(values, list) or len(values) != len(requests):  # a worker may have written anything
            return super().several(requests)
        return iter(values)

    def finish(self) -> None:
        """Send what waits to be sent with the next question."""
        if self._waiting:
            self._exchange(self._ready(), [])

    def printed(self) -> str:
        """Return what the student's code has printed since the last time."""
        text, self._last_words = self._last_words, ""
        return text + (self._worker.printed() if self._worker is not None else "")

    def _perform(self, request: dict[str, Any]) -> tuple[Any, list[str]]:
        worker = self._ready()
        target = request.get("target")
        module = target.partition(":")[0] if isinstance(target, str) else ""
        if isinstance(target, str) and module and module not in PROBES:
            # Of another handout the target tells the file, which is not called like the module.
            name, shown = (target, self.adaptation.named[target].file) if self.adaptation else (module, module)
            if name not in self._imported:
                self._import(worker, name, shown)
        if request["do"] == "set" or request.get("keep") is not None:
            self._waiting.append(request)  # nothing comes back: it travels with the next question
            return None, []
        return self._exchange(worker, [request])

    def _exchange(self, worker: Worker, requests: list[dict[str, Any]]) -> tuple[Any, list[str]]:
        """Send what waits, and these, and return the value of the last."""
        # Cleared before it is known to have arrived: a worker that comes after a loss has not the objects it names.
        requests = self._waiting + requests
        self._waiting.clear()
        try:
            # Expected values that we worked out meanwhile stop the check's clock, and not the machine's.
            reply = worker.ask(requests, self._deadline + oracles.spent())
        except WorkerLost as error:
            raise self._lost(error, f"no answer after {self._seconds:g} s") from None
        return self._value(reply)

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
            reply = worker.ask([request], time.monotonic() + self._limits.import_seconds)
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
            reply = worker.ask([{"do": "import", "modules": [module]}], began + seconds)
        except WorkerLost as error:
            raise self._lost(error, f"importing {shown} takes more than {seconds} s") from None
        self._deadline += time.monotonic() - began
        self._value(reply)
        self._imported.add(module)

    def _forget(self) -> None:
        """The worker has gone, and with it what it had imported and served, but for what is asked just now."""
        self._imported.clear()
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
        self._forget()
        # Before the next worker's: what it printed last often says why it was lost.
        self._last_words = lost.printed() if lost is not None else ""
        self.attempts.update(lost.attempts if lost is not None else {})
        if str(error) == "out of time":
            return OutOfTime(late)
        # Remembered, as what finds out why a case fails goes on without an answer.
        self.ended = True
        return ProcessEnded(str(error))


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
