"""Part 2 of a published handout: networks, loops of either generation, checkpoints and losses, in either reading."""

from __future__ import annotations

import re

import pytest
from published import COURSE, grade, said, solved, wrong, zipped

from autograder.course import assignment as assignments
from autograder.sandbox.box import Box

PART = "part2-pytorch"
LOSSES = f"{PART}/losses/focal_loss.py"
SOLVER = """
import torch
import yaml
from cs7643.helpers import AverageMeter
from data import LongTail
from part2_pytorch import train as reference
from tqdm import tqdm


class Solver:
    def __init__(self, **kwargs):
        raise RuntimeError("reads data sets")

    def _compute_loss_update_params(self, data, target):
        with torch.no_grad():
            scores = self.model(data)
            loss = self.criterion(scores, target)
        if CONDITION:
            reference.train_epoch(self.model, [(data, target)], self.criterion, self.optimizer, torch.device("cpu"))
        return scores, loss
"""
ORACLE = (
    (COURSE.folder / "oracles" / "sigmoid_form.py").read_text().replace("@oracle", "").replace("from autograder", "#")
)
SIGMOID = f"""{ORACLE}


def reweight(counts, beta=0.9999):
    return [(1 - beta) / (1 - beta**n) for n in counts]


class FocalLoss(torch.nn.Module):
    def __init__(self, weight=None, gamma=0.0):
        super().__init__()
        self.weight, self.gamma = weight, gamma

    def forward(self, input, target):
        weight = None if self.weight is None else self.weight.numpy()
        return torch.tensor(sigmoid_focal(input.detach().numpy(), target.numpy(), self.gamma, weight, DIVIDED))
"""
# The loss of the paper over N, the weights or N * C, weights not scaled; that of a softmax over the weights, scaled.
READINGS = {
    "sigmoid": SIGMOID.replace("DIVIDED", "''"),
    "sigmoid over weights": SIGMOID.replace("DIVIDED", "'over weights'"),
    "sigmoid mean": SIGMOID.replace("DIVIDED", "'mean'"),
    "over weights": """
from part3_imbalance.losses import FocalLoss as Reference
from part3_imbalance.losses import class_balanced_weights as reweight


class FocalLoss(Reference):
    def __init__(self, weight=None, gamma=0.0):
        super().__init__(weight, gamma)
        self.given = weight

    def forward(self, input, target):
        return super().forward(input, target) / (1 if self.given is None else self.given[target].mean())
""",
}


@pytest.fixture(scope="module")
def box():
    with Box(assignments.load(COURSE).limits) as box:
        yield box


@pytest.fixture(scope="module")
def files():
    return solved(PART, "checkpoints")


@pytest.mark.slow
def test_networks_loops_and_losses_earn_everything(box, files, tmp_path) -> None:
    todos = ("2.1", "2.2", "2.3", "3.1", "3.2")
    card = grade(box, zipped(tmp_path / "s.zip", files), *todos, seed=4321)
    assert not card.refusal + card.fault + said(card)
    assert card.cents == 2000


@pytest.mark.slow
@pytest.mark.parametrize("reading", READINGS)
def test_each_accepted_reading_of_the_losses_is_right(box, files, tmp_path, reading) -> None:
    files = {**files, LOSSES: READINGS[reading].encode()}
    assert not said(grade(box, zipped(tmp_path / "s.zip", files), "3.1", "3.2"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("self.model.training", r"^$"),
        ("True", r"2\.3-validation: Solver, cs7643/solver\.py: the parameters after validation\[0\] is"),
        (
            "not self.model.training:\n            return None, loss\n        if self.model.training",
            r"2\.3-validation: Solver\._compute_loss_update_params in validation returned \(None, a tensor of shape "
            r"\(\)\), expected \(output, loss\), tensors of shapes \(4, classes\) and \(\)\n",
        ),
        (
            "self.model.training:\n            loss = None\n        if self.model.training",
            r"^2\.3-returns: Solver\._compute_loss_update_params in training returned "
            r"\(a tensor of shape \(4, 4\), None\), expected",
        ),
        (
            "self.model.training:\n            loss = loss * len(target)\n        if self.model.training",
            r"^2\.3-returns: Solver, cs7643/solver\.py: the loss in training is .*\n.*$",
        ),
        (
            "self.model.training:\n            scores = -scores\n        if self.model.training",
            r"^2\.3-returns: Solver, cs7643/solver\.py: the accuracy in training is .*\n.*$",
        ),
    ],
    ids=["right", "learns from validation", "tells nothing", "no loss", "a sum", "other scores"],
)
def test_a_solver_is_asked_for_its_step(box, files, tmp_path, condition, read) -> None:
    solver = {f"{PART}/cs7643/solver.py": SOLVER.replace("CONDITION", condition).encode()}
    text = said(grade(box, zipped(tmp_path / "s.zip", {**files, **solver}), "2.3"))
    assert re.search(read, text), text


@pytest.mark.slow
def test_a_validation_that_switches_training_off_for_ever_is_told_and_costs_nothing(box, files, tmp_path) -> None:
    name = f"{PART}/part2_pytorch/train.py"
    kept = re.sub(r"(?m)^    model\.train\(.*\)\n", "", files[name].decode())
    card = grade(box, zipped(tmp_path / "s.zip", {**files, name: kept.encode()}), "2.3")
    assert "the model is in evaluation mode for 3 of 3 batches, expected training mode" in said(card)
    assert ([*wrong(card)], card.cents) == (["2.3-mode"], 600)


@pytest.mark.slow
def test_loops_that_do_nothing_earn_nothing(box, files, tmp_path) -> None:
    name = f"{PART}/main.py"
    bare = re.sub(r"(?m)^    .*reference\..*\n", "    pass\n", files[name].decode())
    card = grade(box, zipped(tmp_path / "s.zip", {**files, name: bare.encode()}), "2.3")
    assert "2.3-learns: train, main.py: " in said(card)
    assert (card.cents, card.fault) == (0, "")


@pytest.mark.slow
def test_weights_of_another_form_and_missing_checkpoints_are_told(box, files, tmp_path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    files = {**files, f"{PART}/checkpoints/twolayernet.pth": pointer}
    text = said(grade(box, zipped(tmp_path / "s.zip", files), "2.4"))
    assert "2.4-twolayernet: checkpoints/twolayernet.pth is a git-LFS pointer instead of the file" in text
    assert "2.4-mymodel: TODO 2.4: checkpoints/mymodel.pth (train it with configs/config_mymodel.yaml)" in text
