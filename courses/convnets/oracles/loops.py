"""One epoch on the grader's small model, trained right and wrong in a known way, and its averages.

The model is linear, tanh, linear in double precision; the optimizer is torch.optim.SGD, its rate set before each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.cases import Setting
from autograder.checking.oracles import oracle

from .tensors import double

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Batch(NamedTuple):
    """What is known of a batch that the model has seen."""

    loss: float
    hits: int
    size: int


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
    return Batch(loss.item(), int((scores.argmax(1) == labels).sum()), len(labels))


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
        rule: what is done wrong: "gradients add up", "last batch dropped", "one batch", "one step", "rate per epoch",
            "rate constant" or "rate early".
        criterion: "cross", "softmax, cross" or "distance".
    """
    descent, _ = _epoch(setting, rule, criterion)
    return descent.flat()


@oracle
def average_loss(setting: Setting, how: str = "samples", criterion: str = "cross") -> float:
    """Loss of the epoch.

    Args:
        setting: the case.
        how: "samples", as it should be, or "batches", "first", "last", "sum", "weighted sum", "twice", "dropped",
            "full batches", or "after" the epoch, or "stepped": after the step of each batch.
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
            "sum": losses.sum(),
            "weighted sum": (losses * counts).sum(),
            "twice": losses.sum() / total,
            "dropped": losses[:-1].mean(),
            "first": losses[0],
            "full batches": (losses * counts).sum() / (len(batches) * counts[0]),
        }[how]
    )


@oracle
def average_accuracy(setting: Setting, how: str = "samples") -> float:
    """Accuracy of the epoch: "samples", as it should be, or "batches", "first", "last", "percent" and the like."""
    _, batches = _epoch(setting, "", "cross")
    hits, counts = np.array([batch.hits for batch in batches]), np.array([batch.size for batch in batches])
    share = hits.sum() / counts.sum()
    return float(
        {
            "samples": share,
            "batches": (hits / counts).mean(),
            "last": hits[-1] / counts[-1],
            "percent": 100 * share,
            "count": hits.sum(),
            "per batch": hits.sum() / len(batches),
            "full batches": hits.sum() / (len(batches) * counts[0]),
            "dropped": hits[:-1].sum() / counts[:-1].sum(),
            "first": hits[0] / counts[0],
        }[how]
    )


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
        batches.append(descent.judge(x, y) if rule == "stepped" else batch)
    return descent, batches
