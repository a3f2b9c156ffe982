"""Short formulas in the arrays of a case, value by value: which of them a wrong result is.

A slope that is written down with x for y, without a pair of parentheses or with a wrong power is still a short product
of what the layer has at hand. Its formula says more than any of its values: "it is worked out as dy * y * (1 - x)".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import combinations_with_replacement, product
from types import CodeType

import numpy as np

from autograder.diagnosis.suspects import WORKED_OUT

FACTORS = (
    "{0}", "(1 - {0})", "(1 + {0})", "{0}**2", "(1 - {0}**2)", "(1 + {0}**2)", "(1 - {0})**2", "exp({0})", "exp(-{0})",
)  # fmt: skip
PLAIN = ("{0}", "{0}**2")  # what is left behind where parentheses are missing
UPPER = ("1", "exp({0})", "exp(-{0})", "(exp({0}) - exp(-{0}))", "(exp({0}) + exp(-{0}))")
LOWER = (
    "(1 + exp({0}))", "(1 + exp(-{0}))", "(1 - exp(-{0}))", "(exp({0}) - exp(-{0}))", "(exp({0}) + exp(-{0}))",
    "1 + exp({0})", "1 + exp(-{0})", "1 - exp(-{0})", "exp({0}) + exp(-{0})", "exp({0}) - exp(-{0})", "2",
)  # fmt: skip
CURVES = (
    "{0} / (1 + abs({0}))", "{0} / (1 + exp(-{0}))", "log(1 + exp({0}))", "arctan({0})", "sin({0})", "{0}**2", "{0}**3",
    "abs({0})", "clip({0}, 0, 1)", "clip({0}, -1, 1)", "clip({0}, 0, 6)", "(1 + clip({0}, -1, 1)) / 2",
)  # fmt: skip
Clauses = dict[str, Callable[[], np.ndarray]]


def of_output(values: Mapping[str, np.ndarray]) -> Clauses:
    """Quotients of exponentials of the input, and what becomes of them without parentheses."""
    (name,) = values
    return _clauses(_quotients(name) + _curves(name), values)


def of_gradient(values: Mapping[str, np.ndarray]) -> Clauses:
    """Products of what comes back with one or two factors, and what becomes of them without it or parentheses.

    Args:
        values: by name, what comes back, and what a slope may be made of: the output and the input.
    """
    return _clauses(_products(*values), values)


@functools.cache
def _quotients(name: str) -> tuple[tuple[str, CodeType], ...]:
    return _compiled(f"{up} / {down}".format(name) for up, down in product(UPPER, LOWER))


@functools.cache
def _curves(name: str) -> tuple[tuple[str, CodeType], ...]:
    return _compiled(curve.format(name) for curve in CURVES)


@functools.cache
def _products(back: str, *names: str) -> tuple[tuple[str, CodeType], ...]:
    factors = [form.format(name) for name in names for form in FACTORS]
    plain = [form.format(name) for name in names for form in PLAIN]

    def texts() -> Iterator[str]:
        for one in factors:
            yield from (one, f"{back} * {one}", f"{back} / {one}", f"{back} - {one}")
            yield from (f"{back} * {one} - {other}" for other in plain)
        for one, other in combinations_with_replacement(factors, 2):
            yield from (f"{one} * {other}", f"{back} * {one} * {other}")

    return _compiled(texts())


def _compiled(texts: Iterator[str]) -> tuple[tuple[str, CodeType], ...]:
    """Make ready what is evaluated only where a value is wrong; the shortest first."""
    return tuple((text, compile(text, "<term>", "eval")) for text in sorted(texts, key=len))


def _clauses(terms: tuple[tuple[str, CodeType], ...], values: Mapping[str, np.ndarray]) -> Clauses:
    names = {"exp": np.exp, "log": np.log, "abs": np.abs, "arctan": np.arctan, "sin": np.sin, "clip": np.clip, **values}
    return {WORKED_OUT + text: partial(_value, code, names) for text, code in terms}


@np.errstate(all="ignore")
def _value(term: CodeType, names: Mapping[str, object]) -> np.ndarray:
    return np.asarray(eval(term, {"__builtins__": {}}, names))
