"""What a student's loss is asked on the student's side: value and gradient for given logits, and what it keeps.

Autograd works within one process only, so the gradient is taken here and sent back as numbers. Nothing in this module
is an answer.
"""

from __future__ import annotations

import torch
from torch import nn


def evaluate(
    loss: nn.Module, logits: torch.Tensor, labels: torch.Tensor
) -> tuple[object, torch.Tensor | None, torch.Tensor, torch.Tensor]:
    """Return the loss, its gradient by the logits (None where nothing leads back to them), and both inputs afterwards.

    The loss gets logits as a model would make them: part of a graph, free to be overwritten.
    """
    leaf = logits.clone().requires_grad_()
    given = leaf * 1
    value = loss(given, labels)
    gradient = None
    if isinstance(value, torch.Tensor) and value.requires_grad:
        (gradient,) = torch.autograd.grad(value.sum(), leaf, allow_unused=True)
    return value, gradient, given, labels


def trainable(module: nn.Module) -> int:
    """Count the numbers that an optimiser would change."""
    return sum(parameter.numel() for parameter in module.parameters())


def load_state_of(target: nn.Module, source: nn.Module) -> None:
    """Give one module the state_dict of another of its kind."""
    target.load_state_dict(source.state_dict())
