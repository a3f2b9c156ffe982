"""Scores and gradients of the two given networks of part 2.

Axes: N images, C colours, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double

Function = Callable[[torch.Tensor], torch.Tensor]
ACTIVATIONS: dict[str, Function] = {"sigmoid": torch.sigmoid, "ReLU": torch.relu, "tanh": torch.tanh}
OWN = {"TwoLayerNet": "sigmoid", "VanillaCNN": "ReLU"}


def _two_layer(
    act: Function, x: torch.Tensor, w1: torch.Tensor, b1: torch.Tensor, w2: torch.Tensor, b2: torch.Tensor
) -> torch.Tensor:
    return F.linear(act(F.linear(x.flatten(1), w1, b1)), w2, b2)


def _vanilla(
    act: Function, x: torch.Tensor, w1: torch.Tensor, b1: torch.Tensor, w2: torch.Tensor, b2: torch.Tensor
) -> torch.Tensor:
    return F.linear(F.max_pool2d(act(F.conv2d(x, w1, b1)), 2).flatten(1), w2, b2)


NETWORKS = {"TwoLayerNet": _two_layer, "VanillaCNN": _vanilla}


@oracle
def scores(network: str, x: np.ndarray, parameters: Sequence[np.ndarray], acts: Sequence[str] = ()) -> np.ndarray:
    """(N, C, H, W) -> (N, classes).

    Args:
        parameters: weight and bias of the first layer, and of the second.
        acts: the activations behind the first layer, one after the other; the network's own when empty.
    """
    functions = [ACTIVATIONS[name] for name in acts or [OWN[network]]]
    behind = partial(reduce, lambda values, function: function(values), functions)
    return NETWORKS[network](behind, double(x), *map(double, parameters)).numpy()


@oracle
def gradients(network: str, x: np.ndarray, dy: np.ndarray, parameters: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gradients of sum(scores * dy) by the four parameters."""
    leaves = [double(array).requires_grad_() for array in parameters]
    found = torch.autograd.grad(NETWORKS[network](ACTIVATIONS[OWN[network]], double(x), *leaves), leaves, double(dy))
    return [gradient.numpy() for gradient in found]
