"""Whether two sets of weights come from one training, told by their units.

A unit, one row of a layer's weights, ends up at a place of its own, which the seed decides. Where one model was made
from another, most units have a twin there: nearer to it than any other unit of either model. Where both were trained
by themselves, a unit's nearest neighbour lies in its own model as often as in the other, also if both learned much the
same. So the number of twins is binomial at most, whatever the architecture and the data, and gives a p-value.

What leaves the function of a network as it is hides nothing: order of units (each layer is read in the order in which
the one before it was matched), their scale (rows and columns have length 1), precision, names. The ideas of matching
units, and of p-values that need no other models: Zhu et al. 2025, arXiv:2502.12292; the test by nearest neighbours:
Henze 1988, doi:10.1214/aos/1176350835.

Does not see what was distilled, or trained again for long; nor tells who made what from whom, nor a copy from two
trainings that began with the same seed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

import numpy as np

TWIN = Fraction(
    1, 3
)  # of a unit, at most, without a copy: it is mutual for 2 of 3 at most, and as often in its own model
NEARER = 0.9  # times the distance to the nearest of its own model: models that learned the same have no such pairs
MIN_UNITS = 8  # of a layer
MAX_LAYERS, MAX_UNITS = 100, 2048  # what lies beyond is not looked at: anyone may hand in anything
MAX_INPUTS = 2**16  # of a unit that is looked at
CONSTANT = 64  # different numbers, at most, of a layer that was written down rather than learned
SMALLEST = 1e-300  # p
TINY = 1e-12
SOURCES = 3  # layers before, whose order of units may be that of a layer's inputs
ROUNDED = 0.5  # degrees between twins, where only the precision differs
FEW = 0.05  # of a layer
GIVE_UP = 64  # units, if fewer than one in six has a twin


@dataclass(frozen=True)
class Layer:
    """One tensor of a model.

    Attributes:
        weight: (units, channels, positions), of no scale.
        own: angles from each unit to the nearest other one, in degrees.
        digest: of its numbers as they were.
        zeros: share of them.
    """

    name: str
    weight: np.ndarray
    own: np.ndarray
    digest: bytes
    zeros: float


@dataclass(frozen=True)
class Model:
    """What of a checkpoint is compared: the tensors with rows, in their order."""

    layers: tuple[Layer, ...]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """By which layers of two models are laid side by side."""
        return [layer.weight.shape for layer in self.layers]


@dataclass(frozen=True)
class Twins:
    """What was found in one layer."""

    layer: str
    units: int
    twins: int
    moved: int  # of these, twins at another place
    angle: float  # to the twin, the median, in degrees


@dataclass(frozen=True)
class Match:
    """What two models have in common.

    Attributes:
        p: that as many twins or more are there by chance.
        counted: layers that it is taken from, in their order.
    """

    p: float
    counted: tuple[Twins, ...]

    @property
    def units(self) -> int:
        """Of all layers that count."""
        return sum(one.units for one in self.counted)

    @property
    def twins(self) -> int:
        """Of all layers that count."""
        return sum(one.twins for one in self.counted)


def model(arrays: Mapping[str, np.ndarray]) -> Model:
    """Prepare the weights of a checkpoint; what is no number counts as 0."""
    layers: list[Layer] = []
    for name, array in arrays.items():
        if len(layers) == MAX_LAYERS:
            break
        if array.ndim < 2 or not MIN_UNITS <= len(array) <= MAX_UNITS or not 2 <= array[0].size <= MAX_INPUTS:
            continue
        weight = np.nan_to_num(array, nan=0, posinf=0, neginf=0).reshape(*array.shape[:2], -1)
        if len(np.unique(np.abs(weight))) > CONSTANT:
            digest, zeros = hashlib.sha256(weight.tobytes()).digest(), float((weight == 0).mean())
            weight = _even(weight)
            layers.append(Layer(name, weight, _nearest_own(_rows(weight)), digest, zeros))
    return Model(tuple(layers))


def match(first: Model, second: Model) -> Match | None:
    """Compare two models; None where they have too few layers of equal shape in the same order.

    The last layer is left out: its units are classes, which are the same for everyone. So is the first one where two
    others are left, as it may be computed instead of learned (fixed filters, whitening).
    """
    pairs = list(_side_by_side(first, second))
    if 2 * len(pairs) < max(len(first.layers), len(second.layers)) or not pairs:
        return None
    hidden = pairs[:-1] if len(pairs) > 1 else pairs
    found: list[Twins] = []
    orders: list[np.ndarray] = []
    for a, b in hidden:
        if not found and len(a.weight) > GIVE_UP and (glance := _glance(a, b)).twins < GIVE_UP / 6:
            return Match(1.0, (glance,))
        twins, order = _twins(a, b, orders)
        orders = [order, *orders][:SOURCES]
        found.append(twins)
        counted = found[1:] if len(hidden) > 2 else found
        units, some = sum(one.units for one in counted), sum(one.twins for one in counted)
        if units >= GIVE_UP and some < units / 6:
            break
    return Match(_tail(sum(one.units for one in counted), sum(one.twins for one in counted)), tuple(counted))


def signs(first: Model, second: Model, found: Match) -> list[str]:
    """Say what can be seen of how one model was made from the other."""
    pairs = list(_side_by_side(first, second))
    equal, moved = sum(a.digest == b.digest for a, b in pairs), sum(one.moved for one in found.counted)
    said = [f"{equal} of {len(pairs)} layers hold equal numbers"] if equal else []
    if not equal and all(one.angle < ROUNDED for one in found.counted):
        said.append("the same numbers up to rounding and scale")
    if moved > found.twins / 2:
        said.append("units in another order")
    zeros = [max(layer.zeros for layer in one.layers) for one in (first, second)]
    if abs(zeros[0] - zeros[1]) > FEW:
        said.append(f"zeros in one layer: {zeros[0]:.0%} and {zeros[1]:.0%}")
    if not {layer.name for layer in first.layers} & {layer.name for layer in second.layers}:
        said.append("under other names")
    return said


def _even(weight: np.ndarray) -> np.ndarray:
    """Give each channel and each unit the same length, so that no scale counts; and large weights less of a say."""
    damped = np.sign(weight) * np.sqrt(
        np.abs(weight).astype(np.float64)
    )  # else a block that began as a copy of its input stays like it
    damped = damped / _length(damped, (0, 2))
    even: np.ndarray = (damped / _length(damped, (1, 2))).astype(np.float32)
    return even


def _length(weight: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    length: np.ndarray = np.sqrt((weight**2).sum(axis=axes, keepdims=True))
    return length + TINY


def _rows(weight: np.ndarray) -> np.ndarray:
    rows: np.ndarray = weight.reshape(len(weight), -1)
    return rows


def _angles(cosines: np.ndarray) -> np.ndarray:
    angles: np.ndarray = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    return angles


def _nearest_own(rows: np.ndarray) -> np.ndarray:
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1)
    return _angles(cosines.max(axis=1))


def _side_by_side(first: Model, second: Model) -> Iterator[tuple[Layer, Layer]]:
    if first.shapes == second.shapes:
        yield from zip(first.layers, second.layers, strict=True)
        return
    for block in SequenceMatcher(None, first.shapes, second.shapes, autojunk=False).get_matching_blocks():
        yield from zip(
            first.layers[block.a : block.a + block.size], second.layers[block.b : block.b + block.size], strict=True
        )


def _glance(a: Layer, b: Layer) -> Twins:
    """Look at the first units of a large layer alone: most pairs of models have nothing in common."""
    cosines = _rows(a.weight[:GIVE_UP]) @ _rows(b.weight).T
    nearest = cosines.argmax(axis=1)
    angles = _angles(cosines[np.arange(GIVE_UP), nearest])
    return Twins(a.name, GIVE_UP, int((angles < NEARER * np.minimum(a.own[:GIVE_UP], b.own[nearest])).sum()), 0, 90.0)


def _twins(a: Layer, b: Layer, orders: list[np.ndarray]) -> tuple[Twins, np.ndarray]:
    """Count the units of a layer that have a twin; also return which unit of the second belongs to which."""
    rows, channels = _rows(a.weight), a.weight.shape[1]
    best: np.ndarray | None = None
    for order in (None, *orders):
        weight = b.weight
        if order is not None:
            if channels % len(order) or np.array_equal(order, np.arange(len(order))):
                continue
            weight = weight.reshape(len(weight), len(order), -1)[:, order]
        cosines = rows @ _rows(weight).T
        if best is None or cosines.max(axis=1).mean() > best.max(axis=1).mean():
            best = cosines
    assert best is not None
    units, nearest = np.arange(len(rows)), best.argmax(axis=1)
    mutual = best.argmax(axis=0)[nearest] == units
    angles = _angles(best[units, nearest])
    twins = mutual & (angles < NEARER * np.minimum(a.own, b.own[nearest]))
    angle = float(np.median(angles[twins])) if twins.any() else 90.0
    counts = len(units), int(twins.sum()), int((twins & (nearest != units)).sum())
    return Twins(a.name, *counts, angle), _assigned(best)


def _assigned(cosines: np.ndarray) -> np.ndarray:
    """Give each unit one of the other model: its nearest, the surest first, or else one that is left."""
    nearest, surest = cosines.argmax(axis=1), np.argsort(-cosines.max(axis=1), kind="stable")
    order = np.full(len(cosines), -1)
    _, first = np.unique(nearest[surest], return_index=True)
    order[surest[first]] = nearest[surest[first]]
    order[order < 0] = np.setdiff1d(np.arange(len(cosines)), order)
    return order


def _tail(units: int, twins: int) -> float:
    """The chance of so many twins or more, each with a chance of TWIN; never 0."""
    yes, no = TWIN.numerator, TWIN.denominator - TWIN.numerator
    odds = sum(math.comb(units, k) * yes**k * no ** (units - k) for k in range(twins, units + 1))
    return max(float(Fraction(odds, TWIN.denominator**units)), SMALLEST)
