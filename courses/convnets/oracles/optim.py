"""Stochastic gradient descent by torch.optim.SGD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.optim.sgd import sgd

from autograder.checking.oracles import oracle

from .tensors import double


def sgd_step(
    parameter: torch.Tensor,
    gradient: torch.Tensor,
    velocity: torch.Tensor | None,
    lr: float,
    momentum: float,
    weight_decay: float,
) -> torch.Tensor | None:
    """Change a parameter, and return its velocity; None before the first step, and without momentum."""
    velocities = [velocity]
    # The function below torch.optim.SGD: the first object of that class imports a compiler, seconds and 150 MB.
    sgd(
        [parameter],
        [gradient],
        velocities,
        foreach=False,
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        nesterov=False,
        dampening=0.0,
        maximize=False,
    )
    return velocities[0]


@oracle
def descended(
    parameter: np.ndarray, gradients: Sequence[np.ndarray], lr: float, momentum: float, weight_decay: float
) -> np.ndarray:
    """One parameter after a step with each of these gradients; no other parameter has an influence on it."""
    w = double(parameter)
    velocity = None
    for gradient in gradients:
        velocity = sgd_step(w, double(gradient), velocity, lr, momentum, weight_decay)
    return w.numpy()
