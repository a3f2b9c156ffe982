"""Focal and logit-adjusted loss, and their gradients."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def focal(
    logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The focal loss, (), and its gradient by the logits, (N, C); exact for logits of any size."""
    return _focal(double(logits), labels, gamma, weight)


@oracle
def adjusted(logits: np.ndarray, labels: np.ndarray, counts: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """The logit-adjusted loss, (), and its gradient by the logits, (N, C)."""
    share = double(counts) / double(counts).sum()
    return _focal(double(logits) + tau * share.log(), labels, 0.0)


def _focal(
    z: torch.Tensor, labels: np.ndarray, gamma: float, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    z, y = z.requires_grad_(), torch.tensor(labels)
    log_p = -F.cross_entropy(z, y, reduction="none")
    # log(1 - p) from the scores of the other classes: exact where p rounds to 1, and its slope is never infinite.
    others = z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -torch.inf)
    power = torch.exp(gamma * (others.logsumexp(1) - z.logsumexp(1)))
    loss = -(power * log_p * (1.0 if weight is None else double(weight)[y])).mean()
    return loss.detach().numpy(), torch.autograd.grad(loss, z)[0].numpy()
