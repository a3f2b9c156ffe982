"""Upsampling with zeros, downsampling, and both as they look when they go wrong. Signals and images alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back


def _spread(x: torch.Tensor, factor: int) -> torch.Tensor:
    """A transposed convolution with the kernel 1 puts zeros between neighbours."""
    ones = torch.ones(x.shape[1], 1, *(1,) * (x.ndim - 2), dtype=x.dtype)
    function = F.conv_transpose1d if x.ndim == 3 else F.conv_transpose2d
    return function(x, ones, stride=factor, groups=x.shape[1])


def _pick(x: torch.Tensor, factor: int) -> torch.Tensor:
    """A convolution with the kernel 1 keeps every factor-th value."""
    ones = torch.ones(x.shape[1], 1, *(1,) * (x.ndim - 2), dtype=x.dtype)
    function = F.conv1d if x.ndim == 3 else F.conv2d
    return function(x, ones, stride=factor, groups=x.shape[1])


@oracle
def upsampled(x: np.ndarray, factor: int) -> np.ndarray:
    """(N, C, *size) -> (N, C, *(factor * (size - 1) + 1))."""
    return _spread(double(x), factor).numpy()


@oracle
def upsampled_dx(dy: np.ndarray, size: tuple[int, ...], factor: int) -> np.ndarray:
    """(N, C, *(factor * (size - 1) + 1)) -> (N, C, *size)."""
    return pulled_back(lambda x: _spread(x, factor), np.zeros((*dy.shape[:2], *size)), dy)


@oracle
def downsampled(x: np.ndarray, factor: int) -> np.ndarray:
    """(N, C, *size) -> (N, C, *((size - 1) // factor + 1))."""
    return _pick(double(x), factor).numpy()


@oracle
def downsampled_dx(dy: np.ndarray, size: tuple[int, ...], factor: int) -> np.ndarray:
    """(N, C, *((size - 1) // factor + 1)) -> (N, C, *size)."""
    return pulled_back(lambda x: _pick(x, factor), np.zeros((*dy.shape[:2], *size)), dy)


@oracle
def upsampled_by(x: np.ndarray, factor: int, rule: str) -> np.ndarray:
    """Upsampling with one thing done wrong.

    Args:
        rule: "wider": `factor` zeros between neighbours, not factor - 1.
            "trailing": factor - 1 zeros after the last value too.
            "leading": factor - 1 zeros before the first value.
            "repeated": every value `factor` times, no zeros.
            "rows only": zeros between rows, not between columns.
    """
    values = double(x)
    rank = values.ndim - 2
    if rule == "repeated":
        for axis in range(2, values.ndim):
            values = values.repeat_interleave(factor, axis)
        return values.numpy()
    if rule == "rows only":
        tall = torch.zeros(*values.shape[:2], factor * (values.shape[2] - 1) + 1, values.shape[3], dtype=values.dtype)
        tall[:, :, ::factor] = values
        return tall.numpy()
    values = _spread(values, factor + 1 if rule == "wider" else factor)
    return F.pad(values, {"trailing": (0, factor - 1), "leading": (factor - 1, 0)}.get(rule, (0, 0)) * rank).numpy()


@oracle
def cut_out(x: np.ndarray, starts: tuple[int, ...], stops: tuple[int, ...], steps: tuple[int, ...]) -> np.ndarray:
    """A slice of the spatial axes: what a wrong start, stop or step picks."""
    slices: tuple[Any, ...] = (..., *(slice(*numbers) for numbers in zip(starts, stops, steps, strict=True)))
    return x[slices].astype(np.float64)


@oracle
def downsampled_by_mean(x: np.ndarray, factor: int) -> np.ndarray:
    """The mean of every block of `factor` values, a rest not counted: average pooling."""
    return (F.avg_pool1d if x.ndim == 3 else F.avg_pool2d)(double(x), factor).numpy()


@oracle
def repeated(dy: np.ndarray, size: tuple[int, ...], factor: int) -> np.ndarray:
    """(N, C, *((size - 1) // factor + 1)) -> (N, C, *size), every value `factor` times, no zeros."""
    values = dy.astype(np.float64)
    for axis, length in enumerate(size, start=2):
        values = values.repeat(factor, axis).take(range(length), axis)
    return values
