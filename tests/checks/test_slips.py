"""A slip of the hand that nobody thought of is told in words: what kind, where, and nothing of the solution."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from homework import COURSE

from autograder.authoring.slips import slip_record
from autograder.authoring.slips.slip_words import describe
from autograder.course import recorded_slips
from autograder.diagnosis.fingerprints import Slip, fingerprint, fitting, foretold, telling

FORM = "def f(x, y, axis):\n    total = {}\n    return total\n"
PUBLIC = frozenset({"x", "y", "f", "scale"})
RECORDED = recorded_slips.read(COURSE.folder / recorded_slips.FILE)
IMBALANCE = "part3_imbalance"

# A slip that stands in no catalogue, and what has to be read of it: (TODO, file, right, wrong, words).
UNHEARD_OF = [
    ("3.4", "losses.py", "(tau * (n", "(1 / tau * (n", "1 over `tau` stands where `tau` should, in LogitAdjustedLoss"),
    ("3.4", "losses.py", "(tau * (n", "(tau + (n", "the logarithm is added, not multiplied, in LogitAdjustedLoss"),
    ("3.3", "losses.py", "** self.gamma", "** -self.gamma", "the exponent `gamma` has the wrong sign, in FocalLoss"),
    ("3.6", "metrics.py", "np.nanmean(", "np.nanmedian(", "the median is taken, not the mean, in balanced_accuracy"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("x + y", "x - y", "`y` is subtracted, not added"),
        ("x / len(y)", "x * len(y)", "it is multiplied by the length of `y`, not divided"),
        ("x / y.sum()", "x", "it is not divided by the sum"),
        ("x / y", "y / x", "the two sides of a quotient are exchanged"),
        ("x * (1 - y)", "x * 1 - y", "parentheses are missing or stand elsewhere"),
        ("x.sum(axis=1)", "x.sum(axis=0)", "the sum goes over axis 0, not 1"),
        ("x.sum(1)", "x.mean(1)", "the mean is taken, not the sum"),
        ("g(x).log()", "g(x)", "the logarithm is left out"),
        ("x ** -y", "x ** y", "a minus sign is missing"),
        ("x / (y - 1)", "x / (y + 1)", "1 is added, not subtracted"),
        ("x < y", "x <= y", "equal values count in a comparison"),
        ("x[1:]", "x[:]", "a slice begins at the start"),
        ("g(stripes=[2, 1])", "g(stripes=[2, 4])", "the second of `stripes` is 3 too large"),
        ("g(x, y)", "g(y, x)", "`x` and `y` are exchanged"),
        ("x / hidden", "x / len(y)", "it is divided by the length of `y`, not by something else"),
    ],
)
def test_a_slip_is_told_by_its_kind_and_by_names_that_the_handout_has(right, wrong, words) -> None:
    said = describe(FORM.format(right), FORM.format(wrong), "f", PUBLIC)
    assert said.startswith(f"{words}, in f")


def test_a_slip_in_a_statement_is_told() -> None:
    right = "def f(x):\n    for i in x:\n        y[i] += x\n    return y\n"
    for before, after, words in (
        ("+=", "=", "`y` is overwritten, nothing is added"),
        ("+=", "-=", "`x` is subtracted, not added"),
        ("return y", "pass", "nothing is returned"),
    ):
        assert words in describe(right, right.replace(before, after), "f", PUBLIC)


def test_no_sentence_has_an_expression_or_a_name_that_is_not_in_the_handout() -> None:
    clauses = {slip.clause for slips in RECORDED.values() for slip in slips}
    texts = "\n".join(content.decode(errors="replace") for content in COURSE.files().values())
    assert len(clauses) > 300
    quoted = {name for clause in clauses for name in re.findall(r"`([^`]*)`", clause)}
    assert all(name.isidentifier() and name in texts for name in quoted)
    for clause in clauses:
        assert not re.search(r"[=*+/@\[\]{}]|\w\(", clause.replace("an = without", "")), clause


def test_fingerprints_are_equal_where_arrays_are() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for other in (x.swapaxes(1, 2), x.reshape(3, 2, 4), x[::-1], x + 1e-4, np.roll(x, 1), -x):
        slips = [Slip("it slipped", "y", fingerprint(x), fingerprint(other), True)]
        assert [*fitting(slips, "y", other, x, 1e-9)] == ["it slipped"]
        assert [*fitting(slips, "y", x, x, 1e-9)] == []
        assert [*fitting(slips, "y", other + 1e-3, x, 1e-9)] == []


def test_a_recording_that_the_check_has_outgrown_says_nothing() -> None:
    x, now = np.arange(6.0), np.arange(6.0) ** 2
    slips = [Slip("it slipped", "y", fingerprint(x), fingerprint(-x), True)]
    assert [*fitting(slips, "y", -x, now, 1e-9)] == [*fitting(slips, "dy", -x, x, 1e-9)] == []


def test_what_a_slip_leaves_right_has_to_be_right() -> None:
    x = np.arange(6.0)
    slips = [Slip("it slipped", "y", fingerprint(x), fingerprint(-x), True)]
    assert foretold(slips, "y", -x, x, 1e-9)["it slipped"]()
    assert foretold(slips, "y of another", x, x, 1e-9)["it slipped"]()
    assert not foretold(slips, "y of another", -x, x, 1e-9)["it slipped"]()
    assert not foretold(slips, "y", x, x, 1e-9)["it slipped"]()


def test_what_three_slips_explain_is_nobodys() -> None:
    x = np.arange(6.0)
    slips = [Slip(f"slip {number}", "y", fingerprint(x), fingerprint(-x), True) for number in range(3)]
    assert len(fitting(slips[:2], "y", -x, x, 1e-9)) == 2
    assert fitting(slips, "y", -x, x, 1e-9) == {}


def test_a_shape_or_a_count_tells_no_slip_and_a_row_of_labels_does() -> None:
    for size, told in ((4, []), (12, ["it slipped"])):
        right, wrong = np.arange(size), np.arange(size) + 1
        slips = [Slip("it slipped", "y", fingerprint(right), fingerprint(wrong), True)]
        assert [*fitting(slips, "y", wrong, right, 0.0)] == told


@pytest.mark.parametrize("value", [["\ud800"], [1e200], [float("nan")], [float("inf"), 1.0]])
def test_whatever_a_student_sends_has_a_fingerprint_or_none(value) -> None:
    found = fingerprint(np.array(value))
    assert found is None or np.isfinite(found).all()


def test_a_single_number_tells_a_slip_only_where_it_has_many_digits() -> None:
    number, count = np.array(0.5), np.array(3)
    assert telling([number], 1e-9)
    assert not telling([number], 1e-4)
    assert telling([number, number], 1e-4)
    assert not telling([count], 0.0)


@pytest.mark.parametrize(("todo", "file", "right", "wrong", "words"), UNHEARD_OF)
def test_a_slip_that_nobody_catalogued_is_named_with_its_place(
    grade, reference, todo, file, right, wrong, words
) -> None:
    name = f"{IMBALANCE}/{file}"
    source = reference[name].decode()
    assert source.count(right) == 1
    card = grade({**reference, name: source.replace(right, wrong).encode()}, todos=(todo,))
    read = [mark.finding.suspect for mark in card.marks.values() if mark.finding.suspect]
    assert any(" equals what you get when " in text and words in text for text in read), read


@pytest.mark.slow
def test_the_recorded_slips_are_those_of_today(tmp_path) -> None:
    """Otherwise `autograder slips` has to be run again."""
    todo = "3.5"
    path = tmp_path / recorded_slips.FILE
    path.write_bytes(slip_record.record(COURSE, [3], [todo], 1))
    today = recorded_slips.read(path)
    for check in (check.id for check in COURSE.checks() if check.todo == todo):
        now, then = ({(one.clause, one.name, one.first) for one in each.get(check, ())} for each in (today, RECORDED))
        assert now == then


def test_a_course_without_recorded_slips_has_none(tmp_path) -> None:
    assert recorded_slips.known(dataclasses.replace(COURSE, folder=tmp_path)) is None
