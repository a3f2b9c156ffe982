"""What is declared of a layer, and how its arrays are drawn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.counterpart import Arrays, Counterpart, Question, Result
from autograder.checking.declarations.drawn import EXTREMES, FALSE, Array, Case, Plan
from autograder.errors import RubricError

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True, eq=False)
class Declaration:
    """A layer or a function: what it is handed, and what it should do. `autograder.checking.declare` makes them.

    Attributes:
        name: "3.2", or "3.2-norm" where a TODO has several.
        package: of the checks that it stands among.
        target: the student's class or function.
        wrong: what known mistakes come to, by what is said of them.
        back: what is said instead, by that, where it is the gradient of an input that is wrong.
        args: positional arguments of the constructor, or terms for them.
        outputs: their names, with an array each where the lengths are not for PyTorch to say.
        parameters, buffers: arrays that are attributes of the layer.
        gradients: by parameter, the attribute that holds its gradient.
        call: what forward is handed: names of inputs, in tuples and lists as they lie.
        mode: the attribute that is True while training, or the two methods that change it; empty where nothing does.
        random: the argument that takes a generator, or a seed where its name says so; empty where nothing is drawn.
        start: the output whose gradient is 1 where backward is handed none; empty where it is handed all.
        plain: whether it is a function of arrays, and no layer.
        tensors: "module" or "function" where its arrays are tensors, and autograd goes back; else empty.
        cases: families of sizes that an author lists, see `listed.py`; none where they are drawn.
        tolerances: by array, the relative error that it may have in float64, where that of every array will not do.
        spoken: by array, what its axes are called.
    """

    name: str
    package: str
    target: str
    plan: Plan
    counterpart: Counterpart | None
    wrong: Mapping[str, Counterpart]
    back: Mapping[str, str]
    args: tuple[Any, ...]
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array | None]
    parameters: Mapping[str, Array]
    gradients: Mapping[str, str]
    buffers: Mapping[str, Array]
    draws: Mapping[str, Draw]
    call: tuple[Any, ...]
    mode: str
    random: str
    start: str
    plain: bool
    tensors: str
    forward: str
    backward: str
    typical: int
    cases: Mapping[str, Sequence[Sizes]]
    tolerances: Mapping[str, float]
    spoken: Mapping[str, Sequence[str]]

    @property
    def title(self) -> str:
        """The name of the class or function."""
        return self.target.partition(":")[2]

    @property
    def place(self) -> str:
        """Where an author finds it: "checks/norm.py: 7.2"."""
        module = self.package.partition(".checks.")[2] or self.package
        return f"checks/{module.replace('.', '/')}.py: {self.name}"

    @functools.cached_property
    def leaves(self) -> tuple[str, ...]:
        """The inputs that have a gradient."""
        return tuple(name for name, array in self.inputs.items() if array.real and self.backward)

    @property
    def constants(self) -> dict[str, Array]:
        """The arrays that its constructor is handed."""
        return {name: array for name, array in self.inputs.items() if name in self.args}

    def result(self, arrays: Arrays, *upstream: np.ndarray, **numbers: Any) -> Result:
        """Work out what should come out of arrays that an author has chosen."""
        found = self.answer(Question({"training": True, **numbers}, arrays, upstream))
        assert found is not None
        return found

    def drawing(self, training: bool) -> bool:
        """Whether it draws random numbers in this mode."""
        return bool(self.random) and (training or not self.mode)

    def called(self, kind: str) -> list[str]:
        """What the arrays of a result are called: its "outputs", its "buffers", or its "gradients"."""
        gradients = [*(f"d{name}" for name in self.leaves), *self.gradients.values()]
        return {"outputs": [*self.outputs], "buffers": [*self.buffers]}.get(kind, gradients)

    def array(self, rng: np.random.Generator, name: str, case: Case) -> np.ndarray:
        """Draw one array of a case."""
        array = next(those[name] for those in (self.inputs, self.parameters, self.buffers) if name in those)
        shape = array.shape(case)
        if name in self.draws:
            drawn = self.draws[name](rng, shape)
            return drawn.astype(np.float32).astype(np.float64) if drawn.dtype.kind == "f" else drawn
        if name in self.buffers and array.real:  # averages and variances
            return rng.uniform(0.5, 1.5, shape).astype(np.float32).astype(np.float64)
        drawn = array.draw(rng, case)
        if name in self.inputs and array.real and case.values in EXTREMES:
            return EXTREMES[case.values](drawn)
        return np.zeros_like(drawn) if drawn.dtype == bool and case.values == FALSE else drawn

    def upstream(self, rng: np.random.Generator, name: str, shape: tuple[int, ...], real: bool = True) -> np.ndarray:
        """Draw the gradient of an output; of whole numbers it is 0, and nobody hands it on."""
        if not real:
            return np.zeros(shape, np.int64)
        if self.start:
            return np.full(shape, float(name == self.start))
        return rng.normal(size=shape).astype(np.float32).astype(np.float64)

    def answer(self, question: Question, how: str = "values") -> Result | None:
        """Work out a case; None where there is no such case, see `Counterpart.ask`."""
        assert self.counterpart is not None
        found = self.counterpart.ask(question, "sure" if self.cases else how)
        if found is not None and len(found.outputs) != len(self.outputs):
            names = ", ".join(self.outputs)
            raise RubricError(f"PyTorch returns {len(found.outputs)} values, expected {names}")
        return found
