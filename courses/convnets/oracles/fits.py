"""Whole runs on the grader's small model: epochs, validation, a one-cycle learning rate, and resuming gone wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from autograder.cases.training import Plan
from autograder.checking.oracles import oracle

from .loops import Batch, Descent

POOL_TRIES = 20_000
TELLING = 12  # images of a validation set


@oracle
def shuffled(seed: int, count: int, epochs: int) -> np.ndarray:
    """The orders, (epochs, count), that torch.randperm draws after torch.manual_seed."""
    generator = torch.Generator().manual_seed(seed)
    return np.stack([torch.randperm(count, generator=generator).numpy() for _ in range(epochs)])


@oracle
def fitted(plan: Plan, orders: np.ndarray, rule: str = "") -> np.ndarray:
    """All parameters after each epoch, (epochs, parameters).

    Args:
        plan: the case.
        orders: of the images, a row an epoch.
        rule: what is done wrong: "rate constant", "rate per epoch", "optimizer per epoch", "no momentum",
            "no decay", "all decay".
    """
    return np.stack([descent.flat() for descent, _ in _epochs(plan, orders, rule)])


@oracle
def rows(plan: Plan, orders: np.ndarray, early: bool = False) -> np.ndarray:
    """(epochs, 5): loss and accuracy in training, loss and accuracy in validation, and the rate, after each epoch.

    `early` validates before the epoch's training, not after it.
    """
    table = []
    descent = Descent(plan.parameters, plan.momentum, plan.weight_decay)
    before = descent.judge(plan.valid_images, plan.valid_labels)
    for epoch, (descent, batches) in enumerate(_epochs(plan, orders), start=1):
        after = descent.judge(plan.valid_images, plan.valid_labels)
        train = [sum(b.loss * b.size for b in batches), sum(b.hits for b in batches)]
        valid = before if early else after
        total = len(plan.labels)
        share = valid.hits / valid.size
        table.append([train[0] / total, train[1] / total, valid.loss, share, plan.rate(epoch * plan.batches)])
        before = after
    return np.array(table)


@oracle
def batch_losses(plan: Plan, orders: np.ndarray) -> np.ndarray:
    """Loss of every batch of the run, in order."""
    return np.array([batch.loss for _, batches in _epochs(plan, orders) for batch in batches])


@oracle
def resumed(plan: Plan, orders: np.ndarray, others: np.ndarray, done: int, rule: str) -> np.ndarray:
    """All parameters after a run that was stopped and resumed with one thing forgotten.

    Args:
        plan: the case.
        orders: of the uninterrupted run.
        others: of the images in a process whose random state is not restored.
        done: epochs finished before the stop.
        rule: "optimizer", "scheduler", "both", "random", "model", "afresh", or "live": the saved tensors went on
            changing for the two batches until the stop; "moment": all that was saved did, what is random too.
    """
    if rule == "afresh":
        return fitted(plan, others)[-1]
    descent = Descent(plan.parameters, plan.momentum, plan.weight_decay)
    unused = descent.optimizer.state_dict()
    for epoch in range(done):
        _learn(descent, plan, orders[epoch], epoch)
    if rule in ("live", "moment"):
        _learn(descent, plan, orders[done], done, batches=2)
    if rule in ("optimizer", "both"):
        descent.optimizer.load_state_dict(unused)
    if rule == "model":
        for tensor, value in zip(descent.tensors, plan.parameters, strict=True):
            tensor.data.copy_(torch.tensor(value))
    for epoch in range(done, plan.epochs):
        order = others[epoch - done] if rule == "random" else orders[epoch + (rule == "moment")]
        _learn(descent, plan, order, epoch, rule=rule, resumed_at=done)
    return descent.flat()


@oracle
def telling(plan: Plan, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a validation set, for 5 epochs in order, whose accuracy tells every wrong choice of weights.

    The accuracy is highest after epochs 2 and 4, equally; the loss is lowest after 3. Empty if none is found.
    """
    rng = np.random.default_rng(seed)
    states = [[tensor.detach().clone() for tensor in descent.tensors] for descent, _ in _epochs(plan, plan.in_order())]
    classes = len(plan.parameters[3])
    images = 2 * rng.normal(size=(400, 3)).astype(np.float32).astype(np.float64)
    labels = rng.integers(classes, size=400)
    hits, losses = _judged(plan, states, images, labels)
    chosen = rng.integers(400, size=(POOL_TRIES, TELLING))
    hit, loss = hits[:, chosen].sum(-1), losses[:, chosen].mean(-1)
    fits = (hit[1] == hit[3]) & (hit[1] > hit[0]) & (hit[1] > hit[2]) & (hit[1] > hit[4])
    fits &= loss.argmin(0) == 2
    which = chosen[int(fits.argmax())] if fits.any() else chosen[0, :0]
    return images[which], labels[which]


def _judged(
    plan: Plan, states: list[list[torch.Tensor]], images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hits and losses of each image, (states, images)."""
    descent = Descent(plan.parameters, 0.0)
    x, y = torch.tensor(images), torch.tensor(labels)
    hits, losses = [], []
    for state in states:
        descent.tensors = state
        scores = descent.scores(x)
        hits.append((scores.argmax(1) == y).numpy())
        losses.append(torch.nn.functional.cross_entropy(scores, y, reduction="none").numpy())
    return np.stack(hits).astype(int), np.stack(losses)


def _epochs(plan: Plan, orders: np.ndarray, rule: str = "") -> Iterator[tuple[Descent, list[Batch]]]:
    """Yield the model after each epoch, and the epoch's batches."""
    decay = 0.0 if rule == "no decay" else plan.weight_decay
    descent = Descent(plan.parameters, 0.0 if rule == "no momentum" else plan.momentum, decay)
    unused = descent.optimizer.state_dict()
    if rule == "all decay":
        for group in descent.optimizer.param_groups:
            group["weight_decay"] = decay
    for epoch, order in enumerate(orders):
        if rule == "optimizer per epoch":
            descent.optimizer.load_state_dict(unused)
        yield descent, _learn(descent, plan, order, epoch, rule)


def _learn(
    descent: Descent,
    plan: Plan,
    order: np.ndarray,
    epoch: int,
    rule: str = "",
    batches: int | None = None,
    resumed_at: int = 0,
) -> list[Batch]:
    """Train on the first batches, or all, of one epoch."""
    seen = []
    for number in range(plan.batches if batches is None else batches):
        step, first = epoch * plan.batches + number, epoch == resumed_at and number == 0
        place = {
            "rate constant": 0,
            "rate per epoch": epoch,
            "optimizer": 0 if first else step,
            "scheduler": step if first else step - resumed_at * plan.batches,
            "both": step - resumed_at * plan.batches,
            "moment": step + 2,
        }.get(rule, step)
        which = order[number * plan.batch_size : (number + 1) * plan.batch_size]
        seen.append(descent.learn(plan.images[which], plan.labels[which], plan.rate(place)))
    return seen
