"""The checks that follow from what is declared of a layer: a body for each, run for one case after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.declarations.declared import Declaration, Trial
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.general import named, suspects
from autograder.checking.each import NoCase, for_each
from autograder.checking.expect import expect_array, expect_close, expect_equal, expect_unchanged
from autograder.checking.student import Remote, Student
from autograder.checking.suspects import silent
from autograder.errors import CheckFailed

SUSPECTED = 4  # cases of a check for which general suspects are worked out: a slip shows in the first ones
LAYOUTS = (("float32", "strided"), ("float64", "fortran"), ("float32", "readonly"))
NOTHING = {"float64": 1e-13, "float32": 1e-5}  # what may be left where all cancels
Rng = np.random.Generator
Ask = Callable[[Student, Rng, Case, bool], None]


def _cases(own: Declaration, student: Student, rng: Rng, ask: Ask) -> None:
    """Ask for each case; with general suspects for the first ones."""
    cases = own.plan.cases(rng, own.typical)
    first = {*cases[:SUSPECTED]}
    for_each(student, rng, cases, lambda student, rng, case: ask(student, rng, case, case in first))


def expect_right(trial: Trial, kind: str, index: int, found: object, name: str, rich: bool, **also: Any) -> None:
    """Compare one array with what should come out.

    Args:
        kind, index: which it is, of a result.
        rich: whether general suspects are asked as well.
        also: further suspects; a dtype.
    """
    right, called = getattr(trial.right, kind)[index], trial.declaration.called(kind)[index]
    if right.dtype.kind != "f":
        expect_equal(found, right if right.ndim else right.item(), name)
        return
    dtype = also.pop("dtype", "float64")
    array = answers.array(found)
    if array is not None and array.dtype.kind == "f" and array.shape == right.shape and not right.any():
        found = np.where(np.abs(array) < NOTHING[dtype], np.zeros_like(array), array)  # cancels, in another order
    tolerance = trial.declaration.tolerances.get(called) if dtype == "float64" else None
    known = named(trial, kind, index) | (suspects(trial, kind, index) if rich else {}) | also
    axes = trial.declaration.spoken.get(called, ())
    expect_close(found, right, name, dtype=dtype, suspects=known, tolerance=tolerance, axes=axes)


def values(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass what returns the right outputs."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = own.draw(rng, case)
        layer = None if own.plain else trial.layer(student)
        for index, (name, found) in enumerate(zip(own.outputs, trial.run(student, layer, trial.arrays), strict=True)):
            expect_right(trial, "outputs", index, found, name, rich)

    _cases(own, student, rng, ask)


def gradient(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer whose backward returns the right gradients of its inputs."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = own.draw(rng, case)
        layer = trial.layer(student)
        trial.run(student, layer, trial.arrays)
        for index, found in enumerate(trial.pull(layer, trial.upstream)):
            expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}", rich)

    _cases(own, student, rng, ask)


def parameters(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer whose backward sets the right gradients of its parameters."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = own.draw(rng, case)
        layer = trial.layer(student)
        trial.run(student, layer, trial.arrays)
        trial.pull(layer, trial.upstream)
        for index, name in trial.gradients:
            expect_right(trial, "gradients", index, layer.get(name), name, rich)

    _cases(own, student, rng, ask)


def buffers(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that has the right buffers after one call, and after several."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = own.draw(rng, case)
        layer = trial.layer(student)
        for call in range(3):
            trial.run(student, layer, trial.arrays)
            for index, name in enumerate(own.buffers):
                expect_right(trial, "buffers", index, layer.get(name), f"{name}", rich and not call)
            trial = own.draw(rng, case, known=_state(trial))

    _cases(own, student, rng, ask)


def evaluation(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that goes by its buffers in evaluation, draws nothing, changes nothing, and can go back."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = own.draw(rng, case, training=False)
        layer = trial.layer(student)
        for training in (False, True, False):
            trial.switch(layer, training)
            if training and own.drawing(training):  # its values are chance, what it leaves behind is not
                trial.run(student, layer, trial.arrays)
                continue
            trial = replace(trial, training=training)
            for index, (name, found) in enumerate(
                zip(own.outputs, trial.run(student, layer, trial.arrays), strict=True)
            ):
                expect_right(trial, "outputs", index, found, f"{name}{_mode(training)}", rich)
            for index, found in enumerate(trial.pull(layer, trial.upstream)):
                expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}{_mode(training)}", rich)
            for index, name in trial.gradients:
                expect_right(trial, "gradients", index, layer.get(name), f"{name}{_mode(training)}", rich)
            for index, name in enumerate(own.buffers):
                expect_right(trial, "buffers", index, layer.get(name), f"{name}{_mode(training)}", rich)
            trial = own.draw(rng, case, training=False, known=_state(trial))

    _cases(own, student, rng, ask)


def _mode(training: bool) -> str:
    return "" if training else " of an evaluation"


def _state(trial: Trial) -> dict[str, np.ndarray]:
    """What a layer has after a call: its parameters, and the buffers as they should be."""
    own = trial.declaration
    left = dict(zip(own.buffers, trial.right.buffers, strict=True))
    return {name: trial.arrays[name] for name in trial.present((*own.parameters, *own.constants))} | left


def latest(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that goes by its latest batch, whatever came before."""
    batch = next((axis for array in own.inputs.values() for axis in array.axes), "")
    if any(
        batch in array.names() for array in (*own.parameters.values(), *own.buffers.values(), *own.constants.values())
    ):
        batch = ""  # what a layer holds has its size

    def ask(student: Student, rng: Rng, case: Case) -> None:
        before: Trial | None = None
        sums: dict[int, Any] = {}  # of the gradients so far
        other = case.but(**{batch: case.numbers[batch] + 1}) if own.plan.axes.get(batch, 0) is None else case
        trial = own.draw(rng, case)
        layer = trial.layer(student)
        for turn in (case, other, other):
            held = trial.present((*own.parameters, *own.buffers, *own.constants))
            trial = own.draw(rng, turn, known=_state(before) if before else {name: trial.arrays[name] for name in held})
            outputs = trial.run(student, layer, trial.arrays)
            for index, (name, found) in enumerate(zip(own.outputs, outputs, strict=True)):
                expect_right(trial, "outputs", index, found, name, False, **_stale(trial, before, "outputs", index))
            for _ in range(2):  # a second backward gives the same
                for index, found in enumerate(trial.pull(layer, trial.upstream)):
                    stale = _stale(trial, before, "gradients", index)
                    expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}", False, **stale)
                for index, name in trial.gradients:
                    stale = _stale(trial, before, "gradients", index)
                    right = trial.right.gradients[index]
                    total = sums[index] = sums.get(index, 0) + right
                    stale["backward adds to what an earlier backward has left"] = partial(np.asarray, total)
                    expect_right(trial, "gradients", index, layer.get(name), name, False, **stale)
            before = trial

    for_each(student, rng, own.plan.cases(rng, 1)[1:2], ask)


