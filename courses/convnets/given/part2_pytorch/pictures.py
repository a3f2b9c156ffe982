"""Pictures for TensorBoard: what the first layer looks for, and what the model gets wrong. Given."""

import torch
from torch import nn

from .data import DataSet, Loader


def first_filters(model: nn.Module) -> torch.Tensor | None:
    """Weights of the first layer that sees colour images, as pictures (F, 3, K, K) in [0, 1]; None if there is none."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            filters = module.weight
        elif isinstance(module, nn.Linear) and module.in_features == 3 * 32 * 32:
            filters = module.weight[:64].reshape(-1, 3, 32, 32)
        else:
            continue
        filters = filters.detach().float().cpu()
        low, high = filters.amin((1, 2, 3), keepdim=True), filters.amax((1, 2, 3), keepdim=True)
        scaled: torch.Tensor = (filters - low) / (high - low).clamp(min=1e-8)
        return scaled
    return None


@torch.no_grad()
def wrongly_classified(
    model: nn.Module, loader: Loader, dataset: DataSet, count: int = 32
) -> tuple[torch.Tensor, list[str]]:
    """Images that the model gets wrong, at most `count`, as pictures (N, 3, 32, 32), and "truth, not guess" of each."""
    model.eval()
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (dataset.mean, dataset.deviation))
    wrong: list[torch.Tensor] = []
    names: list[str] = []
    for images, labels in loader:
        guesses = model(images).argmax(dim=1)
        for index in (guesses != labels).nonzero().flatten().tolist():
            if len(wrong) == count:
                return torch.stack(wrong), names
            wrong.append((images[index].cpu() * deviation + mean).clamp(0, 1))
            names.append(f"{dataset.classes[labels[index]]}, not {dataset.classes[guesses[index]]}")
    return (torch.stack(wrong) if wrong else torch.zeros(0, 3, 32, 32)), names


def grid(pictures: torch.Tensor, enlarge: int = 2, columns: int = 8) -> torch.Tensor:
    """One picture (3, H, W) of many (N, 3, K, K), `columns` a row, each pixel `enlarge` pixels wide."""
    from torchvision.utils import make_grid

    large = pictures.repeat_interleave(enlarge, 2).repeat_interleave(enlarge, 3)
    picture: torch.Tensor = make_grid(large, nrow=columns, padding=2, pad_value=1.0)
    return picture
