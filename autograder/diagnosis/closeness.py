"""When values count as equal: everywhere and in norm, relative to what they should be."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

import numpy as np

_noted: Callable[[float], None] | None = None


@contextlib.contextmanager
def margins(record: Callable[[float], None]) -> Iterator[None]:
    """Hand `record` for each comparison of values how far they are apart, in units of what is allowed."""
    global _noted
    before, _noted = _noted, record
    try:
        yield
    finally:
        _noted = before


def note(found: np.ndarray, reference: np.ndarray, tolerance: float) -> None:
    """Tell whoever asks for margins how far the values of one comparison are apart."""
    if _noted is not None:
        _noted(_margin(found, reference, tolerance))


def close(found: np.ndarray, reference: np.ndarray, tolerance: float) -> bool:
    """Elementwise and in relative norm; NaN is close to nothing."""
    if found.shape != reference.shape:
        return False
    error = np.abs(found.astype(np.float64, copy=False) - reference)
    small = bool((error <= allowed(reference, tolerance)).all())
    return small and _norm(error) <= tolerance * _norm(reference)


def allowed(reference: np.ndarray, tolerance: float) -> np.ndarray:
    """By how much each value may differ: relative to its own size, and to the root mean square of all."""
    # What np.mean does, without what it does around it.
    scale = math.sqrt(float(np.add.reduce(np.square(reference), axis=None) / reference.size)) if reference.size else 0.0
    return np.asarray(tolerance * (np.abs(reference) + scale))


def _norm(values: np.ndarray) -> float:
    """What np.linalg.norm returns, without what it does around it."""
    flat = values.ravel(order="K")
    return math.sqrt(float(flat.dot(flat)))


def _margin(found: np.ndarray, reference: np.ndarray, tolerance: float) -> float:
    """By how much the values differ, over what `close` allows: up to 1 they are close."""
    error = np.abs(found.astype(np.float64) - reference)
    shares = [*(error / allowed(reference, tolerance)).flat]
    shares.append(np.linalg.norm(error) / (tolerance * np.linalg.norm(reference)))
    return max((float(share) for share in shares if not np.isnan(share)), default=0.0)  # 0 of 0 is no difference
