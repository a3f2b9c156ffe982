import torch
from torch import nn


class Net(nn.Module):
    """Two scores of each image (N, 3, H, W)."""

    def __init__(self):
        super().__init__()
        # TODO 1.2: one linear layer on the mean of each colour.
        # >>> solution
        self.scores = nn.Linear(3, 2)
        # <<< solution

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # TODO 1.2: (N, 3, H, W) -> (N, 2)
        # >>> solution
        return self.scores(x.mean(dim=(2, 3)))
        # <<< solution
