"""Dropout of whole channels: a network that cannot rely on any one of them learns several ways to the answer.

Axes in the shapes below:
    N images   C channels   H, W height and width

Srivastava et al. 2014; of whole channels Tompson et al. 2015, arXiv:1411.4280, section 3.2: neighbouring pixels are so
alike that dropping single ones would drop next to nothing.
"""

import numpy as np

from .module import Module


class Dropout2d(Module):
    """In training, set each channel of each image to 0 with probability p, and divide the others by 1 - p.

    Args:
        p: probability that a channel is dropped, from 0 to 1.
        rng: source of the draws; a fresh, unseeded one when None.
    """

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"p is {p}, expected a number from 0 to 1")
        self.p = p
        self.rng = np.random.default_rng() if rng is None else rng
        self.training = True  # False in evaluation; whoever uses the layer changes it

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> the same shape; x itself in evaluation."""
        # TODO 1.15: no loop.
        #   1. in training, draw one number for each channel of each image from self.rng     (N, C, 1, 1)
        #   2. 0 or 1 / (1 - p) for each; nothing is divided by 0 where p is 1
        #   3. multiply, and keep what backward needs; in evaluation every factor is 1
        # >>> solution
        self.factors = np.ones((1, 1, 1, 1), x.dtype)
        if self.training:
            kept = self.rng.binomial(1, 1 - self.p, (*x.shape[:2], 1, 1))
            self.factors = (kept / (1 - self.p) if self.p < 1 else kept).astype(x.dtype)
        return x * self.factors
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The shape of y -> the same shape."""
        # TODO 1.15: what forward multiplied by, dy is multiplied by.
        # >>> solution
        return dy * self.factors
        # <<< solution