def _stale(trial: Trial, before: Trial | None, kind: str, index: int) -> dict[str, Any]:
    """What is left of the call before."""
    found: dict[str, Any] = {}
    if before is not None:
        old = getattr(before.right, kind)[index]
        found |= {"it is that of the batch before": lambda: old}
    return found


def inputs(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that gives equal values for any dtype and layout, and leaves what it is given alone."""
    cases = own.plan.cases(rng, 6)[1:]
    if own.mode or not own.drawing(True):
        for_each(student, rng, cases, _twice(partial(_leaves_alone, own)))
    if own.drawing(True):
        for_each(student, rng, cases, _twice(partial(_keeps_dtype, own)))


def _twice(ask: Callable[[Student, Rng, Case], None]) -> Callable[[Student, Rng, Case], None]:
    """Ask two of many cases: in some, float32 is not good enough for anyone to say what is right."""
    asked: list[Case] = []

    def body(student: Student, rng: Rng, case: Case) -> None:
        if len(asked) == 2 and not silent():
            raise NoCase
        ask(student, rng, case)
        if not silent():  # a simpler case that is asked on the way does not count
            asked.append(case)

    return body


def _leaves_alone(own: Declaration, student: Student, rng: Rng, case: Case) -> None:
    expect_left_alone(own.draw(rng, case, training=not own.drawing(True), fine=True), student)


def expect_left_alone(trial: Trial, student: Student, of: str = "") -> None:
    """Pass what gives equal values for any dtype and layout, in that dtype, and leaves alone all that it is given."""
    own, parameters = trial.declaration, trial.present(trial.declaration.parameters)
    floats = any(value.dtype.kind == "f" for value in trial.arrays.values())
    for dtype, layout in LAYOUTS:
        layer = None if own.plain else trial.layer(student, dtype)
        dtype, given = dtype if floats else "float64", _given(trial, student, dtype, layout)
        held = student.new("probe:Parameters", layer, parameters) if layer and parameters else None
        for index, (name, found) in enumerate(zip(own.outputs, trial.run(student, layer, given), strict=True)):
            expect_right(trial, "outputs", index, found, f"{name}{of} for a {layout} input", False, dtype=dtype)
        _expect_kept(trial, given, held, own.forward if layer else "", dtype)
        if layer is None or not trial.question.upstream:
            continue
        back = {name: dy for name, dy in zip(own.outputs, trial.upstream, strict=True) if dy.dtype.kind == "f"}
        upstream = tuple(student.hold(one.astype(dtype), _fit(layout, one)) for one in back.values())
        for index, found in enumerate(trial.pull(layer, upstream)):
            expect_right(
                trial, "gradients", index, found, f"d{own.leaves[index]}{of} for a {layout} dy", False, dtype=dtype
            )
        for index, name in trial.gradients:
            expect_right(trial, "gradients", index, layer.get(name), f"{name}{of}", False, dtype=dtype)
        for remote, (name, before) in zip(upstream, back.items(), strict=True):
            expect_unchanged(remote.fetch(), before, f"d{name}")
        _expect_kept(trial, given, held, own.backward, dtype)


def _keeps_dtype(own: Declaration, student: Student, rng: Rng, case: Case) -> None:
    """Where numbers are drawn, nobody can say which values are right, but which dtype."""
    trial = own.draw(rng, case)
    for dtype, layout in LAYOUTS:
        layer = trial.layer(student, dtype)
        given = _given(trial, student, dtype, layout)
        for found, dy, name in zip(trial.run(student, layer, given), trial.upstream, own.outputs, strict=True):
            expect_array(found, f"{name} for a {layout} input", dy.shape, dtype=dtype)
        _expect_kept(trial, given, None, own.forward, dtype)
        upstream = tuple(one.astype(dtype) for one in trial.upstream)
        for found, name in zip(trial.pull(layer, upstream) if own.leaves else [], own.leaves, strict=True):
            expect_array(found, f"d{name} for a {layout} input", trial.arrays[name].shape, dtype=dtype)


def _given(trial: Trial, student: Student, dtype: str, layout: str) -> dict[str, Remote]:
    names = trial.present(trial.declaration.inputs)
    return {name: student.hold(trial.cast(name, dtype), _fit(layout, trial.arrays[name])) for name in names}


def _fit(layout: str, value: np.ndarray) -> str:
    return layout if value.ndim else "plain"


def _expect_kept(trial: Trial, given: Mapping[str, Remote], held: Remote | None, method: str, dtype: str) -> None:
    for name, remote in given.items():
        expect_unchanged(remote.fetch(), trial.arrays[name], name)
    now = (answers.table(held.call("now")) or {}) if held else {}
    for name in trial.present(trial.declaration.parameters) if held else ():
        value, replaced = answers.pair(now.get(name)) or (None, False)
        found = answers.array(value)
        if found is None or not np.array_equal(found, trial.cast(name, dtype)):
            raise CheckFailed(f"{name} was changed by {method}: only an optimizer moves parameters")
        if replaced is not False:
            raise CheckFailed(f"{name} is another array after {method}, expected the same, which an optimizer may hold")
