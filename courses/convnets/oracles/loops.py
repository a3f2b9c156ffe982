"""One epoch on the grader's small model: what it learns, and what it measures.

The model is linear, tanh, linear in double precision; it learns by the steps of torch.optim.SGD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from autograder.cases.training import Setting
from autograder.checking.oracles import oracle

from .optim import sgd_step
from .tensors import double

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Batch(NamedTuple):
    """What is known of a batch that the model has seen."""

    scores: torch.Tensor
    labels: torch.Tensor
    loss: float

    @property
    def size(self) -> int:
        """Images."""
        return len(self.labels)

    @property
    def means(self) -> tuple[float, float]:
        """Loss and accuracy."""
        return self.loss, (self.scores.argmax(1) == self.labels).double().mean().item()


class Descent:
    """The small model, and how fast its parameters move."""

    def __init__(
        self, parameters: Sequence[np.ndarray], momentum: float, weight_decay: float = 0.0, criterion: str = "cross"
    ) -> None:
        self.tensors = [double(array).requires_grad_() for array in parameters]
        self.momentum, self.decays = momentum, [weight_decay, 0.0] * 2  # of weights and biases in turn
        self.criterion = CRITERIA[criterion]
        self.stand()

    def stand(self) -> None:
        """Lose all momentum."""
        self.velocities: list[torch.Tensor | None] = [None] * len(self.tensors)

    def judge(self, images: np.ndarray, labels: np.ndarray) -> Batch:
        """Go through images (N, 3) without learning."""
        return self.learn(images, labels, None)

    def learn(self, images: np.ndarray, labels: np.ndarray, lr: float | None, scale: float = 1.0) -> Batch:
        """Go through a batch, and take a step where there is a learning rate, down the loss times a number."""
        w1, b1, w2, b2 = self.tensors
        scores, target = F.linear(torch.tanh(F.linear(double(images), w1, b1)), w2, b2), torch.tensor(labels)
        loss = self.criterion(scores, target)
        if lr is not None:
            gradients = torch.autograd.grad(scale * loss, self.tensors)
            with torch.no_grad():
                self.velocities = [
                    sgd_step(tensor, gradient, velocity, lr, self.momentum, decay)
                    for tensor, gradient, velocity, decay in zip(
                        self.tensors, gradients, self.velocities, self.decays, strict=True
                    )
                ]
        return Batch(scores.detach(), target, loss.item())

    def flat(self) -> np.ndarray:
        """All parameters in a row."""
        return np.concatenate([tensor.detach().numpy().ravel() for tensor in self.tensors])


def _distance(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (scores.gather(1, labels[:, None]) - 2).square().mean()


CRITERIA: dict[str, Criterion] = {"cross": F.cross_entropy, "distance": _distance}


@oracle
def learned(setting: Setting, criterion: str = "cross", scales: tuple[float, ...] = ()) -> np.ndarray:
    """All parameters after the epoch, in a row; the criterion is "cross" or "distance".

    Args:
        scales: a number for each batch, by which its loss is multiplied before it is derived.
    """
    return [descent.flat() for descent, *_ in _steps(setting, criterion, scales)][-1]


@oracle
def measured(setting: Setting, criterion: str = "cross") -> np.ndarray:
    """Loss and accuracy of the epoch, (2,), while the model is changing."""
    batches = [batch for _, batch, _ in _steps(setting, criterion)]
    return np.average([batch.means for batch in batches], axis=0, weights=[batch.size for batch in batches])


@oracle
def mismeasured(setting: Setting) -> np.ndarray:
    """Loss and accuracy, (rules, 2), measured in ways that are wrong; NaN where a rule is not about the loss.

    Of the means of batches: averaged; the first, the last; the last over all; every batch taken to be as large as the
    first, as the last; without the last; divided by the number of batches; added up, weighed and not; every batch as
    large as the first and divided by the number of all; divided once more; in percent; the two exchanged; divided by
    the size of the last batch. Then hits by other rules than the highest score. A model that learns: measured after
    the epoch, and after each step.
    """
    seen = [(batch, after) for _, batch, after in _steps(setting, "cross")]
    means, later = (np.array([batch.means for batch in batches]) for batches in zip(*seen, strict=True))
    counts = np.array([[batch.size] for batch, _ in seen])
    sums, total = means * counts, counts.sum()
    if setting.lr:
        *_, (descent, _, _) = _steps(setting, "cross")
        return np.array([descent.judge(setting.images, setting.labels).means, (later * counts).sum(0) / total])
    ways = [means.mean(0), means[0], means[-1], sums[-1] / total]
    ways += [sums.sum(0) / (len(means) * counts[place]) for place in (0, -1)]
    ways += [sums[:-1].sum(0) / counts[:-1].sum(), sums.sum(0) / len(means), sums.sum(0), means.sum(0)]
    ways += [
        means.sum(0) * counts[0] / total,
        means.sum(0) / total,
        100 * sums.sum(0) / total,
        sums.sum(0)[::-1] / total,
        sums.sum(0) / counts[-1],
    ]
    hits = [sum(int(rule(batch.scores, batch.labels).sum()) for batch, _ in seen) / total for rule in RULES]
    return np.array([*ways, *([np.nan, share] for share in hits)])


# What is taken for a hit: the first class with a score above 0, a score of the label above 0, the lowest score, the
# highest of a softmax over the images, the highest score itself.
RULES: tuple[Callable[[torch.Tensor, torch.Tensor], torch.Tensor], ...] = (
    lambda scores, labels: (scores > 0).int().argmax(1) == labels,
    lambda scores, labels: scores.gather(1, labels[:, None])[:, 0] > 0,
    lambda scores, labels: scores.argmin(1) == labels,
    lambda scores, labels: scores.softmax(0).argmax(1) == labels,
    lambda scores, labels: scores.max(1).values.round() == labels,
)


def _steps(setting: Setting, criterion: str, scales: tuple[float, ...] = ()) -> Iterator[tuple[Descent, Batch, Batch]]:
    """Yield the model after each step, and the batch as it was before that step and is after it."""
    descent = Descent(setting.parameters, setting.momentum, criterion=criterion)
    for step, start in enumerate(range(0, len(setting.labels), setting.batch_size)):
        here = slice(start, start + setting.batch_size)
        batch, factor = (
            (setting.images[here], setting.labels[here]),
            setting.factors[min(step, len(setting.factors) - 1)],
        )
        scale = scales[step] if scales else 1.0
        yield descent, descent.learn(*batch, setting.lr * factor, scale), descent.judge(*batch)
