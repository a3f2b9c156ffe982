"""Activations: functions applied to each value on its own, whatever the shape of the array.

As y[i] depends on x[i] alone, the chain rule has one term: dx[i] = dy[i] * f'(x[i]), a product of arrays of equal
shape. Sigmoid and Tanh have a derivative that is a short formula in y itself, so y is all that they need to keep.

exp grows fast: np.exp(710.0) is already more than a float64 can hold, np.exp(89) more than a float32 can, and NumPy
answers with inf and a RuntimeWarning. The other direction is harmless: np.exp(-1000.0) is 0.
"""

import numpy as np

from .module import Module


class ReLU(Module):
    """y = x where x is positive, 0 elsewhere."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape -> the same shape."""
        # TODO 1.3: no loop, and x keeps its negative values: make a new array.
        # >>> solution
        self.positive = x > 0
        return np.maximum(x, 0)
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The shape of y -> the same shape."""
        # TODO 1.3: the slope of ReLU is 1 on one side and 0 on the other; at exactly 0 either is accepted.
        # Which of x and dy decides on which side a value lies?
        # >>> solution
        return dy * self.positive
        # <<< solution


class Sigmoid(Module):
    """y = 1 / (1 + exp(-x)), between 0 and 1."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape -> the same shape."""
        # TODO 1.3: no warning at any x, +-1000 included, and no loss of precision to avoid it (do not clip x).
        #   1. multiply numerator and denominator of 1 / (1 + exp(-x)) by exp(x): a second form of the same function
        #   2. for which sign of x is the exponent of each form harmless?
        #   3. use each form where it is safe
        # np.where evaluates both of its branches everywhere, so exp must not overflow in the branch not taken either:
        # one exp of something that is never positive can serve both forms.
        # >>> solution
        small = np.exp(-np.abs(x))  # in (0, 1], never overflows
        self.y = np.where(x >= 0, 1, small) / (1 + small)
        return self.y
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The shape of y -> the same shape."""
        # TODO 1.3: differentiate 1 / (1 + exp(-x)) on paper and write the result in terms of y.
        # At x = 0, where y = 0.5, the slope is 0.25.
        # >>> solution
        return dy * self.y * (1 - self.y)
        # <<< solution


class Tanh(Module):
    """y = tanh(x), between -1 and 1."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape -> the same shape."""
        # TODO 1.3: no warning at any x. Written with exp, tanh would need the care of Sigmoid; NumPy has it ready.
        # >>> solution
        self.y = np.tanh(x)
        return self.y
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The shape of y -> the same shape."""
        # TODO 1.3: the derivative in terms of y. At x = 0, where y = 0, the slope is 1; far out, it is 0.
        # >>> solution
        return dy * (1 - self.y**2)
        # <<< solution
