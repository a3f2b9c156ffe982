"""What the checks of several layers have in common: how cases are drawn, and what is expected of every layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_unchanged
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed, StudentRaised, Unfinished

Clauses = dict[str, Callable[[], Any]]

LAYOUTS = (("float32", "strided"), ("float64", "fortran"), ("float32", "readonly"))


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Add to what the student's code raises what this case has that earlier ones had not."""
    try:
        yield
    except Unfinished:
        raise
    except StudentRaised as error:
        error.args = (f"{error}: {what}",)
        raise


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
    """Pass a layer that gives equal values for any dtype and layout, in that dtype, and leaves all it is given alone.

    Args:
        inputs: x and dy, of values that a float32 holds.
        outputs: y and dx.
        parameters, gradients: by the names of the layer's attributes.
    """
    for dtype, layout in LAYOUTS:
        given = {name: value.astype(dtype) for name, value in (parameters or {}).items()}
        layer.set(**given)
        held = hold_parameters(student, layer, given)
        x, dy = (student.hold(value.astype(dtype), layout) for value in inputs)
        expect_close(layer.forward(x), outputs[0], f"y for a {layout} x", dtype=dtype)
        expect_unchanged(x.fetch(), inputs[0], "x")
        expect_parameters_kept(held, given, "forward")
        expect_close(layer.backward(dy), outputs[1], f"dx for a {layout} dy", dtype=dtype)
        expect_unchanged(x.fetch(), inputs[0], "x")
        expect_unchanged(dy.fetch(), inputs[1], "dy")
        expect_parameters_kept(held, given, "backward")
        for name, value in (gradients or {}).items():
            expect_close(layer.get(name), value, name, dtype=dtype)


def hold_parameters(student: Student, layer: Remote, names: Iterable[str]) -> Remote:
    """Note what a layer's parameters are now, for `expect_parameters_kept`."""
    return student.new("probe:Parameters", layer, list(names))


def expect_parameters_kept(held: Remote, parameters: Mapping[str, np.ndarray], method: str) -> None:
    """Pass a layer that still has these parameters after a call, in the arrays in which it had them."""
    found = answers.table(held.call("now")) or {} if parameters else {}
    for name, value in parameters.items():
        after, replaced = answers.pair(found.get(name)) or (None, False)
        numbers = answers.array(after)
        if numbers is None or not np.array_equal(numbers, value):
            raise CheckFailed(f"{name} was changed by {method}: only an optimizer moves parameters")
        if replaced is not False:
            raise CheckFailed(f"{name} is another array after {method}, expected the same, which an optimizer may hold")


def expect_replaced(layer: Remote, name: str, latest: np.ndarray, earlier: np.ndarray) -> None:
    """Pass a gradient that is that of the latest backward, with nothing of an earlier one in it."""
    suspects: Clauses = {"it is left as it was after the first backward": lambda: earlier}
    if latest.shape == earlier.shape:
        suspects["backward adds to what an earlier backward has left"] = lambda: latest + earlier
    expect_close(layer.get(name), latest, name, suspects=suspects)
