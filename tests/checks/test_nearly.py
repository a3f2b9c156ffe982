"""Values that are right to eight digits: what is said of them, and that a small number added costs one check."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checking.expect import expect_close, expect_equal
from autograder.diagnosis.differences import apart, locate, nearly
from autograder.errors import CheckFailed
from autograder.reports.scores import Outcome

RIGHT = np.random.default_rng(0).normal(size=(3, 4))


def said(found: object, expected: object) -> tuple[str, str]:
    with pytest.raises(CheckFailed) as caught:
        expect_close(found, expected, "loss")
    assert caught.value.finding is not None
    return str(caught.value), caught.value.finding.suspect


def test_two_numbers_are_shown_with_as_many_digits_as_tell_them_apart() -> None:
    assert apart(2.5, 3.5) == ("2.5", "3.5")
    assert apart(2.60806001, 2.60806) == ("2.60806001", "2.60806")
    assert apart(0.1 + 0.2, 0.3) == ("0.30000000000000004", "0.29999999999999999")
    assert said(2.60806002, 2.60806)[0] == "loss is 2.60806002, expected 2.60806"
    with pytest.raises(CheckFailed, match=r"^size is 1\.00000001, expected 1$"):
        expect_equal(1.00000001, 1.0, "size")


def test_a_factor_near_1_is_not_called_1() -> None:
    wrong = np.ones(RIGHT.shape, dtype=bool)
    assert locate(RIGHT * (1 + 1e-7), RIGHT, wrong, 1e-9) == "each is 1.0000001 times what it should be"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (
            RIGHT.astype("float32").astype("float64"),
            "7 digits and is rounded to float32: where does that dtype come from?",
        ),
        (
            RIGHT + 1e-7,
            "6 digits: is it float32 somewhere on the way, or is a small number such as 1e-8 added in a log",
        ),
        (RIGHT * (1 + 3e-8), "7 digits: is it float32 somewhere on the way"),
    ],
    ids=["rounded", "added", "scaled"],
)
def test_a_difference_in_the_eighth_digit_is_explained(found, why) -> None:
    assert said(found, RIGHT)[1].startswith(f"loss agrees to about {why}")


def test_a_larger_difference_is_not() -> None:
    assert nearly(RIGHT * 1.001, RIGHT, "loss") == ""
    assert nearly(RIGHT, RIGHT, "loss") == ""
    assert nearly(RIGHT, np.zeros_like(RIGHT), "loss") == ""


def test_what_is_small_and_has_become_zero_is_no_matter_of_digits() -> None:
    right = np.array([1.0, 0.5, 1e-8])
    assert "smallest values of y are wrong: they are 0" in nearly(np.where(right < 1e-6, 0, right), right, "y")
    assert nearly(np.array([1.0, 0.5 + 1e-7, 0.0]), right, "y").startswith("y agrees to about")


LOSS = "return self.probs, float(-log_probs[np.arange(len(y)), y].mean())"
PICKED = "self.probs[np.arange(len(y)), y]"
SMALL = {
    "1e-8 in the logarithm": (LOSS, f"return self.probs, float(-np.log({PICKED} + 1e-8).mean())"),
    "1e-7 in the logarithm": (LOSS, f"return self.probs, float(-np.log({PICKED} + 1e-7).mean())"),
    "cut off at 1e-12": (LOSS, f"return self.probs, float(-np.log(np.clip({PICKED}, 1e-12, 1 - 1e-12)).mean())"),
    "1e-8 in the denominator": ("exponentials / totals, y", "exponentials / (totals + 1e-8), y"),
    "float32 at the end": (LOSS, LOSS.replace("float(", "float(np.float32(") + ")"),
    "float32 on the way": ("np.exp(shifted)", "np.exp(shifted.astype(np.float32)).astype(scores.dtype)"),
}


@pytest.mark.parametrize("case", SMALL)
def test_a_loss_that_is_nearly_right_loses_one_check(grade, reference, case) -> None:
    old, new = SMALL[case]
    source = reference["part1_numpy/losses.py"].decode()
    assert old in source
    card = grade({**reference, "part1_numpy/losses.py": source.replace(old, new).encode()})
    lost = [mark.check for mark in card.marks.values() if mark.outcome is not Outcome.PASSED]
    assert lost == ["1.4-stable"]
