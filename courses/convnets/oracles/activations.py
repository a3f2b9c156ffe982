"""Activations and their gradients, and gradients that are wrong in a known way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back

FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "leaky": torch.nn.functional.leaky_relu,
    "abs": torch.abs,
    "sign": lambda x: (x > 0).double(),
    "negative": lambda x: x.clamp(max=0),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


@oracle
def activation(x: np.ndarray, kind: str) -> np.ndarray:
    """Any shape -> the same shape."""
    return FUNCTIONS[kind](double(x)).numpy()


@oracle
def activation_dx(x: np.ndarray, dy: np.ndarray, kind: str) -> np.ndarray:
    """The gradient by x; of a relu, 0 where x is 0."""
    return pulled_back(FUNCTIONS[kind], x, dy)


@oracle
def activation_dx_by(x: np.ndarray, dy: np.ndarray, kind: str, rule: str) -> np.ndarray:
    """The gradient by x with one thing done wrong.

    Args:
        rule: "no dy": dy left out. "of dy": the slope at dy. "of y": the slope at y. "x for y": x in the place of y in
            the formula of the slope. "unsquared": y in the place of its square. "other side": what should be stopped
            is let through, and the other way round. "y": dy times y.
    """
    y, right = activation(x, kind), activation_dx(x, dy, kind)
    inner = np.ones_like(right)
    wrong = {
        "no dy": lambda: activation_dx(x, inner, kind),
        "of dy": lambda: activation_dx(dy, dy, kind),
        "of y": lambda: activation_dx(y, dy, kind),
        "x for y": lambda: dy * (x * (1 - x) if kind == "sigmoid" else 1 - x**2),
        "unsquared": lambda: dy * (1 - y),
        "other side": lambda: dy - right,
        "y": lambda: dy * y,
    }
    return wrong[rule]()
