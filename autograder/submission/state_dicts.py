"""Which tensors a checkpoint holds, and how many numbers, read off its pickle without running it.

The instructions are followed on a stack of plain values and descriptions: what would be called is noted down instead.
So a count is no student's word. Does not judge whether the file loads: the box finds that out.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KEY = "model_state_dict"
DICT = "collections OrderedDict"
TENSOR = "torch._utils _rebuild_tensor"  # and _v2
PARAMETER = "torch._utils _rebuild_parameter"
BYTES = {"Double": 8, "Long": 8, "Float": 4, "Int": 4, "Half": 2, "BFloat16": 2, "Short": 2}  # others have 1
CONTAINERS: dict[str, type] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "SETITEM": 2, "APPEND": 1}  # what others take lies above a mark
LARGE = 2**62
MAX_RANK = 64  # of torch


@dataclass(frozen=True, eq=False)
class _Name:
    """What GLOBAL would import: "module name"."""

    text: str


@dataclass(frozen=True, eq=False)
class _Made:
    """What a call, or a persistent id, would make."""

    by: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class View:
    """A tensor as the pickle describes it, in what may be a lie; every number lies in [0, LARGE].

    Attributes:
        storage: its key in the archive.
        kind: of its numbers, "Float".
        offset, size, stride: in numbers of that kind.
    """

    storage: str
    kind: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def width(self) -> int:
        """Bytes of a number."""
        return BYTES.get(self.kind, 1)

    @property
    def numbers(self) -> int:
        """How many it says it has."""
        return _product(self.size)


def count(pickled: bytes, lengths: Mapping[str, int]) -> int:
    """Count the numbers in the state_dict of a checkpoint: weights and buffers, shared ones once.

    Where several dictionaries of tensors lie in the file, and none under KEY, it is the largest that counts.

    Args:
        pickled: data.pkl of the archive.
        lengths: bytes of each storage in the archive, by its key; no tensor counts for more than its storage has.

    Raises:
        Exception: of nearly every kind, if the bytes are no pickle of the kind that torch.save writes.
    """
    return max((_numbers(state.values(), lengths) for state in _states(_Reader().read(pickled))), default=0)


def views(pickled: bytes, lengths: Mapping[str, int]) -> dict[str, View]:
    """Describe the tensors of the state_dict that `count` counts, by their names, in the file's order.

    Raises:
        Exception: as `count` does.
    """
    states = _states(_Reader().read(pickled))
    return max(states, key=lambda state: _numbers(state.values(), lengths), default={})


def _states(loaded: Any) -> list[dict[str, View]]:
    """What may be the state_dict; the box finds out which of several fits, and the largest counts."""
    if not isinstance(loaded, dict):
        return []
    if _is_state(loaded.get(KEY)):
        return [_views(loaded[KEY])]
    # Each once, however many names it has: a file of 50 KB can name one of 3,000 tensors 2,000 times.
    distinct = {id(value): value for value in (loaded, *loaded.values())}
    return [_views(value) for value in distinct.values() if _is_state(value)]


def _is_state(value: Any) -> bool:
    return isinstance(value, dict) and all(_tensor(item) for item in value.values())


def _views(state: dict[str, Any]) -> dict[str, View]:
    return {name: view for name, value in state.items() if (view := _view(value))}


def _view(value: Any) -> View | None:
    match _tensor(value):
        case _Made(by="storage", args=("storage", _Name(text=kind), str(key), *_)), int(offset), tuple(size), *rest:
            stride = rest[0] if rest and isinstance(rest[0], tuple) else ()
            if max(len(size), len(stride)) > MAX_RANK:  # many tensors can share one tuple, of any length
                raise ValueError("more axes than torch has")
            kind = kind.removeprefix("torch ").removesuffix("Storage")
            return View(key, kind, _small(offset), tuple(map(_small, size)), tuple(map(_small, stride)))
    return None


def _numbers(views: Iterable[View], lengths: Mapping[str, int]) -> int:
    """The numbers in tensors, each of a storage once."""
    found: dict[tuple[str, int], dict[Any, int]] = {}
    for view in views:
        found.setdefault((view.storage, view.width), {})[view.offset, view.size, view.stride] = view.numbers
    return sum(min(lengths.get(key, 0) // width, sum(some.values())) for (key, width), some in found.items())


def _tensor(value: Any) -> tuple[Any, ...]:
    """The arguments that a tensor is rebuilt from: storage, offset, size, stride."""
    match value:
        case _Made(by="torch._utils _rebuild_parameter", args=(inner, *_)):
            return inner.args if isinstance(inner, _Made) and inner.by.startswith(TENSOR) else ()
        case _Made(by=by, args=args) if by.startswith(TENSOR):
            return args
    return ()


def _small(number: Any) -> int:
    return min(number, LARGE) if isinstance(number, int) and number >= 0 else LARGE


def _product(sizes: tuple[int, ...]) -> int:
    if 0 in sizes:
        return 0
    product = 1
    for size in sizes:
        product = min(product * size, LARGE)
    return product


class _Reader:
    """Follows the instructions of a pickle, and calls nothing."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def read(self, pickled: bytes) -> Any:
        """What it would load, in plain values and descriptions."""
        for opcode, argument, _ in pickletools.genops(pickled):
            self._step(opcode.name, argument, opcode)
        return self._stack[-1]

    def _step(self, name: str, argument: Any, opcode: pickletools.OpcodeInfo) -> None:
        stack = self._stack
        if name == "MARK":
            self._marks.append(len(stack))
        elif name in CONTAINERS:
            stack.append(CONTAINERS[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name == "GLOBAL":
            stack.append(_Name(argument))
        elif name == "BINPERSID":
            stack.append(_Made("storage", stack.pop()))
        elif name in ("REDUCE", "BUILD"):
            last, first = stack.pop(), stack.pop()
            stack.append(_called(first, last) if name == "REDUCE" else first)
        elif name in SIZES or name in ("TUPLE", "SETITEMS", "APPENDS"):
            self._gather(name)
        elif name not in ("PROTO", "STOP"):
            if opcode.stack_before or len(opcode.stack_after) != 1:
                raise ValueError(f"torch.save does not write {name}")
            stack.append(argument)  # a number or text; None, True and False have none

    def _gather(self, name: str) -> None:
        """Put the last values together, or into what lies below them."""
        start = len(self._stack) - SIZES[name] if name in SIZES else self._marks.pop()
        if not 0 <= start <= len(self._stack):
            raise ValueError("nothing to put together")
        values = self._stack[start:]
        del self._stack[start:]
        if name.startswith("TUPLE"):
            self._stack.append(tuple(values))
        elif name.startswith("APPEND"):
            self._stack[-1].extend(values)
        else:
            self._stack[-1].update(_pairs(zip(values[::2], values[1::2], strict=True)))


def _called(function: Any, args: Any) -> Any:
    name = function.text if isinstance(function, _Name) else ""
    if name == DICT:
        if args:  # copied each time: of a few bytes, all that the file holds
            raise ValueError("torch.save fills a dictionary after it is made")
        return {}
    return _Made(name, args if isinstance(args, tuple) else ())


def _pairs(pairs: Any) -> dict[str, Any]:
    """What has text for a key; other keys cannot be of a state_dict, and may take for ever to hash."""
    return {key: value for key, value in pairs if isinstance(key, str)}
