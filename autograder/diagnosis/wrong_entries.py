"""Which entries of an array are wrong, where they lie together: a border, every s-th column, one channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

MAX_PERIOD = 5
MAX_BORDER = 4


def patterns(wrong: np.ndarray, names: Sequence[str]) -> Iterator[str]:
    """Say in which ways they lie together, the most telling first.

    Args:
        wrong: boolean; at least one entry is.
        names: of the axes.
    """
    if wrong.all():
        return
    for axis, name in enumerate(names):
        size = wrong.shape[axis]
        used = np.flatnonzero(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if size > 1 and len(used) == 1:
            index = int(used[0])
            ordinal = "first" if index == 0 else "last" if index == size - 1 else None
            yield f"all of them in the {ordinal} {name}" if ordinal else f"all of them in {name} {index}"
        elif len(used) < size and size > 2 and used[-1] - used[0] + 1 == len(used) and len(used) <= size // 2:
            if used[0] == 0:
                yield f"all of them in the first {len(used)} {_plural(name)}"
            elif used[-1] == size - 1:
                yield f"all of them in the last {len(used)} {_plural(name)}"
    yield from _end(wrong, names)
    if wrong.ndim == 2 and min(wrong.shape) > 2 and np.array_equal(wrong, np.eye(*wrong.shape, dtype=bool)):
        yield "all of them on the diagonal"
    if wrong.ndim >= 3:
        yield from _border(wrong)
    for axis, name in enumerate(names):
        yield from _period(wrong, axis, name)


def _border(wrong: np.ndarray) -> Iterator[str]:
    spatial = wrong.ndim - 2
    for width in range(1, MAX_BORDER + 1):
        inner: tuple[Any, ...] = (Ellipsis, *(slice(width, size - width) for size in wrong.shape[-spatial:]))
        if min(wrong.shape[-spatial:]) > 2 * width and not wrong[inner].any():
            yield f"all of them within {width} of the border"
            return


def _end(wrong: np.ndarray, names: Sequence[str]) -> Iterator[str]:
    """All that is wrong is last along one of two axes."""
    if wrong.ndim >= 3 and min(wrong.shape[-2:]) > 1:
        last = np.zeros(wrong.shape, dtype=bool)
        last[..., -1:, :] = last[..., :, -1:] = True
        if not wrong[~last].any() and wrong[last].any():
            yield f"all of them in the last {names[-2]} or the last {names[-1]}"


def _period(wrong: np.ndarray, axis: int, name: str) -> Iterator[str]:
    """Right, or wrong, at every s-th index along one axis."""
    lines: np.ndarray = np.asarray(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
    for period in range(2, MAX_PERIOD + 1):
        if len(lines) < 2 * period:
            return
        residues = {int(index) % period for index in np.flatnonzero(lines)}
        right = {int(index) % period for index in np.flatnonzero(~lines)}
        if len(residues) == 1:
            yield f"all of them in every {_ordinal(period)} {name}"
        elif len(residues) == period - 1 and len(right) == 1:
            yield f"only every {_ordinal(period)} {name} is right"


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}es" if name.endswith("s") else f"{name}s"


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
