"""Convolution along one axis, forward and backward.

Axes in the shapes below:
    N signals   C channels in   F filters (channels out)   L length   K kernel   S stride   Q output length

Q = (L + 2*padding - K) // S + 1. What is left at the end, where no whole step of S fits any more, is not looked at.

Forward. Filter f lies on a window of K neighbouring values in all C channels, multiplies and sums, and moves on by S.
The kernel is not flipped (strictly speaking, this is cross-correlation):

    y[n, f, q] = bias[f] + sum over c, k of  x[n, c, q*S + k] * weight[f, c, k]

Backward. A value of x lies in several windows, and a small change of it changes the output at each of them. With K = 3
and S = 1, x[5] is the last value of window 3, the middle of window 4 and the first of window 5:

    y[3] uses weight[2] * x[5]      y[4] uses weight[1] * x[5]      y[5] uses weight[0] * x[5]

so dx[5] = dy[3]*weight[2] + dy[4]*weight[1] + dy[5]*weight[0]. The gradients of the windows that share a value add up.
A value that no window covers has no influence, and gradient 0. A weight is used at every position of every signal, so
its gradient is a sum over both; a bias likewise.
"""

import numpy as np

from .module import Module, draw_weight, require_positive


class Conv1d(Module):
    """Convolve signals with F filters of length K.

    Args:
        in_channels: C.
        out_channels: F.
        kernel_size: K, in values.
        stride: S, values between neighbouring windows; may exceed K.
        padding: zeros put at each end of the signal before anything else, 0 included.
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
        self.weight = draw_weight((out_channels, in_channels, kernel_size), in_channels * kernel_size, rng)  # (F, C, K)
        self.bias = np.zeros(out_channels)  # (F,)
        self.dw = np.zeros_like(self.weight)  # (F, C, K), set by backward
        self.db = np.zeros_like(self.bias)  # (F,), set by backward

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, L) -> (N, F, Q)."""
        # TODO 1.5: at most one Python loop, over the K positions of the kernel or over the Q positions of the output.
        #   1. put zeros at both ends                 (N, C, L + 2*padding)
        #   2. either, for each k: the values that weight[:, :, k] meets, one for each output position, (N, C, Q);
        #      they lie S apart. Multiply, sum over C, add to y
        #      or no loop at all: windows             (N, C, Q, K), and one sum over C and K as in 1.1
        #   3. add the bias                           (N, F, Q)
        #   4. keep what backward needs
        # Look at: np.pad, slices start:stop:step, np.einsum or np.tensordot.
        # >>> solution
        padded = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.kernel_size, axis=2)[:, :, :: self.stride]
        self.length, self.windows = x.shape[2], windows  # windows (N, C, Q, K)
        y = np.tensordot(windows, self.weight, axes=((1, 3), (1, 2)))  # (N, Q, F)
        return y.swapaxes(1, 2) + self.bias[:, None]
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, F, Q) -> dx (N, C, L). Sets dw (F, C, K) and db (F,)."""
        # TODO 1.5: at most one Python loop.
        #   1. db: dy summed over everything but F    (F,)
        #   2. dw: pairs of dy and what the kernel lay on, summed over N and Q      (F, C, K)
        #   3. zeros for the gradient of the padded signal                          (N, C, L + 2*padding)
        #   4. for each k: what comes back through weight[:, :, k], (N, C, Q), is added to the values it met in forward
        #   5. cut the padding off                    (N, C, L)
        # In 4, one k meets each value at most once, so that += on a slice adds up correctly.
        # In 5, mind padding 0: a[:, :, p:-p] is empty then. And mind a rest that no window covered: it belongs to dx.
        # >>> solution
        self.db = dy.sum(axis=(0, 2))
        self.dw = np.tensordot(dy, self.windows, axes=((0, 2), (0, 2)))
        n, c, q, kernel_size = self.windows.shape
        dpadded = np.zeros((n, c, self.length + 2 * self.padding), dtype=dy.dtype)
        for k in range(kernel_size):
            met = slice(k, k + q * self.stride, self.stride)
            dpadded[:, :, met] += np.tensordot(dy, self.weight[:, :, k], axes=(1, 0)).swapaxes(1, 2)
        return dpadded[:, :, self.padding : self.padding + self.length]
        # <<< solution
