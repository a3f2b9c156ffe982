"""Whole runs on the grader's small model: epochs in order, validation, a one-cycle learning rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from autograder.cases.training import Plan
from autograder.checking.oracles import oracle

from .loops import Batch, Descent

POOL, POOL_TRIES = 400, 20_000
TELLING = 12  # images of a validation set


@oracle
def fitted(plan: Plan, pace: tuple[int, ...] | None = None, anew: bool = False) -> np.ndarray:
    """All parameters after each epoch, (epochs, parameters).

    Args:
        pace: by how many steps the schedule moves on from epoch to epoch, and from batch to batch; the rate stays that
            of the configuration where it is empty.
        anew: whether each epoch begins without momentum.
    """
    return np.stack([descent.flat() for descent, _ in _epochs(plan, pace, anew)])


@oracle
def rows(plan: Plan) -> np.ndarray:
    """(epochs, 5): loss and accuracy in training, loss and accuracy in validation, and the rate, after each epoch."""
    table = []
    for epoch, (descent, batches) in enumerate(_epochs(plan), start=1):
        valid = descent.judge(plan.valid_images, plan.valid_labels).means
        table.append([*_training(batches), *valid, plan.rate(epoch * plan.batches)])
    return np.array(table)


@oracle
def batch_losses(plan: Plan) -> np.ndarray:
    """Loss of every batch of the run, in order."""
    return np.array([batch.loss for _, batches in _epochs(plan) for batch in batches])


@oracle
def telling(plan: Plan, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a validation set, for 5 epochs, whose accuracy tells every wrong choice of weights.

    The accuracy is highest after epochs 2 and 4, equally, and higher than any in training up to then; the loss is
    lowest after 3. Empty if none is found.
    """
    rng = np.random.default_rng(seed)
    images = 2 * rng.normal(size=(POOL, 3)).astype(np.float32).astype(np.float64)
    labels = rng.integers(len(plan.parameters[3]), size=POOL)
    epochs = [(descent.judge(images, labels), _training(batches)[1]) for descent, batches in _epochs(plan)]
    seen = [batch for batch, _ in epochs]
    chosen = rng.integers(POOL, size=(POOL_TRIES, TELLING))
    hit = np.stack([(batch.scores.argmax(1) == batch.labels).numpy() for batch in seen])[:, chosen].sum(-1)
    losses = [F.cross_entropy(batch.scores, batch.labels, reduction="none") for batch in seen]
    fits = (hit[1] == hit[3]) & (hit[1] > hit[0]) & (hit[1] > hit[2]) & (hit[1] > hit[4])
    fits &= hit[1] > TELLING * max(accuracy for _, accuracy in epochs[:3])
    fits &= torch.stack(losses).numpy()[:, chosen].mean(-1).argmin(0) == 2
    which = chosen[int(fits.argmax())] if fits.any() else chosen[0, :0]
    return images[which], labels[which]


def _training(batches: list[Batch]) -> np.ndarray:
    """Loss and accuracy of an epoch, each image counting alike."""
    return np.average([batch.means for batch in batches], axis=0, weights=[batch.size for batch in batches])


def _epochs(
    plan: Plan, pace: tuple[int, ...] | None = None, anew: bool = False
) -> Iterator[tuple[Descent, list[Batch]]]:
    """Yield the model after each epoch, and the epoch's batches."""
    pace = (plan.batches, 1) if pace is None else pace
    descent = Descent(plan.parameters, plan.momentum, plan.weight_decay)
    for epoch in range(plan.epochs):
        seen = []
        if anew:
            descent.stand()
        for number in range(plan.batches):
            here = slice(number * plan.batch_size, (number + 1) * plan.batch_size)
            rate = plan.rate(epoch * pace[0] + number * pace[1]) if pace else plan.lr
            seen.append(descent.learn(plan.images[here], plan.labels[here], rate))
        yield descent, seen
