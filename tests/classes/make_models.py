"""Small networks of own seeds, trained on `shapes`, and others that were made from them.

What is derived computes nearly the same, and looks different: other names, precision, order of units, scale of units,
noise, zeros, a few more steps of training.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from homework import COURSE
from torch import nn

from autograder.course import datasets

State = dict[str, torch.Tensor]
Images = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Kind:
    """An architecture.

    Attributes:
        build: makes one with fresh weights.
        hidden: groups of units, each the tensors that have them along axis 0, and those that have them along axis 1.
    """

    build: Callable[[], nn.Module]
    hidden: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


class Residual(nn.Module):
    """A stem, and blocks that add to what they get; every convolution begins as nothing but a copy."""

    def __init__(self, width: int = 32, whitened: bool = False) -> None:
        super().__init__()
        self.whitened = whitened
        self.stem = nn.Conv2d(3, 12 if whitened else width, 2 if whitened else 3, bias=False)
        self.first = nn.Conv2d(12, width, 3) if whitened else nn.Identity()
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2))
        self.output = nn.Linear(width, 10)
        for block in self.blocks:
            nn.init.dirac_(block.weight)
        if whitened:  # computed from the data, the same in every model
            basis = torch.from_numpy(np.linalg.qr(np.random.default_rng(7).normal(size=(12, 12)))[0])
            self.stem.weight.data = basis.reshape(12, 3, 2, 2).float()
            self.stem.weight.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(torch.relu(self.stem(x)), 2)
        x = torch.relu(self.first(x)) if self.whitened else x
        for block, norm in zip(self.blocks, self.norms, strict=True):
            x = nn.functional.max_pool2d(x + torch.relu(norm(block(x))), 2)
        return self.output(x.mean(dim=(2, 3)))


def _two_layer() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 256), nn.Sigmoid(), nn.Linear(256, 10))


def _vanilla() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 32, 7), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 13 * 13, 10))


def _tanh() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 24, 5, stride=2), nn.Tanh(), nn.Conv2d(24, 48, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(48 * 6 * 6, 10),
    )  # fmt: skip


def _deep() -> nn.Module:
    def layer(channels_in: int, channels_out: int) -> list[nn.Module]:
        return [
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.MaxPool2d(2),
        ]  # fmt: skip

    return nn.Sequential(
        *layer(3, 32), *layer(32, 64), *layer(64, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
    )


def _norm(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{field}" for field in ("weight", "bias", "running_mean", "running_var"))


STREAM = ("stem.weight", *(f"blocks.{n}.weight" for n in range(2)), *_norm("norms.0"), *_norm("norms.1"))
KINDS = {
    "two_layer": Kind(_two_layer, ((("1.weight", "1.bias"), ("3.weight",)),)),
    "vanilla": Kind(_vanilla, ((("0.weight", "0.bias"), ("4.weight",)),)),
    "tanh": Kind(_tanh, ((("0.weight", "0.bias"), ("2.weight",)), (("2.weight", "2.bias"), ("6.weight",)))),
    "deep": Kind(
        _deep,
        (
            (("0.weight", *_norm("1")), ("4.weight",)),
            (("4.weight", *_norm("5")), ("8.weight",)),
            (("8.weight", *_norm("9")), ("14.weight",)),
        ),
    ),
    "residual": Kind(Residual, ((STREAM, ("blocks.0.weight", "blocks.1.weight", "output.weight")),)),
    "whitened": Kind(
        lambda: Residual(whitened=True),
        (
            (
                ("first.weight", "first.bias", *STREAM[1:]),
                ("blocks.0.weight", "blocks.1.weight", "output.weight"),
            ),
        ),
    ),
}


def images(count: int = 600) -> Images:
    """Normalised images (N, 3, 32, 32) and their classes."""
    pixels, labels = datasets.given(COURSE, "shapes").make_shapes(count, 1)
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25, torch.from_numpy(labels)


def train(model: nn.Module, data: Images, seed: int, epochs: int, lr: float) -> State:
    """Train for some epochs, the images in an order of its own, and return all weights and buffers."""
    x, labels = data
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam([one for one in model.parameters() if one.requires_grad], lr=lr)
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=order).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), labels[batch]).backward()
            optimizer.step()
    return {name: value.clone() for name, value in model.state_dict().items()}


def independent(kind: str, seed: int, data: Images, epochs: int = 3) -> State:
    """Train one from its own seed."""
    torch.manual_seed(1000 + seed)
    return train(KINDS[kind].build(), data, seed, epochs, 2e-3)


def saved(state: Mapping[str, torch.Tensor]) -> bytes:
    """A checkpoint file."""
    stream = io.BytesIO()
    torch.save(dict(state), stream)
    return stream.getvalue()


DERIVED: dict[str, Callable[[str, State, Images, int], State]] = {
    "saved in half precision under other names": lambda kind, state, data, seed: resaved(state),
    "fine-tuned": lambda kind, state, data, seed: finetuned(kind, state, data, seed),
    "permuted": lambda kind, state, data, seed: permuted(kind, state, seed),
    "rescaled": lambda kind, state, data, seed: rescaled(kind, state, seed),
    "noised": lambda kind, state, data, seed: noised(state, seed),
    "pruned": lambda kind, state, data, seed: pruned(state),
    "permuted, rescaled, fine-tuned and noised": lambda kind, state, data, seed: noised(
        finetuned(kind, rescaled(kind, permuted(kind, state, seed), seed), data, seed), seed, 0.1
    ),
}


def finetuned(kind: str, state: State, data: Images, seed: int) -> State:
    """Two more epochs, at a rate as high as that of the first training."""
    model = KINDS[kind].build()
    model.load_state_dict(state)
    return train(model, data, 10_000 + seed, 2, 2e-3)


def permuted(kind: str, state: State, seed: int) -> State:
    """The units of every hidden layer in another order; the function is the same."""
    new, draw = dict(state), torch.Generator().manual_seed(seed)
    for rows, columns in KINDS[kind].hidden:
        order = torch.randperm(len(new[rows[0]]), generator=draw)
        for name in rows:
            new[name] = new[name][order]
        for name in columns:
            blocks = new[name].reshape(len(new[name]), len(order), -1)
            new[name] = blocks[:, order].reshape(new[name].shape)
    return new


def rescaled(kind: str, state: State, seed: int) -> State:
    """Each unit of the hidden layers times a number from 1/4 to 4, and what reads it divided by that."""
    new, draw = dict(state), torch.Generator().manual_seed(seed)
    for rows, columns in KINDS[kind].hidden:
        factors = 4 ** (2 * torch.rand(len(new[rows[0]]), generator=draw) - 1)
        for name in rows:
            by = factors**2 if "running_var" in name else factors
            new[name] = new[name] * by.reshape(-1, *[1] * (new[name].ndim - 1))
        for name in columns:
            blocks = new[name].reshape(len(new[name]), len(factors), -1)
            new[name] = (blocks / factors[:, None]).reshape(new[name].shape)
    return new


def noised(state: State, seed: int, share: float = 0.2) -> State:
    """Gaussian noise of a share of each tensor's own deviation."""
    draw = torch.Generator().manual_seed(seed)
    return {
        name: value + share * value.std() * torch.randn(value.shape, generator=draw)
        if value.is_floating_point() and value.ndim > 1
        else value
        for name, value in state.items()
    }


def pruned(state: State, share: float = 0.6) -> State:
    """The smallest weights set to zero."""
    return {
        name: torch.where(value.abs() < value.abs().flatten().quantile(share), 0, value) if value.ndim > 1 else value
        for name, value in state.items()
    }


def resaved(state: State) -> State:
    """Half precision, under other names."""
    return {f"module.net.{name}": value.half() if value.is_floating_point() else value for name, value in state.items()}
