"""What the table cannot say: networks, optimizers and loops of this handout meet what is the grader's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from .absent import Absent
from .adapted import Adapted, Entry
from .targets import Mismatch, call, step

STEP = "_compute_loss_update_params"


KINDS = ("relu", "ReLU"), ("linear", "Linear"), ("convolution", "Conv2D")  # the first does not learn


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
        model.modules = [  # those that learn are of either kind: an optimizer that looks for one leaves the other
            _as_theirs(entry, layer, KINDS[hasattr(layer, "weight") * (1 + number % 2)])
            for number, layer in enumerate(model.modules)
        ]
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
    for _ in _steps(entry, model.train(), loader, criterion, optimizer):
        pass


def training(entry: Entry, model: Any, loader: Any, criterion: Any, optimizer: Any) -> Any:
    """Return loss and accuracy of what a solver's steps return; None of a function, which returns nothing."""
    if entry.rule["name"] != "Solver":
        return None
    return _measured(_steps(entry, model.train(), loader, criterion, optimizer), "training")


def validate(entry: Entry, model: Any, loader: Any, criterion: Any, device: Any) -> Any:
    """Return the losses, where they are told, and the accuracy of a validation."""
    if entry.rule["name"] != "Solver":
        found = _call_loop(entry, 0, loader, model, criterion)
        return 0.0, found[0] if isinstance(found, tuple | list) else found
    optimizer = sys.modules["torch"].optim.SGD(model.parameters(), lr=1.0)  # to be seen where it is stepped
    return _measured(_steps(entry, model.eval(), loader, criterion, optimizer), "validation")


def _steps(entry: Entry, model: Any, loader: Any, criterion: Any, optimizer: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the labels of each batch and what a solver's step returned for it, as its own lines ask for one."""
    solver = object.__new__(entry.theirs)  # as its constructor leaves it, which would read data sets
    vars(solver).update(model=model, optimizer=optimizer, criterion=criterion, device="cpu")
    for images, labels in loader:
        yield labels, call(step(solver, STEP, entry.folder), [images, labels], {}, entry.folder)


def _measured(steps: Iterator[tuple[Any, Any]], during: str) -> tuple[float, float]:
    """Average loss and accuracy over all images, as the lines around a step do."""
    count, loss, hits = 0, 0.0, 0
    for labels, found in steps:
        if not _is_pair(found, len(labels)):
            raise Mismatch(
                f"Solver.{STEP} in {during} returned {_told(found)}, expected (output, loss), tensors of shapes "
                f"({len(labels)}, classes) and ()"
            )
        scores, mean = found
        count, loss = count + len(labels), loss + mean.item() * len(labels)
        hits += int((scores.argmax(1) == labels).sum())
    return loss / count, hits / count


def _is_pair(found: Any, count: int) -> bool:
    """Whether the lines around a step, which are given, can use what it returned for so many images."""
    tensor = sys.modules["torch"].Tensor
    if not isinstance(found, tuple | list) or len(found) != 2 or not all(isinstance(one, tensor) for one in found):
        return False
    scores, loss = found
    return scores.ndim == 2 and len(scores) == count and loss.numel() == 1


def _told(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_told, value))})"
    if isinstance(value, sys.modules["torch"].Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return "None" if value is None else type(value).__name__


def _call_loop(entry: Entry, *args: Any) -> Any:
    vars(entry.adapter.module(entry.rule["file"])).setdefault("args", Absent("args"))  # what main() would have read
    return entry.make(*args)
