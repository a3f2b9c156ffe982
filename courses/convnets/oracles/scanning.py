"""MLPs that scan signals, with shared weights or without, and convolutional networks that do the same or nearly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double


def _kernel(weight: torch.Tensor, in_channels: int, order: str) -> torch.Tensor:
    """(F, K*C) -> (F, C, K)."""
    if order == "channel-major":
        return weight.reshape(len(weight), in_channels, -1)
    weight = weight.T.reshape(weight.shape) if order == "transposed" else weight
    kernel = weight.reshape(len(weight), -1, in_channels).transpose(1, 2)
    return kernel.flip(2) if order == "flipped" else kernel


@oracle
def kernel(weight: np.ndarray, in_channels: int) -> np.ndarray:
    """(F, K*C), time-major -> (F, C, K)."""
    return _kernel(double(weight), in_channels, "time-major").numpy()


@oracle
def scanned(
    x: np.ndarray, weights: Sequence[np.ndarray], copies: Sequence[int], window: int, stride: int
) -> np.ndarray:
    """(N, C, L) -> (N, F, L'), an MLP run window by window; layer i is `copies[i]` blocks of its weight."""
    windows = double(x).unfold(2, window, stride).permute(0, 2, 3, 1)  # (N, L', window, C)
    values = windows.flatten(2)
    for index, (weight, count) in enumerate(zip(weights, copies, strict=True)):
        values = values.relu() if index else values
        values = values @ torch.block_diag(*[double(weight)] * count).T
    return values.transpose(1, 2).numpy()


@oracle
def scanned_by_cnn(
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    strides: Sequence[int],
    order: str = "time-major",
    relus: str = "between",
    of: int = -1,
) -> np.ndarray:
    """The same by convolutions with other strides, kernels or activations; empty where the signal is used up.

    Args:
        order: of the columns, "time-major", "channel-major" or "flipped"; or "transposed", that of the entries when
            rows and columns are exchanged before a reshape.
        relus: "between" the layers, "after" all of them, "none", or "not after 1": of the first layer.
        of: the layer that alone has this order; -1 for all.
    """
    values = double(x)
    for index, (weight, stride) in enumerate(zip(weights, strides, strict=True)):
        if index and relus not in ("none", f"not after {index}"):
            values = values.relu()
        taps = _kernel(double(weight), values.shape[1], order if of in (-1, index) else "time-major")
        if values.shape[2] < taps.shape[2]:  # nothing is left to convolve
            return np.zeros((len(x), len(weights[-1]), 0))
        values = F.conv1d(values, taps, stride=stride)
    return (values.relu() if relus == "after" else values).numpy()
