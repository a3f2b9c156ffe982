"""The matrix of a convolution, and the convolution of mathematics."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def matrix(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """(F, C, K, K) -> (F*P*Q, C*H*W), from the images that have one pixel each."""
    channels = weight.shape[1]
    pixels = torch.eye(channels * height * width, dtype=torch.float64).reshape(-1, channels, height, width)
    return F.conv2d(pixels, double(weight), None, stride, padding).flatten(1).T.numpy().copy()


@oracle
def convolved(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(n,), (k,) -> (n + k - 1,), y[i] = sum over j of w[j] * x[i - j]."""
    return F.conv1d(double(x)[None, None], double(w).flip(0)[None, None], padding=len(w) - 1).flatten().numpy()
