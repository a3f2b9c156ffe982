"""What a student reads does not depend on the secret cases, whatever the student's code has seen and tells."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import pytest
from attacks.spy import CHANNELS, submission
from homework import COURSE

from autograder.reports import html
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Outcome, Scorecard

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the box needs Linux")
SEEDS = (20281, 20282)
QUICK = ("an exception", "values", "prints", "an exit status", "a header's size")  # of part 1; the others: check-slow
OURS = set(COURSE.given())


def visible(card: Scorecard, seconds: float) -> str:
    """All that a student may read: results.json, what Gradescope hides of it included, and the page."""
    results = gradescope.results(card, execution_seconds=seconds)
    return json.dumps(results, indent=0, allow_nan=False) + html.render(card, execution_seconds=seconds)


@pytest.mark.parametrize(
    ("channel", "part"),
    [
        pytest.param(channel, part, marks=() if part == 1 and channel in QUICK else pytest.mark.slow)
        for channel in CHANNELS
        for part in (1, 2, 3)
    ],
)
def test_what_a_student_reads_of_two_secret_seeds_is_the_same(grade, reference, channel, part) -> None:
    files = submission(reference, OURS, channel)
    first, second = (grade(files, part=part, seed=seed) for seed in SEEDS)
    assert outcomes(first) == outcomes(second)
    assert list(outcomes(first).values()).count(Outcome.PASSED) < len(first.marks) / 2
    assert not first.broken
    assert visible(first, 1.0).splitlines() == visible(second, 2.0).splitlines()


def outcomes(card: Scorecard) -> Mapping[str, Outcome]:
    return {check: mark.outcome for check, mark in card.marks.items()}
