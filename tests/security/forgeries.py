"""What a worker that lies sends in the place of a right value."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.inside import wire
from autograder.inside.wire import Opaque, Reference, Seed, Tensor

Reply = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """A header's text as it stands, which the wire's own encoder would not write; with bytes for its arrays."""

    tree: Any
    arrays: int = 0
    body: bytes = b""


SHAPES = [(), (0,), (1,), (3,), (10,), (2, 3), (0, 3), (3, 0), (1,) * 8, (1000, 1000, 0)]
NAMES = ["float64", "float32", "bfloat16", "int64", "bool", "complex64", "", "no dtype", "float64" * 6]
TEXTS = ["", "zero", "ValueError", "nan", "0", "\ud800", "\x1b[31m\x00\n", "{key!r}", "%s", "x" * 30_000, "last.pt"]
WORDS = ["returned", "cut", "interrupted", "missing", "unsafe", "", "parameters", "keys", "wrong", "prefix"]
NUMBERS = [0, 1, -1, 7, 2**31, 2**63, 2**64 - 1, 0.0, -0.0, 0.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf]
RAWS = [
    Raw(10**30), Raw(10**400), Raw(-(10**4200)), Raw({"reference": True}), Raw({"seed": -1}), Raw({"opaque": ""}),
    Raw({"dict": [["a", "a", "b"], [1, 2, 3]]}), Raw({"dict": [[1, None, [2], {"x": 1}, ""], [1, 2, 3, 4, 5]]}),
    Raw({"dict": [["\ud800", "\x00"], [None, True]]}), Raw({"tensor": ["int8", []], "dtype": "float64"}, 1, b"\1"),
    Raw({"array": ["float64", [2**59, 0]]}, 1), Raw({"array": ["uint8", [2**24, 0]]}, 1),
    Raw({"array": ["int8", [0, 2**62]]}, 1), Raw({"tensor": ["float32", [2**20, 0, 7]], "dtype": "float32"}, 1),
    Raw({"array": ["object", [1]]}), Raw({"array": ["float64", [-1]]}, 1), Raw({"array": ["float64", [True]]}, 1),
    Raw(math.nan), Raw({"tuple": "1"}), Raw({"tuple": {"0": 1}}), Raw({"more": 1}), Raw([1, 2]),
    Raw({"a": 1, "dict": 2}),
]  # fmt: skip
MARKERS = [None, True, False, Reference(0), Reference(-(2**40)), Seed(0), Opaque("bytes"), Opaque("\n" * 80)]
NESTED: list[Any] = [(), [], {}, [[]], ((),), [1, [2, 3]], [[1, 2], [3]], [[1, 2], 3], ["a", 1], [None], [True], [{}]]


FORMS = [*NUMBERS, *TEXTS, *RAWS, *MARKERS, *NESTED, np.zeros((1000, 0)), np.int64(3), Tensor(np.ones(3), "float64")]


def forged(draw: random.Random) -> Any:
    """Anything at all that the wire may bring."""
    kind = draw.randrange(8)
    if kind == 0:
        return draw.choice(NUMBERS)
    if kind == 1:
        return draw.choice(TEXTS + WORDS)
    if kind == 2:
        return draw.choice(RAWS)
    if kind == 3:
        return draw.choice(MARKERS)
    if kind == 4:
        return draw.choice(NESTED)
    if kind == 5:
        return draw.choice([list, tuple])(forged(draw) for _ in range(draw.randrange(5)))
    if kind == 6:
        return {draw.choice(TEXTS + WORDS): forged(draw) for _ in range(draw.randrange(4))}
    array = _array(draw)
    return array if draw.random() < 0.6 else Tensor(array, draw.choice([array.dtype.name, *NAMES]))


def _array(draw: random.Random) -> np.ndarray:
    dtype = np.dtype(draw.choice(list(wire.DTYPES)))
    fill = draw.choice([0, 1, math.nan, math.inf, np.finfo(dtype).max if dtype.kind == "f" else 1])
    with np.errstate(all="ignore"):
        return np.full(draw.choice(SHAPES), fill if dtype.kind == "f" or math.isfinite(fill) else 1).astype(dtype)


def mutated(value: Any, draw: random.Random) -> Any:
    """A value that is nearly the right one."""
    if draw.random() < 0.2:
        return draw.choice([[value], (value,), {"value": value}, [value, value], (value, None), str(value)[:9000]])
    if isinstance(value, Tensor):
        inner = mutated(value.array, draw)
        if not isinstance(inner, np.ndarray) or draw.random() < 0.2:
            return inner
        return Tensor(inner, draw.choice([inner.dtype.name, value.dtype, *NAMES]))
    if isinstance(value, np.ndarray):
        return draw.choice([_other_shape, _other_dtype, _other_entries])(value, draw)
    if isinstance(value, list | tuple) and value:
        return _other_items(value, draw)
    if isinstance(value, dict) and value:
        return _other_keys(value, draw)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return forged(draw)
    others: list[Any] = [float(value), -value, value + 1, value * 1e300, str(value), [value], np.array(value), True]
    return draw.choice(others)


def _other_shape(value: np.ndarray, draw: random.Random) -> Any:
    return draw.choice([
        value.ravel(), value[None], value.T, value[:1] if value.ndim else value[None], value[..., None],
        value.tolist() if value.size < 5000 else None, value[:0] if value.ndim else None,
        np.concatenate([value, value]) if value.ndim else value[None, None],
        value[..., :-1] if value.ndim else value,
    ])  # fmt: skip


def _other_dtype(value: np.ndarray, draw: random.Random) -> np.ndarray:
    with np.errstate(all="ignore"):
        return value.astype(draw.choice(list(wire.DTYPES)))


def _other_entries(value: np.ndarray, draw: random.Random) -> np.ndarray:
    changed = value.copy()
    with np.errstate(all="ignore"):
        if changed.dtype.kind == "f":
            top = np.finfo(changed.dtype).max
            number = draw.choice([math.nan, math.inf, -math.inf, 0.0, 1.0, -1.0, top, -top, 5e-324])
        else:
            number = draw.choice([0, 1, 100, 127])
        if draw.random() < 0.5 and changed.size:
            changed.reshape(-1)[draw.randrange(changed.size)] = number
        else:
            changed[...] = number
        return -changed if draw.random() < 0.2 and changed.dtype.kind in "if" else changed


def _other_items(value: list | tuple, draw: random.Random) -> Any:
    items, at = list(value), draw.randrange(len(value))
    match draw.randrange(6):
        case 0:
            return tuple(items) if isinstance(value, list) else items
        case 1:
            del items[at]
        case 2:
            items.insert(at, forged(draw))
        case 3:
            items[at] = forged(draw)
        case 4:
            items.reverse()
        case _:
            items[at] = mutated(items[at], draw)
    return type(value)(items)


def _other_keys(value: dict, draw: random.Random) -> Any:
    items, key = dict(value), draw.choice(list(value))
    match draw.randrange(5):
        case 0:
            del items[key]
        case 1:
            items[draw.choice(TEXTS + WORDS)] = items.pop(key)
        case 2:
            items[draw.choice(TEXTS + WORDS)] = forged(draw)
        case 3:
            items[key] = forged(draw)
        case _:
            items[key] = mutated(items[key], draw)
    return items


def lies(honest: Reply, draw: random.Random) -> Reply:
    """A whole answer that is not the honest one: mostly its value, at times its error, warnings, or its form."""
    kind = draw.random()
    if kind < 0.45:
        return {**honest, "value": mutated(honest.get("value"), draw)}
    if kind < 0.85:
        return {**honest, "value": forged(draw)}
    if kind < 0.90:
        return {**honest, "warnings": forged(draw)}
    if kind < 0.95:
        fields = ("type", "text", "where", "unfinished", "memory")
        error: Any = {name: forged(draw) if draw.random() < 0.5 else True for name in fields}
        return {"error": error if draw.random() < 0.8 else forged(draw), "warnings": forged(draw)}
    return {draw.choice(["id", "value", "error", "warnings", "more"]): forged(draw) for _ in range(draw.randrange(4))}


def one_lie(place: int, seed: object) -> Callable[[Reply, int], Reply]:
    """Forge the answer at one place, all others are honest."""
    draw = random.Random(f"{seed}/{place}")
    return lambda honest, at: lies(honest, draw) if at == place else honest


def many_lies(share: float, seed: object) -> Callable[[Reply, int], Reply]:
    """Forge a share of all answers."""
    draw = random.Random(f"{seed}")
    return lambda honest, at: lies(honest, draw) if draw.random() < share else honest
