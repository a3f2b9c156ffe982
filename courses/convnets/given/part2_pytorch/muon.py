"""Muon, an optimizer for convolutions: a short run of it teaches more than one of SGD. Given.

The gradient of a layer, as a matrix of one row a filter, is mostly a few large directions; SGD follows these and
hardly ever the others. Muon gives each direction of the momentum the same length (Jordan et al. 2024,
https://kellerjordan.github.io/posts/muon). `torch.optim.Muon` takes matrices only, hence this one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from .device import fast_at_bfloat16

POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # a x + b x^3 + c x^5, steep at 0 and near 1 further on
ITERATIONS = 3  # rough is good enough


def orthogonalize(matrix: torch.Tensor) -> torch.Tensor:
    """(R, C) -> (R, C), float32: the same singular vectors, with singular values all near 1 (Newton-Schulz)."""
    a, b, c = POLYNOMIAL
    tall = len(matrix) > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)  # no singular value above 1
    x = x.bfloat16() if fast_at_bfloat16(matrix.device) else x
    gram = (x @ x.T).float()  # of the shorter side: an iteration multiplies x by a polynomial of it,
    factor = torch.eye(len(gram), device=gram.device)
    for _ in range(ITERATIONS):  # so what they all multiply it by is found from these small matrices
        polynomial = b * gram + c * gram @ gram
        polynomial.diagonal().add_(a)
        factor = polynomial @ factor
        gram = polynomial @ gram @ polynomial
    x = factor.to(x.dtype) @ x
    return (x.T if tall else x).float()


class Muon(Optimizer):
    """Muon for the filters of convolutions, parameters of four axes; momentum SGD for all others.

    A step moves the filters of a layer by nearly `lr` times their norm, which stays what it was at first: the
    normalisation that follows a convolution makes its size irrelevant, and with it weight decay.

    Args:
        groups: as for SGD, with `weight_decay`, of the parameters other than filters.
        lr: of filters, relative to their norm.
        sgd_lr: of all others.
        momentum: of both kinds.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, sgd_lr: float, momentum: float) -> None:
        split = []
        for group in groups:
            filters = [p for p in group["params"] if p.ndim == 4]
            others = [p for p in group["params"] if p.ndim != 4]
            split.append(group | {"params": filters, "lr": lr, "orthogonal": True})
            split.append(group | {"params": others, "lr": sgd_lr, "orthogonal": False})
        super().__init__([group for group in split if group["params"]], {"momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Take one step along the gradients; parameters without one stay."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state, gradient = self.state[p], p.grad
                if not group["orthogonal"]:
                    gradient = gradient.add(p, alpha=group["weight_decay"])
                if not state:
                    state["velocity"] = torch.zeros_like(p)
                    state["norm"] = float(p.norm()) or 1.0
                velocity = state["velocity"].mul_(group["momentum"]).add_(gradient)
                direction = gradient.add(velocity, alpha=group["momentum"])  # Nesterov's
                if not group["orthogonal"]:
                    p.sub_(direction, alpha=group["lr"])
                    continue
                filters = direction.movedim(1, -1)  # as they lie in memory, channels last
                rows = orthogonalize(filters.flatten(start_dim=1))
                step = group["lr"] * state["norm"] / min(rows.shape) ** 0.5
                p.movedim(1, -1).sub_(rows.view_as(filters), alpha=step)
                p.mul_(state["norm"] / p.norm().clamp(min=1e-12))  # zeros without a gradient stay
