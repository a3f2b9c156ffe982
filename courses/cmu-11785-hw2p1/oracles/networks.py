"""Convolutions along one axis, one after another, and a linear layer at the end: values and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle
from courses.convnets.oracles.tensors import double


def _scores(
    x: torch.Tensor, kernels: Sequence[torch.Tensor], strides: Sequence[int], linear: torch.Tensor, rule: str
) -> torch.Tensor:
    for kernel, stride in zip(kernels, strides, strict=True):
        x = F.conv1d(x, kernel, stride=stride)
        bent = x if rule == "no activations" else x.tanh()
        bent = bent.tanh() if rule == "activations twice" else bent
        if rule == "slope alone" and bent.requires_grad:
            bent.register_hook(torch.ones_like)
        if rule == "slope twice" and x.requires_grad:
            x.register_hook(partial(torch.mul, 1 - bent.detach() ** 2))
        x = x + (bent - x).detach() if rule == "activations forgotten" else bent
    if rule == "back by position" and x.requires_grad:
        x.register_hook(lambda back: back.reshape(len(back), back.shape[2], -1).swapaxes(1, 2))
    last = (x.swapaxes(1, 2) if rule == "time-major" else x).flatten(1) @ linear.T
    return last.tanh() if rule == "activation at the end" else last


@oracle
def scores(
    x: np.ndarray, kernels: Sequence[np.ndarray], strides: Sequence[int], linear: np.ndarray, rule: str = ""
) -> np.ndarray:
    """(N, C, L) -> (N, classes), tanh after each convolution, no bias anywhere.

    Args:
        rule: a mistake: "no activations", "activations twice", "activation at the end", or "time-major", flattened by
            position.
    """
    return _scores(double(x), [*map(double, kernels)], strides, double(linear), rule).numpy()


@oracle
def gradient(
    x: np.ndarray,
    labels: np.ndarray,
    kernels: Sequence[np.ndarray],
    strides: Sequence[int],
    linear: np.ndarray,
    of: int,
    rule: str = "",
) -> np.ndarray:
    """The gradient of the summed cross-entropy of one-hot labels.

    Args:
        of: the number of a kernel, -1 for the linear layer's matrix, -2 for x.
        rule: a mistake on the way back: "activations forgotten", "slope alone", not multiplied by what comes back,
            "slope twice", "back by position", as Flatten's output is taken apart, or "scores less labels".
    """
    inputs = [double(x).requires_grad_(), double(linear).requires_grad_()]
    parameters = [double(kernel).requires_grad_() for kernel in kernels]
    found = _scores(inputs[0], parameters, strides, inputs[1], rule)
    loss = F.cross_entropy(found, double(labels), reduction="sum")
    if rule == "scores less labels":
        loss = ((found - double(labels)) ** 2).sum() / 2
    wanted = [inputs[0], inputs[1], *parameters][of + 2]
    return torch.autograd.grad(loss, wanted)[0].numpy()
