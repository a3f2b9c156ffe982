"""What the checks of several layers have in common: how cases are drawn, and what is expected of every layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.expect import expect_close, expect_unchanged
from autograder.student import Remote, Student

Clauses = dict[str, Callable[[], Any]]

LAYOUTS = (("float32", "strided"), ("float64", "fortran"), ("float32", "readonly"))


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw float64 values that a float32 holds as well, so that one expected value serves both."""
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw values of both signs that are far from 0 and from each other, and exact in float32."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - size // 2 + 0.5).reshape(shape) / 4


def expect_inputs_kept(
    student: Student,
    layer: Remote,
    inputs: tuple[np.ndarray, np.ndarray],
    outputs: tuple[np.ndarray, np.ndarray],
    parameters: Mapping[str, np.ndarray] | None = None,
    gradients: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Pass a layer that gives equal values for any dtype and layout, in that dtype, and leaves its inputs alone.

    Args:
        inputs: x and dy, of values that a float32 holds.
        outputs: y and dx.
        parameters, gradients: by the names of the layer's attributes.
    """
    for dtype, layout in LAYOUTS:
        layer.set(**{name: value.astype(dtype) for name, value in (parameters or {}).items()})
        x, dy = (student.hold(value.astype(dtype), layout) for value in inputs)
        expect_close(layer.forward(x), outputs[0], f"y for a {layout} x", dtype=dtype)
        expect_unchanged(x.fetch(), inputs[0], "x")
        expect_close(layer.backward(dy), outputs[1], f"dx for a {layout} dy", dtype=dtype)
        expect_unchanged(x.fetch(), inputs[0], "x")
        expect_unchanged(dy.fetch(), inputs[1], "dy")
        for name, value in (gradients or {}).items():
            expect_close(layer.get(name), value, name, dtype=dtype)


def expect_replaced(layer: Remote, name: str, latest: np.ndarray, earlier: np.ndarray) -> None:
    """Pass a gradient that is that of the latest backward, with nothing of an earlier one in it."""
    suspects: Clauses = {"it is left as it was after the first backward": lambda: earlier}
    if latest.shape == earlier.shape:
        suspects["backward adds to what an earlier backward has left"] = lambda: latest + earlier
    expect_close(layer.get(name), latest, name, suspects=suspects)
