"""Softmax with cross-entropy, its gradient, and losses that are wrong in a known way."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back


@oracle
def softmax(scores: np.ndarray, axis: int | None = 1) -> np.ndarray:
    """(N, K) -> (N, K), normalised along `axis`; over all entries together when None."""
    x = double(scores)
    return (x.softmax(axis) if axis is not None else x.flatten().softmax(0).reshape(x.shape)).numpy()


@oracle
def exponentials(scores: np.ndarray, shifted: bool) -> np.ndarray:
    """Softmax without the division; with each row's largest score subtracted when `shifted`."""
    x = double(scores)
    return (x - x.amax(1, keepdim=True) if shifted else x).exp().numpy()


@oracle
def cross_entropy(scores: np.ndarray, y: np.ndarray, reduction: str = "mean") -> np.ndarray:
    """(N, K), (N,) -> the loss; of each image when `reduction` is "none"."""
    return F.cross_entropy(double(scores), torch.tensor(y), reduction=reduction).numpy()


@oracle
def cross_entropy_dscores(scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of the mean loss by the scores, (N, K)."""
    targets = torch.tensor(y)
    return pulled_back(lambda x: F.cross_entropy(x, targets), scores, np.ones(()))


@oracle
def clipped_cross_entropy(scores: np.ndarray, y: np.ndarray, smallest: float, added: bool) -> np.ndarray:
    """The mean loss when probabilities are kept away from 0: by adding a small number, or by a lower bound."""
    probs = double(scores).softmax(1)[torch.arange(len(y)), torch.tensor(y)]
    return -(probs + smallest if added else probs.clamp(min=smallest)).log().mean().numpy()


@oracle
def mean_log_of_all(scores: np.ndarray) -> np.ndarray:
    """Minus the logarithm of every probability, averaged: the true class plays no part."""
    return -double(scores).log_softmax(1).mean().numpy()
