"""Convolution of images, forward and backward.

Axes in the shapes below:
    N images   C channels in   F filters (channels out)   H, W height and width   K kernel   S stride
    P, Q output height and width

P = (H + 2*padding - K) // S + 1 and Q likewise for W. Rows and columns that are left at the bottom and on the right,
where no whole step of S fits any more, are not looked at.

Forward, once more without flipping the kernel:

    y[n, f, p, q] = bias[f] + sum over c, i, j of  x[n, c, p*S + i, q*S + j] * weight[f, c, i, j]

Backward. A pixel lies in up to K * K windows (fewer near the border, or for S > 1), at another place of the kernel in
each. Changing it a little changes the output of all these windows, so what comes back from them adds up. Seen from the
kernel: weight[f, c, i, j] met, over all positions, the pixels of one regular grid,

    rows i, i + S, i + 2S, ..., P of them      columns j, j + S, j + 2S, ..., Q of them

and through it come back exactly to these pixels the amounts dy[n, f, p, q] * weight[f, c, i, j]. One grid holds no
pixel twice; two grids may share pixels.

From sums to matrices. Lay every window out as one column of C * K * K values, and every filter as one row of the same
length: then the convolution is one matrix product, (F, C*K*K) times (C*K*K, windows), and so are the ways back to the
weights and to the columns. Copying the windows costs memory, K * K times that of the image, and is worth it: matrix
products are what processors are best at. Whether a few images at a time or all at once are laid out is up to you.
"""

import numpy as np

from .module import Module, draw_weight, require_positive


class Conv2d(Module):
    """Convolve images with F filters of K x K pixels.

    Args:
        in_channels: C.
        out_channels: F.
        kernel_size: K, in pixels.
        stride: S, pixels between neighbouring windows, the same in both directions; may exceed K.
        padding: rows and columns of zeros put on each of the four sides before anything else, 0 included.
        rng: source of the first weights.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        require_positive(in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size, stride=stride)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = draw_weight(shape, in_channels * kernel_size**2, rng)  # (F, C, K, K)
        self.bias = np.zeros(out_channels)  # (F,)
        self.dw = np.zeros_like(self.weight)  # (F, C, K, K), set by backward
        self.db = np.zeros_like(self.bias)  # (F,), set by backward

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, F, P, Q)."""
        # TODO 1.6: at most two nested Python loops, over kernel positions, output positions, or images and something.
        #   1. put zeros on all sides                 (N, C, H + 2*padding, W + 2*padding)
        #   2. windows                                (N, C, P, Q, K, K)
        #   3. each window times each filter, summed over C and both axes of the kernel   (N, F, P, Q)
        #   4. add the bias, and keep what backward needs
        # H and W may differ: keep them apart in every line.
        # >>> solution
        k, s, pad = self.kernel_size, self.stride, self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        self.shape, self.windows = padded.shape, windows.transpose(0, 1, 4, 5, 2, 3)  # windows (N, C, K, K, P, Q)
        n, c, _, _, p, q = self.windows.shape
        # One image at a time, so that its columns stay in the cache. The bias is one more weight, for an input of 1.
        weight = np.column_stack([self.weight.reshape(len(self.weight), -1), self.bias])  # (F, C*K*K + 1)
        columns = np.ones((c * k * k + 1, p * q), dtype=np.result_type(x, weight))
        y = np.empty((n, len(weight), p * q), dtype=columns.dtype)
        for image in range(n):
            columns[:-1].reshape(c, k, k, p, q)[...] = self.windows[image]
            np.matmul(weight, columns, out=y[image])
        return y.reshape(n, -1, p, q)
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, F, P, Q) -> dx (N, C, H, W). Sets dw (F, C, K, K) and db (F,)."""
        # TODO 1.6: at most two nested Python loops.
        #   1. db: dy summed over everything but F    (F,)
        #   2. dw: dy times the windows, summed over N, P and Q       (F, C, K, K)
        #   3. zeros for the gradient of the padded images            (N, C, H + 2*padding, W + 2*padding)
        #   4. for each place (i, j) of the kernel: what comes back through it, (N, C, P, Q), is added to the grid of
        #      pixels that it met in forward
        #   5. cut the padding off                    (N, C, H, W)
        # In 5, mind padding 0: a[:, :, p:-p, p:-p] is empty then. In 3 and 4, mind the rest that no window covered: it
        # belongs to dx and is 0.
        # >>> solution
        n, c, k, _, p, q = self.windows.shape
        s, pad = self.stride, self.padding
        weight, dy = self.weight.reshape(len(self.weight), -1), dy.reshape(n, -1, p * q)
        columns = np.ones((c * k * k + 1, p * q), dtype=np.result_type(self.windows, weight, dy))
        unfolded = columns[:-1].reshape(c, k, k, p, q)  # the same memory
        gradient = np.zeros((len(weight), c * k * k + 1), dtype=columns.dtype)  # of the weights and of the bias
        dpadded = np.empty(self.shape, dtype=columns.dtype)
        down = np.zeros((k, c, k, self.shape[2], q), dtype=columns.dtype)
        across = np.zeros((k, *self.shape[1:]), dtype=columns.dtype)
        for image in range(n):
            unfolded[...] = self.windows[image]
            gradient += dy[image] @ columns.T
            np.matmul(weight.T, dy[image], out=columns[:-1])  # the windows have served: their gradients replace them
            # Add up what overlaps, first downwards, then across: 2 * K sheets, not K * K, each with zeros around.
            for i in range(k):
                down[i, :, :, i : i + s * p : s] = unfolded[:, i]
            rows = down.sum(axis=0)
            for j in range(k):
                across[j, :, :, j : j + s * q : s] = rows[:, j]
            across.sum(axis=0, out=dpadded[image])
        self.dw, self.db = gradient[:, :-1].reshape(self.weight.shape), gradient[:, -1]
        return dpadded[:, :, pad : self.shape[2] - pad, pad : self.shape[3] - pad]
        # <<< solution
