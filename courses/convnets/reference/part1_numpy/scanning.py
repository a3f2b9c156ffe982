"""A network that scans a signal is a convolutional network.

Axes in the shapes below:
    N signals   C channels (numbers a time step)   L length, in time steps   L' number of windows   D inputs of a layer
    F neurons of a layer, channels out   K kernel   S stride

Scanning. To find a word in a recording, train an MLP on windows of a few time steps and evaluate it on every window of
a long signal: at steps 0..7, then 4..11, then 8..15, and so on (window 8, stride 4). The outputs, put one after
another, are again a signal, (N, F, L'), with L' = (L - window) // stride + 1. `scan_mlp` below does it as said.

Layer by layer instead. A neuron of the first layer multiplies a window of K time steps by its weights and sums: at
all windows, that is a convolution with its weights as the kernel. The first layer is therefore one Conv1d. A neuron of
the second layer sees what the first layer says about the same window, nothing to its left or right: a convolution
with kernel 1. A ReLU treats each value on its own and does not care.

Order of the weights. A window is flattened time-major: all C numbers of its first time step, then all C numbers of its
second, and so on. So weight[f, k*C + c] of the MLP belongs to time step k and channel c.

Distributed scanning. Now let neurons of the first layer see 2 of the 8 time steps only, and put copies of them, with
the same weights, at steps 0-1, 2-3, 4-5 and 6-7. The layer's matrix is then block-diagonal, with the same block over
and over (`repeated_blocks` below):

>>> repeated_blocks(np.array([[1.0, 2.0]]), copies=3)
array([[1., 2., 0., 0., 0., 0.],
       [0., 0., 1., 2., 0., 0.],
       [0., 0., 0., 0., 1., 2.]])

The copies' outputs are again time-major: all neurons at the first place, then all at the second. If the second layer
is built alike, from pairs of places, and the third likewise, the window shrinks from layer to layer: 8 time steps, 4
places, 2 places, 1. As convolutions, each layer has kernel 2. Their strides decide two things: at which places copies
stand within a window, and by how much the whole scan moves on, which is the product of all strides.

Here no network has biases, there is a ReLU after each layer but the last, and weights are (F, D) as in Linear.
"""

import numpy as np

from .activations import ReLU
from .conv1d import Conv1d
from .module import Module


def scan_mlp(x: np.ndarray, weights: list[np.ndarray], window: int, stride: int) -> np.ndarray:
    """(N, C, L) -> (N, F, L'), an MLP evaluated on each window of a signal. Given.

    Args:
        x: the signals.
        weights: a matrix (F, D) for each layer, D = window * C for the first; ReLU after all but the last.
        window: time steps that the MLP sees at once.
        stride: time steps between neighbouring windows.
    """
    outputs = []
    for start in range(0, x.shape[2] - window + 1, stride):
        values = x[:, :, start : start + window].swapaxes(1, 2).reshape(len(x), -1)  # (N, window*C), time-major
        for weight in weights[:-1]:
            values = np.maximum(values @ weight.T, 0)
        outputs.append(values @ weights[-1].T)
    return np.stack(outputs, axis=2)


def repeated_blocks(weight: np.ndarray, copies: int) -> np.ndarray:
    """(F, D) -> (copies*F, copies*D), neurons with shared weights, written as one layer of an MLP. Given."""
    return np.kron(np.eye(copies, dtype=weight.dtype), weight)


