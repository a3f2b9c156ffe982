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
        # >>> solution
        self.hidden = nn.Linear(input_dim, hidden_size)
        self.output = nn.Linear(hidden_size, num_classes)
        # <<< solution

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, num_classes)."""
        # TODO 2.1: images arrive as (N, 3, 32, 32), in any memory layout.
        #   1. one row an image         (N, input_dim)
        #   2. hidden layer, sigmoid    (N, hidden_size)
        #   3. scores, no activation    (N, num_classes)
        # >>> solution
        rows = x.flatten(start_dim=1)
        return self.output(torch.sigmoid(self.hidden(rows)))
        # <<< solution


class VanillaCNN(nn.Module):
    """The smallest convolutional network: one convolution, one pooling, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        # TODO 2.2: the layers.
        #   1. convolution of 32 filters, 7 x 7, stride 1, no padding
        #   2. max pooling, 2 x 2, stride 2
        #   3. linear, to 10 scores; how many numbers come in?
        # >>> solution
        self.conv = nn.Conv2d(3, 32, kernel_size=7)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.output = nn.Linear(32 * 13 * 13, 10)
        # <<< solution

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, 10)."""
        # TODO 2.2: write down the shape after each step before you run it.
        #   1. convolution, ReLU        (N, 32, ?, ?)
        #   2. pooling                  (N, 32, ?, ?)
        #   3. one row an image, scores (N, 10)
        # >>> solution
        features = self.pool(torch.relu(self.conv(x)))  # (N, 32, 26, 26) -> (N, 32, 13, 13)
        return self.output(features.flatten(start_dim=1))
        # <<< solution


class MyModel(nn.Module):
    """A network of your own that does better: any layers, trained from scratch, no weights from elsewhere.

    What you hand in must be rebuilt by `MyModel()` and its checkpoint alone, and see images one by one: the score of
    an image may not depend on the others in its batch.
    """

    def __init__(self) -> None:
        super().__init__()

        # TODO 2.6: the layers. What costs time is multiplications: channels in * channels out * K * K * P * Q for a
        # convolution with P x Q outputs, so most of a network is best placed where images are small already.
        # >>> solution
        def layer(channels_in: int, channels_out: int, pool: bool = False) -> nn.Sequential:
            """Convolution, pooling where it is wanted, normalisation (arXiv:1502.03167), activation."""
            return nn.Sequential(
                nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1, bias=False),
                nn.MaxPool2d(3, stride=2) if pool else nn.Identity(),
                nn.BatchNorm2d(channels_out),
                nn.GELU(),
            )

        # Nothing is learned in the first layer. It sees patches of 2 x 2 pixels: their brightness as mean and three
        # slopes, two differences of colour as means, as JPEG files, which data sets are made of, keep little more.
        # These 6 numbers hardly correlate, so the second layer learns from the start.
        waves = torch.tensor([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5
        colours = nn.functional.normalize(torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]]))
        basis = torch.einsum("fc,ua,vb->fuvcab", colours, waves, waves).reshape(12, 3, 2, 2)[[0, 1, 2, 3, 4, 8]]
        patches = nn.Conv2d(3, 12, kernel_size=2, bias=False)  # with either sign: no activation loses one
        patches.weight = nn.Parameter(torch.cat([basis, -basis]), requires_grad=False)
        self.stem = nn.Sequential(patches, nn.BatchNorm2d(12, affine=False), nn.GELU(), layer(12, 64, pool=True))
        self.stages = nn.ModuleList([layer(64, 192, pool=True), layer(192, 256, pool=True)])
        self.residuals = nn.ModuleList([layer(192, 192), layer(256, 256)])
        self.output = nn.Linear(256, 10, bias=False)
        # <<< solution

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, 10)."""
        # TODO 2.6: scores of your network.
        # >>> solution
        if self.training:
            return self.scores(self.stem(x))  # (N, 64, 15, 15)
        framed = nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")
        maps = [self.stem(view) for view in (framed, framed.flip(3))]  # also seen in a mirror: (N, 64, 16, 16)
        # and moved by a pixel, towards either corner
        views = [view for image in maps for view in (image[:, :, :-1, :-1], image[:, :, 1:, 1:])]
        return torch.stack([self.scores(view) for view in views]).mean(dim=0)

    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 64, 15, 15) -> (N, 10), of what the stem gives."""
        for stage, residual in zip(self.stages, self.residuals, strict=True):
            x = stage(x)  # (N, 192, 7, 7), (N, 256, 3, 3)
            x = x + residual(x)  # (He et al. 2015, arXiv:1512.03385)
        features = x.amax(dim=(2, 3))  # (N, 256): the strongest response anywhere
        return self.output(features) / 9  # small scores at first, and slower to grow sure
        # <<< solution


def build_model(name: str) -> nn.Module:
    """Make the model that a configuration names, with fresh weights. Given."""
    if name == "two_layer":
        return TwoLayerNet(3 * 32 * 32, 256, 10)
    return VanillaCNN() if name == "vanilla_cnn" else MyModel()
