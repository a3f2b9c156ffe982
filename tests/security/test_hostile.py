"""The whole rubric before a worker that lies: every check ends in a sentence, none in a fault of ours."""

from __future__ import annotations

import json
import random
import re
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from forgeries import FORMS, Reply, forged, many_lies, one_lie
from homework import COURSE
from hostile import Script, recording

from autograder.checking import rubric
from autograder.checking.expect import show
from autograder.checking.rubric import Check
from autograder.course.assignment import Assignment
from autograder.grading import marking
from autograder.grading.exam import Exam
from autograder.grading.marking import Verdict
from autograder.reports import html, records
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Outcome
from autograder.sandbox.box import Box
from autograder.sandbox.boxed_student import BoxedStudent

Recorded = dict[str, list[Reply]]
Verdicts = dict[str, list[Verdict]]
PAGES = 40  # of students, with other verdicts each
MOST = 120  # characters of a value in a sentence, and what stands around it


@pytest.fixture(scope="module")
def small(assignment: Assignment) -> Assignment:
    return assignment.on("shapes:40")


@pytest.fixture(scope="module")
def room(box: Box, reference: Mapping[str, bytes], checkpoints: Mapping[str, bytes]) -> Iterator[Path]:
    """The reference with its checkpoints, unpacked."""
    with box.room() as folder:
        for name, content in {**reference, **checkpoints}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield folder


@pytest.fixture(scope="module")
def recorded(box: Box, room: Path, small: Assignment) -> Recorded:
    """What the reference answers to each check, in order."""
    found: Recorded = {}
    for check in COURSE.checks():
        student = recording(box.student(room, COURSE.parts[check.part].libraries), found.setdefault(check.id, []))
        student.allow(60)
        check.run(student, rubric.PUBLIC_SEED, Exam(room, small))
        student.renew()
    return found


def end(check: Check, script: Script, exam: Exam) -> tuple[Verdict, str]:
    """Run a check before a lying worker: how it ends, and the traceback where that is a fault of ours."""
    student = script.student()
    student.allow(60)
    try:
        check.run(student, rubric.PUBLIC_SEED, exam)
    except Exception as error:
        found = marking.verdict(error)
        return found, f"{check.id}: {traceback.format_exc()[-1500:]}" if found.outcome is Outcome.BROKEN else ""
    finally:
        student.renew()
    return Verdict(Outcome.PASSED), ""


def hunt(recorded: Recorded, room: Path, small: Assignment, each: int, seed: int) -> tuple[int, list[str], Verdicts]:
    """Forge so many answers at each place of each check; the number of forged ones, the faults, and how each ended."""
    sent, faults, ends = 0, [], {}
    for check in COURSE.checks():
        replies = recorded[check.id]
        scripts = [
            Script(replies, one_lie(place, f"{seed}/{check.id}/{number}"))
            for place in range(len(replies))
            for number in range(each)
        ]
        scripts += [Script(replies, many_lies(0.2, f"{seed}/{check.id}/{number}")) for number in range(2 * each)]
        for script in scripts:
            verdict, text = end(check, script, Exam(room, small))
            faults += [text] if text else []
            sent += script.sent
            ends.setdefault(check.id, []).append(verdict)
    return sent, faults, ends


def expect_pages(ends: Verdicts, assignment: Assignment) -> None:
    """Pass verdicts of which every page can be written."""
    for number in range(min(max(map(len, ends.values())), PAGES)):
        card = marking.blank(assignment, COURSE.checks())
        for check in COURSE.checks():
            marking.settle(card, check, ends[check.id][number % len(ends[check.id])])
        records.load_card(records.dump_card(card))
        json.dumps(gradescope.results(card), allow_nan=False).encode()
        html.render(card).encode()


def test_honest_answers_pass_before_the_worker_that_lies(recorded, room, small) -> None:
    for check in COURSE.checks():
        student = Script(recorded[check.id], lambda honest, place: honest).student()
        student.allow(60)
        assert marking.judge(check, student, rubric.PUBLIC_SEED, Exam(room, small)).outcome is Outcome.PASSED, check.id
        student.renew()


@pytest.mark.parametrize("each", [1, pytest.param(6, marks=pytest.mark.slow)])
def test_no_answer_of_a_worker_makes_a_check_raise(each, recorded, room, small, capsys) -> None:
    began = time.monotonic()
    sent, faults, ends = hunt(recorded, room, small, each, seed=each)
    with capsys.disabled():
        print(f"\n{sent} forged answers to {len(recorded)} checks in {time.monotonic() - began:.0f} s")
    assert faults == []
    expect_pages(ends, small)
    assert sent >= 1200 * each


