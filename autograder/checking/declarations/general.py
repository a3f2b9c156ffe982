"""Suspects that come with every declared layer: what slips of any layer would return, worked out for the case at hand.

Each is the counterpart with one thing changed: a parameter left out, an option at its default, two axes taken for each
other, the other mode, dy left out, one image in place of all. A sign, a constant factor and exchanged axes of the
result are told by `autograder.diagnosis.differences`, without any suspect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from autograder.checking.declarations.tried import Trial
from autograder.diagnosis import terms

Clauses = dict[str, Callable[[], np.ndarray]]


def suspects(trial: Trial, kind: str, index: int) -> Clauses:
    """What one array may be when a slip was made.

    Args:
        kind, index: "outputs", "gradients" or "buffers" of the result, and which of them.
    """
    if trial.declaration.counterpart is None:
        return {}
    changed = partial(trial.wrong, kind, index)
    found = _parameters(trial, changed) | _options(trial, changed) | _axes(trial, changed, kind, index)
    found |= _taken_for_another(trial, changed, kind) | _scaled(trial, changed) | _mixed(trial, changed)
    if trial.declaration.mode:
        found["the layer is taken to be in " + ("evaluation" if trial.training else "training")] = partial(
            changed, training=not trial.training
        )
    if kind == "gradients" and not trial.declaration.tensors:
        found |= _upstream(trial, changed, index)
    if kind != "buffers":
        found |= _formulas(trial, kind, index)
    if kind == "gradients" and index >= len(trial.declaration.leaves):
        found["it is left at zero"] = partial(np.zeros_like, getattr(trial.right, kind)[index])
    if kind == "buffers":
        name = [*trial.declaration.buffers][index]
        found["it is left as it was"] = lambda: trial.arrays[name]
    return found


def named(trial: Trial, kind: str, index: int) -> Clauses:
    """What one array may be when a mistake was made that the author has a line for."""
    asked = trial.question if kind == "gradients" else replace(trial.question, upstream=())
    words = trial.declaration.back if kind == "gradients" and index < len(trial.declaration.leaves) else {}
    wrong = trial.declaration.wrong.items()
    return {words.get(clause, clause): partial(one.entry, asked, kind, index) for clause, one in wrong}


def by_size(trial: Trial, kind: str, index: int) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """A mean for a sum, or a sum for a mean; transposed, where that fits.

    They take no oracle, so every case weighs them: lengths that are equal in one differ in another.
    """
    right = getattr(trial.right, kind)[index]
    first = next((trial.arrays[name] for name in trial.present(trial.declaration.inputs)), right)
    for name, length in (*trial.case.axes, *trial.case.options, *_positions(trial)):
        if isinstance(length, int) and not isinstance(length, bool) and length > 0:  # 1 refutes what fits elsewhere
            yield f"it is divided by {name}", lambda length=length: right / length  # type: ignore[misc]
            yield f"it is multiplied by {name}", lambda length=length: right * length  # type: ignore[misc]
    yield from _divided(trial, right)
    values = first.size
    if values > 1 and kind != "outputs":
        each = right.size or 1
        yield "the mean is taken over all that is summed", lambda: right * each / values
    if right.ndim == 2 and right.shape[0] == right.shape[1] > 1:
        yield "it is transposed", lambda: right.T
    if kind == "gradients" and right.ndim == 1:
        yield from _sums(trial, right)


def _divided(trial: Trial, right: np.ndarray) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """What a mean may be that is divided by another number than that of what it is the mean of."""
    lengths = {name: length for name, length in (*trial.case.axes, *trial.case.options) if type(length) is int}
    sides = {f"{name} * {name}": length**2 for name, length in lengths.items() if name.startswith("kernel")}
    counts = {name: length for name, length in (lengths | sides | dict(_positions(trial))).items() if length > 0}
    for name, length in counts.items():
        for other, instead in counts.items():
            if name != other:
                yield f"it is divided by {other}, not by {name}", partial(np.multiply, right, length / instead)


def _sums(trial: Trial, right: np.ndarray) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """What the gradient of a bias may be that is summed over other axes than it should be."""
    for name, dy in zip(trial.declaration.outputs, trial.upstream, strict=False):
        kept = [axis for axis in range(dy.ndim) if dy.shape[axis] == len(right)]
        rests = [tuple(other for other in range(dy.ndim) if other != axis) for axis in kept]
        if any(np.allclose(dy.sum(rest), right) for rest in rests):
            for axes in (axes for count in range(1, dy.ndim) for axes in combinations(range(dy.ndim), count)):
                words = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
                yield f"d{name} is summed over {words}", partial(dy.sum, axes)


def _positions(trial: Trial) -> Iterator[tuple[str, int]]:
    """How many places an output has in each channel, where they lie along several axes."""
    for array in trial.declaration.outputs.values():
        names = [*array.axes[2:]] if array is not None else []
        lengths = [length for name, length in trial.case.axes if name in names and isinstance(length, int)]
        if len(names) == len(lengths) > 1:
            yield " * ".join(names), math.prod(lengths)


def _parameters(trial: Trial, changed: Callable[..., np.ndarray]) -> Clauses:
    found: Clauses = {}
    for name in trial.present(trial.declaration.parameters):
        value = trial.arrays[name]
        found[f"{name} is left out"] = partial(changed, **{name: np.zeros_like(value)})
        found[f"{name} is taken to be 1"] = partial(changed, **{name: np.ones_like(value)})
        found[f"{name} has the other sign"] = partial(changed, **{name: -value})
        if value.ndim == 2 and value.shape[0] == value.shape[1] > 1:
            found[f"{name} is transposed"] = partial(changed, **{name: np.ascontiguousarray(value.T)})
        for one, other in combinations(range(value.ndim), 2):
            found[f"axes {one} and {other} of {name} are exchanged by a reshape, which keeps the order of values"] = (
                partial(changed, **{name: _reshaped(value, one, other)})
            )
        if value.ndim > 2 and value.shape[-1] == value.shape[-2] > 1:
            for words, turns in (("a quarter", 1), ("three quarters", -1)):
                turned = np.ascontiguousarray(np.rot90(value, turns, (-2, -1)))
                found[f"{name} is turned by {words} from how it should lie"] = partial(changed, **{name: turned})
        for words, times in _times(trial) if value.ndim == 1 else ():
            found[f"{name} counts {words}"] = partial(changed, **{name: times * value})
    return found


def _reshaped(value: np.ndarray, one: int, other: int) -> np.ndarray:
    """The array whose axes are exchanged where those of another were to be, and a reshape was made instead."""
    return np.ascontiguousarray(value.reshape(value.swapaxes(one, other).shape).swapaxes(one, other))


def _taken_for_another(trial: Trial, changed: Callable[..., np.ndarray], kind: str) -> Clauses:
    """What comes out when an array stands where another one of its shape should: dw for weight, y for x."""
    own = trial.declaration
    given = trial.present((*own.inputs, *own.parameters))
    back = {} if own.start else {f"d{name}": one for name, one in zip(own.outputs, trial.upstream, strict=False)}
    found: Clauses = {}
    parts = {name: one for name, one in trial.parts.items() if kind == "gradients" or name in given}
    for name, array in parts.items():
        for other, instead in parts.items():
            if other == name or instead.shape != array.shape or {array.dtype.kind, instead.dtype.kind} != {"f"}:
                continue
            change: dict[str, Any] = {name: instead} if name in given else {}
            if name in back:
                change = {"upstream": tuple(instead if one == name else dy for one, dy in back.items())}
            if change:
                found[f"{other} stands where {name} should"] = partial(changed, **change)
    return found


def _scaled(trial: Trial, changed: Callable[..., np.ndarray]) -> Clauses:
    """What comes out when the first input is multiplied by a number before all else."""
    name = next(iter(trial.present(trial.declaration.inputs)), "")
    value = trial.arrays.get(name)
    if value is None or value.dtype.kind != "f" or trial.declaration.parameters:
        return {}
    found: Clauses = {f"{name} has the other sign": partial(changed, **{name: -value})}
    for words, factor in (("twice", 2.0), ("half", 0.5)):
        found[f"{name} counts {words}"] = partial(changed, **{name: factor * value})
    for axis, length in trial.case.axes:
        if isinstance(length, int) and length > 1:
            found[f"{name} is divided by {axis}"] = partial(changed, **{name: value / length})
            found[f"{name} is divided by the root of {axis}"] = partial(changed, **{name: value / math.sqrt(length)})
    return found


def _mixed(trial: Trial, changed: Callable[..., np.ndarray]) -> Clauses:
    """What comes out when the entries of the first input were to be rows, and a reshape made them columns."""
    name = next(iter(trial.present(trial.declaration.inputs)), "")
    value = trial.arrays.get(name)
    if value is None or value.dtype.kind != "f" or value.ndim < 2:
        return {}
    mixed = _reshaped(value.reshape(len(value), -1), 0, 1).reshape(value.shape)
    clause = f"{name} is reshaped to (..., {len(value)}) and transposed, which mixes its entries"
    return {clause: partial(changed, **{name: mixed})}


def _times(trial: Trial) -> Iterator[tuple[str, int]]:
    """How often something may be added that is added in a loop: once for each place along an axis, or in a window."""
    yield "twice", 2
    twice = {
        axis for array in trial.declaration.parameters.values() for axis in array.axes if array.axes.count(axis) > 1
    }
    for name, length in trial.case.axes:
        if isinstance(length, int) and length > 1:
            yield f"{name} times", length
            if name in twice:
                yield f"{name} * {name} times", length**2


def _formulas(trial: Trial, kind: str, index: int) -> Clauses:
    """What a result may be that is worked out value by value, as that of an activation."""
    name = next(iter(trial.present(trial.declaration.inputs)), "")
    right, value = getattr(trial.right, kind)[index], trial.arrays.get(name)
    plain = value is not None and value.shape == right.shape and not trial.declaration.parameters
    if value is None or value.dtype.kind != "f" or not plain or len(trial.right.outputs) != 1:
        return {}
    if kind == "outputs":
        return terms.of_output({name: value})
    (output,), (y,) = trial.declaration.outputs, trial.right.outputs
    if len(trial.upstream) != 1 or {y.shape, trial.upstream[0].shape} != {right.shape}:
        return {}
    return terms.of_gradient({f"d{output}": trial.upstream[0], output: y, name: value})


def _options(trial: Trial, changed: Callable[..., np.ndarray]) -> Clauses:
    found: Clauses = {}
    for name, value in trial.case.options:
        for choice in trial.case.plan.options[name]:
            if choice != value and not isinstance(choice, str):
                found[f"{name} is {choice}, not {value}"] = partial(changed, **{name: choice})
        if isinstance(value, float) and 0 < value < 1 and value != 0.5:
            found[f"{name} and 1 - {name} are exchanged"] = partial(changed, **{name: 1 - value})
    return found


def _axes(trial: Trial, changed: Callable[..., np.ndarray], kind: str, index: int) -> Clauses:
    """What comes out when two axes of an input are taken for each other, and the result is turned back."""
    found: Clauses = {}
    name = next(iter(trial.present(trial.declaration.inputs)), "")
    value = trial.arrays.get(name, np.zeros(()))
    leaf = kind == "gradients" and index < len(trial.declaration.leaves)
    if kind == "buffers" or (kind == "gradients" and not leaf) or len(trial.upstream) != 1:
        return found

    def turned(one: int, other: int) -> np.ndarray:
        (dy,) = trial.upstream
        if dy.ndim != value.ndim:
            return np.full((), np.nan)
        turn = [np.ascontiguousarray(array.swapaxes(one, other)) for array in (value, dy)]
        upstream = (turn[1],) if trial.question.upstream else ()
        wrong = changed(**{name: turn[0]}, upstream=upstream)
        return wrong.swapaxes(one, other) if wrong.ndim == value.ndim else wrong

    for one, other in combinations(range(value.ndim), 2):
        found[f"axes {one} and {other} of {name} are taken for each other"] = partial(turned, one, other)
    return found


def _upstream(trial: Trial, changed: Callable[..., np.ndarray], index: int) -> Clauses:
    """What a gradient may be when dy, or a part of it, plays no part."""
    names, upstream, right = [*trial.declaration.outputs], trial.upstream, trial.right
    found: Clauses = {}
    for position, (name, dy) in enumerate(zip(names, upstream, strict=True)):
        if trial.declaration.start or dy.dtype.kind != "f":
            continue
        others = list(upstream)
        for clause, other in ((f"d{name} is left out", np.ones_like(dy)), (f"d{name} is 0", np.zeros_like(dy))):
            if other.any() or len(upstream) > 1:
                others[position] = other
                found[clause] = partial(changed, upstream=tuple(others))
        if index < len(trial.declaration.leaves) or right.gradients[index].shape == dy.shape:
            found[f"d{name} is passed on as it is"] = lambda dy=dy: dy  # type: ignore[misc]
        if right.gradients[index].shape == dy.shape:
            y = right.outputs[position]
            found[f"d{name} is multiplied by {name}"] = lambda dy=dy, y=y: dy * y  # type: ignore[misc]
        if dy.ndim and len(dy) > 1 and index >= len(trial.declaration.leaves):
            for clause, kept in (("only the last entry of the batch counts", -1), ("only the first entry counts", 0)):
                masked = np.zeros_like(dy)
                masked[kept] = dy[kept]
                others = [*upstream[:position], masked, *upstream[position + 1 :]]
                found[clause] = partial(changed, upstream=tuple(others))
    return found