class ScanningCNN(Module):
    """Convolutions one after another, a ReLU between two of them, all biases 0. Given; forward only.

    Args:
        kernels: an array (F, C, K) for each convolution; F of one is C of the next.
        strides: a stride for each convolution, in places of what it takes in.

    Attributes:
        modules: the layers in order, Conv1d, ReLU, Conv1d, ..., Conv1d.
    """

    def __init__(self, kernels: list[np.ndarray], strides: list[int]) -> None:
        self.modules: list[Module] = []
        for kernel, stride in zip(kernels, strides, strict=True):
            out_channels, in_channels, kernel_size = kernel.shape
            conv = Conv1d(in_channels, out_channels, kernel_size, stride)
            conv.weight, conv.bias = kernel, np.zeros(out_channels, dtype=kernel.dtype)
            self.modules += [conv, ReLU()]
        self.modules.pop()

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, L) -> (N, F, L') with F filters in the last convolution."""
        for module in self.modules:
            x = module.forward(x)
        return x


def linear_to_conv1d(weight: np.ndarray, in_channels: int) -> np.ndarray:
    """(F, K*C), a layer that sees K time steps of C channels, flattened time-major -> (F, C, K), its kernel for Conv1d.

    Linear(9, 2) over 3 channels becomes Conv1d(3, 2, 3). One neuron, 2 channels, 3 time steps:

    >>> linear_to_conv1d(np.array([[10, 20, 11, 21, 12, 22]]), in_channels=2)
    array([[[10, 11, 12],
            [20, 21, 22]]])
    """
    # TODO 1.11: no loop.
    #   1. take the two halves of the column number k*C + c apart: which of them changes slower, and stands left?
    #   2. bring the axes into the order              (F, C, K)
    # One reshape to (F, C, K) has the right shape and the wrong values. Follow the example by hand.
    # >>> solution
    return weight.reshape(len(weight), -1, in_channels).swapaxes(1, 2)
    # <<< solution


def simple_scanning_cnn(weights: list[np.ndarray]) -> ScanningCNN:
    """Matrices (8, 192), (16, 8), (4, 16) -> the network that does what scan_mlp(x, weights, window=8, stride=4) does.

    x is (N, 24, L), the output (N, 4, L').
    """
    # TODO 1.11: build the list of kernels and the list of strides, and return ScanningCNN(kernels, strides).
    #   1. the first layer sees 8 time steps of 24 channels: 192 = 8 * 24            (8, 24, 8)
    #   2. the other two see one place                (16, 8, 1), (4, 16, 1)
    #   3. how far does each convolution move, in places of what it takes in? The scan as a whole moves by 4.
    # >>> solution
    first, second, third = weights
    kernels = [linear_to_conv1d(first, 24), linear_to_conv1d(second, 8), linear_to_conv1d(third, 16)]
    return ScanningCNN(kernels, strides=[4, 1, 1])
    # <<< solution


def distributed_scanning_cnn(weights: list[np.ndarray]) -> ScanningCNN:
    """Shared matrices (2, 48), (8, 4), (4, 16) -> the network that scans with shared weights.

    It does what this scan does:

        scan_mlp(x, [repeated_blocks(w1, 4), repeated_blocks(w2, 2), w3], window=8, stride=4)

    x is (N, 24, L), the output (N, 4, L').
    """
    # TODO 1.11: as above. Every layer sees 2 places: 48 = 2 * 24, 4 = 2 * 2, 16 = 2 * 8.
    #   1. the three kernels                          (2, 24, 2), (8, 2, 2), (4, 8, 2)
    #   2. the copies within a window: layer 1 stands at steps 0, 2, 4, 6; layer 2 at places 0 and 2 of layer 1
    #   3. the third layer's stride: the product of all three is the 4 steps by which the scan moves on
    # >>> solution
    first, second, third = weights
    kernels = [linear_to_conv1d(first, 24), linear_to_conv1d(second, 2), linear_to_conv1d(third, 8)]
    return ScanningCNN(kernels, strides=[2, 2, 1])
    # <<< solution


def thirteen_neuron_cnn(weights: list[np.ndarray]) -> ScanningCNN:
    """Shared matrices (2, 2), (1, 4), (3, 2) -> the network that scans with shared weights.

    It does what this scan does:

        scan_mlp(x, [repeated_blocks(w1, 4), repeated_blocks(w2, 2), w3], window=8, stride=8)

    The MLP has 4 * 2 + 2 * 1 + 3 = 13 neurons, and they share 2 + 1 + 3 = 6 sets of weights. x is (N, 1, L), the output
    (N, 3, L'): channels 1 -> 2 -> 1 -> 3. Of 108 time steps the three layers leave 54, 27 and 13.
    """
    # TODO 1.11: as above; every layer sees 2 places of what comes in.
    #   1. the three kernels                          (2, 1, 2), (1, 2, 2), (3, 1, 2)
    #   2. the strides: this time the windows of the scan lie next to each other
    # >>> solution
    first, second, third = weights
    kernels = [linear_to_conv1d(first, 1), linear_to_conv1d(second, 2), linear_to_conv1d(third, 1)]
    return ScanningCNN(kernels, strides=[2, 2, 2])
    # <<< solution
