"""Windows, sums over them, and what 1.1 looks like when it goes wrong."""

from __future__ import annotations

import numpy as np
import torch

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def windows(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """(N, C, H, W) -> (N, C, P, Q, K, K)."""
    return double(x).unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).numpy()


@oracle
def windows_by_strides(
    x: np.ndarray, kernel_size: int, stride: int, strides: tuple[int, ...], order: str = "C"
) -> np.ndarray:
    """Windows that a wrong rule reads from memory, NaN behind its end: what lies there nobody knows.

    Args:
        strides: of the six axes, in values.
        order: "C" or "F": how the values of x lie in memory.
    """
    n, c, height, width = x.shape
    p, q = (height - kernel_size) // stride + 1, (width - kernel_size) // stride + 1
    shape = (n, c, p, q, kernel_size, kernel_size)
    reach = sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    memory = torch.full((max(reach + 1, x.size),), torch.nan, dtype=torch.float64)
    memory[: x.size] = double(x.ravel(order="F" if order == "F" else "C"))
    return memory.as_strided(shape, strides).numpy()


@oracle
def filtered(windows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N, C, P, Q, K, K) and (F, C, K, K) -> (N, F, P, Q)."""
    return torch.einsum("ncpqij,fcij->nfpq", double(windows), double(weight)).numpy()


@oracle
def biased(y: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Add one number for each channel."""
    return (double(y) + double(bias)[:, None, None]).numpy()
