"""Scores and gradients of the two given networks of part 2, right and wrong in a known way.

Axes: N images, C colours, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double

OUTPUTS = {
    "": lambda scores: scores,
    "softmax": lambda scores: scores.softmax(dim=1),
    "softmax over images": lambda scores: scores.softmax(dim=0),
    "log_softmax": lambda scores: scores.log_softmax(dim=1),
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "tanh": torch.tanh,
}


@oracle
def two_layer(x: np.ndarray, parameters: Sequence[np.ndarray], hidden: str = "sigmoid", output: str = "") -> np.ndarray:
    """(N, C, H, W) -> (N, classes); `parameters` are weight, bias, weight, bias."""
    return _two_layer(double(x), [double(array) for array in parameters], hidden, output).numpy()


@oracle
def two_layer_gradients(x: np.ndarray, dy: np.ndarray, parameters: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gradients of sum(scores * dy) by weight, bias, weight, bias."""
    leaves = [double(array).requires_grad_() for array in parameters]
    return _gradients(_two_layer(double(x), leaves, "sigmoid", ""), dy, leaves)


@oracle
def vanilla(
    x: np.ndarray,
    parameters: Sequence[np.ndarray],
    activation: str = "relu",
    pool: str = "max",
    output: str = "",
    order: str = "channels first",
) -> np.ndarray:
    """(N, 3, 32, 32) -> (N, 10).

    Args:
        x: images.
        parameters: weight and bias of the convolution, and of the linear layer.
        activation: after the convolution; "" for none.
        pool: "max", "average" or "stride", a convolution of stride 2 instead.
        output: an activation of the scores.
        order: in which the features are laid out: "channels first" or "channels last".
    """
    tensors = [double(array) for array in parameters]
    return _vanilla(double(x), tensors, activation, pool, output, order).numpy()


@oracle
def vanilla_gradients(x: np.ndarray, dy: np.ndarray, parameters: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gradients of sum(scores * dy) by the four parameters."""
    leaves = [double(array).requires_grad_() for array in parameters]
    return _gradients(_vanilla(double(x), leaves, "relu", "max", "", "channels first"), dy, leaves)


def _two_layer(x: torch.Tensor, parameters: list[torch.Tensor], hidden: str, output: str) -> torch.Tensor:
    w1, b1, w2, b2 = parameters
    return OUTPUTS[output](F.linear(OUTPUTS[hidden](F.linear(x.flatten(1), w1, b1)), w2, b2))


def _vanilla(
    x: torch.Tensor, parameters: list[torch.Tensor], activation: str, pool: str, output: str, order: str
) -> torch.Tensor:
    weight, bias, w2, b2 = parameters
    features = OUTPUTS[activation](F.conv2d(x, weight, bias, stride=2 if pool == "stride" else 1))
    if pool != "stride":
        features = (F.max_pool2d if pool == "max" else F.avg_pool2d)(features, 2)
    if order == "channels last":
        features = features.permute(0, 2, 3, 1)
    return OUTPUTS[output](F.linear(features.flatten(1), w2, b2))


def _gradients(scores: torch.Tensor, dy: np.ndarray, leaves: list[torch.Tensor]) -> list[np.ndarray]:
    return [gradient.numpy() for gradient in torch.autograd.grad(scores, leaves, double(dy))]
