"""The grader's own small layers, models and arrays that live on the student's side.

They are here because student code calls them, holds them, or returns something too large to fetch. Nothing in this
module is an answer.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np


def canvas(side: int, corner: np.ndarray) -> np.ndarray:
    """Make a (1, 1, side, side) image, zero but for its lower right corner: memory is taken for that corner only."""
    image = np.zeros((1, 1, side, side), dtype=corner.dtype)
    image[:, :, side - corner.shape[2] :, side - corner.shape[3] :] = corner
    return image


def last_windows(windows: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Copy the windows of the last rows and columns, (N, C, rows, columns, K, K)."""
    return np.array(windows[:, :, -rows:, -columns:])


def share_memory(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays read the same bytes."""
    # By bounds: the exact answer can take time that grows exponentially with the rank.
    return bool(np.may_share_memory(a, b))


class Parameters:
    """What a layer's parameters are before its methods are called.

    Args:
        layer: or a network of layers.
        names: of its attributes; dots and indices lead further, "modules.0.weight".
    """

    def __init__(self, layer: Any, names: list[str]) -> None:
        self._layer, self._before = layer, {name: _found(layer, name) for name in names}

    def now(self) -> dict[str, tuple[Any, bool]]:
        """What each is now, and whether it is another array; no layer is blamed that makes one whenever it is asked."""
        now = {name: _found(self._layer, name) for name in self._before}
        return {
            name: (value, share_memory(value, _found(self._layer, name)) and not share_memory(value, before))
            for (name, before), value in zip(self._before.items(), now.values(), strict=True)
        }


def _found(layer: Any, name: str) -> Any:
    return reduce(lambda at, step: at[int(step)] if step.isdecimal() else getattr(at, step), name.split("."), layer)


class Scale:
    """A layer that learns, of a kind no student knows: each entry times a weight of its own, plus a bias.

    Args:
        weight, bias: (D,) each, for an input (N, D).
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        self.weight, self.bias = weight, bias
        self.dw, self.db = np.zeros_like(weight), np.zeros_like(bias)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        self._x = x
        y: np.ndarray = x * self.weight + self.bias
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        self.dw, self.db = np.einsum("nd,nd->d", dy, self._x), np.einsum("nd->d", dy)
        dx: np.ndarray = dy * self.weight
        return dx


class Roll:
    """A layer without parameters: moves every entry on by one place, the last to the first."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        return np.roll(x, 1, axis=1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        return np.roll(dy, -1, axis=1)


class Bend:
    """A layer without parameters that is not linear: x + x**2 / 4."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        self._x = x
        y: np.ndarray = x + x * x / 4
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D)."""
        dx: np.ndarray = dy * (1 + self._x / 2)
        return dx


class Distance:
    """A criterion: half the scores as "probabilities", half the squared distances of the true ones from 1 as loss."""

    def forward(self, scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
        """(N, D), (N,) -> ((N, D), loss)."""
        self._rows, self._scores, self._y = np.arange(len(y)), scores, y
        return scores / 2, float(np.sum((scores[self._rows, y] - 1) ** 2) / 2)

    def backward(self) -> np.ndarray:
        """Return dscores, (N, D)."""
        dscores = np.zeros_like(self._scores)
        dscores[self._rows, self._y] = self._scores[self._rows, self._y] - 1
        return dscores


class Holder:
    """A layer that only holds parameters and gradients, or nothing: what an optimiser may look at."""

    def __init__(self, **arrays: np.ndarray) -> None:
        vars(self).update(arrays)


class Model:
    """What an optimiser is given: a list of layers."""

    def __init__(self, modules: list[object]) -> None:
        self.modules = list(modules)
