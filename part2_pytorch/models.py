"""Three networks that tell ten classes apart, from two layers to one of your own.

Axes in the shapes below:
    N images   3 colours   32, 32 height and width   10 classes

All give scores (logits): the criterion applies the softmax, so no network ends with an activation.
"""

import torch
from torch import nn


class TwoLayerNet(nn.Module):
    """Linear, sigmoid, linear, on the pixels in a row.

    Args:
        input_dim: numbers in one image; 3 * 32 * 32 = 3072 here.
        hidden_size: units of the hidden layer; 256 here.
        num_classes: scores to give; 10 here.
    """

    def __init__(self, input_dim: int, hidden_size: int, num_classes: int) -> None:
        super().__init__()
        # TODO 2.1: the layers.
        #   1. input_dim -> hidden_size
        #   2. hidden_size -> num_classes
        raise NotImplementedError("TODO 2.1: TwoLayerNet.__init__")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, num_classes)."""
        # TODO 2.1: images arrive as (N, 3, 32, 32), in any memory layout.
        #   1. one row an image         (N, input_dim)
        #   2. hidden layer, sigmoid    (N, hidden_size)
        #   3. scores, no activation    (N, num_classes)
        raise NotImplementedError("TODO 2.1: TwoLayerNet.forward")


class VanillaCNN(nn.Module):
    """The smallest convolutional network: one convolution, one pooling, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        # TODO 2.2: the layers.
        #   1. convolution of 32 filters, 7 x 7, stride 1, no padding
        #   2. max pooling, 2 x 2, stride 2
        #   3. linear, to 10 scores; how many numbers come in?
        raise NotImplementedError("TODO 2.2: VanillaCNN.__init__")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, 10)."""
        # TODO 2.2: write down the shape after each step before you run it.
        #   1. convolution, ReLU        (N, 32, ?, ?)
        #   2. pooling                  (N, 32, ?, ?)
        #   3. one row an image, scores (N, 10)
        raise NotImplementedError("TODO 2.2: VanillaCNN.forward")


class MyModel(nn.Module):
    """A network of your own that does better: any layers, trained from scratch, no weights from elsewhere.

    What you hand in must be rebuilt by `MyModel()` and its checkpoint alone, and see images one by one: the score of
    an image may not depend on the others in its batch.
    """

    def __init__(self) -> None:
        super().__init__()

        # TODO 2.6: the layers. What costs time is multiplications: channels in * channels out * K * K * P * Q for a
        # convolution with P x Q outputs, so most of a network is best placed where images are small already.
        raise NotImplementedError("TODO 2.6: MyModel.__init__")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, 10)."""
        # TODO 2.6: scores of your network.
        raise NotImplementedError("TODO 2.6: MyModel.forward")


def build_model(name: str) -> nn.Module:
    """Make the model that a configuration names, with fresh weights. Given."""
    if name == "two_layer":
        return TwoLayerNet(3 * 32 * 32, 256, 10)
    return VanillaCNN() if name == "vanilla_cnn" else MyModel()
