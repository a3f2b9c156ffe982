"""Upsampling with zeros and downsampling, the two halves of a stride.

Axes in the shapes below:
    N signals or images   C channels   L length   H, W height and width   A factor

Upsample puts A - 1 zeros between neighbours, none before the first and none after the last value, so L becomes
A * (L - 1) + 1. With A = 3, three values become seven:

    a b c   ->   a 0 0 b 0 0 c

Downsample keeps the values at 0, A, 2A, ... and drops the others, so L becomes (L - 1) // A + 1:

    a b c d e f   ->   a d        A = 3; e and f are a rest, and d stands for it

A convolution with stride S equals one with stride 1, downsampled by S; and where S > 1 moves on in large steps on the
way in, its gradient has to be upsampled on the way out. Files 1.9 and the checks build on that.

Both layers only move values. A value that was kept takes its gradient along; a value that was dropped has no influence
and gets 0; a zero that was put in is a constant, and its gradient is of no interest to anyone. So the way back through
the one looks like the way forth through the other, up to the size: the rest that Downsample dropped must come back.
"""

import numpy as np

from .module import Module, require_positive


class Upsample1d(Module):
    """Put zeros between the values of signals.

    Args:
        factor: A, distance of former neighbours afterwards, in values; 1 changes nothing.
    """

    def __init__(self, factor: int) -> None:
        require_positive(factor=factor)
        self.factor = factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, L) -> (N, C, A*(L-1) + 1)."""
        # TODO 1.8: no loop needed.
        #   1. zeros of the new size and of x's dtype (N, C, A*(L-1) + 1)
        #   2. put x where it belongs: every A-th place is a slice that can be assigned to
        # >>> solution
        n, c, length = x.shape
        y = np.zeros((n, c, self.factor * (length - 1) + 1), dtype=x.dtype)
        y[:, :, :: self.factor] = x
        return y
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, A*(L-1) + 1) -> dx (N, C, L)."""
        # TODO 1.8: which values of y came from x?
        # >>> solution
        return dy[:, :, :: self.factor]
        # <<< solution


class Upsample2d(Module):
    """Put zeros between the pixels of images, in both directions.

    Args:
        factor: A, distance of former neighbours afterwards, in pixels; 1 changes nothing.
    """

    def __init__(self, factor: int) -> None:
        require_positive(factor=factor)
        self.factor = factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, A*(H-1) + 1, A*(W-1) + 1)."""
        # TODO 1.8: as in Upsample1d, with two axes. H and W may differ.
        # >>> solution
        n, c, h, w = x.shape
        y = np.zeros((n, c, self.factor * (h - 1) + 1, self.factor * (w - 1) + 1), dtype=x.dtype)
        y[:, :, :: self.factor, :: self.factor] = x
        return y
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, A*(H-1) + 1, A*(W-1) + 1) -> dx (N, C, H, W)."""
        # TODO 1.8: as in Upsample1d.
        # >>> solution
        return dy[:, :, :: self.factor, :: self.factor]
        # <<< solution


class Downsample1d(Module):
    """Keep every A-th value of signals, starting with the first.

    Args:
        factor: A, in values; 1 changes nothing.
    """

    def __init__(self, factor: int) -> None:
        require_positive(factor=factor)
        self.factor = factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, L) -> (N, C, (L-1)//A + 1)."""
        # TODO 1.8: one slice, and whatever backward needs to know.
        # >>> solution
        self.shape = x.shape
        return x[:, :, :: self.factor]
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, (L-1)//A + 1) -> dx (N, C, L), exactly as long as x was."""
        # TODO 1.8: with A = 3, signals of 4, 5 and 6 values all become 2: the length of dy does not tell L.
        # >>> solution
        dx = np.zeros(self.shape, dtype=dy.dtype)
        dx[:, :, :: self.factor] = dy
        return dx
        # <<< solution


class Downsample2d(Module):
    """Keep every A-th row and column of images, starting with the first.

    Args:
        factor: A, in pixels; 1 changes nothing.
    """

    def __init__(self, factor: int) -> None:
        require_positive(factor=factor)
        self.factor = factor

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, (H-1)//A + 1, (W-1)//A + 1)."""
        # TODO 1.8: as in Downsample1d, with two axes. H and W may differ.
        # >>> solution
        self.shape = x.shape
        return x[:, :, :: self.factor, :: self.factor]
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, (H-1)//A + 1, (W-1)//A + 1) -> dx (N, C, H, W), exactly as large as x was."""
        # TODO 1.8: as in Downsample1d.
        # >>> solution
        dx = np.zeros(self.shape, dtype=dy.dtype)
        dx[:, :, :: self.factor, :: self.factor] = dy
        return dx
        # <<< solution
