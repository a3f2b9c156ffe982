"""Models that are shown the test images: thresholds, models that misbehave, and the marks they get."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from faults import Killer
from homework import NO_PLUGINS, ROOT
from known import IMAGES, MODELS, MY_MODEL, MY_MODEL_HIGH, TWO_LAYER, my_model, saved

from autograder.course import datasets
from autograder.errors import RubricError
from autograder.grading import candidates, exam
from autograder.reports import html
from autograder.reports.scores import ModelResult, Outcome, Scorecard


@pytest.mark.parametrize(("right", "cents"), [(150, 0), (151, 300), (240, 300), (241, 700)])
def test_a_threshold_is_to_be_exceeded_not_reached(take, weights, right, cents) -> None:
    labels = weights["labels"].clone()
    labels[right:] = (labels[right:] + 1) % 10
    card = take(saved({**weights, "labels": labels}))
    assert sum(card.marks[check].cents for check in (MY_MODEL, MY_MODEL_HIGH)) == cents
    assert card.models["my_model"].correct == right
    if not cents:
        text = "the accuracy of my_model is 0.5000 (150 of 300 images of shapes), expected more than 0.5"
        assert card.marks[MY_MODEL].message == text


BODIES = {
    "hangs": ("while True: pass", Outcome.LOST, r"300 images would take more than .* s, the limit is 4 s"),
    "is too slow": (
        "import time; time.sleep(1.5); return super().forward(x)",
        Outcome.LOST,
        r"300 images would take (about|more than) .* s, the limit is",
    ),
    "dies": ("import os; os._exit(3)", Outcome.LOST, r"the process exited \(3\)"),
    "takes all memory": ("torch.ones(2**40)", Outcome.LOST, r"out of memory \(the limit is 4096 MB\)"),
    "raises": ("raise ValueError('no')", Outcome.RAISED, r"ValueError: no \(models.py:\d+ in forward\)"),
    "is open": ("raise NotImplementedError('TODO 2.6: x')", Outcome.UNFINISHED, "TODO 2.6: x"),
    "gives 100 scores": (
        "return torch.zeros(len(x), 100)",
        Outcome.FAILED,
        r"scores has shape \(8, 100\), expected \(8, 10\)",
    ),
    "gives one score": ("return torch.zeros(10)", Outcome.FAILED, r"scores has shape \(10,\), expected \(8, 10\)"),
    "gives NaN": ("return torch.zeros(len(x), 10) / 0", Outcome.FAILED, r"scores\[0, 0\] is nan"),
    "gives a tuple": ("return (x, x)", Outcome.FAILED, "scores is a tuple of 2, expected an array"),
    "answers by position": (
        "self.at = getattr(self, 'at', 0) + len(x)\n"
        "        return nn.functional.one_hot(self.labels[self.at - len(x) : self.at], 10).float()",
        Outcome.FAILED,
        r"the accuracy of my_model is 0\.[01]",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_model_that_misbehaves_loses_its_own_points(take, weights, monkeypatch, case) -> None:
    monkeypatch.setattr(candidates, "BATCH", 50)
    body, outcome, says = BODIES[case]
    card = take(saved(weights), models=my_model(body), checkpoint_seconds=4 if outcome is Outcome.LOST else 60)
    assert card.marks[TWO_LAYER].outcome is Outcome.PASSED, card.marks[TWO_LAYER]
    for check in (MY_MODEL, MY_MODEL_HIGH):
        assert card.marks[check].outcome is outcome, card.marks[check]
    assert re.search(says, card.marks[MY_MODEL].message), card.marks[MY_MODEL].message
    assert card.cents == 100
    assert not card.broken


BUSY = "end = __import__('time').process_time() + 0.2\n        while __import__('time').process_time() < end: pass\n"


def test_a_model_whose_process_the_machine_kills_is_evaluated_once_more(take, weights, box) -> None:
    box.try_start("numpy", "torch")  # begun here, so that no killer finds what imports PyTorch
    models = my_model(f"{BUSY}        return super().forward(x)")
    with Killer(0.6) as killer:
        card = take(saved(weights), models=models)
    assert killer.killed
    assert card.cents == 800
    assert not any(result.silent for result in card.models.values())


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The models that are evaluated, as often as they are."""
    models: list[str] = []
    evaluate = exam.Exam._evaluate
    monkeypatch.setattr(
        exam.Exam,
        "_evaluate",
        lambda self, student, rng, model: models.append(model) or evaluate(self, student, rng, model),
    )
    return models


