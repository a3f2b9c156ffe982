"""Pooling, forward and backward.

Axes in the shapes below:
    N images   C channels   H, W height and width   K window   S stride   P, Q output height and width

P = (H - K) // S + 1 and Q likewise for W; rows and columns at the end that do not fill a window are not looked at, and
get gradient 0. Each channel is pooled on its own.

Where S < K the windows overlap. A pixel that is the largest of two windows is the output of both, and a small change
of it changes both: its gradient is the sum of the two. Whoever writes window after window into dx with `=` keeps the
last one only.
"""

import numpy as np

from .module import Module, require_positive


class MaxPool2d(Module):
    """Keep the largest value of every K x K window.

    Args:
        kernel_size: K, side of the window, in pixels.
        stride: S, pixels between neighbouring windows; the window's side when None.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        require_positive(kernel_size=self.kernel_size, stride=self.stride)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, P, Q)."""
        # TODO 1.7: loops are fine; windows save them.
        #   1. view x as windows                      (N, C, P, Q, K, K)      sliding_windows of 1.1, or your own way
        #   2. largest value of each                  (N, C, P, Q)
        #   3. remember where it stood, for backward
        # Only the last two axes are searched: argmax over one axis of length K * K, or argmax_position of 1.1 in loops.
        # Look at: np.reshape, np.argmax, np.take_along_axis.
        # >>> solution
        k, s = self.kernel_size, self.stride
        windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        n, c, p, q = windows.shape[:4]
        y = np.empty((n, c, p, q), dtype=x.dtype)
        # Compare all windows of an image at once, not the values of one: NumPy is fast on long axes without gaps.
        places = np.empty((k * k, c, p, q), dtype=x.dtype)
        number = np.min_scalar_type(len(places)).type  # a byte for all but very large windows
        self.shape, self.winner = x.shape, np.zeros(y.shape, dtype=number)  # winner (N, C, P, Q), in 0 .. K*K - 1
        for image in range(n):
            places.reshape(k, k, c, p, q)[...] = windows[image].transpose(3, 4, 0, 1, 2)
            places.max(axis=0, out=y[image])
            for place in range(k * k):  # of equal values the last one wins
                won = (places[place] == y[image]) * number(place)
                np.maximum(self.winner[image], won, out=self.winner[image])
        return y
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, P, Q) -> dx (N, C, H, W), each value of dy added to the pixel that was its window's largest.

        Where several pixels of a window are equally large, one of them may get all of it, or they may share it.
        """
        # TODO 1.7: loops are fine. Windows may overlap, and may leave a rest at the end.
        #   1. zeros                                  (N, C, H, W)
        #   2. for each place (i, j) of a window: the pixels that stand there in all windows are x[:, :, i::S, j::S],
        #      the first P and Q of them              (N, C, P, Q)
        #   3. add to them dy, wherever (i, j) was the place of the largest value
        # Or go window by window. Either way gradients add up where windows meet.
        # >>> solution
        n, c, h, w = self.shape
        p, q = dy.shape[2:]
        k, s = self.kernel_size, self.stride
        # Number the pixels of all images through: where the image starts, the window in it, its largest pixel in that.
        row, column = np.ogrid[: s * p : s, : s * q : s]
        further = np.add.outer(w * np.arange(k), np.arange(k)).ravel()  # (K*K,)
        pixels = further[self.winner].reshape(n * c, p * q)
        pixels += (row * w + column).ravel()
        pixels += h * w * np.arange(n * c)[:, None]
        # bincount adds up what comes to one pixel from several windows, in float64
        return np.bincount(pixels.ravel(), dy.ravel(), n * c * h * w).reshape(self.shape).astype(dy.dtype)
        # <<< solution


class AvgPool2d(Module):
    """Keep the mean of every K x K window.

    Args:
        kernel_size: K, side of the window, in pixels.
        stride: S, pixels between neighbouring windows; the window's side when None.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        require_positive(kernel_size=self.kernel_size, stride=self.stride)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, P, Q)."""
        # TODO 1.7: as in MaxPool2d.
        #   1. view x as windows                      (N, C, P, Q, K, K)
        #   2. mean of each                           (N, C, P, Q)
        #   3. what does backward have to know, when all pixels of a window count alike?
        # >>> solution
        k, s = self.kernel_size, self.stride
        self.shape = x.shape
        windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        return windows.mean(axis=(4, 5))
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, P, Q) -> dx (N, C, H, W), each value of dy shared equally by the pixels of its window."""
        # TODO 1.7: as in MaxPool2d, with another share. The shares of one window sum to its dy.
        # >>> solution
        dx = np.zeros(self.shape, dtype=dy.dtype)
        p, q = dy.shape[2:]
        k, s = self.kernel_size, self.stride
        for i in range(k):
            for j in range(k):
                dx[:, :, i : i + s * p : s, j : j + s * q : s] += dy / k**2
        return dx
        # <<< solution
