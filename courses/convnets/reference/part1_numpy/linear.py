"""The fully connected layer, and the flattening before it.

Axes in the shapes below:
    N images   D values of one image, flattened (in_features)   M outputs (out_features)

The layer computes y[n, m] = sum over d of x[n, d] * weight[m, d], plus bias[m]. For the way back, follow one number at
a time and add up over every place where it is used (see module.py):

    x[n, d]         enters y[n, m] for every m, times weight[m, d]
    weight[m, d]    enters y[n, m] for every n, times x[n, d]
    bias[m]         enters y[n, m] for every n, times 1

Each sum over one index is a matrix product, and the shapes say which one: the result has to have the shape of the
array whose gradient it is.
"""

import numpy as np

from .module import Module, draw_weight, require_positive


class Linear(Module):
    """Multiply each flattened image by a matrix and add a bias.

    Args:
        in_features: D, values of one image; d1 * ... * dn for an input of shape (N, d1, ..., dn).
        out_features: M, values put out for one image.
        rng: source of the first weights.
    """

    def __init__(self, in_features: int, out_features: int, rng: np.random.Generator | None = None) -> None:
        require_positive(in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = draw_weight((out_features, in_features), in_features, rng)  # (M, D)
        self.bias = np.zeros(out_features)  # (M,)
        self.dw = np.zeros_like(self.weight)  # (M, D), set by backward
        self.db = np.zeros_like(self.bias)  # (M,), set by backward

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, d1, ..., dn) -> (N, M), with d1 * ... * dn = D."""
        # TODO 1.2: no loop.
        #   1. flatten each image                     (N, D)
        #   2. weigh, sum, add the bias               (N, M)
        #   3. keep what backward needs
        # x may have any number of axes, two included.
        # >>> solution
        self.x = x
        return x.reshape(len(x), -1) @ self.weight.T + self.bias
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, M) -> dx of the shape that x had, (N, d1, ..., dn). Sets dw (M, D) and db (M,)."""
        # TODO 1.2: no loop, and no division by N: the loss has already taken the mean.
        #   1. db, a sum over the images              (M,)
        #   2. dw, a matrix product                   (M, D)
        #   3. dx, a matrix product                   (N, D), then back to the shape of x
        # >>> solution
        self.db = dy.sum(axis=0)
        self.dw = dy.T @ self.x.reshape(len(self.x), -1)
        return (dy @ self.weight).reshape(self.x.shape)
        # <<< solution


class Flatten(Module):
    """Lay each image out as one row, and fold the gradient back."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, d1, ..., dn) -> (N, d1 * ... * dn), values in the order of memory (row by row)."""
        # TODO 1.2: one line, and one more for what backward needs to know.
        # Look at: np.reshape, where one length may be -1.
        # >>> solution
        self.shape = x.shape
        return x.reshape(len(x), -1)
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, d1 * ... * dn) -> (N, d1, ..., dn)."""
        # TODO 1.2: flattening moves no value, so its gradient has nothing to compute: only the shape changes.
        # >>> solution
        return dy.reshape(self.shape)
        # <<< solution
