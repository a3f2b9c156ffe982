"""Arrays to double precision tensors and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

torch.set_num_threads(1)  # the cases are small: waking a second thread takes longer than the work


def double(array: np.ndarray) -> torch.Tensor:
    """Copy an array, of any dtype and layout, into a float64 tensor."""
    return torch.from_numpy(np.array(array, dtype=np.float64, order="C"))


def pulled_back(function: Callable[[torch.Tensor], torch.Tensor], x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Return the gradient of sum(function(x) * dy) by x, which is what a layer's backward returns for dy."""
    leaf = double(x).requires_grad_()
    (gradient,) = torch.autograd.grad(function(leaf), leaf, double(dy))
    return gradient.numpy()
