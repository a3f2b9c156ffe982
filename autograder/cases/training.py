"""What a case of several values is made of: checks draw it, oracles work out what belongs to it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# A small layer of the grader's, in `inside/probes/layer_probes.py`: ("scale", weight, bias), ("roll",) or ("bend",).
Layer = tuple[Any, ...]


class Setting(NamedTuple):
    """Everything that one epoch depends on.

    Attributes:
        parameters: weight and bias of the first layer, and of the second.
        images, labels: (N, 3) and (N,), in the order of the batches.
        batch_size: images in a batch, fewer in the last.
        lr, momentum: of the optimizer; 0 leaves the model as it is.
        factors: of the learning rate, one for each step, the last one from there on.
    """

    parameters: tuple[np.ndarray, ...]
    images: np.ndarray
    labels: np.ndarray
    batch_size: int
    lr: float = 0.0
    momentum: float = 0.0
    factors: tuple[float, ...] = (1.0,)


class Plan(NamedTuple):
    """A configuration and its data.

    Attributes:
        parameters: weight and bias of the first layer, and of the second, at the start.
        images, labels: for training, (N, 3) and (N,).
        valid_images, valid_labels: for validation, likewise.
        batch_size: images in a batch, fewer in the last.
        warmup: share of all steps in which the rate rises to lr, before it falls to 0.
    """

    parameters: tuple[np.ndarray, ...]
    images: np.ndarray
    labels: np.ndarray
    valid_images: np.ndarray
    valid_labels: np.ndarray
    batch_size: int
    epochs: int
    lr: float
    momentum: float
    weight_decay: float
    warmup: float

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.labels) // self.batch_size)

    def rate(self, step: int) -> float:
        """The learning rate after so many steps."""
        total = self.epochs * self.batches
        peak = self.warmup * total
        share = (step + 1) / (peak + 1) if step < peak else max(0.0, (total - step) / (total - peak))
        return self.lr * share
