"""What `autograder similar` has found in a class, for its page and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.reports.records import Alike, LeftOut


@dataclass(frozen=True)
class Side:
    """A piece of one submission: its file, the number of its first line, and its lines."""

    file: str
    first: int
    text: str


@dataclass(frozen=True)
class Code:
    """Two submissions that share code.

    Attributes:
        share: of the smaller one's own sequences of tokens.
        weight: of the sequences, each by how few have it.
        passages: the rarest, side by side.
        more: passages that are not shown.
    """

    who: tuple[str, str]
    share: float
    weight: float
    passages: Sequence[tuple[Side, Side]] = ()
    more: int = 0


@dataclass(frozen=True)
class LayerFound:
    """One layer of two models: units, how many have a twin, how many of these at another place, degrees to it."""

    name: str
    units: int
    twins: int
    moved: int
    angle: float


@dataclass(frozen=True)
class Weights:
    """Two checkpoints whose units are the same.

    Attributes:
        files: of the first and of the second.
        p: the chance of that for models that were trained by themselves.
        signs: what of it can be seen: equal numbers, zeros, order.
    """

    who: tuple[str, str]
    files: tuple[str, str]
    p: float
    layers: Sequence[LayerFound]
    signs: Sequence[str] = ()


@dataclass(frozen=True)
class Crowd:
    """Checkpoints that are alike in more submissions than copies explain."""

    file: str
    who: Sequence[str]


@dataclass
class Likeness:
    """All that is alike in a class.

    Attributes:
        submissions, models: how many were compared.
        pairs: of models of one shape, each with a chance of its own.
        identical: what is byte by byte the same.
        left_out: what was not compared, and why.
    """

    title: str
    submissions: int = 0
    models: int = 0
    pairs: int = 0
    code: list[Code] = field(default_factory=list)
    weights: list[Weights] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    identical: list[Alike] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
