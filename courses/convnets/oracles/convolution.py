"""Convolutions of signals and of images: values, gradients, and gradients that are wrong in a known way.

The same functions serve one and two dimensions; the rank of the weight, (F, C, K) or (F, C, K, K), decides. `size` is
the input's lengths along the axes that the kernel moves along: (L,) or (H, W).
"""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch.nn import grad

from autograder.checking.oracles import oracle

from .tensors import double

BATCH = (slice(None), slice(None))  # all of the first two axes
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


@oracle
def convolution_sums(
    x: np.ndarray, dy: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int
) -> np.ndarray:
    """The sums of y by filter, then those of dx by channel."""
    rank, parameters = weight.ndim - 2, double(weight)
    y = _FORWARD[rank](double(x), parameters, double(bias), stride, padding)
    dx = _BY_INPUT[rank](x.shape, parameters, double(dy), stride, padding)
    return np.concatenate([tensor.sum((0, *range(2, tensor.ndim))).numpy() for tensor in (y, dx)])


@oracle
def convolution_dx_overwritten(
    dy: np.ndarray, weight: np.ndarray, size: tuple[int, ...], stride: int, padding: int, loop_over: str
) -> np.ndarray:
    """Like `convolution_dx`, with = in the place of +=.

    Args:
        loop_over: "windows" or "kernel": what the loop in which the values are overwritten runs over.
    """
    positions, kernel = dy.shape[2:], weight.shape[2:]
    padded = np.zeros((len(dy), weight.shape[1], *(length + 2 * padding for length in size)))
    if loop_over == "windows":
        for corner in np.ndindex(*positions):
            window = tuple(slice(at * stride, at * stride + k) for at, k in zip(corner, kernel, strict=True))
            padded[(*BATCH, *window)] = np.tensordot(dy[(*BATCH, *corner)], weight, 1)
    else:
        for place in np.ndindex(*kernel):
            grid = tuple(slice(at, at + stride * count, stride) for at, count in zip(place, positions, strict=True))
            back = np.tensordot(dy, weight[(*BATCH, *place)], (1, 0))
            padded[(*BATCH, *grid)] = np.moveaxis(back, -1, 1)
    return _cropped(padded, size, padding)


@oracle
def convolution_dx_unstrided(
    dy: np.ndarray, weight: np.ndarray, size: tuple[int, ...], stride: int, padding: int
) -> np.ndarray:
    """Like `convolution_dx`, with windows one step apart, not `stride`."""
    reached = tuple(count + k - 1 for count, k in zip(dy.shape[2:], weight.shape[2:], strict=True))
    near = convolution_dx(dy, weight, reached, 1, 0)
    padded = np.zeros(
        (*near.shape[:2], *(max(length + 2 * padding, r) for length, r in zip(size, reached, strict=True)))
    )
    padded[(*BATCH, *(slice(r) for r in reached))] = near
    return _cropped(padded, size, padding)


def _cropped(padded: np.ndarray, size: tuple[int, ...], padding: int) -> np.ndarray:
    return padded[(*BATCH, *(slice(padding, padding + length) for length in size))].copy()
