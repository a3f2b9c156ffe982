"""Checks of declared layers for the cases that an author lists: families of sizes, by name, which checks ask for.

    CONV = layer("1.6", ..., cases={"plain": (Sizes(...), ...), "strided": ..., "latest": ..., "inputs": ...})
    checks("1.6", {"stride": Row("Conv2d.forward ...", ask="y: strided"), "repeat": Row("...", ask="latest")}, CONV)

What is asked are arrays, "dw db: plain strided", for each case of these families; "latest y", whether a layer goes by
the last of several batches, its outputs too where they are named; "inputs", whether it leaves alone what it is given.
Its axes are

    N images   C channels   L, or H and W, lengths   *D all axes but the first   M what comes out: filters, classes
    K, kernel_size window   Q, or P and Q, lengths of the result   stride, padding, and factor, which is the stride

Which of a failing case's sizes matters is told from its neighbours, as in every check of `Sizes`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking import oracles
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.derived import Rng, expect_right, telling_parameters
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.tried import Trial
from autograder.checking.declarations.untouched import expect_left_alone
from autograder.checking.each import Judge, for_each_ahead, for_every
from autograder.checking.raising import telling_earlier
from autograder.checking.student import Remote, Student

REMEMBERED = 1024  # cases; a part of thirteen TODOs has 233 for a seed


def ask(declared: Sequence[Declaration], what: str, student: Student, rng: Rng) -> None:
    """Run one check: all that is asked, of each layer in turn; what is open is told after what is wrong.

    Args:
        what: "y dx: plain strided", "latest dx", "inputs", or several of these with semicolons between.
    """

    def body(own: Declaration) -> None:
        of = f" of {own.title}" if len(declared) > 1 else ""
        for one in what.split(";"):
            (first, *names), families = ((part or "").split() for part in one.partition(":")[::2])
            if first == "latest":
                _latest(own, names, of, student, rng)
            elif first == "inputs":
                _inputs(own, of, student, rng)
            else:
                _compare(own, [first, *names], families, student, rng)

    for_every(declared, body)


def case_of(own: Declaration, sizes: Sizes) -> Case:
    """Give the axes and options of a declaration the lengths that they have for these sizes."""
    flat = len(sizes.lengths) == 1
    numbers: dict[str, Any] = {"N": sizes.images, "C": sizes.channels, "M": sizes.filters, "K": sizes.kernel}
    numbers |= {"stride": sizes.stride, "factor": sizes.stride, "padding": sizes.padding, "D": sizes.shape[1:]}
    numbers["kernel_size"] = sizes.kernel
    numbers |= dict(zip("L" if flat else "HW", sizes.lengths, strict=False))
    numbers |= dict(zip("Q" if flat else "PQ", sizes.results, strict=False))
    options = ((name, numbers.get(choices[-1], choices[-1])) for name, choices in own.plan.options.items())
    return Case(own.plan, tuple((name, numbers[name]) for name in own.plan.axes), tuple(options))


def drawn(own: Declaration, rng: Rng, sizes: Sizes, back: bool = True) -> Trial:
    """Draw a case; without gradients of the outputs where nobody goes back.

    The cases of a seed are the same for a whole class: what a generator has drawn from where it stands is taken again,
    with all that is known to come out of it.
    """
    asked = _Draw(own, sizes, back, repr(rng.bit_generator.state), rng)
    draw = _drawn.__wrapped__ if oracles.recording() else _drawn
    trial, rng.bit_generator.state = draw(asked)
    return trial


@dataclass(frozen=True)
class _Draw:
    """One draw; equal where generators are in the same state."""

    own: Declaration
    sizes: Sizes
    back: bool
    state: str
    rng: Rng = field(compare=False)


@functools.lru_cache(maxsize=REMEMBERED)
def _drawn(asked: _Draw) -> tuple[Trial, Any]:
    """Draw a case, which every student of the class is asked from now on; and say where the generator stands then."""
    own, rng, case = asked.own, asked.rng, case_of(asked.own, asked.sizes)
    arrays = {name: own.array(rng, name, case) for name in (*own.inputs, *own.parameters)}
    shapes = {name: array.shape(case) for name, array in own.outputs.items() if array is not None}
    upstream = tuple(own.upstream(rng, name, shape) for name, shape in shapes.items()) if asked.back else ()
    oracles.read_only([*arrays.values(), *upstream])
    return Trial(own, case, arrays, True, upstream), rng.bit_generator.state


def _compare(own: Declaration, names: Sequence[str], families: Sequence[str], student: Student, rng: Rng) -> None:
    """Compare arrays, for each case of these families; with general suspects for the first of each."""
    cases = [sizes for family in families for sizes in own.cases[family]]
    first = {own.cases[family][0] for family in families}
    back = not {*own.outputs}.issuperset(names)

    def body(student: Student, rng: Rng, sizes: Sizes) -> Judge:
        trial = drawn(own, rng, sizes, back)
        layer = None if own.plain else trial.layer(student)
        arrays = _found(trial, layer, names, student, back)

        def judge() -> None:
            for kind, index, found in arrays:
                if (name := own.called(kind)[index]) in names:
                    with telling_parameters(trial, layer if kind == "outputs" else None):
                        expect_right(trial, kind, index, found, name, sizes in first)

        return judge

    for_each_ahead(student, rng, cases, body)


def _found(
    trial: Trial, layer: Remote | None, names: Sequence[str], student: Student, back: bool
) -> Iterator[tuple[str, int, object]]:
    """Ask for what a layer gives, and return that, one after the other.

    Where its outputs are looked at, its backward is asked after them: it may crash, or change what explains them.
    """
    outputs = bool({*trial.declaration.called("outputs")}.intersection(names))
    run = trial.running(student, layer, trial.arrays, seen=outputs)
    ahead = _gradients(trial, layer, names) if layer and back and not outputs else None

    def read() -> Iterator[tuple[str, int, object]]:
        for index, output in enumerate(run()):
            yield "outputs", index, output
        if layer and back:
            for index, gradient in ahead or _gradients(trial, layer, names):
                yield "gradients", index, gradient

    return read()


def _gradients(trial: Trial, layer: Remote, names: Sequence[str]) -> Iterator[tuple[int, object]]:
    """Ask for the gradients of inputs and parameters, and return them with their places, one after the other."""
    leaves = {f"d{name}" for name in trial.declaration.leaves}
    pull = trial.pulling(layer, trial.upstream, seen=bool(leaves.intersection(names)))
    found = trial.found(layer, names)

    def read() -> Iterator[tuple[int, object]]:
        yield from enumerate(pull())
        for index, _, value in found:
            yield index, value

    return read()


def _latest(own: Declaration, names: Sequence[str], of: str, student: Student, rng: Rng) -> None:
    """Pass a layer that goes by the last of several batches, and by the parameters that it has then."""
    *earlier, last = (drawn(own, rng, sizes) for sizes in own.cases["latest"])
    first, *others = earlier
    layer = first.layer(student)
    first.run(student, layer, first.arrays, seen=False)
    first.pulling(layer, first.upstream, seen=False)()
    for other in others:
        other.run(student, layer, other.arrays, seen=False)
    student.finish()  # what goes wrong so far is not of a later batch
    if own.parameters:
        layer.set(**{name: last.arrays[name] for name in own.parameters})
    with telling_earlier(student, partial(_afresh, last, names, student)):
        _expect_latest(layer, earlier, last, names, of, student)


def _afresh(trial: Trial, names: Sequence[str], student: Student) -> None:
    """Pass a layer that gives the right values of one batch, the first that it sees."""
    own = trial.declaration
    for kind, index, found in _found(trial, trial.layer(student), [*names, *own.called("gradients")], student, True):
        if kind == "gradients" or own.called(kind)[index] in names:
            expect_right(trial, kind, index, found, own.called(kind)[index], False)


def _expect_latest(
    layer: Remote, earlier: Sequence[Trial], last: Trial, names: Sequence[str], of: str, student: Student
) -> None:
    own, first = last.declaration, earlier[0]
    kept = {f"the {one} of an earlier batch is kept": {one: first.arrays[one]} for one in own.parameters}
    with student.together():
        run, pull = last.running(student, layer, last.arrays), last.pulling(layer, last.upstream)
        gradients = last.found(layer)
    for index, (name, found) in enumerate(zip(own.outputs, run(), strict=True)):
        if name in names:
            stale = {clause: partial(last.wrong, "outputs", index, **change) for clause, change in kept.items()}
            expect_right(last, "outputs", index, found, f"{name}{of} of a later batch", False, **stale)
    alike = [one for one in earlier if all(one.arrays[name].shape == last.arrays[name].shape for name in own.inputs)]
    for index, found in enumerate(pull()):
        stale = {}
        for one in alike:
            change = {name: one.arrays[name] for name in own.inputs}
            stale["what forward keeps is that of an earlier batch"] = partial(last.wrong, "gradients", index, **change)
        expect_right(last, "gradients", index, found, f"d{own.leaves[index]}{of} of a later batch", False, **stale)
    for index, name, value in gradients:
        before, right = (one.right.gradients[index] for one in (first, last))
        stale = {
            "it is left as it was after the first backward": partial(np.asarray, before),
            "backward adds to what an earlier backward has left": partial(np.add, before, right),
        }
        expect_right(last, "gradients", index, value, f"{name}{of}", False, **stale)


def _inputs(own: Declaration, of: str, student: Student, rng: Rng) -> None:
    """Pass a layer that takes any dtype and layout, and changes nothing that it is given."""
    for sizes in own.cases["inputs"]:
        expect_left_alone(drawn(own, rng, sizes), student, of)
