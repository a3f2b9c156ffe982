"""The wire: what goes in comes out, and whatever else comes in is refused before it costs anything."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from wires import BASE, LIMIT, Stream, crossed, decoded, message

from autograder.inside import wire
from autograder.inside.wire import BadMessage, Opaque, Reference, Seed, Tensor

# What goes in comes out.

PLAIN = [
    None,
    True,
    False,
    0,
    -(2**40),
    2**63,
    1.5,
    -0.0,
    1e-310,
    "",
    "é\n\x00",
    (),
    [],
    {},
    (1, [2, (3,)], {"a": None}),
    *({name: 1} for name in sorted(wire.MARKERS)),  # dictionaries that look like what stands for something else
    {"a": 1, "tuple": [2]},
    {"opaque": "int", "entries": ""},
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_plain_value_comes_out_as_it_went_in(value) -> None:
    assert crossed(value) == value
    assert type(crossed(value)) is type(value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_comes_out_as_it_went_in(value) -> None:
    assert crossed(value) == value


def test_nan_comes_out_as_nan() -> None:
    assert np.isnan(crossed(float("nan")))
    assert np.isnan(crossed(np.array([1.0, np.nan]))).tolist() == [False, True]


@pytest.mark.parametrize("marker", [Reference(3), Seed(7), Opaque("Linear")], ids=repr)
def test_a_marker_comes_out_as_it_went_in(marker) -> None:
    assert crossed([marker]) == [marker]


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 1)], ids=str)
def test_an_array_keeps_dtype_shape_and_values(dtype, shape) -> None:
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    found = crossed(array)
    assert type(found) is np.ndarray
    assert (found.dtype, found.shape) == (np.dtype(dtype), shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    "array",
    [
        BASE.astype(">f8"), BASE.astype(">f4"), np.arange(3, dtype=">i2"), BASE[:, ::2], BASE[:, :, ::-1], BASE.T,
        np.asfortranarray(BASE), np.broadcast_to(np.float64(2), (3, 2)), BASE[0, 0, 0],
    ],
    ids=["big float64", "big float32", "big int16", "strided", "turned", "transposed", "Fortran", "stride 0", "scalar"],
)  # fmt: skip
def test_an_array_of_any_layout_and_byte_order_comes_out_plain(array) -> None:
    found = crossed(array)
    assert type(found) is np.ndarray
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, array)


def test_what_was_received_can_be_written_to() -> None:
    found = crossed(BASE)
    found += 1
    np.testing.assert_array_equal(found, BASE + 1)


class Liar(np.ndarray):
    """An array that says of itself what is not true."""

    shape = property(lambda self: (7,))  # type: ignore[assignment]
    dtype = property(lambda self: np.dtype("int8"))  # type: ignore[assignment]

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        return np.ones(9)

    def reshape(self, *args: Any, **kwargs: Any) -> np.ndarray:  # type: ignore[override]
        return np.ones(9)


@pytest.mark.parametrize(
    "array",
    [np.ma.masked_array(BASE, BASE > 3), BASE.view(np.recarray), BASE.view(Liar)],
    ids=["masked", "record", "lying"],
)
def test_a_subclass_comes_out_as_the_plain_array_beneath(array) -> None:
    found = crossed(array)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, BASE)


def test_a_tensor_keeps_the_name_of_its_dtype() -> None:
    found = crossed(Tensor(BASE.astype("float32"), "bfloat16"))
    assert found.dtype == "bfloat16"
    np.testing.assert_array_equal(found.array, BASE)


@pytest.mark.parametrize(("dtype", "name"), [("int8", "float64"), ("float64", "bfloat16"), ("float32", "")])
def test_a_tensor_that_names_another_dtype_than_it_has_is_refused(dtype, name) -> None:
    with pytest.raises(BadMessage, match="a tensor whose numbers are of another dtype"):
        crossed(Tensor(BASE.astype(dtype), name))


class EqualToEverything:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True


OPAQUE = {
    "EqualToEverything": EqualToEverything(),
    "function": lambda: None,
    "complex": 1j,
    "bytes": b"",
    "set": {1},
    "dict": {1: 2},
    "ndarray": np.zeros(2, "complex128"),
    "str_": np.str_("text"),
    "OrderedKeys": type("OrderedKeys", (str,), {})("text"),
}


@pytest.mark.parametrize(("name", "value"), OPAQUE.items(), ids=OPAQUE)
def test_whatever_else_comes_out_as_the_name_of_its_type(name, value) -> None:
    assert crossed(value).type_name == name


@pytest.mark.parametrize("dtype", ["O", "U3", "S3", "M8[s]", "V4", "complex64", "longdouble", [("a", "f4")]], ids=str)
def test_an_array_of_a_dtype_that_cannot_cross_is_known_by_it_alone(dtype) -> None:
    assert crossed(np.zeros(2, dtype)) == Opaque("ndarray", np.dtype(dtype).name)


def test_a_list_that_holds_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)
    assert "nested too deeply" in repr(crossed(value))


def test_a_value_with_too_many_parts_is_refused_by_its_sender() -> None:
    with pytest.raises(BadMessage, match=r"a value takes \d+ bytes beside its arrays, the limit is 65536"):
        wire.encode({"value": list(range(20_000))})


# What is refused.

ARRAY = {"array": ["float64", [2]]}
REFUSED = [
    ("the header is too long", wire.PREFIX.pack(wire.MAX_HEADER + 1, 0), "header of 65537 bytes, the limit is 65536"),
    ("the header is no text", message(b'{"value": "\xff"}'), "header is no JSON: UnicodeDecodeError"),
    ("the header is no JSON", message(b"cbuiltins\neval\n."), "header is no JSON: JSONDecodeError"),
    ("the header is nested without end", message(b"[" * 60_000), "header is no JSON: RecursionError"),
    ("the header is a list", message(b"[1]"), "header is no object"),
    ("a number of 5000 digits", message(b'{"a": ' + b"9" * 5000 + b"}"), "header is no JSON: ValueError"),
    ("a tuple of what is no list", message({"tuple": "gASVAAAA"}), "a value of unknown form"),
    ("a reference to no number", message({"reference": True}), "a value of unknown form"),
    ("keys that are no text", message({"dict": [[1], [1]]}), "a value of unknown form"),
    ("keys without values", message({"dict": [["a", "b"], [1]]}), "a value of unknown form"),
    ("objects", message({"array": ["object", [2]]}, 1), "an array of a dtype that is not allowed"),
    ("a dtype in other words", message({"array": [">f8", [2]]}, 1), "an array of a dtype that is not allowed"),
    ("a negative size", message({"array": ["float64", [-1]]}, 1), "an array of an impossible shape"),
    ("a size that is no number", message({"array": ["float64", [True]]}, 1), "an array of an impossible shape"),
    ("a size that is half", message({"array": ["float64", [1.5]]}, 1), "an array of an impossible shape"),
    ("too many axes", message({"array": ["int8", [1] * 9]}, 1), "an array of an impossible shape"),
    ("a size beyond all numbers", message({"array": ["int8", [0, 2**70]]}, 1), "an array of an impossible shape"),
    ("an array too large", message({"array": ["float64", [LIMIT]]}, 1), "arrays of more than 65536 bytes"),
    ("a product that overflows", message({"array": ["int8", [2**32] * 4]}, 1), "arrays of more than 65536 bytes"),
    ("fewer arrays than announced", message(1, 1), "0 arrays in the header, 1 announced"),
    ("more arrays than announced", message(ARRAY, 0, b"\0" * 16), "1 arrays in the header, 0 announced"),
]


@pytest.mark.parametrize(("data", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_malformed_message_is_refused_in_words(data, text) -> None:
    with pytest.raises(BadMessage, match=f"^{text}"):
        decoded(data)


def test_arrays_are_bounded_together_and_not_one_by_one() -> None:
    half = {"array": ["int8", [LIMIT // 2 + 1]]}
    with pytest.raises(BadMessage, match="arrays of more than 32767 bytes"):
        decoded(message([half, half], 2, bytes(LIMIT)))


def test_nothing_is_read_of_an_array_that_is_too_large() -> None:
    stream = Stream(message({"array": ["float64", [2**40]]}, 1))
    with pytest.raises(BadMessage):
        wire.decode(stream.read, LIMIT)
    assert stream.largest < 100


def test_a_message_that_ends_early_is_no_message() -> None:
    data = b"".join(wire.encode({"value": BASE}))
    for length in range(len(data)):
        with pytest.raises(EOFError):
            decoded(data[:length])


@pytest.mark.parametrize("shape", [[0, sys.maxsize], [sys.maxsize, 0, sys.maxsize], [LIMIT + 1, 0]], ids=str)
def test_an_empty_array_of_more_rows_than_there_may_be_numbers_is_refused(shape) -> None:
    with pytest.raises(BadMessage, match=f"arrays of more than {LIMIT} bytes"):
        decoded(message({"array": ["float64", shape]}, 1))


@pytest.mark.parametrize(
    "around",
    [lambda inner: [inner], lambda inner: {"tuple": [inner]}, lambda inner: {"a": inner}],
    ids=["list", "tuple", "dictionary"],
)
def test_a_value_nested_more_deeply_than_any_sender_would_is_refused(around) -> None:
    value: Any = 1
    for _ in range(wire.MAX_DEPTH + 2):
        value = around(value)
    with pytest.raises(BadMessage, match="nested too deeply"):
        decoded(message(value))


def test_a_number_of_5000_digits_is_opaque() -> None:
    assert crossed(10**5000) == Opaque("int")
