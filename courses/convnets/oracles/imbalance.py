"""Counts, weights and metrics under class imbalance."""

from __future__ import annotations

import numpy as np
import torch

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def long_tail(n_max: int, num_classes: int, factor: float) -> np.ndarray:
    """Counts that fall by equal ratios, (C,), cut off to whole numbers."""
    share = torch.arange(num_classes, dtype=torch.float64) / max(num_classes - 1, 1)
    return (n_max * factor**share).floor().long().numpy()


@oracle
def step(n_max: int, num_classes: int, factor: float) -> np.ndarray:
    """Counts of which the first half is n_max, (C,)."""
    head = num_classes // 2
    return np.array([n_max] * head + [int(n_max * factor)] * (num_classes - head))


@oracle
def class_weights(counts: np.ndarray, beta: float) -> np.ndarray:
    """Class-balanced weights, (C,); 0 where a count is."""
    n = double(counts)
    effective = torch.expm1(n * torch.log1p(torch.tensor(beta - 1, dtype=torch.float64))) / (beta - 1)
    weights = torch.where(n > 0, 1 / effective, 0.0)
    return (weights * int((n > 0).sum()) / weights.sum()).numpy()


@oracle
def sample_shares(labels: np.ndarray) -> np.ndarray:
    """The probability of each image to be drawn next, (N,), when all classes are equally likely."""
    y = torch.tensor(labels)
    weights = 1 / torch.bincount(y)[y].double()
    return (weights / weights.sum()).numpy()


@oracle
def confusion(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """How often each class was taken for which, (C, C) float64; rows are true classes."""
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.float64)
    place = (torch.tensor(labels), torch.tensor(predictions))
    return matrix.index_put_(place, torch.ones(len(labels), dtype=torch.float64), accumulate=True).numpy()


@oracle
def class_accuracy(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """The share of each class's images that were recognised, (C,); NaN where it has none."""
    y, guess = torch.tensor(labels), torch.tensor(predictions)
    own = (y == torch.arange(num_classes)[:, None]).double()
    return ((own * (y == guess)).sum(1) / own.sum(1)).numpy()


@oracle
def mean_accuracy(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """The mean of the accuracies of the classes that have images, ()."""
    return np.asarray(np.nanmean(class_accuracy(labels, predictions, num_classes)))
