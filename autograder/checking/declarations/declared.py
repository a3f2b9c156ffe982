"""What is declared of a layer, and one case of it with all that is drawn for it and all that should come out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.declarations.counterpart import Arrays, Counterpart, Question, Result
from autograder.checking.declarations.drawn import Array, Case, Plan
from autograder.checking.each import NoCase
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student
from autograder.errors import RubricError
from autograder.inside.wire import Seed

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
ATTEMPTS = 6  # at values that are no matter of rounding


@dataclass(frozen=True, eq=False)
class Declaration:
    """A layer or a function: what it is handed, and what it should do. `autograder.checking.declare` makes them.

    Attributes:
        name: "3.2", or "3.2-norm" where a TODO has several.
        target: the student's class or function.
        wrong: what known mistakes come to, by what is said of them.
        args: positional arguments of the constructor, or terms for them.
        outputs: their names, with an array each where the lengths are not for PyTorch to say.
        parameters, buffers: arrays that are attributes of the layer.
        gradients: by parameter, the attribute that holds its gradient.
        call: what forward is handed: names of inputs, in tuples and lists as they lie.
        mode: the attribute that is True while training, or the two methods that change it; empty where nothing does.
        random: the argument that takes a generator, or a seed where its name says so; empty where nothing is drawn.
        start: the output whose gradient is 1 where backward is handed none; empty where it is handed all.
        plain: whether it is a function, and no layer.
        cases: families of sizes that an author lists, see `listed.py`; none where they are drawn.
        tolerances: by array, the relative error that it may have in float64, where that of every array will not do.
        spoken: by array, what its axes are called.
    """

    name: str
    target: str
    plan: Plan
    counterpart: Counterpart | None
    wrong: Mapping[str, Counterpart]
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
    def leaves(self) -> list[str]:
        """The inputs that have a gradient."""
        return [name for name, array in self.inputs.items() if array.real and self.backward]

    @property
    def constants(self) -> dict[str, Array]:
        """The arrays that its constructor is handed."""
        return {name: array for name, array in self.inputs.items() if name in self.args}

    def draw(
        self,
        rng: np.random.Generator,
        case: Case,
        training: bool = True,
        known: Arrays = MappingProxyType({}),
        fine: bool = False,
    ) -> Trial:
        """Draw the arrays of a case, but for those that are known.

        Raises:
            NoCase: if nobody can say what should come out, whatever the values.
        """
        for _ in range(ATTEMPTS):
            arrays = {
                name: known[name] if name in known else self.array(rng, name, case)
                for name in (*self.inputs, *self.parameters, *self.buffers)
                if case.numbers.get(name, True)  # an option of its name says whether there is one
            }
            trial = Trial(self, case, arrays, training)
            if shapes := trial.shapes():
                drawn = [self.upstream(rng, name, *one) for name, one in zip(self.outputs, shapes, strict=True)]
                trial = replace(trial, upstream=tuple(drawn))
                if self.counterpart is None or self.drawing(training) or self._answer(trial.question, fine):
                    return trial
        raise NoCase(self.counterpart.refusal if self.counterpart else "")

    def result(self, arrays: Arrays, *upstream: np.ndarray, **numbers: Any) -> Result:
        """Work out what should come out of arrays that an author has chosen."""
        found = self._answer(Question({"training": True, **numbers}, arrays, upstream))
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
        return array.draw(rng, case)

    def upstream(self, rng: np.random.Generator, name: str, shape: tuple[int, ...], real: bool = True) -> np.ndarray:
        """Draw the gradient of an output; of whole numbers it is 0, and nobody hands it on."""
        if not real:
            return np.zeros(shape, np.int64)
        if self.start:
            return np.full(shape, float(name == self.start))
        return rng.normal(size=shape).astype(np.float32).astype(np.float64)

    def _answer(self, question: Question, fine: bool = False) -> Result | None:
        assert self.counterpart is not None
        found = self.counterpart.ask(question, "sure" if self.cases else "fine" if fine else "values")
        if found is not None and len(found.outputs) != len(self.outputs):
            names = ", ".join(self.outputs)
            raise RubricError(f"{self.name}: PyTorch returns {len(found.outputs)} values, expected {names}")
        return found


@dataclass(frozen=True, eq=False)
class Trial:
    """One case of a declaration, its arrays drawn.

    Attributes:
        arrays: inputs, parameters and buffers.
        upstream: the gradient of each output.
    """

    declaration: Declaration
    case: Case
    arrays: Mapping[str, np.ndarray]
    training: bool
    upstream: tuple[np.ndarray, ...] = ()

    @property
    def question(self) -> Question:
        """What the counterpart is asked."""
        numbers = self.case.numbers | {"training": self.training}
        own = self.declaration
        differentiable = self.upstream if own.backward and (own.leaves or own.parameters) else ()
        return Question(numbers, self.arrays, differentiable)

    @functools.cached_property
    def right(self) -> Result:
        """What should come out.

        Raises:
            NoCase: if nobody can say.
        """
        found = self.declaration._answer(self.question)
        if found is None:
            raise NoCase
        return found

    def shapes(self) -> list[tuple[tuple[int, ...], bool]]:
        """The shapes of the outputs, and whether they are floats; none where this is no case."""
        own = self.declaration
        if own.counterpart is None:
            return [(array.shape(self.case), array.real) for array in own.outputs.values() if array is not None]
        if own.drawing(self.training):
            return [(tuple(map(int, one.shape)), True) for one in own.counterpart.statistics(self.question)]
        found = own._answer(self.question)
        return [(one.shape, one.dtype.kind == "f") for one in found.outputs] if found else []

    @property
    def gradients(self) -> list[tuple[int, str]]:
        """The attributes that hold gradients of parameters, with their places among all gradients."""
        own = self.declaration
        named = enumerate(own.gradients.items(), start=len(own.leaves)) if own.backward else ()
        return [(index, gradient) for index, (name, gradient) in named if name in self.arrays]

    def present(self, names: Iterable[str]) -> list[str]:
        """Those of them that there are in this case."""
        return [name for name in names if name in self.arrays]

    def wrong(self, kind: str, index: int, **changes: Any) -> np.ndarray:
        """One array of what comes out when something else is changed: arrays, options, `training` or `upstream`."""
        own = self.declaration
        assert own.counterpart is not None
        numbers = {name: changes.get(name, value) for name, value in self.question.numbers.items()}
        arrays = {name: changes.get(name, value) for name, value in self.arrays.items()}
        question = Question(numbers, arrays, changes.get("upstream", self.question.upstream))
        return own.counterpart.entry(question, kind, index)

    # What the student's side does.

    def layer(self, student: Student, dtype: str = "float64", seed: int | None = None) -> Remote:
        """Make the student's layer with the parameters and buffers of this case."""
        own = self.declaration
        drawn = {}
        if own.random:
            number = 0 if seed is None else seed
            drawn = {own.random: number if "seed" in own.random else Seed(number)}
        layer = student.new(own.target, *self._args(dtype), **self.case.given(), **drawn)
        state = {name: self.cast(name, dtype) for name in self.present((*own.parameters, *own.buffers))}
        if state:
            layer.set(**state)
        self.switch(layer, self.training)
        return layer

    def switch(self, layer: Remote, training: bool) -> None:
        """Put a layer into training or evaluation."""
        methods = self.declaration.mode.split()
        if len(methods) == 2:
            layer.call(methods[0] if training else methods[1])
        elif methods:
            layer.set(**{methods[0]: training})

    def cast(self, name: str, dtype: str) -> Any:
        """An array of the case; floats in this dtype, a single whole number as one of Python."""
        value = self.arrays[name]
        if value.dtype.kind != "f" and not value.ndim:
            return value.item()
        return value.astype(dtype) if value.dtype.kind == "f" else value

    def _args(self, dtype: str = "float64") -> list[Any]:
        """What comes first among the arguments: terms, and arrays that are inputs of the case."""
        args = self.declaration.args
        return [self.cast(one, dtype) if one in self.declaration.inputs else self.case.value(one) for one in args]

    def run(self, student: Student, layer: Remote | None, given: Mapping[str, Any]) -> list[object]:
        """Call forward, or the function, and return the outputs one after the other."""
        own = self.declaration
        inputs = [_filled(one, given) for one in own.call]
        if layer is None:
            answer = student.call(own.target, *inputs, *self._args(), **self.case.given())
        else:
            answer = layer.call(own.forward, *inputs)
        return answers.separate(answer, list(own.outputs), own.forward if layer else own.title)

    def pull(self, layer: Remote, upstream: tuple[Any, ...]) -> list[object]:
        """Call backward, and return the gradients of the inputs that have one."""
        own = self.declaration
        if not own.backward:
            return []
        real = [one for one in upstream if not isinstance(one, np.ndarray) or one.dtype.kind == "f"]
        answer = layer.call(own.backward, *([] if own.start else real))
        names = [f"d{name}" for name in own.leaves]
        if isinstance(answer, tuple | list) and len(answer) == len(own.inputs) > len(names):
            answer = tuple(one for one, array in zip(answer, own.inputs.values(), strict=True) if array.real)
            answer = answer[0] if len(answer) == 1 else answer
        return answers.separate(answer, names, own.backward) if names else []


def _filled(structure: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(structure, str):
        return given.get(structure)
    return type(structure)(_filled(one, given) for one in structure)
