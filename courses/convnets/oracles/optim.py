"""Stochastic gradient descent by torch.optim.SGD, and steps that are wrong in a known way.

Several parameters, and their gradients, are told in the order weight, bias, weight, bias, ... of the layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.optim.sgd import sgd

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def descended(
    parameter: np.ndarray,
    gradients: Sequence[np.ndarray],
    lr: float,
    momentum: float,
    weight_decay: float,
    nesterov: bool = False,
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
            nesterov=nesterov,
            dampening=0.0,
            maximize=False,
        )
    return w.numpy()


@oracle
def descended_by(
    parameters: Sequence[np.ndarray],
    gradients: Sequence[Sequence[np.ndarray]],
    which: int,
    lr: float,
    momentum: float,
    weight_decay: float,
    rule: str,
) -> np.ndarray:
    """One of several parameters, with one thing done wrong.

    Args:
        rule: "upwards": the sign of the gradient. "against": the sign of momentum. "away": the sign of the decay.
            "forgotten": the velocity is 0 in each step.
            "late": parameters move by the velocity of the step before.
            "lr twice": v = lr * (momentum * v - g).
            "average": v = momentum * v - (1 - momentum) * lr * g.
            "decoupled": w also shrinks by weight_decay * w, without lr and momentum.
            "outside": w also shrinks by lr * weight_decay * w, without momentum.
            "without lr": weight_decay * w enters v without lr.
            "by shape", "by name", "by layer": whose velocity is the same.
    """
    values = [double(array) for array in parameters]
    velocities: dict[object, torch.Tensor] = {}
    zero = torch.zeros((), dtype=torch.float64)
    for those in gradients:
        for index, gradient in enumerate(those):
            w, g = values[index], double(gradient) * (-1 if rule == "upwards" else 1)
            pull = (0.0 if index % 2 else weight_decay) * w * (-1 if rule == "away" else 1)
            key = _velocity_of(rule, index, tuple(w.shape))
            before = zero if rule == "forgotten" else velocities.get(key, zero)
            kept = {"against": -momentum, "lr twice": lr * momentum}.get(rule, momentum) * before
            new = lr * (1 - momentum if rule == "average" else 1.0) * g
            shrink = {"decoupled": pull, "outside": lr * pull}.get(rule, zero)
            inside = {"decoupled": zero, "outside": zero, "without lr": pull}.get(rule, lr * pull)
            velocities[key] = kept - new - inside
            values[index] = w + (before if rule == "late" else velocities[key]) - shrink
    return values[which].numpy()


def _velocity_of(rule: str, index: int, shape: tuple[int, ...]) -> object:
    """What a velocity is kept under; one for each parameter is right."""
    keys: dict[str, object] = {
        "by shape": shape,
        "by name": index % 2,
        "by layer": index // 2,
    }
    return keys.get(rule, index)
