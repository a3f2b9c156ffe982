"""ResNet-32 for images of 32 x 32 pixels: the network that papers on long-tailed CIFAR compare methods on. Given.

He et al. 2016, arXiv:1512.03385, section 4.2: 3 stages of 5 blocks of 2 convolutions, a convolution before them and a
linear layer after them, 32 layers with weights. Shortcuts have no parameters (option A): where a stage begins, every
second pixel is taken, and the channels that are new are zero.

Axes in the shapes below:
    N images   C, F channels in and out   H, W height and width
"""

import torch
import torch.nn.functional as F
from torch import nn

BLOCKS = 5  # a stage
CHANNELS = (16, 32, 64)  # of the stages


class Block(nn.Module):
    """Two convolutions beside a shortcut: (N, C, H, W) -> (N, F, H / stride, W / stride)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride, self.new = stride, channels_out - channels_in
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shortcut plus what the two convolutions add to it."""
        added = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        if self.new:
            shortcut = F.pad(shortcut, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))
        return torch.relu(shortcut + added)


class ResNet32(nn.Module):
    """464,154 parameters for 10 classes: (N, 3, 32, 32) -> (N, num_classes)."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, CHANNELS[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(CHANNELS[0])
        blocks: list[nn.Module] = []
        channels_in = CHANNELS[0]
        for stage, channels in enumerate(CHANNELS):
            for number in range(BLOCKS):
                blocks.append(Block(channels_in, channels, stride=2 if stage and not number else 1))
                channels_in = channels
        self.blocks = nn.Sequential(*blocks)
        self.output = nn.Linear(CHANNELS[-1], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores, no softmax."""
        features = self.blocks(torch.relu(self.norm(self.conv(x))))
        scores: torch.Tensor = self.output(features.mean(dim=(2, 3)))
        return scores
