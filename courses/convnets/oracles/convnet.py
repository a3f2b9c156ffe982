"""Chains of layers: the grader's own small ones, of `inside/probes/layer_probes.py`, and real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autograder.cases.training import Layer
from autograder.checking.oracles import oracle

from .tensors import double, pulled_back

Function = Callable[[torch.Tensor], torch.Tensor]
ACTIVATIONS: dict[str, Function] = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def _probe(layer: Layer) -> Function:
    kind, *arrays = layer
    if kind == "scale":
        weight, bias = (double(array) for array in arrays)
        return lambda x: x * weight + bias
    return {"roll": lambda x: x.roll(1, 1), "bend": lambda x: x + x * x / 4}[kind]


def _run(x: torch.Tensor, layers: Sequence[Layer]) -> torch.Tensor:
    """What comes out of the last layer."""
    for layer in layers:
        x = _probe(layer)(x)
    return x


def _distance(scores: torch.Tensor, y: np.ndarray) -> torch.Tensor:
    return (F.one_hot(torch.tensor(y), scores.shape[1]) * (scores - 1)).square().sum() / 2


@oracle
def probe_scores(x: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """(N, D) -> (N, D), what comes out of the last of these probes."""
    return _run(double(x), layers).numpy()


@oracle
def probe_loss(scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What the criterion `Distance` makes of scores (N, D) and classes (N,)."""
    return _distance(double(scores), y).numpy()


@oracle
def probe_dx(x: np.ndarray, y: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """The gradient of that loss by what goes into the first layer."""
    return pulled_back(lambda leaf: _distance(_run(leaf, layers), y), x, np.ones(()))


@oracle
def features(
    input_shape: Sequence[int], channels: Sequence[int], kernels: Sequence[int], strides: Sequence[int]
) -> np.ndarray:
    """How many values are left for the Linear layer."""
    sizes = torch.tensor(input_shape[1:])
    for kernel, stride in zip(kernels, strides, strict=True):
        sizes = (sizes - kernel) // stride + 1
    return np.array(int(sizes.prod()) * channels[-1])


@oracle
def network(
    x: np.ndarray, y: np.ndarray, parameters: Sequence[np.ndarray], strides: Sequence[int], kind: str, result: str
) -> np.ndarray:
    """Convolutions of padding 0, an activation after each, then a linear layer and cross-entropy.

    Args:
        parameters: weight and bias of each layer in turn, those of the linear layer last.
        kind: of activation.
        result: "probs", "loss", "dx", or the number of the parameter whose gradient is asked for, as text.
    """
    leaves = [double(array).requires_grad_() for array in (x, *parameters)]
    values, *pairs = leaves
    convolve = F.conv1d if x.ndim == 3 else F.conv2d
    for index, stride in enumerate(strides):
        values = ACTIVATIONS[kind](convolve(values, pairs[2 * index], pairs[2 * index + 1], stride))
    scores = F.linear(values.flatten(1), pairs[-2], pairs[-1])
    loss = F.cross_entropy(scores, torch.tensor(y))
    if result == "probs":
        return scores.softmax(1).detach().numpy()
    if result == "loss":
        return loss.detach().numpy()
    (gradient,) = torch.autograd.grad(loss, leaves[0 if result == "dx" else int(result) + 1])
    return gradient.numpy()
