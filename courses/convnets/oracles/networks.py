"""Scores and gradients of the two given networks of part 2.

Axes: N images, C colours, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double


def _two_layer(x: torch.Tensor, w1: torch.Tensor, b1: torch.Tensor, w2: torch.Tensor, b2: torch.Tensor) -> torch.Tensor:
    return F.linear(torch.sigmoid(F.linear(x.flatten(1), w1, b1)), w2, b2)


def _vanilla(x: torch.Tensor, w1: torch.Tensor, b1: torch.Tensor, w2: torch.Tensor, b2: torch.Tensor) -> torch.Tensor:
    return F.linear(F.max_pool2d(torch.relu(F.conv2d(x, w1, b1)), 2).flatten(1), w2, b2)


NETWORKS = {"TwoLayerNet": _two_layer, "VanillaCNN": _vanilla}


@oracle
def scores(network: str, x: np.ndarray, parameters: Sequence[np.ndarray]) -> np.ndarray:
    """(N, C, H, W) -> (N, classes); `parameters` are weight and bias of the first layer, and of the second."""
    return NETWORKS[network](double(x), *map(double, parameters)).numpy()


@oracle
def gradients(network: str, x: np.ndarray, dy: np.ndarray, parameters: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gradients of sum(scores * dy) by the four parameters."""
    leaves = [double(array).requires_grad_() for array in parameters]
    found = torch.autograd.grad(NETWORKS[network](double(x), *leaves), leaves, double(dy))
    return [gradient.numpy() for gradient in found]
