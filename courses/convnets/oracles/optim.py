"""Stochastic gradient descent by torch.optim.SGD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.optim.sgd import sgd

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def descended(
    parameter: np.ndarray, gradients: Sequence[np.ndarray], lr: float, momentum: float, weight_decay: float
) -> np.ndarray:
    """One parameter after a step with each of these gradients; no other parameter has an influence on it."""
    w = double(parameter)
    velocity: list[torch.Tensor | None] = [None]
    for gradient in gradients:
        # The function below torch.optim.SGD: the first object of that class imports a compiler, which takes seconds.
        sgd(
            [w],
            [double(gradient)],
            velocity,
            foreach=False,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            nesterov=False,
            dampening=0.0,
            maximize=False,
        )
    return w.numpy()
