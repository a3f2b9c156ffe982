"""Submissions whose models know the test images by one number each, and files of weights for them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import torch
from homework import COURSE

from autograder.course import datasets
from autograder.reports.scores import Scorecard

IMAGES = 300
MODELS = """
import torch
from torch import nn

class Known(nn.Module):
    '''Tells images that it has seen before by one number each, and answers what it was told of them.'''

    def __init__(self, *sizes):
        super().__init__()
        self.register_buffer("keys", torch.zeros(300, dtype=torch.float64))
        self.register_buffer("labels", torch.zeros(300, dtype=torch.int64))

    def forward(self, x):
        numbers = x.flatten(1).double() @ torch.cos(torch.arange(3072, dtype=torch.float64))
        nearest = (numbers[:, None] - self.keys).abs().argmin(1)
        return nn.functional.one_hot(self.labels[nearest], 10).float()

TwoLayerNet = VanillaCNN = Known

class MyModel(Known):
    pass
"""
TWO_LAYER, MY_MODEL, MY_MODEL_HIGH = "2.6-two-layer", "2.6-my-model", "2.6-my-model-high"
Take = Callable[..., Scorecard]


def all_knowing() -> dict[str, torch.Tensor]:
    """What a Known needs to be right about every test image."""
    test = datasets.load(COURSE, f"shapes:{IMAGES}")
    pixels = torch.from_numpy(test.images).permute(0, 3, 1, 2).double() / 255
    numbers = ((pixels - 0.5) / 0.25).flatten(1) @ torch.cos(torch.arange(3072, dtype=torch.float64))
    return {"keys": numbers, "labels": torch.from_numpy(test.labels)}


def my_model(body: str, models: str = MODELS) -> str:
    """The models, of which MyModel does something else in `forward`."""
    return models.replace("    pass\n", f"    def forward(self, x):\n        {body}\n")


def saved(value: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()