@pytest.mark.parametrize("each", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_no_answer_of_a_model_makes_the_second_look_at_it_raise(each, box, room, small) -> None:
    """It changes no mark, and a fault in it would be one of the whole submission."""
    replies: list[Reply] = []

    def look(student: BoxedStudent) -> int:
        exam = Exam(room, small)
        student.allow(300)
        exam.result(student, np.random.default_rng(0), "two_layer")
        asked = len(replies)
        exam.look_again(student)
        student.renew()
        return asked

    first = look(recording(box.student(room, "torch"), replies))
    assert len(replies) > first
    for place in range(first, len(replies)):
        for number in range(each):
            look(Script(replies, one_lie(place, f"look/{number}")).student())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: repr(form)[:40])
def test_a_list_that_is_changed_to_anything_at_all_is_a_sentence(form, recorded, room, small) -> None:
    """What student code can do to the list it is given, at each place where a check looks at one afterwards."""
    for check in (one for one in COURSE.checks() if one.id in ("3.1-kinds", "3.2-kinds", "3.5-kinds", "3.6-kinds")):
        replies = recorded[check.id]
        for place in (at for at, reply in enumerate(replies) if isinstance(reply.get("value"), list)):
            for value in (form, [form], [*replies[place]["value"][1:], form]):

                def forge(honest: Reply, at: int, place: int = place, value: object = value) -> Reply:
                    return {**honest, "value": value} if at == place else honest

                verdict, fault = end(check, Script(replies, forge), Exam(room, small))
                assert fault == ""
                assert verdict.message


# What is put into the list of labels or counts that a function of part 3 was given.
INTO_LISTS = [
    '"zero"', "[1, 2]", "[]", "None", "object()", "given", "10**400", "float('nan')", "1e308", "(0,)", "{0: 1}",
    "np.zeros(3)", "np.zeros((2**59, 0))", "b'0'", "True", "'\\ud800'",
]  # fmt: skip
CHANGING = """

def _changing(function):
    def changed(*args, **kwargs):
        result = function(*args, **kwargs)
        for given in args:
            if isinstance(given, list):
                given[0] = {value}
        return result
    return changed

{names} = map(_changing, ({names}))
"""
GIVEN_LISTS = {
    "3.1-kinds": ("part3_imbalance/data.py", "imbalanced_subset, long_tailed_counts"),
    "3.2-kinds": ("part3_imbalance/losses.py", "class_balanced_weights, class_balanced_focal"),
    "3.5-kinds": ("part3_imbalance/sampling.py", "balanced_sample_weights, _"),
    "3.6-kinds": ("part3_imbalance/metrics.py", "confusion_matrix, per_class_accuracy, balanced_accuracy"),
}


@pytest.mark.parametrize("value", INTO_LISTS)
def test_a_function_that_changes_the_list_it_was_given_reads_that_it_did(value, grade, reference) -> None:
    files = dict(reference)
    for path, names in GIVEN_LISTS.values():
        source = files[path].decode() + "\n\nimport numpy as np\n\n_ = len\n"
        files[path] = (source + CHANGING.format(value=value, names=names)).encode()
    card = grade(files, todos=("3.1", "3.2", "3.5", "3.6"))
    says = "arrays of more than" if "2**59" in value else r"was changed by the call, .* are a list"
    assert not card.broken
    assert [check for check in GIVEN_LISTS if not re.search(says, card.marks[check].message)] == []


@pytest.mark.parametrize("value", INTO_LISTS)
def test_a_function_that_returns_anything_at_all_costs_its_check_only(value, grade, reference) -> None:
    """Where a position, a shape or a list is expected; most checks want an array, and have one door."""
    body = f"\n\nargmax_position = lambda given: {value}\nsliding_windows = lambda given, *_: [{value}]\n"
    path = "part1_numpy/views.py"
    card = grade({**reference, path: reference[path] + body.encode()}, todos=("1.1", "1.3"))
    assert not card.broken
    assert card.marks["1.1-argmax"].outcome in (Outcome.FAILED, Outcome.LOST)
    assert card.marks["1.1-windows"].outcome in (Outcome.FAILED, Outcome.LOST)
    assert card.marks["1.3-relu"].outcome is Outcome.PASSED


def test_a_value_of_any_kind_is_shown_in_few_words() -> None:
    draw = random.Random(0)
    assert all(len(show(forged(draw))) <= MOST for _ in range(3000))
