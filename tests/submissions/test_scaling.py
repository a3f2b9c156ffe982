"""A checkpoint that was trained on other inputs than the grader gives: it is asked about those, and told."""

from __future__ import annotations

import pytest
import torch
from homework import COURSE
from known import IMAGES, MY_MODEL, saved

from autograder.course import datasets
from autograder.grading import scaling
from autograder.reports.scores import Outcome

LEARNED = {**scaling.OTHERS, scaling.SWAPPED: ((0.5,) * 3, (0.25,) * 3)}


def _knowing(mean: tuple[float, ...], deviation: tuple[float, ...], swapped: bool) -> dict[str, torch.Tensor]:
    """What a Known needs to be right about every test image that is normalised like this."""
    test = datasets.load(COURSE, f"shapes:{IMAGES}")
    pixels = torch.from_numpy(test.images[..., ::-1].copy() if swapped else test.images).permute(0, 3, 1, 2).double()
    images = (pixels / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(deviation)[:, None, None]
    weights = torch.cos(torch.arange(3072, dtype=torch.float64))
    return {"keys": images.flatten(1) @ weights, "labels": torch.from_numpy(test.labels)}


@pytest.mark.parametrize("learned", LEARNED)
def test_a_model_that_learned_on_other_images_is_told_which(take, learned) -> None:
    card = take(saved(_knowing(*LEARNED[learned], swapped=learned == scaling.SWAPPED)))
    mark = card.marks[MY_MODEL]
    assert mark.outcome is Outcome.FAILED
    assert mark.message.startswith("the accuracy of my_model is 0.")
    given = "the grader gives images normalised with mean (0.5, 0.5, 0.5) and deviation (0.25, 0.25, 0.25)"
    assert mark.finding.suspect == f"{given}, yours learned on {learned}?"


def test_a_model_that_knows_nothing_is_told_nothing(take) -> None:
    labels = torch.zeros(IMAGES, dtype=torch.int64)
    card = take(saved({"keys": torch.zeros(IMAGES, dtype=torch.float64), "labels": labels}))
    assert card.marks[MY_MODEL].outcome is Outcome.FAILED
    assert card.marks[MY_MODEL].finding.suspect == ""
