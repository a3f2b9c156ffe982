"""The cases of a declared layer: lengths of axes and options of the constructor, drawn from a seed, and its edges.

An axis has a name, "N", and each case a length for it. Where an author says nothing else the lengths are small and
different from each other, and each axis has length 1 in one case. An option has choices, the first of which is what
the constructor takes by itself.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from autograder.cases.properties import Property

LENGTHS = range(2, 6)  # of an axis of which nothing is said
SHAPES: tuple[tuple[int, ...], ...] = ((3, 2), (4,), (2, 1, 3))  # of axes that a star stands for: as many as one likes
WORDS = frozenset(("bool", "constant", "optional"))  # of the text of an array, after its axes
NAME = re.compile(r"[A-Za-z_]\w*")
ATTEMPTS = 20  # at lengths that differ from each other
# What the entries of inputs may be like, as an edge, by how it is said.
EVEN, LARGE = "entries that are whole numbers, 0 among them", "entries of about 1000"
EXTREMES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "": lambda drawn: drawn,
    EVEN: lambda drawn: np.round(drawn) + 0.0,
    LARGE: lambda drawn: (1000 * drawn).astype(np.float32).astype(np.float64),
}
FALSE = "truth values that are all False"
CLAUSES = {EVEN: "entries are 0 or equal each other", LARGE: "entries are large", FALSE: "all truth values are False"}

Length = int | tuple[int, ...]


@dataclass(frozen=True)
class Array:
    """What one array of a declaration is, from a text: "N C H W", "N T < V" for whole numbers, "N T bool optional".

    Attributes:
        axes: a term for each: "N", "G*D", or "*D" for any number of axes, D numbers in all.
        below: a term that whole numbers stay below; empty for floats.
        words: "bool" for truth values; "constant" for what has no gradient; "optional" for an input that may be None.
    """

    axes: tuple[str, ...]
    below: str = ""
    words: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Array:
        """Read it."""
        terms = [word for word in text.split() if word not in WORDS]
        axes, _, below = " ".join(terms).partition("<")
        return cls(tuple(axes.split()), below.strip(), frozenset(text.split()) & WORDS)

    @property
    def real(self) -> bool:
        """Whether it has a gradient."""
        return not self.below and not self.words & {"bool", "constant"}

    def names(self) -> set[str]:
        """The axes that it speaks of."""
        return {name for text in (*self.axes, self.below) for name in NAME.findall(text)}

    def shape(self, case: Case) -> tuple[int, ...]:
        """Its shape in a case."""
        return tuple(length for axis in self.axes for length in case.lengths(axis))

    def draw(self, rng: np.random.Generator, case: Case) -> np.ndarray:
        """Draw it; floats are such that a float32 holds them as well."""
        shape = self.shape(case)
        if "bool" in self.words:
            return rng.random(shape) < 0.5
        if self.below:
            return rng.integers(0, case.value(self.below), shape)
        return rng.normal(size=shape).astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Case:
    """The lengths of the axes and the options of one case; all that a check draws follows from it.

    Attributes:
        plan: what else there could be.
        axes, options: by name, in the order of the plan.
        values: what its inputs are like, one of EXTREMES, or FALSE.
    """

    plan: Plan
    axes: tuple[tuple[str, Length], ...]
    options: tuple[tuple[str, Any], ...]
    values: str = ""

    @functools.cached_property
    def numbers(self) -> dict[str, Any]:
        """What terms may speak of: lengths, for a star their product, and options."""
        lengths = {name: math.prod(one) if isinstance(one, tuple) else one for name, one in self.axes}
        return lengths | {name: _term(value, lengths) for name, value in self.options}

    def value(self, term: Any) -> Any:
        """What an argument or a length is: a text of names that are known is a term, all else stands for itself."""
        if isinstance(term, tuple | list):
            return type(term)(self.value(one) for one in term)
        return _term(term, self.numbers)

    def lengths(self, term: str) -> tuple[int, ...]:
        """The lengths that one term of a shape stands for."""
        if term.startswith("*"):
            found = dict(self.axes)[term[1:]]
            return found if isinstance(found, tuple) else (found,)
        return (int(self.value(term)),)

    def given(self) -> dict[str, Any]:
        """The options that the constructor is told: what it takes by itself is left out."""
        return {
            name: self.value(value)
            for name, value in self.options
            if name not in self.plan.inputs and (len(choices := self.plan.options[name]) < 2 or value != choices[0])
        }

    def but(self, **changes: Any) -> Case:
        """The same with other lengths or options."""
        return replace(
            self,
            axes=tuple((name, changes.get(name, value)) for name, value in self.axes),
            options=tuple((name, changes.get(name, value)) for name, value in self.options),
        )

    def __str__(self) -> str:
        shapes = [f"{name} of shape {array.shape(self)}" for name, array in self.plan.inputs.items()]
        options = [f"{name} {_shown(value)}" for name, value in self.options if len(self.plan.options[name]) > 1]
        said = " ".join(axis for array in self.plan.inputs.values() for axis in array.axes)
        shown = {*NAME.findall(said)}
        rest = [f"{name} {value}" for name, value in self.axes if name not in shown]
        return ", ".join([*shapes, *rest, *options, *filter(None, [self.values])])

    def rng(self) -> np.random.Generator:
        """The generator that draws this case as a neighbour: the same in every check, and on every machine."""
        own = (self.plan.name, self.axes, self.options, *filter(None, [self.values]))
        digest = hashlib.sha256(repr(own).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "little"))

    def neighbours(self) -> Iterator[Case]:
        """Yield itself, cases that differ in one thing, and plain ones that have a thing or two in common with it."""
        plain = self.but(
            **{name: self.plan.least(name) for name in self.plan.axes},
            **{name: choices[0] for name, choices in self.plan.options.items()},
        )
        own = dict(self.axes) | dict(self.options)
        one_by_one = [self.but(**{name: value}) for name in own for value in self.plan.others(name, own[name])]
        common = [plain.but(**{name: own[name]}) for name in own]
        simple = [replace(one, values="") for one in (self, plain)]
        yield from dict.fromkeys([self, simple[0], *one_by_one, *simple, plain, *common])

    def properties(self) -> Iterator[Property]:
        """What may be what matters: entries, a length above the least, two lengths that differ, an option."""
        for words, clause in CLAUSES.items():
            yield Property(lambda s, words=words: s.values == words, clause, "for other entries")  # type: ignore[misc]
        for name in self.plan.axes:
            least = self.plan.least(name)
            if isinstance(least, tuple):
                yield Property(
                    lambda s, name=name: len(dict(s.axes)[name]) > 1,  # type: ignore[misc]
                    "the input has more than two axes", "for an input of two axes",
                )  # fmt: skip
                continue
            yield Property(
                lambda s, name=name, least=least: dict(s.axes)[name] > least,  # type: ignore[misc]
                f"{name} exceeds {least}", f"for {name} {least}", f"{name} is {least}", f"for larger {name}",
            )  # fmt: skip
        for one, other in combinations(self.plan.axes, 2):
            yield Property(
                lambda s, one=one, other=other: dict(s.axes)[one] != dict(s.axes)[other],  # type: ignore[misc]
                f"{one} and {other} differ", f"for equal {one} and {other}", joins=False,
            )  # fmt: skip
        for name, choices in self.plan.options.items():
            if len(choices) > 1:
                yield Property(
                    lambda s, name=name, first=choices[0]: dict(s.options)[name] != first,  # type: ignore[misc]
                    f"{name} is not {_shown(choices[0])}", f"for {name} {_shown(choices[0])}",
                )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plan:
    """What the cases of a declaration may be.

    Attributes:
        name: of the declaration.
        inputs: by name.
        axes: the lengths that each may have; those of LENGTHS where None.
        options: the choices of each.
    """

    name: str
    inputs: Mapping[str, Array]
    axes: Mapping[str, Sequence[Length] | None]
    options: Mapping[str, Sequence[Any]]
    _drawn: dict[str, tuple[list[Case], Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def cases(self, rng: np.random.Generator, typical: int) -> list[Case]:
        """Draw the cases of a check: one of equal lengths, some of different ones, and each axis at its least."""
        key = f"{typical} {rng.bit_generator.state}"
        kept = self._drawn.get(key)
        if kept is None:
            kept = self._cases(rng, typical), rng.bit_generator.state
            self._drawn.clear()  # a check that is asked many times on end draws the same; others have no use for it
            self._drawn[key] = kept
        found, rng.bit_generator.state = kept
        return [*found]

    def _cases(self, rng: np.random.Generator, typical: int) -> list[Case]:
        own = {name: lengths for name, lengths in self.axes.items() if lengths is not None}
        turns = {name: rng.permutation(len(choices)) for name, choices in [*self.options.items(), *own.items()]}
        found: list[Case] = []

        def add(axes: dict[str, Length], edge: str = "") -> None:
            chosen = {name: turn[len(found) % len(turn)] for name, turn in turns.items()}
            axes |= {name: lengths[chosen[name]] for name, lengths in own.items() if name != edge}
            options = {name: choices[chosen[name]] for name, choices in self.options.items()}
            found.append(Case(self, tuple(axes.items()), tuple(options.items())))
            if len(found) % 4 == 0:  # so that two options meet in more than one way
                turns.update({name: rng.permutation(turn) for name, turn in turns.items()})

        add(self._equal(rng))
        for _ in range(typical):
            add(self._different(rng))
        for name in self.axes:
            add(self._different(rng) | {name: self.least(name)}, name)
        return found

    def least(self, name: str) -> Length:
        """The shortest length of an axis."""
        own = self.axes[name]
        if own is None:
            return 1
        return min(own, key=lambda one: one if isinstance(one, int) else math.prod(one))

    def wide(self, name: str) -> Length:
        """A length above the least."""
        own = self.axes[name]
        above = [one for one in (LENGTHS if own is None else own) if one != self.least(name)]
        return above[0] if above else self.least(name)

    def others(self, name: str, value: Any) -> list[Any]:
        """What an axis or an option could be in the place of this."""
        if name in self.options:
            return [choice for choice in self.options[name] if choice != value]
        return [other for other in (self.least(name), self.wide(name)) if other != value]

    def _different(self, rng: np.random.Generator) -> dict[str, Length]:
        """Lengths no two of which are equal, where there are as many."""
        best: dict[str, Length] = {}
        for _ in range(ATTEMPTS):
            drawn = {name: self._length(rng, name) for name in self.axes}
            if not best or self._variety(drawn) > self._variety(best):
                best = drawn
        return best

    def _variety(self, lengths: Mapping[str, Length]) -> int:
        return len({lengths[name] for name, own in self.axes.items() if own is None})

    def _equal(self, rng: np.random.Generator) -> dict[str, Length]:
        """Lengths as equal as can be but for the first: what is transposed fits, and can be told by its values."""
        drawn = self._different(rng)
        common = next((one for name, one in [*drawn.items()][1:] if self.axes[name] is None), 3)
        return {
            name: common if position and self.axes[name] is None else one
            for position, (name, one) in enumerate(drawn.items())
        }

    def _length(self, rng: np.random.Generator, name: str) -> Length:
        own = self.axes[name]
        choices: Sequence[Length] = LENGTHS if own is None else own
        return choices[int(rng.integers(len(choices)))]


def _term(term: Any, names: Mapping[str, Any]) -> Any:
    """Work out a term of the author's, such as "2*C"."""
    if isinstance(term, str) and term in names:  # most are a name alone
        return names[term]
    if not isinstance(term, str) or not term or not {*NAME.findall(term)} <= {*names}:
        return term
    return eval(term, {"__builtins__": {}}, {**names})


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def choices(value: Any) -> Sequence[Any]:
    """The choices that an author gives: a tuple or a range of them, or one value."""
    return tuple(value) if isinstance(value, tuple | range) else (value,)
