"""What the table cannot say: networks, optimizers and loops of this handout meet what is the grader's."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import numpy as np

from .absent import Absent
from .adapted import Adapted, Entry
from .targets import Mismatch, call, step

STEP = "_compute_loss_update_params"


KINDS = {True: ("linear", "Linear"), False: ("relu", "ReLU")}  # by whether a layer learns


class Network(Adapted):
    """ConvNet, its modules and its criterion replaced by those that the grader gives."""

    @classmethod
    def made(cls, entry: Entry, modules: list[Any], criterion: Any) -> Adapted:
        """Let the student's class make an empty network, and fill it."""
        own = entry.theirs([], {"type": "SoftmaxCrossEntropy"})
        order: list[int] = []
        own.modules = [
            _module(entry, one, KINDS[hasattr(one, "weight")], order, f"modules[{number}]")
            for number, one in enumerate(modules)
        ]
        own.criterion = _module(entry, criterion, ("softmax_ce", "SoftmaxCrossEntropy"), [], "criterion")
        found = cls(entry, own)
        numbers = {id(one): number for number, one in enumerate(own.modules)}
        vars(found).update(first=own.modules[0], order=order, numbers=numbers)
        return found

    def forward(self, x: Any, y: Any) -> Any:
        """Return (probs, loss), also where they come nested."""
        found = list(_flat(self.call("forward", x, y)))
        if len(found) == 1:
            return found[0]
        return (found[0], found[1]) if len(found) > 1 and all(one is found[1] for one in found[2:]) else tuple(found)

    def backward(self) -> Any:
        """Return what reaches the images."""
        self.order.clear()
        self.call("backward")
        order = [self.numbers[one] for one in self.order]
        right = [*reversed(range(len(order)))]
        if order != right and len(order) == len(self.numbers) and sorted(order, reverse=True) == right:
            shown = ", ".join(map(str, order))
            raise Mismatch(
                f"ConvNet.backward takes the modules in the order {shown}, expected from the last to the first"
            )
        if "dx" not in vars(self.first):
            raise Mismatch("ConvNet.backward calls no backward of modules[0], expected that of every module")
        return self.first.dx


class Flattening:
    """A module as Linear is here: it takes images as they are, and sets dx in their shape."""

    def __init__(self, entry: Entry, weight: Any, bias: Any) -> None:
        self.weight, self.bias = weight, bias

    def forward(self, x: Any) -> Any:
        """(N, ...) -> (N, entries)."""
        self.shape = x.shape
        return x.reshape(len(x), -1) * self.weight + self.bias

    def backward(self, dout: Any) -> Any:
        """(N, entries) -> (N, ...)."""
        return (dout * self.weight).reshape(self.shape)


class Optimizer(Adapted):
    """SGD, whose update is told the model again."""

    @classmethod
    def made(cls, entry: Entry, model: Any, **how: Any) -> Adapted:
        """Keep the model."""
        model.modules = [_as_theirs(entry, layer, KINDS[hasattr(layer, "weight")]) for layer in model.modules]
        found = cls(entry, entry.make(model, **how))
        vars(found)["model"] = model
        return found

    def step(self) -> None:
        """Move the parameters of the model."""
        self.call("update", self.model)


def _as_theirs(entry: Entry, layer: Any, kind: tuple[str, str]) -> Any:
    """A layer of the grader's as one of the student's, where code looks at its class: all it has is shared."""
    file, name = kind
    with suppress(Exception):  # it may not be there, or be made in another way: then it is no matter here
        own = object.__new__(getattr(entry.adapter.module(f"modules/{file}.py"), name))
        own.__dict__ = layer.__dict__
        return own
    return layer


def _module(entry: Entry, layer: Any, kind: tuple[str, str], order: list[int], name: str) -> Any:
    """A layer of the grader's as this handout calls layers: backward sets dx, and is noted in the order of calls."""
    forward, backward = layer.forward, layer.backward  # of the grader's class, whatever the student's has
    own = _as_theirs(entry, layer, kind)
    returned: list[Any] = [None]  # the shape of the latest

    def go(*inputs: Any) -> Any:
        vars(own).pop("dx", None)  # of an earlier batch
        out = forward(*inputs)
        returned[0] = np.shape(out) if isinstance(out, np.ndarray) else None
        return out

    def back(*dout: Any) -> None:
        order.append(id(own))
        if dout and isinstance(dout[0], np.ndarray) and returned[0] not in (None, dout[0].shape):
            raise Mismatch(
                f"ConvNet.backward gives {name} a dout of shape {dout[0].shape}, expected {returned[0]}, that of what "
                "its forward returned"
            )
        own.dx = backward(*dout)

    vars(own).update(forward=go, backward=back)
    return own


def _flat(value: Any) -> Any:
    """The entries of tuples in tuples."""
    if isinstance(value, tuple | list) and not isinstance(value, np.ndarray):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def train_epoch(entry: Entry, model: Any, loader: Any, criterion: Any, optimizer: Any, device: Any) -> None:
    """One epoch: a function until 2024, afterwards a solver that is asked for each batch."""
    if entry.rule["name"] != "Solver":
        _call_loop(entry, 0, loader, model, optimizer, criterion)
        return
    model.train()
    solver = _solver(entry, model, optimizer, criterion)
    for images, labels in loader:
        call(step(solver, STEP, entry.folder), [images, labels], {}, entry.folder)


def validate(entry: Entry, model: Any, loader: Any, criterion: Any, device: Any) -> Any:
    """Return the losses, where they are told, and the accuracy of a validation."""
    if entry.rule["name"] != "Solver":
        found = _call_loop(entry, 0, loader, model, criterion)
        return 0.0, found[0] if isinstance(found, tuple | list) else found
    model.eval()
    optimizer = sys.modules["torch"].optim.SGD(model.parameters(), lr=1.0)  # to be seen where it is stepped
    solver, count, loss, hits = _solver(entry, model, optimizer, criterion), 0, 0.0, 0
    for images, labels in loader:
        found = call(step(solver, STEP, entry.folder), [images, labels], {}, entry.folder)
        if not isinstance(found, tuple | list) or len(found) != 2 or any(one is None for one in found):
            raise Mismatch(f"Solver.{STEP} in validation returned {_told(found)}, expected (output, loss)")
        scores, mean = found
        count, loss = count + len(labels), loss + float(mean) * len(labels)
        hits += int((scores.argmax(1) == labels).sum())
    return loss / count, hits / count


def _told(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_told, value))})"
    return "None" if value is None else type(value).__name__


def _call_loop(entry: Entry, *args: Any) -> Any:
    vars(entry.adapter.module(entry.rule["file"])).setdefault("args", Absent("args"))  # what main() would have read
    return entry.make(*args)


def _solver(entry: Entry, model: Any, optimizer: Any, criterion: Any) -> Any:
    """A solver as its constructor leaves it, which would read data sets."""
    solver = object.__new__(entry.theirs)
    vars(solver).update(model=model, optimizer=optimizer, criterion=criterion, device="cpu")
    return solver
