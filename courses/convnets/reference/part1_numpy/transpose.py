"""Transposed convolution: the way back of a convolution, used as a way forth.

Axes in the shapes below:
    N signals or images   C channels in   F filters (channels out)   L length   H, W height and width   K kernel
    S stride

A convolution with stride S gathers: each output value is a weighted sum of K input values, and neighbouring windows lie
S apart. The transposed convolution scatters: each input value, times the kernel, is added to K output values, and
neighbours do so S apart. It is what the backward pass of a convolution does to dy, and generators and segmentation
networks use it as a layer that makes images larger:

    L  ->  S*(L - 1) + K - 2*padding         the convolution's output size, solved for its input size

Where the padding of a convolution puts zeros on, that of a transposed convolution takes values off: `padding` of them
at each end of the result.

Why two layers that you already have will do. With K = 3 and S = 2, scatter x = (a, b) with the kernel (u, v, w):

    a*u   a*v   a*w+b*u   b*v   b*w

Put S - 1 zeros between the values, (a, 0, b), and slide a window of 3 over it in steps of 1, starting where it only
just touches a and ending where it only just touches b. With which kernel do the same five numbers come out? The first
of them has only the window's last value in it and must be a*u, so u has to stand last: the kernel is read backwards.

`weight` has PyTorch's layout for this layer, (C, F, K): channels in first. The same array serves a Conv1d that goes the
other way, from F channels to C. As two linear maps they are transposes of each other, which gives both their name.
"""

import numpy as np

from .conv1d import Conv1d
from .conv2d import Conv2d
from .module import Module, draw_weight
from .resampling import Upsample1d, Upsample2d


def require_padding_below(kernel_size: int, padding: int) -> None:
    """Refuse a padding that this construction cannot do.

    Raises:
        ValueError: if padding is not in 0 .. kernel_size - 1.
    """
    if not 0 <= padding < kernel_size:
        raise ValueError(f"padding is {padding}, expected 0 to {kernel_size - 1} for a kernel of {kernel_size}")


class ConvTranspose1d(Module):
    """Scatter signals with F kernels of length K.

    Args:
        in_channels: C.
        out_channels: F.
        kernel_size: K, in values.
        stride: S, values between the places where neighbours of the input are added to the output.
        padding: values taken off at each end of the output, 0 to K - 1.
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
        require_padding_below(kernel_size, padding)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.weight = draw_weight((in_channels, out_channels, kernel_size), in_channels * kernel_size, rng)  # (C, F, K)
        self.bias = np.zeros(out_channels)  # (F,)
        self.dw = np.zeros_like(self.weight)  # (C, F, K), set by backward
        self.db = np.zeros_like(self.bias)  # (F,), set by backward
        self.upsample = Upsample1d(stride)
        self.conv = Conv1d(in_channels, out_channels, kernel_size)  # stride 1; forward sets padding, weight and bias

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, L) -> (N, F, S*(L-1) + K - 2*padding)."""
        # TODO 1.9: no new convolution. self.upsample and self.conv do all the work.
        #   1. zeros between the values               (N, C, S*(L-1) + 1)
        #   2. the kernel as self.conv wants it       (F, C, K), read backwards
        #   3. convolve with stride 1                 (N, F, S*(L-1) + K - 2*padding)
        # The padding of self.conv is not this layer's: solve the size of 3 for it. For padding 0, the window starts
        # where only its last value touches the signal.
        # weight and bias may have been assigned since the last call: hand them on in each one.
        # >>> solution
        self.conv.padding = self.kernel_size - 1 - self.padding
        self.conv.weight = self.weight[:, :, ::-1].swapaxes(0, 1)
        self.conv.bias = self.bias
        return self.conv.forward(self.upsample.forward(x))
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, F, S*(L-1) + K - 2*padding) -> dx (N, C, L). Sets dw (C, F, K) and db (F,)."""
        # TODO 1.9: back through the two layers, last one first.
        #   1. through self.conv and self.upsample    (N, C, L)
        #   2. self.conv.dw is the gradient of the kernel as self.conv saw it: undo what you did to weight
        # >>> solution
        dx = self.upsample.backward(self.conv.backward(dy))
        self.dw = self.conv.dw.swapaxes(0, 1)[:, :, ::-1]
        self.db = self.conv.db
        return dx
        # <<< solution


class ConvTranspose2d(Module):
    """Scatter images with F kernels of K x K pixels.

    Args:
        in_channels: C.
        out_channels: F.
        kernel_size: K, in pixels.
        stride: S, pixels between the places where neighbours of the input are added to the output.
        padding: rows and columns taken off on each of the four sides of the output, 0 to K - 1.
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
        require_padding_below(kernel_size, padding)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        shape = (in_channels, out_channels, kernel_size, kernel_size)
        self.weight = draw_weight(shape, in_channels * kernel_size**2, rng)  # (C, F, K, K)
        self.bias = np.zeros(out_channels)  # (F,)
        self.dw = np.zeros_like(self.weight)  # (C, F, K, K), set by backward
        self.db = np.zeros_like(self.bias)  # (F,), set by backward
        self.upsample = Upsample2d(stride)
        self.conv = Conv2d(in_channels, out_channels, kernel_size)  # stride 1; forward sets padding, weight and bias

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, F, S*(H-1) + K - 2*padding, S*(W-1) + K - 2*padding)."""
        # TODO 1.9: as in ConvTranspose1d. In two dimensions a kernel is read backwards along both of its axes.
        # >>> solution
        self.conv.padding = self.kernel_size - 1 - self.padding
        self.conv.weight = self.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
        self.conv.bias = self.bias
        return self.conv.forward(self.upsample.forward(x))
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, F, S*(H-1) + K - 2*padding, ...) -> dx (N, C, H, W). Sets dw (C, F, K, K) and db (F,)."""
        # TODO 1.9: as in ConvTranspose1d.
        # >>> solution
        dx = self.upsample.backward(self.conv.backward(dy))
        self.dw = self.conv.dw.swapaxes(0, 1)[:, :, ::-1, ::-1]
        self.db = self.conv.db
        return dx
        # <<< solution
