"""Pooling of images: values, gradients, and gradients that are wrong in a known way."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F

from autograder.checking.oracles import oracle
from courses.convnets.oracles.tensors import double, pulled_back


@oracle
def max_pool(x: np.ndarray, kernel_size: int, stride: int, ceil: bool = False) -> np.ndarray:
    """(N, C, H, W) -> (N, C, P, Q); the rest at the end is a window of its own when `ceil`."""
    return F.max_pool2d(double(x), kernel_size, stride, ceil_mode=ceil).numpy()


@oracle
def average_pool(x: np.ndarray, kernel_size: int, stride: int, ceil: bool = False) -> np.ndarray:
    """(N, C, H, W) -> (N, C, P, Q)."""
    return F.avg_pool2d(double(x), kernel_size, stride, ceil_mode=ceil).numpy()


@oracle
def max_pool_dx(x: np.ndarray, dy: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """(N, C, P, Q) -> (N, C, H, W), for an x without equal values."""
    return pulled_back(lambda t: F.max_pool2d(t, kernel_size, stride), x, dy)


@oracle
def average_pool_dx(dy: np.ndarray, size: tuple[int, ...], kernel_size: int, stride: int) -> np.ndarray:
    """(N, C, P, Q) -> (N, C, *size)."""
    x = np.zeros((*dy.shape[:2], *size))
    return pulled_back(lambda t: F.avg_pool2d(t, kernel_size, stride), x, dy)


@oracle
def max_pool_dx_by(x: np.ndarray, dy: np.ndarray, kernel_size: int, stride: int, rule: str) -> np.ndarray:
    """The gradient of max pooling with one thing done wrong.

    Args:
        rule: "overwritten": = where windows overlap, in place of +=. "marked": the largest pixels get the last dy that
            they win. "marked first": the first one. "unstrided": windows one step apart. "side by side": windows a
            kernel's side apart. "transposed": row and column of the largest value exchanged. "corner": the first pixel
            of a window in the place of the largest. "within": the place in the window taken for that in the image;
            "rows within", "columns within": likewise of rows or columns alone. "once": 1 in the place of dy.
            "smallest":
            the smallest value in the place of the largest.
    """
    dx = _zeros(x.shape[:2], x.shape[2:], dy, kernel_size)
    step = {"unstrided": 1, "side by side": kernel_size}.get(rule, stride)
    windows = list(np.ndindex(*dy.shape))
    for n, c, p, q in reversed(windows) if rule == "marked first" else windows:
        window = x[n, c, p * stride : p * stride + kernel_size, q * stride : q * stride + kernel_size]
        chosen = window.argmin() if rule == "smallest" else window.argmax()
        row, column = (int(i) for i in np.unravel_index(chosen, window.shape))
        if rule == "transposed":
            row, column = column, row
        elif rule == "corner":
            row, column = 0, 0
        top = 0 if rule in ("within", "rows within") else p * step
        left = 0 if rule in ("within", "columns within") else q * step
        place = (n, c, top + row, left + column)
        if rule == "overwritten":
            dx[n, c, p * step : p * step + kernel_size, q * step : q * step + kernel_size] = 0
        before = 0 if rule in ("overwritten", "marked", "marked first") else dx[place]
        dx[place] = before + (1 if rule == "once" else dy[n, c, p, q])
    return dx[:, :, : x.shape[2], : x.shape[3]].copy()


@oracle
def average_pool_dx_by(dy: np.ndarray, size: tuple[int, ...], kernel_size: int, stride: int, rule: str) -> np.ndarray:
    """The gradient of average pooling with one thing done wrong.

    Args:
        rule: "overwritten": window after window with =. "kernel": place after place of the kernel with =.
            "unstrided": windows one step apart. "side by side": windows a kernel's side apart.
    """
    dx = _zeros(dy.shape[:2], size, dy, kernel_size)
    (count_p, count_q), share = dy.shape[2:], dy / kernel_size**2
    step = {"unstrided": 1, "side by side": kernel_size}.get(rule, stride)
    if rule == "kernel":
        for i, j in np.ndindex(kernel_size, kernel_size):
            dx[:, :, i : i + stride * count_p : stride, j : j + stride * count_q : stride] = share
    else:
        for p, q in np.ndindex(count_p, count_q):
            place = (..., slice(p * step, p * step + kernel_size), slice(q * step, q * step + kernel_size))
            before = 0 if rule == "overwritten" else dx[place]
            dx[place] = before + share[:, :, p, q, None, None]
    return dx[:, :, : size[0], : size[1]].copy()


def _zeros(first: tuple[int, ...], size: tuple[int, ...], dy: np.ndarray, kernel_size: int) -> np.ndarray:
    """Room for a gradient, and for windows side by side, which may reach further."""
    return np.zeros((*first, *(max(length, n * kernel_size) for length, n in zip(size, dy.shape[2:], strict=True))))
