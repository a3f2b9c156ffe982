"""The only way in which a check touches a student's value.

Each `expect_*` returns the value as a plain array or number once it has passed, and raises `CheckFailed` with one
sentence otherwise: what was seen first, what was expected second.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from autograder.checking import answers, compared, minor
from autograder.diagnosis import closeness
from autograder.diagnosis.closeness import allowed, close
from autograder.diagnosis.differences import apart, entry, locate, misread, nearly, picture, rearranged, whole
from autograder.diagnosis.known_mistakes import alike, clauses, entries, foretold, judged, saw, slipped
from autograder.diagnosis.lengths import cut
from autograder.diagnosis.suspects import Suspects, leading, review, sentence, silent, subject, wanted
from autograder.diagnosis.suspects import unexplained as unexplained  # for checks
from autograder.errors import CheckFailed, Finding
from autograder.inside.wire import Opaque

# A result may differ from the float64 reference by this, relative to its own size and to the array's root mean square.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2, "bfloat16": 3e-2}
OF_INPUTS = "the dtype of the inputs"  # a handout that says nothing of dtypes leaves it free
MAX_SHOWN = 60
MIN_ROW = 3  # numbers of a row of which something is said: fewer agree by chance
MAX_LISTED = 1000  # numbers of an array that are compared one by one


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
    parts: Mapping[str, np.ndarray] = MappingProxyType({}),
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
    suspects = wanted(suspects)
    judged()
    reference = np.asarray(expected, dtype=np.float64)
    compared.tell(name, actual, reference)
    found, found_dtype = _as_array(actual, name, reference.shape, dtype)
    # The coarser of the two, so that right values of the wrong dtype are told their dtype.
    limit = max(TOLERANCE.get(kind, 0.0) for kind in (found_dtype, dtype)) if tolerance is None else tolerance
    limit = max(limit, minor.tolerance(TOLERANCE.get(found_dtype, 0.0)))
    explain = _Explainer(found, reference, name, suspects, limit or TOLERANCE["float64"], axes, parts)
    if going := review():
        if found.dtype.kind != "f" or np.isfinite(found).any():  # what is no number at all refutes nothing
            place = subject(name, reference.ndim)
            known = clauses(name, first=False)
            going.weigh(place, {clause: one for clause, one in suspects.items() if clause not in known}, explain.equals)
            going.weigh(place, known, lambda values: any(map(explain.equals, values)))
            going.weigh(place, foretold(name, found, reference, explain.tolerance), bool)
        return reference
    if found.dtype.kind != "f":
        raise explain.failure(f"{name} has dtype {found_dtype}, expected {dtype}", "dtype")
    if found.shape != reference.shape:
        values = found.astype(np.float64)
        how = rearranged(values, reference, explain.tolerance) or cut(values, reference, explain.tolerance)
        message = f"{name} has shape {found.shape}, expected {reference.shape}"
        raise explain.failure(f"{message} ({how})" if how else message, "shape")
    if not np.isfinite(found).all():
        index = _first(~np.isfinite(found))
        count = int((~np.isfinite(found)).sum())
        raise explain.failure(
            f"{entry(name, index)} is {found[index]} ({_share(count, found.size)} not finite)", "not finite"
        )
    closeness.note(found, reference, limit)
    if not close(found, reference, limit):
        raise explain.difference()
    if found_dtype != dtype:
        wrong = _failed(f"{name} has dtype {found_dtype}, expected {dtype}, {OF_INPUTS}", "dtype")
        minor.of_dtype(found_dtype, wrong)
    return found


def expect_array(actual: object, name: str, shape: tuple[int, ...], *, dtype: str = "float64") -> np.ndarray:
    """Pass a finite float array of this shape and dtype, whatever its values."""
    found, found_dtype = _as_array(actual, name, shape, dtype)
    if found.shape != shape:
        raise _failed(f"{name} has shape {found.shape}, expected {shape}", "shape")
    if not np.isfinite(found).all():
        index = _first(~np.isfinite(found))
        raise _failed(f"{entry(name, index)} is {found[index]}, expected a finite number", "not finite")
    if found_dtype != dtype:
        minor.of_dtype(found_dtype, _failed(f"{name} has dtype {found_dtype}, expected {dtype}", "dtype"))
    return found


def expect_equal(actual: object, expected: Any, name: str, *, suspects: Suspects | None = None) -> None:
    """Pass a whole number, text, or a tuple or array of whole numbers, that equals `expected`."""
    suspects = wanted(suspects)
    judged()
    compared.tell(name, actual, expected)
    found = _plain(actual)
    seen, reference = entries(found), entries(_plain(expected))
    if seen is not None and reference is not None:
        saw(name, seen, reference, 0.0)
    rank = 0 if reference is None else reference.ndim
    place = subject(name, rank)
    if going := review():
        going.weigh(place, suspects, partial(_same, found))
        going.weigh(place, clauses(name, first=False), lambda values: any(alike(seen, value) for value in values))
        going.weigh(place, foretold(name, seen, reference), bool)
    elif not _same(found, expected):
        shown, right = _versus(found, expected)
        known = wanted(clauses(name)).items()
        told = [clause for clause, wrong in known if any(alike(seen, value) for value in wrong())]
        told += [clause for clause, wrong in suspects.items() if _same(found, wrong())]
        told = told or [*wanted(slipped(name, seen, reference))]
        how = f" ({pattern})" if (pattern := _pattern(seen, reference)) else ""
        raise _failed(f"{name} is {shown}, expected {right}{how}", "value", name, rank, [*dict.fromkeys(told)])


def _pattern(found: np.ndarray | None, expected: np.ndarray | None) -> str:
    """How a row of numbers follows from the right one, where that takes no more than to look at them."""
    if found is None or expected is None or found.shape != expected.shape or found.size <= MIN_ROW or silent():
        return ""
    if "U" in found.dtype.kind + expected.dtype.kind or "b" in found.dtype.kind + expected.dtype.kind:
        return ""
    return whole(found.astype(np.float64), expected.astype(np.float64), TOLERANCE["float64"])


def expect_unchanged(after: object, before: np.ndarray, name: str, *, suspects: Suspects | None = None) -> None:
    """Pass an input that the student's code has left as it was; suspects say what it may have become."""
    suspects = wanted(suspects)
    compared.tell(name, after, before)
    found = answers.array(after)
    if found is None or found.shape != before.shape or not np.array_equal(found, before, equal_nan=True):
        message = f"{name} was changed by the call, expected inputs to stay as they are"
        if found is None:
            raise CheckFailed(message)
        explain = _Explainer(found, before, name, suspects, TOLERANCE["float64"], ())
        if not (going := review()):
            raise explain.failure(message, "changed")
        going.weigh(subject(name, before.ndim), suspects, explain.equals)


