"""The matrix of a convolution, the convolution of mathematics, and both as they look when they go wrong."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back


def _six(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """The matrix with its axes apart, (F, P, Q, C, H, W), from the images that have one pixel each."""
    channels = weight.shape[1]
    pixels = torch.eye(channels * height * width, dtype=torch.float64).reshape(-1, channels, height, width)
    outputs = F.conv2d(pixels, double(weight), None, stride, padding).numpy()
    return np.moveaxis(outputs, 0, -1).reshape(*outputs.shape[1:], channels, height, width)


def _flat(six: np.ndarray) -> np.ndarray:
    f, p, q, c, h, w = six.shape
    return six.reshape(f * p * q, c * h * w)


@oracle
def matrix(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """(F, C, K, K) -> (F*P*Q, C*H*W)."""
    return _flat(_six(weight, height, width, stride, padding))


@oracle
def matrix_by_rows(weight: np.ndarray, height: int, width: int, stride: int, padding: int) -> np.ndarray:
    """The same, each row from the backward pass: the gradient by x of one output value."""
    x = np.zeros((1, weight.shape[1], height, width))
    outputs = F.conv2d(double(x), double(weight), None, stride, padding).shape
    units = np.eye(outputs.numel()).reshape(-1, *outputs)
    rows = (pulled_back(lambda x: F.conv2d(x, double(weight), None, stride, padding), x, dy) for dy in units)
    return np.stack([row.ravel() for row in rows])


@oracle
def matrix_by(weight: np.ndarray, height: int, width: int, stride: int, padding: int, rule: str) -> np.ndarray:
    """The matrix with one thing done wrong.

    Args:
        rule: "filters last": outputs in the order (P, Q, F).
            "channels last": inputs in the order (H, W, C).
            "Fortran": outputs and inputs flattened with the first axis changing fastest.
            "short": the last window along each axis missing.
            "height twice": as many windows along a row as along a column, where there are more.
            "height for width": pixel (row, column) at row * H + column, not row * W + column.
            "neighbours": windows one step apart, as many as with the stride.
    """
    six = _six(weight, height, width, stride, padding)
    f, p, q, c, h, w = six.shape
    if rule == "filters last":
        return six.transpose(1, 2, 0, 3, 4, 5).reshape(f * p * q, c * h * w)
    if rule == "channels last":
        return six.transpose(0, 1, 2, 4, 5, 3).reshape(f * p * q, c * h * w)
    if rule == "Fortran":
        return six.reshape(f * p * q, c * h * w, order="F")
    if rule == "short":
        return _flat(six[:, :-1, :-1])
    if rule == "height twice":
        return _flat(six[:, :, :p])
    if rule == "neighbours":
        return _flat(_six(weight, height, width, 1, padding)[:, :p, :q])
    wrong = np.zeros((f * p * q, c * h * w + h * h))
    for channel, row, column in np.ndindex(c, h, w):
        values = six[:, :, :, channel, row, column].ravel()
        wrong[values != 0, (channel * h * w) + row * h + column] = values[values != 0]
    return wrong[:, : c * h * w]


@oracle
def convolved(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(n,), (k,) -> (n + k - 1,), y[i] = sum over j of w[j] * x[i - j]."""
    return F.conv1d(double(x)[None, None], double(w).flip(0)[None, None], padding=len(w) - 1).flatten().numpy()


@oracle
def convolved_in_a_circle(x: np.ndarray, w: np.ndarray, length: int) -> np.ndarray:
    """What runs over the end is added at the beginning again: a product of Fourier transforms of this length."""
    signal, kernel = torch.fft.fft(double(x), length), torch.fft.fft(double(w), length)
    return torch.fft.ifft(signal * kernel).real.numpy()


@oracle
def convolved_from_the_end(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x[i - j] for i < j is read from the end of the signal, as Python reads negative indices."""
    wrong = np.array(convolved(x, w))
    for i, j in np.ndindex(len(wrong), len(w)):
        if -len(x) <= i - j < 0:
            wrong[i] += w[j] * x[i - j]
    return wrong
