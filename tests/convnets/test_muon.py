"""The optimizer of `configs/my_model.toml`: what Muon does to filters, and that the rest learns as by SGD."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from homework import COURSE
from torch import nn

from autograder.course import datasets

muon, config = datasets.given(COURSE, "muon"), datasets.given(COURSE, "config")


@pytest.mark.parametrize("shape", [(16, 54), (54, 16), (24, 24)])
def test_every_direction_gets_nearly_the_same_length(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    values = values.max() * torch.logspace(0, -1, len(values))  # the shortest a tenth of the longest
    found = left.T @ muon.orthogonalize(left @ values.diag() @ right) @ right.T  # in bfloat16 perhaps
    assert torch.allclose(found, found.diagonal().diag(), atol=0.03), "other singular vectors"
    assert found.diagonal().min() > 0.4
    assert found.diagonal().max() < 1.3


def test_a_step_moves_filters_by_a_share_of_their_norm_and_keeps_it() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(6, 16, 3).to(memory_format=torch.channels_last)
    before, norm = conv.weight.detach().clone(), conv.weight.norm().item()
    optimizer = muon.Muon([{"params": [conv.weight]}], lr=0.1, sgd_lr=1.0, momentum=0.9)
    conv.weight.grad = torch.randn_like(conv.weight)
    optimizer.step()
    moved = (conv.weight - before).norm().item() / norm
    assert 0.05 < moved < 0.12
    assert conv.weight.norm().item() == pytest.approx(norm, rel=1e-5)


def test_filters_of_zeros_stay_without_a_gradient_and_learn_with_one() -> None:
    conv = nn.Conv2d(2, 4, 3, bias=False)
    nn.init.zeros_(conv.weight)
    optimizer = muon.Muon([{"params": [conv.weight]}], lr=0.1, sgd_lr=1.0, momentum=0.9)
    conv.weight.grad = torch.zeros_like(conv.weight)
    optimizer.step()
    assert torch.equal(conv.weight, torch.zeros_like(conv.weight))
    conv.weight.grad = torch.randn_like(conv.weight)
    optimizer.step()
    assert conv.weight.norm().item() == pytest.approx(1.0, rel=1e-5)


def test_all_other_parameters_learn_as_by_sgd() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 10))
    model[0].weight.requires_grad_(False)
    twin = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 10))
    twin.load_state_dict(model.state_dict())
    twin[0].weight.requires_grad_(False)
    settings = config.Config("my_model", lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01)
    ours = config.build_optimizer(model, replace(settings, muon_lr=0.1))
    theirs = config.build_optimizer(twin, settings)
    for _ in range(5):
        images = torch.randn(8, 3, 4, 4)
        for network, optimizer in ((model, ours), (twin, theirs)):
            optimizer.zero_grad()
            (network(images) ** 2).mean().backward()
            optimizer.step()
    for mine, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)
