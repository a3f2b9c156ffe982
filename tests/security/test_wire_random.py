"""The wire, whatever comes: bytes, headers and values that are drawn."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wires import BASE, LIMIT, Stream, crossed, message

from autograder.inside import wire
from autograder.inside.wire import BadMessage, Reference, Tensor


def survives(data: bytes) -> None:
    stream = Stream(data)
    with contextlib.suppress(BadMessage, EOFError):
        wire.decode(stream.read, LIMIT)
    assert stream.largest <= max(wire.MAX_HEADER, LIMIT)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
@example(b"\x02\0\0\0\0\0\0\0{}")
def test_random_bytes_are_refused_or_end_early(data) -> None:
    survives(data)


SIZES = st.lists(st.integers(-1, 5), max_size=9) | st.lists(st.sampled_from([1, 3, 2**40]), max_size=9)
NAMES = st.sampled_from([*sorted(wire.DTYPES), "object", ">f8", "void"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=3)
MARKERS = st.builds(
    lambda kind, value: {kind: value},
    st.sampled_from([*sorted(wire.MARKERS), "float", "pickle"]),
    LEAVES | st.tuples(NAMES, SIZES).map(list),
)
TREES = st.recursive(
    LEAVES | MARKERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(lambda items: {"tuple": items})
        | st.lists(inner, max_size=3).map(lambda items: {"dict": [["k"] * len(items), items]})
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(sorted(wire.MARKERS)), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.text(max_size=3), TREES, max_size=3), st.integers(0, 4), st.binary(max_size=64))
def test_headers_of_every_form_are_read_or_refused(tree, arrays, body) -> None:
    survives(message(json.dumps(tree).encode(), arrays, body))


VALID = b"".join(
    wire.encode({"id": "a1", "value": (BASE.astype("float32"), [Reference(1), {"k": Tensor(BASE[0], "float64")}], 1.5)})
)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_message_with_a_few_bytes_changed_is_read_or_refused(changes) -> None:
    data = bytearray(VALID)
    for position, value in changes:
        data[position] = value
    survives(bytes(data))


ARRAYS = st.builds(
    lambda shape, dtype: np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, dtype),
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.sampled_from(sorted(wire.DTYPES)),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from(sorted(wire.MARKERS)), inner)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(VALUES)
def test_every_value_comes_out_as_it_went_in(value) -> None:
    assert same(crossed(value), value)


def same(found: Any, value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return found.dtype == value.dtype and found.shape == value.shape and bool((found == value).all())
    if isinstance(value, list | tuple):
        return type(found) is type(value) and len(found) == len(value) and all(map(same, found, value))
    if isinstance(value, dict):
        return list(found) == list(value) and all(map(same, found.values(), value.values()))
    return type(found) is type(value) and bool(found == value)
