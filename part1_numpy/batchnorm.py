"""Batch normalisation of images, in training and in evaluation.

Axes in the shapes below:
    N images   C channels   H, W height and width

Ioffe and Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2. In training a channel is brought to mean 0 and variance 1
over all the images and positions of the batch, then scaled and moved by two numbers that are learned:

    y = weight * (x - mean) / sqrt(variance + eps) + bias

mean and variance depend on every value of the channel, so that on the way back each value has three terms: its own,
and what comes back through the mean and through the variance.
"""

import numpy as np

from .module import Module, require_positive


class BatchNorm2d(Module):
    """Normalise each channel by the mean and variance of the batch, or, in evaluation, by those of earlier batches.

    Args:
        channels: C.
        eps: added to the variance, so that nothing is divided by 0.
        momentum: share that a new batch has in running_mean and running_var.
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        require_positive(channels=channels)
        self.eps, self.momentum = eps, momentum
        self.training = True  # False in evaluation; whoever uses the layer changes it
        self.weight, self.bias = np.ones(channels), np.zeros(channels)  # (C,) each
        self.dw, self.db = np.zeros(channels), np.zeros(channels)  # (C,) each, set by backward
        self.running_mean, self.running_var = np.zeros(channels), np.ones(channels)  # (C,) each

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> the same shape. In training, updates running_mean and running_var."""
        # TODO 1.14: no loop.
        #   1. mean and variance of each channel: of the batch in training, the running ones in evaluation      (C,)
        #   2. in training: running = (1 - momentum) * running + momentum * new; the variance that enters here is the
        #      unbiased one, a sum divided by M - 1, M = N * H * W, where the one of step 1 is divided by M
        #   3. normalise, scale by weight, move by bias                                                 (N, C, H, W)
        raise NotImplementedError("TODO 1.14: BatchNorm2d.forward")

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> the same shape. Sets dw (C,) and db (C,). In evaluation mean and variance are constants."""
        # TODO 1.14: no loop. With z for the normalised x and m(.) for the mean over images and positions:
        # dx = weight / sqrt(variance + eps) * (dy - m(dy) - z * m(dy * z)) in training.
        raise NotImplementedError("TODO 1.14: BatchNorm2d.backward")
