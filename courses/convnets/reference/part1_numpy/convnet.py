"""A whole network: layers in a row, a loss at the end.

Axes in the shapes below:
    N signals or images   C channels   L length   H, W height and width   K classes

Forward hands the output of each layer to the next. Backward hands the gradient from each layer to the one before it:
what layer 5 answers as dx is what layer 4 needs as dy, because the input of the one was the output of the other. The
first gradient comes from the loss.
"""

from collections.abc import Sequence

import numpy as np

from .activations import ReLU, Sigmoid, Tanh
from .conv1d import Conv1d
from .conv2d import Conv2d
from .linear import Flatten, Linear
from .losses import SoftmaxCrossEntropy
from .module import Module, require_positive

ACTIVATIONS: dict[str, type[Module]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
CONVOLUTIONS: dict[int, type[Conv1d] | type[Conv2d]] = {2: Conv1d, 3: Conv2d}  # by the number of axes of one input


class ConvNet:
    """Layers in a row and a criterion.

    Args:
        modules: the layers, first one first. All that may be relied on is that each has forward(x) and backward(dy);
            a layer may be of a kind that does not exist in this folder.
        criterion: the loss: forward(scores, y) -> (probs, loss) and backward() -> dscores, as SoftmaxCrossEntropy.

    Attributes:
        modules: the list of the layers, which SGD reads.
        criterion: the loss.
    """

    def __init__(self, modules: Sequence[Module], criterion: SoftmaxCrossEntropy) -> None:
        self.modules = list(modules)
        self.criterion = criterion

    def forward(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
        """Images x, (N, C, H, W) or whatever the first layer takes, and classes y (N,) -> (probs (N, K), loss)."""
        # TODO 1.12: each layer once, in order, then the criterion. Ask no layer what it is.
        # >>> solution
        for module in self.modules:
            x = module.forward(x)
        return self.criterion.forward(x, y)
        # <<< solution

    def backward(self) -> np.ndarray:
        """Return dx, the loss's gradient with respect to the x of the last forward. Each layer sets its dw and db."""
        # TODO 1.12: start with the criterion. In which order do the layers follow?
        # self.modules must be the same afterwards: list.reverse changes the list itself.
        # >>> solution
        gradient = self.criterion.backward()
        for module in reversed(self.modules):
            gradient = module.backward(gradient)
        return gradient
        # <<< solution


def classifier(in_features: int, num_classes: int, rng: np.random.Generator | None = None) -> list[Module]:
    """Return the end of every network that build_cnn makes. Given."""
    return [Flatten(), Linear(in_features, num_classes, rng)]


def build_cnn(
    input_shape: tuple[int, ...],
    channels: Sequence[int],
    kernel_sizes: Sequence[int],
    strides: Sequence[int],
    num_classes: int,
    activation: str = "tanh",
    rng: np.random.Generator | None = None,
) -> ConvNet:
    """Build convolution, activation, convolution, activation, ..., Flatten, Linear, with SoftmaxCrossEntropy.

    Args:
        input_shape: shape of one input: (C, L) for a network of Conv1d, (C, H, W) for one of Conv2d.
        channels: channels out of each convolution.
        kernel_sizes: kernel size of each convolution.
        strides: stride of each convolution; the padding is 0.
        num_classes: outputs of the Linear layer, which has no activation after it.
        activation: "relu", "sigmoid" or "tanh", one new layer of it after every convolution.
        rng: source of all weights, handed on to each layer.

    Raises:
        ValueError: if an argument makes no sense, or a kernel is larger than what is left of the input.
    """
    if len(input_shape) not in CONVOLUTIONS:
        raise ValueError(f"input_shape is {input_shape}, expected (C, L) or (C, H, W)")
    if not len(channels) == len(kernel_sizes) == len(strides):
        lengths = f"{len(channels)}, {len(kernel_sizes)} and {len(strides)}"
        raise ValueError(f"channels, kernel_sizes and strides have {lengths} entries, expected equally many")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}, expected one of {', '.join(ACTIVATIONS)}")
    require_positive(num_classes=num_classes)
    # TODO 1.12: CONVOLUTIONS[len(input_shape)] is the class to use, ACTIVATIONS[activation] that of the activation.
    #   1. for each convolution: its channels in are the channels out of the one before
    #   2. follow the size through the layers, each axis by itself: (size - kernel) // stride + 1
    #      and raise ValueError where a kernel is larger than the size it meets
    #   3. at the end `classifier`, whose in_features is channels times all sizes that are left
    # H and W may differ. Each place in the list needs a layer of its own: one object used twice would forget its first
    # input at the second.
    # >>> solution
    convolution = CONVOLUTIONS[len(input_shape)]
    modules: list[Module] = []
    in_channels, sizes = input_shape[0], np.array(input_shape[1:])
    for out_channels, kernel_size, stride in zip(channels, kernel_sizes, strides, strict=True):
        if kernel_size > sizes.min():
            raise ValueError(f"a kernel of {kernel_size} does not fit into {sizes.min()}")
        modules += [convolution(in_channels, out_channels, kernel_size, stride, rng=rng), ACTIVATIONS[activation]()]
        in_channels, sizes = out_channels, (sizes - kernel_size) // stride + 1
    modules += classifier(in_channels * int(sizes.prod()), num_classes, rng)
    return ConvNet(modules, SoftmaxCrossEntropy())
    # <<< solution
