"""The matrix of a convolution, the convolution of mathematics, and both as they look when they go wrong."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back


@oracle
def matrix(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """(F, C, K, K) -> (F*P*Q, C*H*W), from the images that have one pixel each."""
    channels = weight.shape[1]
    pixels = torch.eye(channels * height * width, dtype=torch.float64).reshape(-1, channels, height, width)
    return F.conv2d(pixels, double(weight), None, stride, padding).flatten(1).T.numpy().copy()


@oracle
def matrix_by_rows(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """The same, each row from the backward pass: the gradient by x of one output value."""
    x = np.zeros((1, weight.shape[1], height, width))
    outputs = F.conv2d(double(x), double(weight), None, stride, padding).shape
    units = np.eye(outputs.numel()).reshape(-1, *outputs)
    rows = (pulled_back(lambda x: F.conv2d(x, double(weight), None, stride, padding), x, dy) for dy in units)
    return np.stack([row.ravel() for row in rows])


@oracle
def convolved(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(n,), (k,) -> (n + k - 1,), y[i] = sum over j of w[j] * x[i - j]."""
    return F.conv1d(double(x)[None, None], double(w).flip(0)[None, None], padding=len(w) - 1).flatten().numpy()
