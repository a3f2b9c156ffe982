"""The checks that follow from what is declared of a layer: a body for each, run for one case after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.drawn import EVEN, FALSE, LARGE, Case
from autograder.checking.declarations.general import by_size, named, suspects
from autograder.checking.declarations.tried import Trial, draw
from autograder.checking.each import Judge, for_each, for_each_ahead
from autograder.checking.expect import expect_close, expect_equal
from autograder.checking.student import Remote, Student
from autograder.diagnosis.suspects import Later, Suspects
from autograder.errors import CheckFailed, GraderError

SUSPECTED = 4  # cases of a check for which general suspects are worked out: a slip shows in the first ones
LOST = 1e-12  # by which values may differ where entries are extreme
NOTHING = {"float64": 1e-13, "float32": 1e-5}  # what may be left where all cancels
Rng = np.random.Generator
Ask = Callable[[Student, Rng, Case, bool], None]
AskAhead = Callable[[Student, Rng, Case, bool], Judge]


def _cases(own: Declaration, student: Student, rng: Rng, ask: Ask) -> None:
    """Ask for each case, which needs the answers to what it has asked before; with general suspects for the first."""
    cases = own.plan.cases(rng, own.typical)
    first = {*cases[:SUSPECTED]}
    for_each(student, rng, cases, lambda student, rng, case: ask(student, rng, case, case in first))


def _cases_ahead(own: Declaration, student: Student, rng: Rng, ask: AskAhead, extremes: bool = False) -> None:
    """Ask for all cases, of extreme entries too where wanted, then judge; with general suspects for the first."""
    cases = own.plan.cases(rng, own.typical)
    if extremes and own.counterpart:
        inputs = own.inputs.values()
        edges = [EVEN, LARGE] * any(array.real for array in inputs)
        edges += [FALSE] * any("bool" in array.words for array in inputs)
        cases += [replace(case, values=values) for case, values in zip(cases[1:], edges, strict=False)]
    first = {*cases[:SUSPECTED]}
    for_each_ahead(student, rng, cases, lambda student, rng, case: ask(student, rng, case, case in first))


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
    if trial.case.values and array is not None and array.dtype.kind == "f" and array.shape == right.shape:
        lost = np.abs(array - right) < LOST  # of a function that is flat there: what is left of it depends on the order
        found = np.where(lost, right, array).astype(array.dtype)
    tolerance = trial.tolerance(called) if dtype == "float64" else None
    if trial.declaration.tensors and dtype == "float64" and array is not None and array.dtype == np.float32:
        found = array.astype(np.float64)  # modules often fix the precision of what they work out
    if trial.declaration.tensors and found is None and kind == "gradients":
        if right.any():
            raise CheckFailed(f"nothing leads back to {name}: .data, detach(), .item() and NumPy cut off a gradient")
        return

    def suspected() -> Suspects:
        known = named(trial, kind, index) | dict(by_size(trial, kind, index))
        return known | (suspects(trial, kind, index) if rich else {}) | also

    axes = trial.declaration.spoken.get(called, ())
    parts = {other: array for other, array in trial.parts.items() if other != called}
    known = Later(suspected)
    expect_close(found, right, name, dtype=dtype, suspects=known, tolerance=tolerance, axes=axes, parts=parts)


def values(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass what returns the right outputs."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> Judge:
        trial = draw(own, rng, case, how="even" if case.values else "values")
        layer = None if own.plain else trial.layer(student)
        run = trial.running(student, layer, trial.arrays)

        def judge() -> None:
            for index, (name, found) in enumerate(zip(own.outputs, run(), strict=True)):
                with telling_parameters(trial, layer):
                    expect_right(trial, "outputs", index, found, name, rich)

        return judge

    _cases_ahead(own, student, rng, ask, extremes=True)


@contextlib.contextmanager
def telling_parameters(trial: Trial, layer: Remote | None) -> Iterator[None]:
    """Where an output is wrong and nothing says why, see whether forward has changed what it works with."""
    try:
        yield
    except CheckFailed as error:
        if layer is None or trial.declaration.tensors or error.finding.suspect:
            raise
        for name in trial.present(trial.declaration.parameters):
            with contextlib.suppress(GraderError):
                now = answers.array(layer.get(name))
                if now is not None and not _alike(now, trial.arrays[name]):
                    told = f"{name} was changed by {trial.declaration.forward}: only an optimizer moves parameters"
                    error.finding = replace(error.finding, suspect=told, cause=told)
                    break
        raise


def _alike(now: np.ndarray, given: np.ndarray) -> bool:
    """Whether a parameter is what it was set to, rounded to another dtype perhaps, which explains no wrong output."""
    return now.shape == given.shape and now.dtype.kind == given.dtype.kind and np.allclose(now, given, rtol=1e-5)


def gradient(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer whose backward returns the right gradients of its inputs."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> Judge:
        trial = draw(own, rng, case, how="smooth" if case.values else "values")
        layer = trial.layer(student)
        run, pull = trial.running(student, layer, trial.arrays, seen=False), trial.pulling(layer, trial.upstream)

        def judge() -> None:
            run()
            for index, found in enumerate(pull()):
                expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}", rich)

        return judge

    _cases_ahead(own, student, rng, ask, extremes=True)


def parameters(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer whose backward sets the right gradients of its parameters."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> Judge:
        trial = draw(own, rng, case)
        layer = trial.layer(student)
        run = trial.running(student, layer, trial.arrays, seen=False)
        pull, gradients = trial.pulling(layer, trial.upstream, seen=False), trial.found(layer)

        def judge() -> None:
            run()
            pull()
            for index, name, value in gradients:
                expect_right(trial, "gradients", index, value, name, rich)

        return judge

    _cases_ahead(own, student, rng, ask)


def buffers(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that has the right buffers after one call, and after several."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = draw(own, rng, case)
        layer = trial.layer(student)
        for call in range(3):
            trial.run(student, layer, trial.arrays)
            for index, (name, value) in enumerate(zip(own.buffers, layer.get_all([*own.buffers]), strict=True)):
                expect_right(trial, "buffers", index, value, f"{name}", rich and not call)
            trial = draw(own, rng, case, known=_state(trial))

    _cases(own, student, rng, ask)


def evaluation(own: Declaration, student: Student, rng: Rng) -> None:
    """Pass a layer that goes by its buffers in evaluation, draws nothing, changes nothing, and can go back."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = draw(own, rng, case, training=False)
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
            for index, name, value in trial.found(layer):
                expect_right(trial, "gradients", index, value, f"{name}{_mode(training)}", rich)
            for index, (name, value) in enumerate(zip(own.buffers, layer.get_all([*own.buffers]), strict=True)):
                expect_right(trial, "buffers", index, value, f"{name}{_mode(training)}", rich)
            trial = draw(own, rng, case, training=False, known=_state(trial))

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
        trial = draw(own, rng, case)
        layer = trial.layer(student)
        for turn in (case, other, other):
            held = trial.present((*own.parameters, *own.buffers, *own.constants))
            trial = draw(
                own, rng, turn, known=_state(before) if before else {name: trial.arrays[name] for name in held}
            )
            outputs = trial.run(student, layer, trial.arrays)
            for index, (name, found) in enumerate(zip(own.outputs, outputs, strict=True)):
                expect_right(trial, "outputs", index, found, name, False, **_stale(trial, before, "outputs", index))
            for _ in range(2):  # a second backward gives the same
                for index, found in enumerate(trial.pull(layer, trial.upstream)):
                    stale = _stale(trial, before, "gradients", index)
                    expect_right(trial, "gradients", index, found, f"d{own.leaves[index]}", False, **stale)
                for index, name, value in trial.found(layer):
                    stale = _stale(trial, before, "gradients", index)
                    right = trial.right.gradients[index]
                    total = sums[index] = sums.get(index, 0) + right
                    stale["backward adds to what an earlier backward has left"] = partial(np.asarray, total)
                    expect_right(trial, "gradients", index, value, name, False, **stale)
            before = trial

    for_each(student, rng, own.plan.cases(rng, 1)[1:2], ask)


def _stale(trial: Trial, before: Trial | None, kind: str, index: int) -> dict[str, Any]:
    """What is left of the call before."""
    found: dict[str, Any] = {}
    if before is not None:
        old = getattr(before.right, kind)[index]
        found |= {"it is that of the batch before": lambda: old}
    return found