def expect_no_warnings(warned: Sequence[str], name: str) -> None:
    """Pass a call that caused no RuntimeWarning: overflow, division by zero and the like. Others are free."""
    numerical = [text for text in warned if text.startswith("RuntimeWarning")]
    if numerical:
        raise CheckFailed(f"{name} warns: {numerical[0]}")


def _failed(message: str, kind: str, name: str = "", rank: int = 0, clauses: Sequence[str] = ()) -> CheckFailed:
    told = sentence(name, clauses)
    finding = Finding(suspect=told, kind=kind, cause=" | ".join(clauses))
    return CheckFailed(message, finding, (subject(name, rank), tuple(clauses)) if told else None)


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
        raise CheckFailed(f"{name} is {answers.kind(actual)}, expected {expected}")
    why = ", as of a function that ends without return" if actual is None else ""
    raise CheckFailed(f"{name} is {show(actual)}{why}, expected {expected}")


def _plain(value: Any) -> Any:
    """Turn arrays of one number into that number."""
    array = answers.array(value)
    if array is not None:
        return array.item() if array.shape == () else array
    return tuple(_plain(item) for item in value) if isinstance(value, tuple | list) else value


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, np.ndarray):
        if isinstance(found, np.ndarray) and (found.dtype.kind == "b") != (expected.dtype.kind == "b"):
            return False
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
        parts: Mapping[str, np.ndarray] = MappingProxyType({}),
    ) -> None:
        self.found, self.reference, self.name = found, reference, name
        self.suspects, self.tolerance, self.axes, self.parts = suspects, tolerance, axes, parts
        saw(name, found, reference, tolerance)

    def failure(self, message: str, kind: str) -> CheckFailed:
        """Say `message`, with the suspects that fit."""
        return _failed(message, kind, self.name, self.reference.ndim, self.clauses())

    def difference(self) -> CheckFailed:
        """Say where the values differ, which pattern that makes, and the suspects that fit."""
        error = np.abs(self.found.astype(np.float64) - self.reference)
        wrong = error > allowed(self.reference, self.tolerance)
        if silent():  # nobody reads it
            return _failed(f"{self.name} is another one", "value")
        if not wrong.any():  # every entry is within bounds, the whole is not
            wrong = error == error.max()
        index = _first(wrong)
        pattern = locate(self.found.astype(np.float64), self.reference, wrong, self.tolerance, self.axes, self.parts)
        share = _share(int(wrong.sum()), wrong.size) + " differ" if wrong.size > 1 else ""
        detail = ", ".join(text for text in (share, pattern) if text)
        shown, expected = apart(float(self.found[index]), float(self.reference[index]))
        message = f"{entry(self.name, index)} is {shown}, expected {expected}"
        failure = self.failure(f"{message} ({detail})" if detail else message, "value")
        numbers = self.found.astype(np.float64), self.reference, self.name
        told = failure.finding.suspect or nearly(*numbers) or misread(*numbers)
        failure.finding = replace(failure.finding, suspect=told, picture=picture(np.where(wrong, error, 0.0)))
        return failure

    def clauses(self) -> list[str]:
        """The suspects that equal what was found, and not what it should be."""
        known = {} if silent() else wanted(clauses(self.name))
        told = [clause for clause, compute in known.items() if any(map(self._fits, compute()))]
        told = told or [*leading([clause for clause, compute in self.suspects.items() if self._fits(compute())])]
        return told or [*wanted(slipped(self.name, self.found, self.reference, self.tolerance))]

    def _fits(self, suspect: Any) -> bool:
        wrong = np.asarray(suspect, dtype=np.float64)
        if not self.equals(wrong):
            return False
        known = ~np.isnan(wrong)
        return self.reference.shape != wrong.shape or not close(wrong[known], self.reference[known], self.tolerance)

    def equals(self, suspect: Any) -> bool:
        """Whether what was found equals what a suspect would return: NaN where nobody knows, as behind the end of x."""
        wrong = np.asarray(suspect, dtype=np.float64)
        if self.found.dtype.kind not in "fiub" or self.found.shape != wrong.shape:
            return False
        known = ~np.isnan(wrong)
        if 2 * known.sum() < wrong.size or not np.isfinite(np.square(wrong[known])).all():  # its tolerance: infinite
            return False
        return close(self.found[known], wrong[known], self.tolerance)


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))


def _share(count: int, size: int) -> str:
    return f"{count} of {size} values" if size > 1 else "it is"
