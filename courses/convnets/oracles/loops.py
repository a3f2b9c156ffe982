"""One epoch on the grader's small model, trained right and wrong in a known way, and its averages.

The model is linear, tanh, linear in double precision; the optimizer is torch.optim.SGD, its rate set before each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from autograder.cases.training import Setting
from autograder.checking.oracles import oracle

from .tensors import double

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Batch(NamedTuple):
    """What is known of a batch that the model has seen: `taken` are hits by another rule than the highest score."""

    loss: float
    hits: int
    size: int
    taken: dict[str, int]


class Descent:
    """The small model and its optimizer."""

    def __init__(
        self, parameters: Sequence[np.ndarray], momentum: float, weight_decay: float = 0.0, criterion: str = "cross"
    ) -> None:
        self.tensors = [double(array).requires_grad_() for array in parameters]
        weights, biases = self.tensors[::2], self.tensors[1::2]
        groups = [{"params": weights, "weight_decay": weight_decay}, {"params": biases, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=0.0, momentum=momentum)
        self.criterion = CRITERIA[criterion]

    def scores(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3) -> (N, classes)."""
        w1, b1, w2, b2 = self.tensors
        return F.linear(torch.tanh(F.linear(images, w1, b1)), w2, b2)

    def learn(self, images: np.ndarray, labels: np.ndarray, lr: float, zero: bool = True, step: bool = True) -> Batch:
        """Go through one batch; `zero` and `step` leave out what they name."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        scores, target = self.scores(double(images)), torch.tensor(labels)
        loss = self.criterion(scores, target)
        if zero:
            self.optimizer.zero_grad()
        loss.backward()
        if step:
            self.optimizer.step()
        return _seen(scores, target, loss)

    def judge(self, images: np.ndarray, labels: np.ndarray) -> Batch:
        """Go through images without learning."""
        with torch.no_grad():
            scores, target = self.scores(double(images)), torch.tensor(labels)
            return _seen(scores, target, self.criterion(scores, target))

    def flat(self) -> np.ndarray:
        """All parameters in a row."""
        return np.concatenate([tensor.detach().numpy().ravel() for tensor in self.tensors])


def _seen(scores: torch.Tensor, labels: torch.Tensor, loss: torch.Tensor) -> Batch:
    taken = {rule: int(hits(scores.detach(), labels).sum()) for rule, hits in RULES.items()}
    return Batch(loss.item(), int((scores.argmax(1) == labels).sum()), len(labels), taken)


# What is taken for a hit, by rules that are wrong.
RULES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "first positive": lambda scores, labels: (scores > 0).int().argmax(1) == labels,
    "label positive": lambda scores, labels: scores.gather(1, labels[:, None])[:, 0] > 0,
    "lowest": lambda scores, labels: scores.argmin(1) == labels,
    "over images": lambda scores, labels: scores.softmax(0).argmax(1) == labels,
    "rounded": lambda scores, labels: scores.max(1).values.round() == labels,
}


def _softmax_first(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(scores.softmax(1), labels)


def _distance(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (scores.gather(1, labels[:, None]) - 2).square().mean()


CRITERIA: dict[str, Criterion] = {"cross": F.cross_entropy, "softmax, cross": _softmax_first, "distance": _distance}


@oracle
def learned(setting: Setting, rule: str = "", criterion: str = "cross") -> np.ndarray:
    """All parameters after the epoch, in a row.

    Args:
        setting: the case.
        rule: what is done wrong: "gradients add up", "last batch dropped", "one batch", "one step", "two steps",
            "each twice", "rate per epoch", "rate constant" or "rate early".
        criterion: "cross", "softmax, cross" or "distance".
    """
    descent, _ = _epoch(setting, rule, criterion)
    return descent.flat()


@oracle
def average_loss(setting: Setting, how: str = "samples", criterion: str = "cross") -> float:
    """Loss of the epoch.

    Args:
        setting: the case.
        how: "samples", as it should be, or "batches", "first", "last", "last of all", "sum", "weighted sum", "twice",
            "dropped", "full batches", "small batches", or "after" the epoch, or "stepped": after the step of each.
        criterion: as in `learned`.
    """
    descent, batches = _epoch(setting, how, criterion)
    if how == "after":
        return descent.judge(setting.images, setting.labels).loss
    losses, counts = np.array([batch.loss for batch in batches]), np.array([batch.size for batch in batches])
    total = counts.sum()
    return float(
        {
            "samples": (losses * counts).sum() / total,
            "stepped": (losses * counts).sum() / total,
            "batches": losses.mean(),
            "last": losses[-1],
            "last of all": losses[-1] * counts[-1] / total,
            "sum": losses.sum(),
            "weighted sum": (losses * counts).sum(),
            "twice": losses.sum() / total,
            "dropped": losses[:-1].mean(),
            "first": losses[0],
            "full batches": (losses * counts).sum() / (len(batches) * counts[0]),
            "small batches": (losses * counts).sum() / (len(batches) * counts[-1]),
        }[how]
    )


@oracle
def average_accuracy(setting: Setting, how: str = "samples") -> float:
    """Accuracy of the epoch: "samples", as it should be, or averaged, counted or measured in another way."""
    return _accuracies(setting)[how]


@oracle
def average_accuracies(setting: Setting, ways: Sequence[str]) -> np.ndarray:
    """Several of them."""
    found = _accuracies(setting)
    return np.array([found[how] for how in ways])


def _accuracies(setting: Setting) -> dict[str, float]:
    """Accuracies of the epoch, by how they are averaged, by what is taken for a hit, and by when it is measured.

    "samples" is as it should be; "after" the epoch, or "stepped", after the step of each batch, are too late.
    """
    descent, batches = _epoch(setting, "", "cross")
    _, stepped = _epoch(setting, "stepped", "cross")
    hits, counts = np.array([batch.hits for batch in batches]), np.array([batch.size for batch in batches])
    total = int(counts.sum())
    share = hits.sum() / total
    found = {
        "samples": share,
        "batches": (hits / counts).mean(),
        "last": hits[-1] / counts[-1],
        "last of all": hits[-1] / total,
        "percent": 100 * share,
        "count": hits.sum(),
        "per batch": hits.sum() / len(batches),
        "full batches": hits.sum() / (len(batches) * counts[0]),
        "small batches": hits.sum() / (len(batches) * counts[-1]),
        "dropped": hits[:-1].sum() / counts[:-1].sum(),
        "first": hits[0] / counts[0],
        "after": descent.judge(setting.images, setting.labels).hits / total,
        "stepped": sum(batch.hits for batch in stepped) / total,
        **{rule: sum(batch.taken[rule] for batch in batches) / total for rule in RULES},
    }
    return {how: float(value) for how, value in found.items()}


def _epoch(setting: Setting, rule: str, criterion: str) -> tuple[Descent, list[Batch]]:
    parameters, images, labels, size, lr, momentum, factors = setting
    descent = Descent(parameters, momentum, criterion=criterion)
    starts = list(range(0, len(labels), size))
    if rule in ("last batch dropped", "one batch"):
        starts = starts[: -1 if rule == "last batch dropped" else 1]
    batches, last = [], len(factors) - 1
    for step, start in enumerate(starts):
        place = {"rate per epoch": 0, "rate constant": 0, "rate early": step + 1}.get(rule, step)
        x, y, rate = images[start : start + size], labels[start : start + size], lr * factors[min(place, last)]
        zero = rule != "gradients add up" and not (rule == "one step" and step)
        batch = descent.learn(x, y, rate, zero, step=rule != "one step" or start == starts[-1])
        if rule == "two steps":
            descent.optimizer.step()
        elif rule == "each twice":
            descent.learn(x, y, rate)
        batches.append(descent.judge(x, y) if rule == "stepped" else batch)
    return descent, batches
