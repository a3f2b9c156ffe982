"""The focal loss of C yes-or-no answers for each image, as its paper writes it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle


@oracle
def sigmoid_focal(
    logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray | None = None, divided: str = ""
) -> np.ndarray:
    """The loss, (): summed over the classes, each image with the weight of its true class.

    Args:
        divided: by N where it is empty, by the sum of the weights for "over weights", by N * C for "mean".
    """
    z, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)
    sign = 2.0 * F.one_hot(y, z.shape[1]) - 1
    log_p = F.logsigmoid(sign * z)
    each = -((1 - log_p.exp()) ** gamma * log_p).sum(1)
    w = torch.ones(len(y)).double() if weight is None else torch.tensor(weight, dtype=torch.float64)[y]
    count = {"over weights": w.sum(), "mean": torch.tensor(z.numel())}.get(divided, torch.tensor(len(y)))
    return np.asarray(((w * each).sum() / count).numpy())
