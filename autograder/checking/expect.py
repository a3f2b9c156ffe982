"""The only way in which a check touches a student's value.

Each `expect_*` returns the value as a plain array or number once it has passed, and raises `CheckFailed` with one
sentence otherwise: what was seen first, what was expected second.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checking import answers, closeness
from autograder.checking.closeness import allowed, close
from autograder.checking.diagnosis import apart, locate, nearly, picture, sentence
from autograder.errors import CheckFailed, Finding
from autograder.inside.wire import Opaque

Suspects = Mapping[str, Callable[[], Any]]

# A result may differ from the float64 reference by this, relative to its own size and to the array's root mean square.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2, "bfloat16": 3e-2}
MAX_SHOWN = 60
MAX_LISTED = 1000  # numbers of an array that are compared one by one

_computed = "of what is wrong"  # which suspects are: these, "all" or "none"
_clauses: set[str] = set()  # of all suspects, as far as all are computed


@contextlib.contextmanager
def every_suspect_computed() -> Iterator[set[str]]:
    """Compute all suspects of every value, right ones too: so all that their oracles return can be recorded.

    Yields the clauses of those that were.
    """
    _clauses.clear()
    with _computing("all"):
        yield _clauses


@contextlib.contextmanager
def no_suspects() -> Iterator[None]:
    """Compute no suspects, where it matters only whether a value is right."""
    with _computing("none"):
        yield


def rehearsing() -> bool:
    """Whether all that a check may ever ask of the oracles is asked now, to be recorded."""
    return _computed == "all"


@contextlib.contextmanager
def _computing(which: str) -> Iterator[None]:
    global _computed
    before, _computed = _computed, which
    try:
        yield
    finally:
        _computed = before


def _wanted(suspects: Suspects | None) -> Suspects:
    """The suspects that a wrong value is compared with; all are computed at once where they are to be recorded."""
    for clause, compute in (suspects or {}).items() if rehearsing() else ():
        _clauses.add(clause)
        compute()
    return {} if _computed == "none" else suspects or {}


@np.errstate(all="ignore")  # a student's values may overflow when they are compared
def expect_close(
    actual: object,
    expected: Any,
    name: str,
    *,
    dtype: str = "float64",
    suspects: Suspects | None = None,
    tolerance: float | None = None,
    axes: Sequence[str] = (),
) -> np.ndarray:
    """Pass an array, or a number, that is finite, of the right dtype and shape, and close everywhere and in norm.

    Args:
        actual: what the student's code returned.
        expected: the reference in float64.
        name: what the student calls it, as in "dx".
        dtype: what its dtype must be; plain Python numbers pass as float64.
        suspects: what known mistakes would return, each under a clause that continues "what you get when".
        tolerance: relative; follows from the dtype when None.
        axes: names of the axes, for the sentence; images, channels, rows and columns when empty.
    """
    suspects = _wanted(suspects)
    reference = np.asarray(expected, dtype=np.float64)
    found, found_dtype = _as_array(actual, name, reference.shape, dtype)
    # The coarser of the two, so that right values of the wrong dtype are told their dtype.
    limit = max(TOLERANCE.get(kind, 0.0) for kind in (found_dtype, dtype)) if tolerance is None else tolerance
    explain = _Explainer(found, reference, name, suspects, limit or TOLERANCE["float64"], axes)
    if found.dtype.kind != "f":
        raise explain.failure(f"{name} has dtype {found_dtype}, expected {dtype}")
    if found.shape != reference.shape:
        raise explain.failure(f"{name} has shape {found.shape}, expected {reference.shape}")
    if not np.isfinite(found).all():
        index = _first(~np.isfinite(found))
        count = int((~np.isfinite(found)).sum())
        raise explain.failure(f"{_entry(name, index)} is {found[index]} ({_share(count, found.size)} not finite)")
    closeness.note(found, reference, limit)
    if not close(found, reference, limit):
        raise explain.difference()
    if found_dtype != dtype:
        raise CheckFailed(f"{name} has dtype {found_dtype}, expected {dtype}, the dtype of the inputs")
    return found


def expect_array(actual: object, name: str, shape: tuple[int, ...], *, dtype: str = "float64") -> np.ndarray:
    """Pass a finite float array of this shape and dtype, whatever its values."""
    found, found_dtype = _as_array(actual, name, shape, dtype)
    if found.shape != shape:
        raise CheckFailed(f"{name} has shape {found.shape}, expected {shape}")
    if found_dtype != dtype:
        raise CheckFailed(f"{name} has dtype {found_dtype}, expected {dtype}")
    if not np.isfinite(found).all():
        index = _first(~np.isfinite(found))
        raise CheckFailed(f"{_entry(name, index)} is {found[index]}, expected a finite number")
    return found


def expect_equal(actual: object, expected: Any, name: str, *, suspects: Suspects | None = None) -> None:
    """Pass a whole number, text, or a tuple or array of whole numbers, that equals `expected`."""
    suspects = _wanted(suspects)
    found = _plain(actual)
    if not _same(found, expected):
        seen, wanted = _versus(found, expected)
        message = f"{name} is {seen}, expected {wanted}"
        for clause, wrong in suspects.items():
            if _same(found, wrong()):
                raise CheckFailed(message, Finding(suspect=sentence(name, clause)))
        raise CheckFailed(message)


def expect_unchanged(after: object, before: np.ndarray, name: str, *, suspects: Suspects | None = None) -> None:
    """Pass an input that the student's code has left as it was; suspects say what it may have become."""
    suspects = _wanted(suspects)
    found = answers.array(after)
    if found is None or found.shape != before.shape or not np.array_equal(found, before, equal_nan=True):
        message = f"{name} was changed by the call, expected inputs to stay as they are"
        if found is None:
            raise CheckFailed(message)
        raise _Explainer(found, before, name, suspects, TOLERANCE["float64"], ()).failure(message)


