"""One case of a declaration with all that is drawn for it, all that should come out, and what the student is asked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.declarations.counterpart import Arrays, Question, Result
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.graphs import FUNCTION, Graph, tensor
from autograder.checking.each import NoCase
from autograder.checking.student import Remote, Student, calling
from autograder.inside.wire import Seed

Answers = Callable[[], list[object]]  # waits for what has been asked
LENIENT = 2e-6  # relative error, of sums of large numbers, and of what modules work out in float32
ATTEMPTS = 6  # at values that are no matter of rounding


@dataclass(frozen=True, eq=False)
class Trial:
    """One case of a declaration, its arrays drawn; one object may be asked of a whole class, and nothing of it changes.

    Attributes:
        arrays: inputs, parameters and buffers.
        upstream: the gradient of each output.
    """

    declaration: Declaration
    case: Case
    arrays: Mapping[str, np.ndarray]
    training: bool
    upstream: tuple[np.ndarray, ...] = ()

    @functools.cached_property
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
        found = self.declaration.answer(self.question)
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
        found = own.answer(self.question)
        return [(one.shape, one.dtype.kind == "f") for one in found.outputs] if found else []

    @functools.cached_property
    def gradients(self) -> tuple[tuple[int, str], ...]:
        """The attributes that hold gradients of parameters, with their places among all gradients."""
        own = self.declaration
        named = enumerate(own.gradients.items(), start=len(own.leaves)) if own.backward else ()
        return tuple((index, gradient) for index, (name, gradient) in named if name in self.arrays)

    def found(self, layer: Remote, names: Iterable[str] | None = None) -> Iterator[tuple[int, str, object]]:
        """What a layer has as gradients of parameters, of these names or all; each with its place among all."""
        asked = [(index, name) for index, name in self.gradients if names is None or name in names]
        values = layer.get_all([name for _, name in asked])
        return ((index, name, value) for (index, name), value in zip(asked, values, strict=True))

    def tolerance(self, name: str) -> float | None:
        """The relative error that an array may have in float64; None where that of every array will do."""
        if self.case.values or self.declaration.tensors:  # sums of large numbers; what is worked out in float32
            return max(LENIENT, self.declaration.tolerances.get(name, 0.0))
        return self.declaration.tolerances.get(name)

    def present(self, names: Iterable[str]) -> list[str]:
        """Those of them that there are in this case."""
        return [name for name in names if name in self.arrays]

    @functools.cached_property
    def parts(self) -> Mapping[str, np.ndarray]:
        """All that is handed in and that should come out, by the names that the student knows."""
        own, right = self.declaration, self.right
        back = zip(own.outputs, self.upstream, strict=False)
        found = dict(self.arrays) | dict(zip(own.outputs, right.outputs, strict=True))
        if self.question.upstream:
            found |= dict(zip(own.called("gradients"), right.gradients, strict=False))
            found |= {} if own.start else {f"d{name}": dy for name, dy in back}
        return found

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
        number, drawn = 0 if seed is None else seed, {}
        if own.random and not own.tensors:
            drawn = {own.random: number if "seed" in own.random else Seed(number)}
        if own.tensors == FUNCTION:
            layer: Remote = student.function(own.target)
        else:
            layer = student.new(own.target, *self._args(dtype), **self.case.given(), **drawn)
        if own.tensors:
            after = (self._args(dtype), self.case.given()) if own.tensors == FUNCTION else None
            layer = Graph(student, layer, dtype, number if own.random else None, [*own.parameters], after)
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
        value = value.astype(dtype) if value.dtype.kind == "f" else value
        return tensor(value) if self.declaration.tensors else value

    def _args(self, dtype: str = "float64") -> list[Any]:
        """What comes first among the arguments: terms, and arrays that are inputs of the case."""
        args = self.declaration.args
        return [self.cast(one, dtype) if one in self.declaration.inputs else self.case.value(one) for one in args]

    def run(self, *asked: Any, **how: Any) -> list[object]:
        """Do what `running` does, and return the outputs one after the other."""
        return self.running(*asked, **how)()

    def running(
        self, student: Student, layer: Remote | None, given: Mapping[str, Any], layout: str = "plain", seen: bool = True
    ) -> Answers:
        """Ask for forward, or the function, and return what gives the outputs, one after the other.

        Args:
            layout: in memory, where a module gets its tensors in one of its own.
            seen: whether anybody looks at the outputs; if not, there may be none.
        """
        own, called = self.declaration, self.declaration.title
        inputs = [_filled(one, given) for one in own.call]
        if isinstance(layer, Graph):
            given = {name: one for name, one in given.items() if name in own.inputs}
            given = {name: tensor(one) if isinstance(one, np.ndarray) else one for name, one in given.items()}
            request = layer.running(own.call, given, own.leaves, layout)
        elif layer is None:
            request = calling(own.target, *inputs, *self._args(), **self.case.given())
        elif not seen and len(own.outputs) == 1:
            layer.leave(own.forward, *inputs)
            return list
        else:
            request, called = layer.calling(own.forward, *inputs), own.forward
        asked = student.several([request])
        return lambda: answers.separate(next(asked), list(own.outputs), called)

    def leave(self, student: Student, layer: Remote) -> Remote:
        """Call forward, and leave what it returns on the student's side."""
        inputs = [_filled(one, self.arrays) for one in self.declaration.call]
        return student.new((layer.reference, self.declaration.forward), *inputs)

    def pull(self, layer: Remote, upstream: tuple[Any, ...]) -> list[object]:
        """Call backward, and return the gradients of the inputs that have one."""
        return self.pulling(layer, upstream)()

    def pulling(self, layer: Remote, upstream: tuple[Any, ...], seen: bool = True) -> Answers:
        """Ask for backward, and return what gives the gradients of the inputs; none perhaps if they are not seen."""
        own = self.declaration
        if not own.backward:
            return list
        real = [one for one in upstream if not isinstance(one, np.ndarray) or one.dtype.kind == "f"]
        if own.tensors:
            real = [tensor(np.asarray(one)) for one in real]
        given = [] if own.start and not own.tensors else real
        names = [f"d{name}" for name in own.leaves]
        if not seen and not own.tensors and len(names) < 2:
            layer.leave(own.backward, *given)
            return list
        asked = layer.asked([layer.calling(own.backward, *given)])

        def read() -> list[object]:
            answer = next(asked)
            if isinstance(answer, tuple | list) and len(answer) == len(own.inputs) > len(names):
                answer = tuple(one for one, array in zip(answer, own.inputs.values(), strict=True) if array.real)
                answer = answer[0] if len(answer) == 1 else answer
            if own.tensors:
                return answers.items(answer) or []
            return answers.separate(answer, names, own.backward) if names else []

        return read


def _filled(structure: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(structure, str):
        return given.get(structure)
    return type(structure)(_filled(one, given) for one in structure)


def draw(
    own: Declaration,
    rng: np.random.Generator,
    case: Case,
    training: bool = True,
    known: Arrays = MappingProxyType({}),
    how: str = "values",
) -> Trial:
    """Draw the arrays of a case, but for those that are known.

    Args:
        how: see `Counterpart.ask`.

    Raises:
        NoCase: if nobody can say what should come out, whatever the values.
    """
    for _ in range(ATTEMPTS):
        arrays = {
            name: known[name] if name in known else own.array(rng, name, case)
            for name in (*own.inputs, *own.parameters, *own.buffers)
            if case.numbers.get(name, True)  # an option of its name says whether there is one
        }
        trial = Trial(own, case, arrays, training)
        if shapes := trial.shapes():
            drawn = [own.upstream(rng, name, *one) for name, one in zip(own.outputs, shapes, strict=True)]
            trial = replace(trial, upstream=tuple(drawn))
            if own.counterpart is None or own.drawing(training) or own.answer(trial.question, how):
                return trial
    raise NoCase(own.counterpart.refusal if own.counterpart else "")
