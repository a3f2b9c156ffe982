"""A student's module or function of tensors, asked as a layer is: autograd goes back for it.

Autograd works within one process only, so gradients are taken here and sent back as numbers. Nothing in this module
is an answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ..targets import Mismatch

Tensors = Mapping[str, torch.Tensor]


class Differentiated:
    """What a call has made of its inputs, to go back through.

    Args:
        called: a module, or a function.
        dtype: of all floats, also of those that it makes itself without saying a dtype.
        seed: of torch's generator, from the first call on; None where nothing is drawn.
        args, kwargs: that a function takes after its inputs.
    """

    def __init__(
        self,
        called: Any,
        dtype: str,
        seed: int | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self._called, self._dtype = called, getattr(torch, dtype)
        self._args, self._kwargs = args, kwargs or {}
        self._names: dict[str, str] = {}  # of its own parameters and buffers, by what they are asked for as
        self._parameters: dict[str, torch.Tensor] = {}
        self._given: dict[str, Any] = {}
        self._leaves: list[torch.Tensor] = []
        self._outputs: list[torch.Tensor] = []
        self._found: Sequence[torch.Tensor | None] = ()
        if isinstance(called, nn.Module):
            called.to(self._dtype)
            for module in called.modules():  # what it holds beside parameters and buffers
                floats = {n: one for n, one in vars(module).items() if isinstance(one, torch.Tensor)}
                vars(module).update({n: one.to(self._dtype) for n, one in floats.items() if one.is_floating_point()})
        if seed is not None:
            torch.manual_seed(seed)

    def fill(self, parameters: Tensors, buffers: Tensors) -> None:
        """Give a module its parameters and buffers, by name; in order, where it has others of these shapes.

        Raises:
            Mismatch: if it has not what is asked for, with what it has.
        """
        learned, kept = dict(self._called.named_parameters()), dict(self._called.named_buffers())
        floats = {name: one for name, one in kept.items() if one.is_floating_point()}
        self._names = _matched(self._called, "parameter", learned, parameters)
        self._names |= _matched(self._called, "buffer", floats, buffers)
        self._parameters = {name: learned[self._names[name]] for name in parameters}
        with torch.no_grad():
            for name, value in {**parameters, **buffers}.items():
                {**learned, **kept}[self._names[name]].copy_(value)

    def forward(self, call: Sequence[Any], given: Mapping[str, Any], leaves: Sequence[str], layout: str) -> Any:
        """Call it with inputs as a model would make them: part of a graph, free to be overwritten.

        Args:
            call: names of inputs, in tuples as they lie.
            leaves: those that have a gradient.
            layout: in memory: "plain", "strided" or "fortran".
        """
        # The product: autograd lets nobody overwrite a leaf.
        own = {name: given[name].clone().requires_grad_() for name in leaves}
        parts = {**given, **{name: leaf * 1 for name, leaf in own.items()}}
        self._given = {name: LAYOUTS[layout](one) if one.ndim else one for name, one in parts.items()}
        self._leaves, self._found = [*own.values(), *self._parameters.values()], ()
        with by_default(self._dtype):
            answer = self._called(*(_filled(one, self._given) for one in call), *self._args, **self._kwargs)
        self._outputs = [one for one in _flat(answer) if isinstance(one, torch.Tensor) and one.is_floating_point()]
        return answer

    def backward(self, *upstream: torch.Tensor) -> list[torch.Tensor | None]:
        """Go back from the outputs, and return the gradient of each input: None where nothing leads back to it."""
        both = zip(self._outputs, upstream, strict=False)
        pairs = [(y, dy.to(y.dtype)) for y, dy in both if y.requires_grad and y.shape == dy.shape]
        self._found = [None] * len(self._leaves)
        if pairs and self._leaves:
            with by_default(self._dtype):
                ys, dys = [y for y, _ in pairs], [dy for _, dy in pairs]
                # Kept, since a check may go back twice.
                self._found = torch.autograd.grad(ys, self._leaves, dys, retain_graph=True, allow_unused=True)
        return [*self._found[: len(self._leaves) - len(self._parameters)]]

    def look(self, name: str) -> torch.Tensor | None:
        """The gradient of a parameter, once `backward` has gone back; or a buffer, as it is now."""
        if name in self._parameters:
            return dict(zip(self._parameters, self._found[-len(self._parameters) :], strict=False)).get(name)
        buffers: dict[str, torch.Tensor] = dict(self._called.named_buffers())
        return buffers.get(self._names[name])

    def now(self) -> dict[str, Any]:
        """The inputs and parameters, as they are after a call."""
        return {**self._given, **self._parameters}

    def train(self) -> None:
        """Put a module into training."""
        self._called.train()

    def eval(self) -> None:
        """Put a module into evaluation."""
        self._called.eval()


def _matched(module: nn.Module, kind: str, own: Tensors, asked: Tensors) -> dict[str, str]:
    """Find each tensor that is asked for among a module's own; by its name, or by its shape where names differ."""
    if own.keys() == asked.keys() and all(own[name].shape == value.shape for name, value in asked.items()):
        return dict(zip(asked, asked, strict=True))
    left, found = {name: tuple(one.shape) for name, one in own.items()}, {}
    for name, value in asked.items():
        fits = [other for other, shape in left.items() if shape == tuple(value.shape)]
        if not fits:
            break
        found[name] = name if name in fits else fits[0]
        del left[found[name]]
    if left or len(found) < len(asked):
        there = {name: tuple(one.shape) for name, one in own.items()}
        wanted = {name: tuple(one.shape) for name, one in asked.items()}
        raise Mismatch(f"{type(module).__name__} has {_shown(kind, there)}, expected {_shown(kind, wanted)}")
    return found


def _shown(kind: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    listed = ", ".join(f"{name} of shape {shape}" for name, shape in shapes.items())
    return f"{kind}s {listed}" if len(shapes) > 1 else f"the {kind} {listed}" if shapes else f"no {kind}"


def _filled(structure: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(structure, str):
        return given.get(structure)
    return type(structure)(_filled(one, given) for one in structure)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _strided(x: torch.Tensor) -> torch.Tensor:
    """The same values, every second one of a larger tensor along the last axis."""
    return torch.stack([x, torch.zeros_like(x)], dim=-1).flatten(-2)[..., ::2]


def _fortran(x: torch.Tensor) -> torch.Tensor:
    """The same values, the first axis the innermost one in memory."""
    axes = [*range(x.ndim)][::-1]
    return x.permute(axes).contiguous().permute(axes)


LAYOUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "plain": lambda x: x,
    "strided": _strided,
    "fortran": _fortran,
}


@contextlib.contextmanager
def by_default(dtype: torch.dtype) -> Iterator[None]:
    """Let what code makes of nothing, or of whole numbers, be as fine as its arrays."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