def expect_no_warnings(warned: Sequence[str], name: str) -> None:
    """Pass a call that caused no RuntimeWarning: overflow, division by zero and the like. Others are free."""
    numerical = [text for text in warned if text.startswith("RuntimeWarning")]
    if numerical:
        raise CheckFailed(f"{name} warns: {numerical[0]}")


def _versus(found: Any, expected: Any) -> tuple[str, str]:
    """Write two values so that they differ on paper too."""
    shown = show(found), show(expected)
    if shown[0] == shown[1] and isinstance(found, float | int) and isinstance(expected, float | int):
        with contextlib.suppress(OverflowError):  # a whole number beyond all floats
            return apart(float(found), float(expected))
    return shown


def show(value: object) -> str:
    """Write a value for a sentence, cut short."""
    if isinstance(value, float):
        text = f"{value:.6g}"
        text += ".0" if text.lstrip("-").isdigit() else ""
    elif isinstance(value, np.ndarray):
        text = (
            str(value.tolist())
            if 0 < value.size <= 8
            else f"an array of shape {value.shape} and dtype {value.dtype.name}"
        )
    elif isinstance(value, Opaque):
        text = f"an object of type {value.type_name}" + (f" and dtype {value.entries}" if value.entries else "")
    else:
        text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _as_array(actual: object, name: str, shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, str]:
    """Return the value as a plain array and its dtype's name, or say what it is instead."""
    found, number = answers.array(actual), answers.number(actual)
    if found is not None:
        return found, answers.tensor_dtype(actual) or found.dtype.name
    if shape == () and number is not None:
        return np.asarray(answers.as_float(number)), "float64"
    if isinstance(actual, Opaque) and actual.entries:
        raise CheckFailed(f"{name} has dtype {actual.entries}, expected {dtype}")
    expected = f"an array of shape {shape}" if shape else "a number"
    if isinstance(actual, tuple | list):
        raise CheckFailed(f"{name} is a {type(actual).__name__} of {len(actual)}, expected {expected}")
    raise CheckFailed(f"{name} is {show(actual)}, expected {expected}")


def _plain(value: Any) -> Any:
    """Turn arrays of one number into that number."""
    array = answers.array(value)
    if array is not None:
        return array.item() if array.shape == () else array
    return tuple(_plain(item) for item in value) if isinstance(value, tuple | list) else value


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, np.ndarray):
        return isinstance(found, np.ndarray) and found.shape == expected.shape and bool((found == expected).all())
    if isinstance(found, np.ndarray):  # an array without numbers may still have lists without end
        found = _plain(found.tolist()) if math.prod(size or 1 for size in found.shape) <= MAX_LISTED else None
    if isinstance(expected, tuple | list):
        expected = _plain(expected)
        return isinstance(found, tuple) and len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(found, bool) != isinstance(expected, bool | np.bool_):
        return False
    return type(found) in (int, bool, str, type(None), type(expected)) and found == expected


class _Explainer:
    """Puts together what is said about one wrong array."""

    def __init__(
        self,
        found: np.ndarray,
        reference: np.ndarray,
        name: str,
        suspects: Suspects,
        tolerance: float,
        axes: Sequence[str],
    ) -> None:
        self.found, self.reference, self.name = found, reference, name
        self.suspects, self.tolerance, self.axes = suspects, tolerance, axes

    def failure(self, message: str) -> CheckFailed:
        """Say `message`, with the first suspect that fits."""
        return CheckFailed(message, Finding(suspect=self.suspect()))

    def difference(self) -> CheckFailed:
        """Say where the values differ, which pattern that makes, and the first suspect that fits."""
        error = np.abs(self.found.astype(np.float64) - self.reference)
        wrong = error > allowed(self.reference, self.tolerance)
        if not wrong.any():  # every entry is within bounds, the whole is not
            wrong = error == error.max()
        index = _first(wrong)
        pattern = locate(self.found.astype(np.float64), self.reference, wrong, self.tolerance, self.axes)
        share = _share(int(wrong.sum()), wrong.size) + " differ" if wrong.size > 1 else ""
        detail = ", ".join(text for text in (share, pattern) if text)
        shown, expected = apart(float(self.found[index]), float(self.reference[index]))
        message = f"{_entry(self.name, index)} is {shown}, expected {expected}"
        suspect = self.suspect() or nearly(self.found.astype(np.float64), self.reference, self.name)
        finding = Finding(suspect=suspect, picture=picture(np.where(wrong, error, 0.0)))
        return CheckFailed(f"{message} ({detail})" if detail else message, finding)

    def suspect(self) -> str:
        for clause, compute in self.suspects.items():
            wrong = np.asarray(compute(), dtype=np.float64)
            if wrong.shape != self.found.shape or self.found.dtype.kind not in "fiub":
                continue
            if not np.isfinite(np.square(wrong)).all():  # its tolerance would be infinite
                continue
            if close(self.found, wrong, self.tolerance) and not close(wrong, self.reference, self.tolerance):
                return sentence(self.name, clause)
        return ""


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))


def _entry(name: str, index: tuple[int, ...]) -> str:
    """Name one entry: "dx[0, 1]", or "dx[0, 1] for stride 2" where the name says more than the array's."""
    if not index:
        return name
    array = re.match(r"\w+(?= (for|of) )", name)
    end = array.end() if array else len(name)
    return f"{name[:end]}[{', '.join(map(str, index))}]{name[end:]}"


def _share(count: int, size: int) -> str:
    return f"{count} of {size} values" if size > 1 else "it is"
