"""What a check asks: in which order it is done, what comes back, and what an exception or an end leaves of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.cases.sizes import Sizes
from autograder.checking.each import Judge, ask_ahead, for_each_ahead
from autograder.checking.local_student import LocalStudent
from autograder.checking.student import Student
from autograder.errors import CheckFailed, OutOfTime, ProcessEnded, StudentRaised
from autograder.inside.host import Host
from autograder.inside.wire import Reference
from autograder.sandbox import worker

HELD = """
import os
import sys
import warnings

class Held:
    a = 1.0
    b = 2

    def __init__(self):
        self.calls = []

    @property
    def c(self):
        raise ValueError("no c")

    @property
    def quiet(self):
        warnings.warn("quiet")
        warnings.simplefilter("ignore")
        return 3

    @property
    def elsewhere(self):
        warnings.warn("elsewhere")
        warnings.showwarning = print
        return 4

    @property
    def wordless(self):
        said = []

        class Wordless(UserWarning):
            def __str__(self):
                said.append(self)
                return "once" if len(said) < 2 else 1 / 0

        warnings.warn(Wordless())

    def long(self):
        return [0.1] * 100_000

    def call(self, name):
        self.calls.append(name)
        return name

    def forge(self):
        frame = sys._getframe()
        while "identity" not in frame.f_locals:
            frame = frame.f_back
        reply = {"id": frame.f_locals["identity"], "value": "forged", "warnings": []}
        os.write(3, 2 * b"".join(sys.modules["inside.wire"].encode(reply)))

    def end(self):
        os._exit(3)

    def hang(self):
        while True:
            pass
