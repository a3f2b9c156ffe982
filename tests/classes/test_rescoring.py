"""Marks of another assignment.toml for what was graded before: the same as grading would give, and nobody is asked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import known
import pytest
from homework import COURSE
from known import MODELS, saved

from autograder.course import assignment as assignments
from autograder.course.assignment import Assignment
from autograder.grading import engine, marking
from autograder.grading.rescoring import Rescoring
from autograder.reports.scores import Outcome, Scorecard
from autograder.submission import packing

HIGH = "2.6-my-model-high"


@pytest.fixture(scope="module")
def part2() -> Assignment:
    whole = assignments.load(COURSE).on(f"shapes:{known.IMAGES}")
    return whole.model_copy(update={"parts": {2: whole.parts[2]}})


@pytest.fixture(scope="module")
def grade(weights, box, tmp_path_factory) -> Callable[[Assignment], Scorecard]:
    """Grade a model that is right about every image; most of the code is still to be written."""
    files = {"part2_pytorch/models.py": MODELS.encode(), "checkpoints/two_layer.pt": saved(weights)}
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    packing.write_zip(path, files)
    return lambda assignment: engine.grade_zip(path, box, assignment, assignment.checks(), 3, lambda card: None)


@pytest.fixture(scope="module")
def graded_once(grade, part2) -> Scorecard:
    return grade(part2)


@pytest.fixture
def graded(graded_once) -> Scorecard:
    return copy.deepcopy(graded_once)


def _with(assignment: Assignment, **tiers: float) -> Assignment:
    shapes = {**assignment.thresholds["shapes"], **tiers}
    return assignment.model_copy(update={"thresholds": {"shapes": shapes}})


def _told(card: Scorecard) -> dict:
    return {**vars(card), "seconds": None, "models": {n: replace(one, seconds=0) for n, one in card.models.items()}}


def test_what_is_edited_gives_what_grading_would_give(part2, graded, grade) -> None:
    assert graded.marks["2.6-two-layer"].outcome is Outcome.PASSED
    part = part2.parts[2].model_copy(update={"points": 10.0, "title": "Training"})
    other = _with(part2, my_model=0.1).model_copy(update={"parts": {2: part}, "title": "Homework 2"})
    assert _told(Rescoring(other).rescored(graded)) == _told(grade(other))


def test_a_checkpoint_fails_a_tier_by_the_accuracy_that_was_measured(part2, graded) -> None:
    graded.models["two_layer"] = replace(graded.models["two_layer"], confusion=((60, 40), (0, 0)))
    card = Rescoring(_with(part2, two_layer=0.6)).rescored(graded)
    assert card.marks["2.6-two-layer"].outcome is Outcome.FAILED
    said = "the accuracy of two_layer is 0.6000 (60 of 100 images of shapes), expected more than 0.6"
    assert card.marks["2.6-two-layer"].message == said
    again = Rescoring(_with(part2, two_layer=0.59)).rescored(card)
    assert again.marks["2.6-two-layer"].outcome is Outcome.PASSED
    assert again.cents == card.cents + again.marks["2.6-two-layer"].max_cents
    assert card.marks[HIGH] == graded.marks[HIGH]  # it has no accuracy, and keeps why


def test_a_part_that_was_not_graded_takes_a_grading(graded, part2) -> None:
    assert Rescoring(assignments.load(COURSE)).rescored(graded) is None
    assert _told(Rescoring(part2).rescored(graded)) == _told(graded)


def test_a_part_that_is_dropped_takes_its_marks_and_models_along(part2, graded) -> None:
    whole = assignments.load(COURSE).on(part2.dataset)
    without = whole.model_copy(update={"parts": {3: whole.parts[3]}})
    graded.marks |= marking.blank(without, without.checks()).marks
    card = Rescoring(without).rescored(graded)
    assert {mark.part for mark in card.marks.values()} == {3}
    assert card.models == {}
