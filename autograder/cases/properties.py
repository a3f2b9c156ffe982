"""Which property of a case decides whether it fails, told from cases that passed and cases that failed.

A property is blamed where every case that failed has it, and none that passed. Where no single one is, two are tried:
both together, or either of them. Whatever is left in doubt is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from autograder.cases.sizes import Sizes


class AnyCase(Protocol):
    """What a check asks one after the other: sizes of windows, or a case of a declared layer."""

    def rng(self) -> np.random.Generator:
        """The generator that draws it as a neighbour."""

    def neighbours(self) -> Iterator[Any]:
        """Yield simpler cases near it."""


@runtime_checkable
class Describes(Protocol):
    """A case that knows its own properties."""

    def properties(self) -> Iterator[Property]:
        """All that can be said of a case of this kind."""


Kind = TypeVar("Kind", bound=AnyCase)


@dataclass(frozen=True)
class Property:
    """What is true of some cases and not of others.

    Attributes:
        holds: whether a case has it.
        clause: continues "fails as soon as".
        otherwise: continues "works", of cases that do not have it.
        opposite: continues "fails as soon as", of those; empty where nobody would say so.
        present: continues "works", of cases that have it.
        joins: whether it may be one of two.
    """

    holds: Callable[[Any], bool]
    clause: str
    otherwise: str
    opposite: str = ""
    present: str = ""
    joins: bool = True

    def of(self, sizes: AnyCase) -> Property | None:
        """What is true of a case: this, its opposite, or nothing that can be said."""
        if self.holds(sizes):
            return self
        if not self.opposite:
            return None
        return Property(lambda other: not self.holds(other), self.opposite, self.present, joins=False)


def difference(failed: Kind, outcomes: Mapping[Kind, bool]) -> str:
    """Say what tells the cases that failed from those that passed, or nothing where that is in doubt.

    Args:
        outcomes: of each case, whether it passed.
    """
    fit = undecided(failed, outcomes)
    if len(fit) != 1 or not any(outcomes.values()):
        return ""
    return f"works {fit[0].otherwise}, fails as soon as {fit[0].clause}"


def undecided(failed: Kind, outcomes: Mapping[Kind, bool]) -> list[Property]:
    """The properties that may be what matters; two of them only where no single one is.

    Where not even two are, what passes without showing much, as an image of one row, is no reason against a single one.
    """
    possible = [found for one in _properties(failed) if (found := one.of(failed))]
    if single := _fitting(possible, outcomes):
        return single
    pairs = list(combinations([one for one in possible if one.joins], 2))
    return (
        _fitting((_both(*pair) for pair in pairs), outcomes)
        or _fitting((_either(*pair) for pair in pairs if _each_alone(*pair, outcomes)), outcomes)
        or _fitting(possible, {sizes: passed for sizes, passed in outcomes.items() if not (passed and _thin(sizes))})
    )


def _thin(sizes: AnyCase) -> bool:
    """Whether images have one row or column, or signals one value: most of what can be wrong does not show."""
    return isinstance(sizes, Sizes) and 1 in sizes.lengths


def _fitting(those: Iterable[Property], outcomes: Mapping[Kind, bool]) -> list[Property]:
    """Keep the properties that every case that failed has, and none that passed."""
    return [one for one in those if all(one.holds(sizes) != passed for sizes, passed in outcomes.items())]


def _both(one: Property, other: Property) -> Property:
    return Property(
        lambda sizes: one.holds(sizes) and other.holds(sizes),
        f"both meet: {one.clause} and {other.clause}",
        f"{one.otherwise} and {other.otherwise}",
    )


def _either(one: Property, other: Property) -> Property:
    return Property(
        lambda sizes: one.holds(sizes) or other.holds(sizes),
        f"{one.clause} or {other.clause}",
        f"only {one.otherwise} and {other.otherwise}",
    )


def _each_alone(one: Property, other: Property, outcomes: Mapping[Kind, bool]) -> bool:
    """Whether a case failed that has the one only, and a case that has the other only."""
    failed = [sizes for sizes, passed in outcomes.items() if not passed]
    return any(one.holds(sizes) > other.holds(sizes) for sizes in failed) and any(
        one.holds(sizes) < other.holds(sizes) for sizes in failed
    )


def _properties(sizes: AnyCase) -> Iterator[Property]:
    """All that can be said of a layer of this kind."""
    if isinstance(sizes, Describes):
        yield from sizes.properties()
        return
    assert isinstance(sizes, Sizes)
    yield from _of_the_input(sizes)
    if sizes.filters:
        yield from _of_the_filters(sizes)
    if sizes.kernel:
        yield from _of_the_windows(sizes)
        if sizes.step == "stride":
            yield from _of_the_kernel(sizes)


def _of_the_input(sizes: Sizes) -> Iterator[Property]:
    image = "signal" if len(sizes.lengths) == 1 else "image"
    channel, channels = ("channel", "channels") if sizes.lengths else ("value per image", "values per image")
    yield Property(
        lambda s: s.images > 1, f"there are several {image}s", f"for one {image}",
        f"there is one {image} only", f"for several {image}s",
    )  # fmt: skip
    if sizes.channels:
        yield Property(
            lambda s: s.channels > 1, f"there are several {channels}", f"for one {channel}",
            f"there is one {channel} only", f"for several {channels}",
        )  # fmt: skip
        yield Property(
            lambda s: 1 in (s.images, s.filters or s.channels, *s.results), "an axis of the result has length 1",
            "where every axis of the result is longer than 1", joins=False,
        )  # fmt: skip
    if sizes.lengths:
        words = (f"{image}s and channels differ in number", f"for as many {image}s as channels")
        yield Property(lambda s: s.images != s.channels, *words, joins=False)
    if sizes.flat:
        name = sizes.array
        yield Property(lambda s: len(s.lengths) > 0, f"{name} has more than two axes", f"for {name} of two axes")
    if len(sizes.lengths) == 2:
        yield Property(lambda s: len(set(s.lengths)) == 2, "height and width differ", "for square images")
        for first, (one, other) in enumerate((("height", "width"), ("width", "height"))):
            words = (f"the {one} exceeds the {other}", f"where the {one} is at most the {other}")
            yield Property(_longer(first), *words, joins=False)


def _longer(first: int) -> Callable[[Sizes], bool]:
    """Whether one of the two lengths of an image exceeds the other."""
    return lambda sizes: len(sizes.lengths) == 2 and sizes.lengths[first] > sizes.lengths[1 - first]


def _of_the_filters(sizes: Sizes) -> Iterator[Property]:
    out, fewest = sizes.out, sizes.fewest
    few, be = (f"{fewest} {out}", "are") if fewest > 1 else (f"one {out.removesuffix('s')}", "is")
    yield Property(
        lambda s: s.filters > fewest, f"there {be} more than {few}", f"for {few}", f"there {be} {few} only",
        f"for more than {few}",
    )  # fmt: skip
    if sizes.kernel:
        words = (f"{out} and channels differ in number", f"for as many {out} as channels")
        yield Property(lambda s: s.filters != s.channels, *words, joins=False)
        return
    words = (f"images and {out} differ in number", f"for as many images as {out}")
    yield Property(lambda s: s.images != s.filters, *words, joins=False)
    if sizes.channels:
        yield Property(
            lambda s: s.filters != s.features, f"an image has not as many values as there are {out}",
            f"for as many {out} as values of an image", joins=False,
    )  # fmt: skip


def _of_the_windows(sizes: Sizes) -> Iterator[Property]:
    step = sizes.step
    rest = ("a rest is left that holds no window", "where no rest is left")
    if step == "factor":
        rest = ("values follow the last one that is kept", "where the last value is kept")
    yield Property(lambda s: any(s.rests), *rest)
    if len(sizes.lengths) == 2:
        if any(sizes.rests):  # otherwise as many windows are the same as equal lengths
            windows = "windows along height and width"
            words = (f"the numbers of {windows} differ", f"for equal numbers of {windows}")
            yield Property(lambda s: len(set(s.windows)) == 2, *words, joins=False)
        words = ("rows are left over at the bottom", "where no rows are left over")
        yield Property(lambda s: any(s.rests[:-1]), *words, joins=False)
        words = ("columns are left over on the right", "where no columns are left over")
        yield Property(lambda s: any(s.rests[1:]), *words, joins=False)
    yield Property(lambda s: s.stride > 1, f"the {step} exceeds 1", f"for {step} 1")
    size, sides = ("height or width", "height and width") if len(sizes.lengths) == 2 else ("the length", "the length")
    yield Property(
        lambda s: any(length % s.stride for length in s.lengths), f"{size} is no multiple of the {step}",
        f"where the {step} divides {sides}", joins=False,
    )  # fmt: skip
    one, more = ("one window", "windows") if step == "stride" else ("one value", "values")
    yield Property(
        lambda s: max(s.windows) == 1, f"there is {one} only along each axis", f"for several {more}", joins=False
    )


def _of_the_kernel(sizes: Sizes) -> Iterator[Property]:
    yield Property(
        lambda s: s.kernel > 1, "the kernel is larger than 1", "for kernel 1", "the kernel is 1", "for larger kernels",
        joins=False,
    )  # fmt: skip
    yield Property(lambda s: s.kernel > s.stride, "windows overlap", "where no windows overlap")
    yield Property(
        lambda s: s.stride > s.kernel, "the stride exceeds the kernel", "where the stride is at most the kernel"
    )
    yield Property(lambda s: s.kernel != s.stride, "stride and kernel differ", "where the stride equals the kernel")
    if sizes.padded:
        yield Property(
            lambda s: s.padding > 0, "there is padding", "for padding 0", "the padding is 0", "for larger paddings"
        )