"""
CASES = [Sizes((1, 1, size)) for size in (3, 4, 5)]


@pytest.fixture
def folder(box) -> Iterator[Path]:
    with box.room() as room:
        (room / "held.py").write_text(HELD)
        yield room


@pytest.fixture
def boxed(box, folder) -> Iterator[Student]:
    student = box.student(folder, "numpy")
    student.allow(20)
    yield student
    student.renew()


@pytest.fixture(params=["in the box", "in this process"])
def student(request, boxed, folder) -> Iterator[Student]:
    if request.param == "in the box":
        yield boxed
        return
    yield LocalStudent(folder)
    sys.path.remove(str(folder.resolve()))
    sys.modules.pop("held", None)


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """How many requests were sent each time."""
    found: list[int] = []
    send = worker.Worker.send
    monkeypatch.setattr(worker.Worker, "send", lambda self, *given: found.append(len(given[0])) or send(self, *given))
    return found


def test_what_is_looked_at_together_comes_in_turn_and_so_does_what_raises(student) -> None:
    held = student.new("held:Held")
    assert list(held.get_all(["a", "b"])) == [1.0, 2]
    looks = held.get_all(["a", "c", "b"])
    assert next(looks) == 1.0
    with pytest.raises(StudentRaised, match="no c"):
        next(looks)
    assert next(looks) == 2


def test_each_answer_has_its_own_warnings_wherever_an_earlier_one_has_sent_them(student) -> None:
    names = ["quiet", "elsewhere", "quiet", "a", "elsewhere", "elsewhere"]
    looks = student.new("held:Held").get_all(names)
    heard = [(next(looks), student.warned)[1] for _ in names]
    assert heard == [[f"UserWarning: {name}"] if name != "a" else [] for name in names]


def test_a_warning_whose_text_cannot_be_read_is_an_error_without_those_of_before(folder, monkeypatch) -> None:
    monkeypatch.syspath_prepend(folder)
    held = {"do": "call", "target": "held:Held", "args": (), "kwargs": {}, "keep": 1}
    looks = [{"do": "get", "on": Reference(1), "name": name, "keep": None} for name in ("quiet", "wordless")]
    first, second = Host(folder).answer([held, *looks])
    assert first["warnings"] == ["UserWarning: quiet"]
    assert (second["error"]["type"], second["warnings"]) == ("ZeroDivisionError", [])
    sys.modules.pop("held")


def test_what_nobody_looks_at_raises_with_what_comes_next(student) -> None:
    held = student.new("held:Held")
    with student.together():
        held.leave("no_such_method")
        looks = held.get_all(["a", "b"])
    with pytest.raises(StudentRaised, match="no_such_method"):
        next(looks)
    assert next(looks) == 2


def test_each_request_is_done_once_in_the_order_in_which_it_was_asked(student) -> None:
    held = student.new("held:Held")
    with student.together():
        first = held.asked([held.calling("call", "first"), held.asking("c"), held.calling("call", "second")])
        held.leave("call", "third")
        calls = held.get_all(["calls"])
    assert next(calls) == ["first", "second", "third"]
    assert next(first) == "first"
    with pytest.raises(StudentRaised, match="no c"):
        next(first)
    assert next(first) == "second"
    held.leave("call", "fourth")
    student.finish()
    assert held.get("calls") == ["first", "second", "third", "fourth"]


def test_a_value_that_cannot_be_sent_keeps_no_other_from_being_asked(boxed) -> None:
    held = boxed.new("held:Held")
    looks = held.asked([held.calling("long"), held.calling("call", "after"), held.asking("calls")])
    with pytest.raises(StudentRaised, match=r"takes \d+ bytes beside its arrays, the limit is 65536"):
        next(looks)
    assert list(looks) == ["after", ["after"]]


def test_a_check_asks_all_of_its_cases_at_once(boxed, sent) -> None:
    for_each_ahead(boxed, np.random.default_rng(0), CASES, partial(_case, judge=lambda sizes, calls: None))
    assert sent == [1, 9]  # to import the module; and to make, to call and to look at an object, three times


def test_what_is_no_case_is_asked_at_once_too(boxed, sent) -> None:
    ask_ahead(boxed, _turns(boxed, lambda sizes, calls: None))
    assert sent == [1, 9]


def test_the_first_of_these_that_fails_is_told_and_nothing_is_left_of_the_later_ones(student) -> None:
    def raising() -> Judge:
        return partial(next, student.new("held:Held").get_all(["c"]))

    with pytest.raises(CheckFailed, match=r"^wrong$"):
        ask_ahead(student, [*_turns(student, _wrong), raising])
    student.finish()


def test_the_first_case_that_fails_is_told_whatever_the_later_ones_do(student) -> None:
    with pytest.raises(CheckFailed, match=r"^wrong, for .*4"):
        for_each_ahead(student, np.random.default_rng(0), CASES, partial(_case, judge=_wrong))
    student.forget()  # as a check does at its end
    assert student.new("held:Held").get("calls") == []  # what is left of them is nobody else's


@pytest.mark.parametrize(("method", "told"), [("end", ProcessEnded), ("hang", OutOfTime)])
def test_what_has_come_before_a_worker_is_lost_counts(method, told, boxed) -> None:
    boxed.allow(5)
    held = boxed.new("held:Held")
    looks = held.asked([held.asking("a"), held.calling(method), held.asking("b")])
    assert next(looks) == 1.0
    for _ in range(2):
        with pytest.raises(told):
            next(looks)
    boxed.allow(20)
    assert boxed.new("held:Held").get("b") == 2


def test_answers_that_are_written_in_advance_are_answers_of_the_same_student_and_cost_the_worker(boxed) -> None:
    held = boxed.new("held:Held")
    assert list(held.asked([held.calling("forge"), held.asking("b")])) == ["forged", "forged"]
    with pytest.raises(ProcessEnded, match=r"spoke without being asked|belongs to no question"):
        held.get("a")


def test_what_a_check_has_asked_and_not_looked_at_takes_no_time_of_the_next_one(boxed) -> None:
    boxed.allow(5)
    held = boxed.new("held:Held")
    assert next(held.asked([held.asking("a"), held.calling("hang")])) == 1.0
    boxed.allow(20)
    assert boxed.new("held:Held").get("b") == 2


def _case(student: Student, rng: np.random.Generator, sizes: Sizes, judge: Any) -> Judge:
    held = student.new("held:Held")
    held.leave("call", sizes.shape[-1])
    calls = held.get_all(["calls"])
    return lambda: judge(sizes, next(calls))


def _turns(student: Student, judge: Any) -> list[Any]:
    return [partial(_case, student, np.random.default_rng(0), sizes, judge) for sizes in CASES]


def _wrong(sizes: Sizes, calls: object) -> None:
    assert calls == [sizes.shape[-1]]
    if sizes.shape[-1] != 3:
        raise CheckFailed("wrong")
