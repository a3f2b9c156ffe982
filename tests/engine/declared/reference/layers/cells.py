import numpy as np


class Cell:
    """h' = tanh(x @ weight.T + h), y = x * h' summed over what comes in."""

    def __init__(self, inputs, units):
        self.weight = np.ones((units, inputs))

    def forward(self, x, h):
        """(N, D), (N, U) -> y (N, U), h' (N, U)."""
        # TODO 1.1: both results.
        # >>> solution
        self.x, self.h, self.new = x, h, np.tanh(x @ self.weight.T + h)
        return self.new * h, self.new
        # <<< solution

    def backward(self, dy, dh):
        """(N, U), (N, U) -> dx (N, D), the gradient of h (N, U)."""
        # TODO 1.1: both gradients, and dw.
        # >>> solution
        inner = (dh + dy * self.h) * (1 - self.new**2)
        self.dw = inner.T @ self.x
        return inner @ self.weight, inner + dy * self.new
        # <<< solution


def likeness(a, b, scaled=True):
    """(N, D), (M, D) -> (N, M): products of every two rows, divided by the root of D where scaled."""
    # TODO 1.2: one matrix product.
    # >>> solution
    found = a @ b.T
    return found / np.sqrt(a.shape[1]).astype(a.dtype) if scaled else found
    # <<< solution
