"""The focal loss with a softmax, and its weights, in readings that our own course does not have."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle


@oracle
def softmax_focal(logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray) -> np.ndarray:
    """The loss, (), divided by the sum of the weights of the images."""
    z, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)
    log_p, own = -F.cross_entropy(z, y, reduction="none"), torch.tensor(weight, dtype=torch.float64)[y]
    each = -((1 - log_p.exp()) ** gamma) * log_p
    return np.asarray(((own * each).sum() / own.sum()).numpy())


@oracle
def unscaled_weights(counts: np.ndarray, beta: float) -> np.ndarray:
    """One over the effective numbers, (C,)."""
    return (1 - beta) / (1 - beta ** np.asarray(counts, dtype=np.float64))
