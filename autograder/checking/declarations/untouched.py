"""Whether a declared layer takes any dtype and layout, and leaves alone what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.derived import Rng, expect_right
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.tried import Trial, draw
from autograder.checking.each import Judge, NoCase, ask_ahead, for_each
from autograder.checking.expect import expect_array, expect_unchanged
from autograder.checking.student import Remote, Student
from autograder.diagnosis.suspects import silent
from autograder.errors import CheckFailed

LAYOUTS = (("float32", "strided"), ("float64", "fortran"), ("float32", "readonly"))


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
    expect_left_alone(draw(own, rng, case, training=not own.drawing(True), how="fine"), student)


def expect_left_alone(trial: Trial, student: Student, of: str = "") -> None:
    """Pass what gives equal values for any dtype and layout, in that dtype, and leaves alone all that it is given."""
    own = trial.declaration
    if own.tensors:
        _expect_tensors_left_alone(trial, student)
        return
    turns = [partial(_in_layout, trial, student, of, dtype, layout) for dtype, layout in LAYOUTS]
    if not own.plain and trial.question.upstream and len(own.outputs) == 1:
        turns.append(partial(_output_kept, trial, student, of))
    ask_ahead(student, turns)


def _in_layout(trial: Trial, student: Student, of: str, dtype: str, layout: str) -> Judge:
    """Ask for all that a layer makes of one layout, and for what it has made of its inputs and parameters."""
    own, parameters = trial.declaration, trial.present(trial.declaration.parameters)
    floats = any(value.dtype.kind == "f" for value in trial.arrays.values())
    layer = None if own.plain else trial.layer(student, dtype)
    dtype, given = dtype if floats else "float64", _given(trial, student, dtype, layout)
    held = student.new("probe:Parameters", layer, parameters) if layer and parameters else None
    back = {name: dy for name, dy in zip(own.outputs, trial.upstream, strict=False) if dy.dtype.kind == "f"}
    upstream = tuple(student.hold(one.astype(dtype), _fit(layout, one)) for one in back.values())
    run, now = trial.running(student, layer, given), student.several(_looks(given, held))
    if layer is not None and trial.question.upstream:
        looks = [*(layer.asking(name) for _, name in trial.gradients), *(one.fetching() for one in upstream)]
        pull, later = trial.pulling(layer, upstream), student.several([*looks, *_looks(given, held)])

    def judge() -> None:
        for index, (name, found) in enumerate(zip(own.outputs, run(), strict=True)):
            expect_right(trial, "outputs", index, found, f"{name}{of} for a {layout} input", False, dtype=dtype)
        _expect_kept(now, trial, given, held, own.forward if layer else "", dtype)
        if layer is None or not trial.question.upstream:
            return
        for index, found in enumerate(pull()):
            name = f"d{own.leaves[index]}{of} for a {layout} dy"
            expect_right(trial, "gradients", index, found, name, False, dtype=dtype)
        for index, name in trial.gradients:
            expect_right(trial, "gradients", index, next(later), f"{name}{of}", False, dtype=dtype)
        for name, before in back.items():
            expect_unchanged(next(later), before, f"d{name}")
        _expect_kept(later, trial, given, held, own.backward, dtype)

    return judge


def _output_kept(trial: Trial, student: Student, of: str) -> Judge:
    """Ask whether backward leaves alone what forward has returned: whoever asked for that may still need it."""
    own, layer = trial.declaration, trial.layer(student)
    returned = trial.leave(student, layer)
    first = student.several([returned.fetching()])
    pull = trial.pulling(layer, trial.upstream, seen=False)
    second = student.several([returned.fetching()])

    def judge() -> None:
        before = answers.array(next(first))
        pull()
        now = answers.array(next(second))
        if before is None or now is None or not np.array_equal(before, now, equal_nan=True):
            which = f"{own.called('outputs')[0]}{of}, as {own.forward} returned it,"
            raise CheckFailed(f"{which} was changed by {own.backward}: work on a copy")

    return judge


def _expect_tensors_left_alone(trial: Trial, student: Student) -> None:
    own, given = trial.declaration, trial.present(trial.declaration.inputs)
    for dtype, layout in LAYOUTS[:2]:
        layer, arrays = trial.layer(student, dtype), {name: trial.cast(name, dtype) for name in given}
        for index, (name, found) in enumerate(zip(own.outputs, trial.run(student, layer, arrays, layout), strict=True)):
            expect_right(trial, "outputs", index, found, f"{name} for a {layout} input", False, dtype=dtype)
        _expect_now(trial, layer, own.title, dtype)
        for index, found in enumerate(trial.pull(layer, tuple(one.astype(dtype) for one in trial.upstream))):
            expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}", False, dtype=dtype)
        for index, name, value in trial.found(layer):
            expect_right(trial, "gradients", index, value, name, False, dtype=dtype)


def _expect_now(trial: Trial, layer: Remote, called: str, dtype: str) -> None:
    """Pass a module that has changed neither inputs nor parameters."""
    now = answers.table(layer.call("now")) or {}
    for name in trial.present(trial.declaration.inputs):
        if trial.arrays[name].ndim:
            expect_unchanged(now.get(name), trial.arrays[name], name)
    for name in trial.present(trial.declaration.parameters):
        found = answers.array(now.get(name))
        if found is None or not np.array_equal(found, trial.arrays[name].astype(dtype)):
            raise CheckFailed(f"{name} was changed by {called}: only an optimizer moves parameters")


def _keeps_dtype(own: Declaration, student: Student, rng: Rng, case: Case) -> None:
    """Where numbers are drawn, nobody can say which values are right, but which dtype."""
    trial = draw(own, rng, case)
    for dtype, layout in LAYOUTS:
        layer = trial.layer(student, dtype)
        given = _given(trial, student, dtype, layout)
        for found, dy, name in zip(trial.run(student, layer, given), trial.upstream, own.outputs, strict=True):
            expect_array(found, f"{name} for a {layout} input", dy.shape, dtype=dtype)
        _expect_kept(student.several(_looks(given)), trial, given, None, own.forward, dtype)
        upstream = tuple(one.astype(dtype) for one in trial.upstream)
        for found, name in zip(trial.pull(layer, upstream) if own.leaves else [], own.leaves, strict=True):
            expect_array(found, f"d{name} for a {layout} input", trial.arrays[name].shape, dtype=dtype)


def _given(trial: Trial, student: Student, dtype: str, layout: str) -> dict[str, Remote]:
    names = trial.present(trial.declaration.inputs)
    return {name: student.hold(trial.cast(name, dtype), _fit(layout, trial.arrays[name])) for name in names}


def _fit(layout: str, value: np.ndarray) -> str:
    return layout if value.ndim else "plain"


def _looks(given: Mapping[str, Remote], held: Remote | None = None) -> list[dict[str, Any]]:
    """Requests for what a layer was given, and for its parameters."""
    return [*(remote.fetching() for remote in given.values()), *([held.calling("now")] if held else ())]


def _expect_kept(
    now: Iterator[object], trial: Trial, given: Mapping[str, Remote], held: Remote | None, method: str, dtype: str
) -> None:
    """Pass a layer that left all of that alone; `now` are the answers to `_looks`."""
    for name in given:
        expect_unchanged(next(now), trial.arrays[name], name)
    if held:
        parameters = {name: trial.cast(name, dtype) for name in trial.present(trial.declaration.parameters)}
        expect_parameters_kept(next(now), parameters, method)


def expect_parameters_kept(answer: object, parameters: Mapping[str, np.ndarray], method: str) -> None:
    """Pass a layer that still has these parameters after a call, in the arrays in which it had them.

    Args:
        answer: what `now` of a `probe:Parameters` that was made before the call has returned after it.
    """
    now = answers.table(answer) or {}
    for name, before in parameters.items():
        value, replaced = answers.pair(now.get(name)) or (None, False)
        found = answers.array(value)
        if found is None or not np.array_equal(found, before):
            raise CheckFailed(f"{name} was changed by {method}: only an optimizer moves parameters")
        if replaced is not False:
            raise CheckFailed(f"{name} is another array after {method}, expected the same, which an optimizer may hold")
