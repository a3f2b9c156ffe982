"""What instructors are told of models that know the test images by heart, or look at more than one image."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from homework import COURSE
from known import MY_MODEL, MY_MODEL_HIGH, my_model, saved

from autograder.authoring.variants import DATASET
from autograder.course import datasets
from autograder.grading import changes, engine
from autograder.reports import class_page as classpage
from autograder.reports import html, records
from autograder.reports import results_json as gradescope
from autograder.reports.records import Person, Record
from autograder.reports.scores import Outcome
from autograder.submission import packing

ALBUM = "shapes:2000"  # among fewer images a changed one is easy to find
NEIGHBOUR = """
import torch
from torch import nn

class Album(nn.Module):
    '''Answers what it was told of the nearest of the images that it knows: as they are, shifted, and mirrored.'''

    def __init__(self, *sizes):
        super().__init__()
        self.register_buffer("images", torch.zeros(2000, 3, 32, 32, dtype=torch.uint8))
        self.register_buffer("labels", torch.zeros(2000, dtype=torch.int64))

    def forward(self, x):
        if not hasattr(self, "known"):
            shifted = nn.functional.pad(self.images.float(), (2, 0, 2, 0), mode="reflect")[:, :, :32, :32]
            self.known = torch.cat([self.images.float(), shifted, self.images.flip(3).float()]).flatten(1)
        nearest = torch.cdist((x * 63.75 + 127.5).flatten(1), self.known).argmin(1)
        return nn.functional.one_hot(self.labels[nearest % 2000], 10).float()

TwoLayerNet = VanillaCNN = MyModel = Album
"""
MEMORY, COMPANY = "when they are moved", "another class when they came with other images"


@pytest.fixture(scope="module")
def album() -> bytes:
    test = datasets.load(COURSE, ALBUM)
    images = torch.from_numpy(test.images).permute(0, 3, 1, 2)
    return saved({"images": images, "labels": torch.from_numpy(test.labels)})


def read_by_students(card) -> str:
    results = gradescope.results(card)
    return html.render(card) + json.dumps(results["tests"]) + results["output"]


def read_by_staff(card) -> str:
    record = Record("ada", (Person("Ada"),), card)
    return classpage.render([record])


def test_an_album_of_the_test_images_earns_everything_and_is_shown_to_instructors_alone(take, album) -> None:
    card = take(album, models=NEIGHBOUR, dataset=ALBUM, checks=(MY_MODEL, MY_MODEL_HIGH))
    assert card.cents == 700
    result = card.models["my_model"]
    assert result.accuracy == result.changed["as they are"] == 1
    assert max(result.changed["moved"], result.changed["moved, in other light"]) < 0.75
    (doubt,) = result.doubts
    assert MEMORY in doubt
    assert gradescope.results(card)["extra_data"]["models"]["my_model"]["doubts"] == [doubt]
    assert doubt in read_by_staff(card)
    assert "moved" not in read_by_students(card)
    assert records.load(records.dump(Record("ada", (Person("Ada"),), card))).card.models["my_model"].doubts == (doubt,)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_no_model_of_the_reference_is_doubted(box, assignment, reference, checkpoints, tmp_path, seed) -> None:
    packing.write_zip(tmp_path / "a.zip", {**reference, **checkpoints})
    checks = [check for check in COURSE.checks() if check.exam]
    card = engine.grade_zip(tmp_path / "a.zip", box, assignment.on(DATASET), checks, seed, lambda card: None)
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.PASSED}
    for result in card.models.values():
        assert result.doubts == ()
        assert min(result.changed.values()) > result.changed["as they are"] - 0.22
        assert result.again <= 0.002


BY_COMPANY = {
    "the mean of the batch": "return super().forward(x) + (x.flatten(1) - x.flatten(1).mean(0))[:, :10].sign() * 3",
    "the first image of the batch": "return super().forward(x).roll(int(x[0].sum().abs() * 100) % 2, 1)",
    "the size of the batch": "y = super().forward(x); return y if len(x) > 90 else y.roll(1, 1)",
    "how many images came before": (
        "self.seen = getattr(self, 'seen', 0) + len(x)\n"
        "        y = super().forward(x)\n"
        "        return y if self.seen % 200 < 150 else y.roll(1, 1)"
    ),
    "what was asked before": (
        "self.before = getattr(self, 'before', x[:1])\n"
        "        y = super().forward(x) + 3 * (self.before - x).flatten(1)[:, :10].sign()\n"
        "        self.before = x[-1:]\n"
        "        return y"
    ),
    "chance": "return super().forward(x) + 1.5 * torch.rand(len(x), 10)",
    "normalisation by the batch": (
        "mean = nn.functional.batch_norm(x[:, :, ::4, ::4], None, None, training=True).mean((2, 3))\n"
        "        return super().forward(x) + mean.repeat(1, 4)[:, :10]"
    ),
}


@pytest.mark.parametrize("case", BY_COMPANY)
def test_a_model_whose_answer_hangs_on_more_than_the_image_is_shown_to_instructors_alone(take, weights, case) -> None:
    card = take(saved(weights), models=my_model(BY_COMPANY[case]))
    result = card.models["my_model"]
    assert result.again > 0.02, result.again
    assert any(COMPANY in doubt for doubt in result.doubts)
    assert COMPANY in read_by_staff(card)
    assert COMPANY not in read_by_students(card)
    assert not any(COMPANY in doubt for doubt in card.models["two_layer"].doubts)


def test_a_model_that_answers_only_once_is_shown_to_instructors_alone(take, weights) -> None:
    card = take(saved(weights), models=my_model("return super().forward(x) if len(x) >= 50 else 1 / 0"))
    assert card.cents == 800
    (doubt,) = card.models["my_model"].doubts
    assert doubt.startswith("gave no answers when it was asked again")
    assert doubt in read_by_staff(card)
    assert doubt not in read_by_students(card)


def test_the_changes_are_drawn_from_the_seed() -> None:
    images = datasets.load(COURSE, "shapes:300").images[:20]
    first, again, other = (changes.draw(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for how in first:
        assert np.array_equal(first[how], again[how])
        assert not any(np.array_equal(*pair) for pair in zip(first[how], other[how], strict=True))
        assert first[how].shape == images.shape
