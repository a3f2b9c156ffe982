"""Transposed convolutions of signals and of images; the rank of the weight, (C, F, K) or (C, F, K, K), decides."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back


def _transposed(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, stride: int, padding: int
) -> torch.Tensor:
    return (F.conv_transpose1d if x.ndim == 3 else F.conv_transpose2d)(x, weight, bias, stride, padding)


@oracle
def transposed(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """(N, C, *size) -> (N, F, *(stride * (size - 1) + K - 2 * padding))."""
    return _transposed(double(x), double(weight), double(bias), stride, padding).numpy()


@oracle
def transposed_dx(dy: np.ndarray, weight: np.ndarray, size: tuple[int, ...], stride: int, padding: int) -> np.ndarray:
    """(N, F, ...) -> (N, C, *size)."""
    x = np.zeros((len(dy), len(weight), *size))
    return pulled_back(lambda x: _transposed(x, double(weight), None, stride, padding), x, dy)


@oracle
def transposed_dw(x: np.ndarray, dy: np.ndarray, kernel_size: int, stride: int, padding: int) -> np.ndarray:
    """(N, C, *size), (N, F, ...) -> the shape of the weight."""
    weight = np.zeros((x.shape[1], dy.shape[1], *(kernel_size,) * (x.ndim - 2)))
    return pulled_back(lambda w: _transposed(double(x), w, None, stride, padding), weight, dy)


@oracle
def transposed_widened(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """The result when `padding` puts values on at each end, where it should take them off."""
    full = _transposed(double(x), double(weight), None, stride, 0)
    wide = F.pad(full, (padding, padding) * (x.ndim - 2))
    return (wide + double(bias).reshape(-1, *(1,) * (x.ndim - 2))).numpy()
