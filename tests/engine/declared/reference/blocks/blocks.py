"""Modules and functions of tensors.

Axes in the shapes below:
    N images   C channels   H, W height and width   M filters   K classes
"""

import torch
import torch.nn.functional as F
from torch import nn


class SqueezeExcite(nn.Module):
    """Weigh the channels of an image by what is in it."""

    def __init__(self, channels, reduction):
        super().__init__()
        self.reduce = nn.Linear(channels, channels // reduction)
        self.expand = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        """(N, C, H, W) -> (N, C, H, W)."""
        # TODO 2.1: means, two layers, a share for each channel.
        # >>> solution
        squeezed = x.mean(dim=(2, 3))
        excited = torch.sigmoid(self.expand(torch.relu(self.reduce(squeezed))))
        return x * excited[:, :, None, None]
        # <<< solution


class Separable(nn.Module):
    """A convolution for each channel, one across them, normalised, and x itself where the shapes are equal."""

    def __init__(self, channels, filters):
        # TODO 2.2: depthwise, pointwise and norm; the convolutions have no bias.
        # >>> solution
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, filters, 1, bias=False)
        self.norm = nn.BatchNorm2d(filters)
        # <<< solution

    def forward(self, x):
        """(N, C, H, W) -> (N, M, H, W)."""
        # TODO 2.2: no activation after the sum.
        # >>> solution
        y = self.norm(self.pointwise(self.depthwise(x)))
        return x + y if x.shape == y.shape else y
        # <<< solution


def focal_loss(logits, y, gamma=2.0):
    """(N, K), (N,) -> (): the mean of -(1 - p)**gamma log p, p that of the class y."""
    # TODO 2.3: large logits overflow where p is worked out first.
    # >>> solution
    logs = -F.cross_entropy(logits, y, reduction="none")
    return -((1 - logs.exp()) ** gamma * logs).mean()
    # <<< solution
