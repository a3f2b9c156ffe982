"""What is done with the models that students write, where they are. Nothing in this module is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ..targets import Mismatch


def ready(model: Any, shape: Sequence[int]) -> Any:
    """The model, whose lazy layers have seen a first batch of this shape: before it, they have no shapes themselves."""
    if isinstance(model, nn.Module) and any(map(nn.parameter.is_lazy, [*model.parameters(), *model.buffers()])):
        modes = {module: module.training for module in model.modules()}
        # In evaluation, as a batch in training would move running statistics.
        with torch.no_grad():
            model.eval()(torch.zeros(*shape))
        for module, training in modes.items():
            module.training = training
    return model


def parameter_shapes(model: nn.Module) -> list[tuple[int, ...]]:
    """Shapes of the parameters, in the model's own order."""
    return [tuple(parameter.shape) for parameter in model.parameters()]


def fill(model: nn.Module, arrays: Sequence[np.ndarray]) -> None:
    """Give each parameter the array of its shape.

    Raises:
        Mismatch: if there is none.
    """
    by_shape = {array.shape: array for array in arrays}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            array = by_shape.get(tuple(parameter.shape))
            if array is None:
                known = ", ".join(map(str, by_shape))
                raise Mismatch(f"{name} has shape {tuple(parameter.shape)}, expected one of {known}")
            parameter.copy_(torch.from_numpy(array))


def gradients(model: nn.Module, x: torch.Tensor, dy: torch.Tensor) -> dict[str, Any]:
    """Gradients of sum(scores * dy) by the shape of the parameter, as text; None where there is none."""
    scores = model(x)
    if scores.requires_grad:
        scores.backward(dy)
    return {str(tuple(parameter.shape)): parameter.grad for parameter in model.parameters()}


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """The same images with the colours of a pixel side by side in memory."""
    return x.contiguous(memory_format=torch.channels_last)


class Parameters:
    """What a model learns, as it is before the model is called."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._before = [(parameter, parameter.detach().clone()) for parameter in model.parameters()]

    def moved(self) -> list[str]:
        """The names of those that are others now, or have other values."""
        pairs = zip(self._model.named_parameters(), self._before, strict=False)
        return [name for (name, now), (held, value) in pairs if now is not held or not torch.equal(now, value)]
