"""Convolutions of signals and of images, their gradients, and upsampling.

The same functions serve one and two dimensions; the rank of the weight, (F, C, K) or (F, C, K, K), decides. `size` is
the input's lengths along the axes that the kernel moves along: (L,) or (H, W).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn import grad

from autograder.checking.oracles import oracle
from courses.convnets.oracles.tensors import double, pulled_back

_FORWARD = {1: F.conv1d, 2: F.conv2d}
_BY_INPUT = {1: grad.conv1d_input, 2: grad.conv2d_input}
_BY_WEIGHT = {1: grad.conv1d_weight, 2: grad.conv2d_weight}


@oracle
def convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """(N, C, *size) -> (N, F, *positions)."""
    return _FORWARD[weight.ndim - 2](double(x), double(weight), double(bias), stride, padding).numpy()


@oracle
def convolution_dx(dy: np.ndarray, weight: np.ndarray, size: tuple[int, ...], stride: int, padding: int) -> np.ndarray:
    """(N, F, *positions) -> (N, C, *size)."""
    shape = (len(dy), weight.shape[1], *size)
    return _BY_INPUT[weight.ndim - 2](shape, double(weight), double(dy), stride, padding).numpy()


@oracle
def convolution_dw(x: np.ndarray, dy: np.ndarray, kernel_size: int, stride: int, padding: int) -> np.ndarray:
    """(N, C, *size), (N, F, *positions) -> the shape of the weight."""
    rank = x.ndim - 2
    shape = (dy.shape[1], x.shape[1], *(kernel_size,) * rank)
    return _BY_WEIGHT[rank](double(x), shape, double(dy), stride, padding).numpy()


@oracle
def convolution_db(dy: np.ndarray) -> np.ndarray:
    """(N, F, *positions) -> (F,)."""
    return double(dy).sum((0, *range(2, dy.ndim))).numpy()


def _spread(x: torch.Tensor, factor: int) -> torch.Tensor:
    """A transposed convolution with the kernel 1 puts zeros between neighbours."""
    ones = torch.ones(x.shape[1], 1, *(1,) * (x.ndim - 2), dtype=x.dtype)
    function = F.conv_transpose1d if x.ndim == 3 else F.conv_transpose2d
    return function(x, ones, stride=factor, groups=x.shape[1])


@oracle
def upsampled(x: np.ndarray, factor: int) -> np.ndarray:
    """(N, C, *size) -> (N, C, *(factor * (size - 1) + 1))."""
    return _spread(double(x), factor).numpy()


@oracle
def upsampled_dx(dy: np.ndarray, size: tuple[int, ...], factor: int) -> np.ndarray:
    """(N, C, *(factor * (size - 1) + 1)) -> (N, C, *size)."""
    return pulled_back(lambda x: _spread(x, factor), np.zeros((*dy.shape[:2], *size)), dy)
