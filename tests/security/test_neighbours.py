"""Submissions side by side: none sees another, in any of the ways that leave a trace, and none costs another a mark."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping

import pytest
from attacks.grading import on_homework
from homework import COURSE

from autograder.authoring import variants as trials
from autograder.conformance import neighbours, target
from autograder.conformance.mechanisms import Boxes
from autograder.conformance.table import ATTACKED, ATTACKS
from autograder.course import mistakes as catalogue
from autograder.course.assignment import Assignment
from autograder.inside.confinement.syscalls import ARM
from autograder.reports.scores import Outcome
from autograder.sandbox.box import Box

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open") or ARM, reason="numbers of system calls are x86-64's")


@pytest.fixture
def open_box(assignment: Assignment) -> Iterator[Box]:
    """A box in which nothing holds."""
    boxes = Boxes(assignment.limits)
    yield boxes.with_only()
    boxes.close()


def test_two_workers_of_one_box_do_not_see_each_other_at_once_or_one_after_another(box) -> None:
    assert neighbours.found(box, f"token{os.getpid()}") == ([], [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can switch all off")
def test_without_any_mechanism_they_do(open_box) -> None:
    """The control: what the spies try does work."""
    token = f"token{os.getpid()}"
    try:
        beside, afterwards = neighbours.found(open_box, token)
    finally:
        neighbours.forget(token)
    assert {"file in /tmp", "file in /dev/shm", "abstract socket", "lock", "process"} <= set(beside)
    assert {"file in /tmp", "key", "shared memory", "message queue"} <= set(afterwards)


def test_workers_have_random_states_and_users_of_their_own(box) -> None:
    with neighbours.spies(box, 2) as spies:
        first, second = (spy.call(f"{target.PACKAGE}.spy:numbers") for spy in spies)
    assert first[0] != second[0]
    assert first[1] != second[1]
    if box.isolation.level == "A" and os.geteuid() == 0:
        assert first[2] != second[2]
        assert min(first[2], second[2]) >= 100_000_000


def test_what_one_submission_leaves_in_its_scratch_the_next_does_not_find(box, tmp_path) -> None:
    body = "import os\nassert not os.listdir('/tmp')\nopen('/tmp/left', 'w').close()\nreturn np.maximum(x, 0)"
    row = next(row for row in ATTACKS if row.name == "a file left for the next submission")
    row = dataclasses.replace(row, body=body)
    first, second = (
        target.grade(row.apply(target.RIGHT, {}), box, tmp_path / "a.zip", row).marks[ATTACKED] for _ in "12"
    )
    assert first.message == second.message
    assert first.outcome is Outcome.RAISED  # the second call in one worker does find it


@pytest.mark.slow
def test_good_submissions_beside_hostile_ones_get_the_marks_that_they_get_alone(reference: Mapping[str, bytes]) -> None:
    mistakes = [
        mistake for mistake in catalogue.load(COURSE) if "activations" in mistake.file or "linear" in mistake.file
    ]
    good = [dict(reference), *(mistake.apply(reference) for mistake in mistakes[:7])]
    names = (
        "an endless loop", "64 GiB at once", "400 forks", "4,000 threads", "a gigabyte of prints", "an answer of 2 GB",
        "a scratch file without end", "recursion until the stack ends",
    )  # fmt: skip
    hostile = [on_homework(next(row for row in ATTACKS if row.name == name), reference, {}) for name in names]
    todos = ("1.2", "1.3", "1.4")
    alone = list(trials.run(COURSE, good, (1,), 2, 3.0, [todos] * 8))
    mixed = [files for pair in zip(hostile, good, strict=True) for files in pair]
    beside = list(trials.run(COURSE, mixed, (1,), 2, 3.0, [todos] * 16))[1::2]
    assert len({card.cents for card in alone}) > 1
    assert [card.marks for card in beside] == [card.marks for card in alone]
    assert not any(card.broken for card in beside)
