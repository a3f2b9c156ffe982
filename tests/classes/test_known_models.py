"""Whose models are not evaluated again: files that were graded before, byte by byte, on the same terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from known import MODELS, my_model, saved

from autograder.classroom.store import Store
from autograder.grading.known_models import KnownModels
from autograder.reports.scores import Outcome, Scorecard

Again = Callable[..., tuple[Scorecard, KnownModels]]


@pytest.fixture
def again(take, weights, tmp_path) -> Again:
    """Grade as in a class: with what is known from before, and what is found kept for the next."""
    store = Store(tmp_path / "out")
    store.students.mkdir(parents=True)

    def grade(checkpoint: bytes = b"", terms: str = "terms", **how) -> tuple[Scorecard, KnownModels]:
        known = KnownModels(store.known, terms)
        card = take(checkpoint or saved(weights), known=known, **how)
        store.add(known.found)
        return card, known

    return grade


def test_the_same_files_are_not_evaluated_again_and_get_the_same_marks(again) -> None:
    first, found = again()
    assert len(found.found) == 2
    second, nothing = again()
    assert nothing.found == {}
    assert second.marks == first.marks
    assert second.models == first.models  # the seconds of the first, to the last digit


def test_a_model_that_does_badly_is_told_the_same_from_memory(again, weights) -> None:
    wrong = saved({**weights, "labels": weights["labels"] * 0})
    (first, _), (second, nothing) = again(wrong), again(wrong)
    assert nothing.found == {}
    assert second.marks == first.marks
    assert Outcome.FAILED in {mark.outcome for mark in second.marks.values()}


def test_whatever_an_evaluation_can_depend_on_has_it_made_again(again, weights) -> None:
    again()
    other: dict[str, dict] = {
        "the checkpoint": {"checkpoint": saved({**weights, "keys": weights["keys"] + 1e-9})},
        "the model's code": {"models": MODELS + "# as it was"},
        "a module that it may import": {"more": {"part1_numpy/own.py": b"RIGHT = 1"}},
        "another checkpoint, which it may read": {"two_layer": saved({**weights, "keys": weights["keys"] + 1e-9})},
        "the images": {"dataset": "shapes:299"},
        "seed, limits, checks, grader, libraries": {"terms": "other terms"},
    }
    assert {what: len(again(**how)[1].found) for what, how in other.items()} == dict.fromkeys(other, 2)


def test_gradings_that_were_no_fair_trial_teach_nothing(again, weights) -> None:
    hangs = my_model("while True: pass")
    raises = my_model("return super().forward(x) if len(x) >= 50 else 1 / 0")  # when it is asked again
    assert again(models=hangs, checkpoint_seconds=1)[1].found == {}
    assert len(again(models=raises)[1].found) == 1


def test_no_text_of_a_student_is_kept(again) -> None:
    spoken = "    def forward(self, x):\n        print('a word of mine')\n        return super().forward(x)\n"
    card, known = again(models=MODELS.replace("    pass\n", spoken), seed=0)
    assert "a word of mine" in str(card.marks)
    assert len(known.found) == 2
    assert not any("word" in text for text in known.found.values())


def test_what_is_no_evaluation_is_found_out_again(again, tmp_path) -> None:
    _, known = again()
    folder: Path = known.folder
    for file in folder.iterdir():
        file.write_text('{"result": {}, "suspect": "see https://example.org"}', encoding="utf-8")
    assert len(again()[1].found) == 2