def test_a_model_that_ends_its_process_is_evaluated_three_times_whatever_the_number_of_checks(
    take, weights, asked
) -> None:
    card = take(saved(weights), models=my_model("import os; os._exit(3)"))
    assert {card.marks[check].outcome for check in (MY_MODEL, MY_MODEL_HIGH)} == {Outcome.LOST}
    assert asked == ["two_layer", "my_model", "my_model", "my_model"]


def test_what_a_model_prints_is_cut_and_harmless(take, weights) -> None:
    noisy = "    def forward(self, x):\n        print('x' * 1_000_000)\n        return super().forward(x)\n"
    card = take(saved(weights), models=MODELS.replace("    pass\n", noisy), seed=0)
    assert card.cents == 800
    assert card.marks[MY_MODEL].printed.startswith("xxx")
    assert len(card.marks[MY_MODEL].printed) <= 64 * 1024


def test_a_model_of_the_wrong_kind_is_named(take, weights) -> None:
    card = take(saved(weights), models=MODELS + "\nMyModel = dict\n")
    assert card.marks[MY_MODEL].message == "MyModel makes an object of type dict, expected a torch.nn.Module"


def test_two_checks_share_one_evaluation(take, weights, asked) -> None:
    take(saved({**weights, "labels": weights["labels"] * 0}))
    assert asked == ["two_layer", "my_model"]


def test_equal_runs_give_equal_marks_whatever_the_order_of_the_images(take, weights) -> None:
    cards = [take(saved(weights), seed=seed) for seed in (1, 1, 2)]
    assert cards[0].marks == cards[1].marks == cards[2].marks
    assert len({card.models["my_model"].confusion for card in cards}) == 1


def test_without_the_data_set_the_checks_are_to_be_graded_again(take, weights) -> None:
    card = take(saved(weights), dataset="images:/srv/secret/nowhere")
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.BROKEN}
    assert card.broken
    assert "run make data" in card.marks[MY_MODEL].message
    assert "srv" not in card.marks[MY_MODEL].message


def test_without_cifar10_the_sentence_names_make_data(take, weights, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(datasets, "DATA", tmp_path / "none")
    datasets.load.cache_clear()
    card = take(saved(weights), dataset="cifar10")
    assert card.marks[MY_MODEL].outcome is Outcome.BROKEN
    assert "run make data" in card.marks[MY_MODEL].message


def test_in_a_students_folder_checks_without_a_data_set_are_skipped(tmp_path, weights) -> None:
    (tmp_path / "part2_pytorch").mkdir()
    (tmp_path / "part2_pytorch" / "__init__.py").write_text("")
    (tmp_path / "part2_pytorch" / "models.py").write_text(MODELS)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "two_layer.pt").write_bytes(saved(weights))
    command = [sys.executable, "-m", "autograder", "test", "--todo", "2.6", "-k", "two-layer", "--dataset"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **NO_PLUGINS}
    for dataset, says in (("images:nowhere", "run make data"), (f"shapes:{IMAGES}", "accuracy 1.0000")):
        done = subprocess.run(
            [*command, dataset], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert says in " ".join(done.stdout.split())


def test_the_models_own_contract_is_checked_without_any_data(take, weights) -> None:
    by_batch = "    def forward(self, x):\n        return x.flatten(1)[:, :10] - x.sum()\n"
    card = take(None, models=MODELS.replace("    pass\n", by_batch), checks=("2.6-images",))
    mark = card.marks["2.6-images"]
    assert mark.outcome is Outcome.FAILED
    assert "of an image alone is" in mark.message
    assert mark.max_cents == 0


def test_wilsons_interval_is_that_of_the_book() -> None:
    result = ModelResult("m", "d", ("a", "b"), ((8, 2), (0, 0)), 1, 1, 1.0)
    assert result.interval == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert result.per_class == (0.8, None)
    all_right = ModelResult("m", "d", ("a",), ((100,),), 1, 1, 1.0)
    assert all_right.interval[1] == pytest.approx(1)


def test_the_report_shows_each_class_and_an_empty_one(take) -> None:
    card = Scorecard("t", {}, models={"m": ModelResult("m", "<b>", ("a", "<i>"), ((8, 2), (0, 0)), 5, 6, 1.0)})
    page = html.render(card)
    assert "80.0 %" in page
    assert "no images" in page
    assert "<i>" not in page


def test_a_data_set_that_does_not_exist_is_refused(assignment) -> None:
    with pytest.raises(RubricError, match="there is no data set 'mnist': use cifar10, images:PATH or shapes"):
        assignment.on("mnist")
