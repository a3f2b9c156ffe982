"""What the table cannot say: networks, optimizers and loops of this handout meet what is the grader's."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from .adapted import Adapted, Entry
from .targets import Mismatch, call, step

STEP = "_compute_loss_update_params"


class Module:
    """A layer of the grader's as this handout calls layers: backward returns nothing and sets dx."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def forward(self, *inputs: Any) -> Any:
        """Forget the gradient of an earlier batch, and hand on."""
        vars(self).pop("dx", None)
        return self.layer.forward(*inputs)

    def backward(self, *dout: Any) -> None:
        """Set dx."""
        self.dx = self.layer.backward(*dout)

    def __getattr__(self, name: str) -> Any:
        """Parameters and gradients are those of the layer."""
        if name == "dx" or name.startswith("__"):
            raise AttributeError(f"no {name} before backward")
        return getattr(self.layer, name)


class Network(Adapted):
    """ConvNet, its modules and its criterion replaced by those that the grader gives."""

    @classmethod
    def made(cls, entry: Entry, modules: list[Any], criterion: Any) -> Adapted:
        """Let the student's class make an empty network, and fill it."""
        own = entry.theirs([], {"type": "SoftmaxCrossEntropy"})
        own.modules, own.criterion = [Module(one) for one in modules], Module(criterion)
        found = cls(entry, own)
        vars(found)["first"] = own.modules[0]
        return found

    def forward(self, x: Any, y: Any) -> Any:
        """Return (probs, loss), also where they come nested."""
        found = list(_flat(self.call("forward", x, y)))
        return (found[0], found[1]) if len(found) > 1 and all(one is found[1] for one in found[2:]) else tuple(found)

    def backward(self) -> Any:
        """Return what reaches the images."""
        self.call("backward")
        if "dx" not in vars(self.first):
            raise Mismatch("ConvNet.backward calls no backward of modules[0], expected that of every module")
        return self.first.dx


class Optimizer(Adapted):
    """SGD, whose update is told the model again."""

    @classmethod
    def made(cls, entry: Entry, model: Any, **how: Any) -> Adapted:
        """Keep the model."""
        found = cls(entry, entry.make(model, **how))
        vars(found)["model"] = model
        return found

    def step(self) -> None:
        """Move the parameters of the model."""
        self.call("update", self.model)


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
    solver, count, loss, hits = _solver(entry, model, None, criterion), 0, 0.0, 0
    for images, labels in loader:
        scores, mean = call(step(solver, STEP, entry.folder), [images, labels], {}, entry.folder)
        count, loss = count + len(labels), loss + float(mean) * len(labels)
        hits += int((scores.argmax(1) == labels).sum())
    return loss / count, hits / count


def _call_loop(entry: Entry, *args: Any) -> Any:
    module = entry.adapter.module(entry.rule["file"])
    vars(module).setdefault("args", Absent("args"))  # what main() would have read
    return entry.make(*args)


def _solver(entry: Entry, model: Any, optimizer: Any, criterion: Any) -> Any:
    """A solver as its constructor leaves it, which would read data sets."""
    solver = object.__new__(entry.theirs)
    vars(solver).update(model=model, optimizer=optimizer, criterion=criterion, device="cpu")
    return solver


class Absent(ModuleType):
    """A library that a file of the handout imports, and needs only where it is run as a program."""

    stands_in = True

    def __getattr__(self, name: str) -> Any:
        """Whatever is asked for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(name)

    def __call__(self, *args: Any, **_: Any) -> Any:
        """Hand back the first of what it is given."""
        return args[0] if args else self


for absent in ("yaml", "tqdm", "tqdm.auto", "tqdm.notebook", "matplotlib", "matplotlib.pyplot"):
    sys.modules.setdefault(absent, Absent(absent))
