"""What known mistakes make of the focal loss with a softmax, and of its weights."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle


@oracle
def softmax_focal(
    logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray | None, rule: str
) -> np.ndarray:
    """The loss with a softmax, (), divided by the sum of the weights, or gone wrong in the way of the rule."""
    z, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)
    w = torch.ones(z.shape[1]).double() if weight is None else torch.tensor(weight, dtype=torch.float64)
    log_p, own = -F.cross_entropy(z, y, reduction="none"), w[y]
    p = log_p.exp()
    each = -((1 - p) ** gamma) * log_p
    value = {
        "over weights": lambda: (own * each).sum() / own.sum(),
        "apart": lambda: own.mean() * each.mean(),
        "twice": lambda: (own * own * each).mean(),
        "weighted p": lambda: -(own * (1 - (own * log_p).exp()) ** gamma * log_p).mean(),
        "predicted": lambda: (w[z.argmax(1)] * each).mean(),
        "by place": lambda: (w[torch.arange(len(y)) % len(w)] * each).mean(),
        "of p": lambda: -(own * p**gamma * log_p).mean(),
        "of log p": lambda: (own * (1 - p) * (-log_p) ** gamma).mean(),
        "times gamma": lambda: -(own * gamma * (1 - p) * log_p).mean(),
        "of the batch": lambda: -(own * (1 - log_p.mean().exp()) ** gamma * log_p).mean(),
    }
    return np.asarray(value[rule]().numpy())


@oracle
def detached_gradient(logits: np.ndarray, labels: np.ndarray, gamma: float) -> np.ndarray:
    """The gradient by the logits, (N, C), if the power were a constant."""
    z, y = torch.tensor(logits, dtype=torch.float64).requires_grad_(), torch.tensor(labels)
    log_p = -F.cross_entropy(z, y, reduction="none")
    loss = -((1 - log_p.exp()).detach() ** gamma * log_p).mean()
    return torch.autograd.grad(loss, z)[0].numpy()


@oracle
def unlike_weights(counts: np.ndarray, beta: float, rule: str) -> np.ndarray:
    """Class-balanced weights, (C,), unscaled, or gone wrong in the way of the rule."""
    n = torch.tensor(counts, dtype=torch.float64)
    effective = (1 - beta**n) / (1 - beta)
    inverse = {"power": n**beta, "exchanged": 1 - n**beta, "inverse": n, "no power": 1 - beta * n}
    weights = effective if rule == "not inverted" else 1 / inverse.get(rule, effective)
    total = {"unscaled": weights.sum(), "sum 1": torch.tensor(1.0)}.get(rule, torch.tensor(float(len(n))))
    return (weights * total / weights.sum()).numpy()
