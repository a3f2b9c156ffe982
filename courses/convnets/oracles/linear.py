"""The fully connected layer and its gradients."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(N, d1, ..., dn), (M, D), (M,) -> (N, M)."""
    return F.linear(double(x).flatten(1), double(weight), double(bias)).numpy()


@oracle
def linear_dx(dy: np.ndarray, weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(N, M) -> the gradient of the layer's input, in its shape."""
    return (double(dy) @ double(weight)).reshape(shape).numpy()


@oracle
def linear_dw(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(N, M), (N, d1, ..., dn) -> (M, D)."""
    return (double(dy).T @ double(x).flatten(1)).numpy()


@oracle
def linear_db(dy: np.ndarray) -> np.ndarray:
    """(N, M) -> (M,)."""
    return double(dy).sum(0).numpy()


@oracle
def flattened(x: np.ndarray, order: str = "C") -> np.ndarray:
    """(N, d1, ..., dn) -> (N, d1 * ... * dn), row by row, or column by column with order "F"."""
    return np.stack([image.ravel(order="F" if order == "F" else "C") for image in x])


@oracle
def folded(rows: np.ndarray, shape: tuple[int, ...], order: str = "C") -> np.ndarray:
    """The way back from `flattened` to `shape`."""
    return np.stack([row.reshape(shape[1:], order="F" if order == "F" else "C") for row in rows])
