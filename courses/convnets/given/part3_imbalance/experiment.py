"""Train a network with each method on long-tailed data, and see what each class gains. Given.

    python -m part3_imbalance experiment --dataset cifar10 --methods ce,cb_focal --factors 0.01 --seeds 0,1,2

Every run has a folder of its own with TensorBoard's curves, and, once it is finished, `result.json`: the same command
goes on with the runs that are left. All training images are used, before the long tail is cut from them; the test
images only say how good the weights are that the last epoch left, and no choice depends on them.

Axes in the shapes below:
    N images   C classes
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import WeightedRandomSampler

from part2_pytorch.config import ConfigError, build_optimizer, build_scheduler
from part2_pytorch.data import DataSet, Loader, Split, augmentation
from part2_pytorch.device import prepare
from part2_pytorch.models import MyModel
from part2_pytorch.train import train_epoch

from .data import imbalanced_subset, long_tailed_counts
from .losses import FocalLoss, class_balanced_focal, logit_adjusted_loss
from .metrics import balanced_accuracy, confusion_matrix
from .plan import Plan
from .resnet import ResNet32
from .sampling import balanced_sample_weights

RESULT = "result.json"
Result = dict[str, Any]


class Batches(Protocol):
    """What the training loop of part 2 needs of a loader."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]: ...
    def __len__(self) -> int: ...


class BalancedLoader:
    """A loader whose epochs are drawn anew, with replacement, each image with a probability like its weight."""

    def __init__(self, split: Split, weights: torch.Tensor, load: Callable[[Split], Loader]) -> None:
        self.split, self.weights, self.load = split, weights, load

    def __len__(self) -> int:
        return len(self.load(self.split))

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        sampler = WeightedRandomSampler(self.weights.tolist(), num_samples=len(self.split))
        yield from self.load(self.split.subset(torch.tensor(list(sampler))))


def build_criterion(method: str, counts: list[int], plan: Plan) -> nn.Module:
    """The loss of a method, for a training set with these counts (C,)."""
    match method:
        case "focal":
            return FocalLoss(gamma=plan.gamma)
        case "cb_ce":
            return class_balanced_focal(counts, plan.beta, gamma=0.0)
        case "cb_focal":
            return class_balanced_focal(counts, plan.beta, plan.gamma)
        case "logit_adjusted":
            return logit_adjusted_loss(counts, plan.tau)
    return nn.CrossEntropyLoss()  # "ce", and "balanced", which changes the batches instead


def cut_tail(dataset: DataSet, factor: float, seed: int) -> tuple[Split, list[int]]:
    """Keep all images of the first class, fewer of each next one; return them and how many each class has.

    Raises:
        ConfigError: if a class would be left without any.
    """
    labels = dataset.train.labels
    most = int(torch.bincount(labels, minlength=len(dataset.classes)).min())
    counts = long_tailed_counts(most, len(dataset.classes), factor)
    if min(counts) < 1:
        raise ConfigError(f"factor {factor} of {most} images leaves the rarest class without any")
    chosen = imbalanced_subset(labels.numpy(), counts, np.random.default_rng(seed))
    return dataset.train.subset(torch.as_tensor(chosen)), [int(count) for count in counts]


def make_loader(train: Split, dataset: DataSet, method: str, plan: Plan, device: torch.device) -> Batches:
    """Batches of the training images, augmented as the plan says, shuffled or balanced."""
    training, hooks = plan.training, augmentation(plan.training)

    def load(split: Split, shuffle: bool = False) -> Loader:
        return Loader(split, dataset, training.batch_size, device, shuffle=shuffle, hooks=hooks, flip=training.flip)

    if method == "balanced":
        return BalancedLoader(train, balanced_sample_weights(train.labels), load)
    return load(train, shuffle=True)


def schedule(optimizer: torch.optim.Optimizer, plan: Plan, steps: int) -> LRScheduler:
    """Plan the learning rate of every step; an epoch has so many."""
    if not plan.milestones and not plan.warmup_epochs:
        return build_scheduler(optimizer, plan.training, steps)

    def share_of_lr(step: int) -> float:
        rise = min(1.0, (step + 1) / (plan.warmup_epochs * steps)) if plan.warmup_epochs else 1.0
        passed = sum(step >= milestone * steps for milestone in plan.milestones)
        return float(rise * plan.decay**passed)

    return LambdaLR(optimizer, share_of_lr)


@torch.no_grad()
def predict(model: nn.Module, loader: Loader, device: torch.device) -> np.ndarray:
    """(N,): the class with the largest score, for each image; no method changes the scores at test time."""
    model.eval()
    return torch.cat([model(images.to(device)).argmax(dim=1) for images, _ in loader]).cpu().numpy()


def groups(classes: int) -> dict[str, slice]:
    """Name the classes by their place in the order from frequent to rare: 3, 4 and 3 of ten."""
    third = max(1, classes // 3)
    return {"head": slice(third), "middle": slice(third, classes - third), "tail": slice(classes - third, classes)}


def train_one(
    plan: Plan, dataset: DataSet, method: str, factor: float, seed: int, folder: Path, device: torch.device
) -> Result:
    """Train one network and test it; TensorBoard's curves go to `folder`."""
    from torch.utils.tensorboard import SummaryWriter

    began = time.perf_counter()
    train, counts = cut_tail(dataset, factor, seed)
    torch.manual_seed(seed)
    network = ResNet32(len(dataset.classes)) if plan.network == "resnet32" else MyModel()
    model = prepare(network, device, plan.training.precision)
    criterion = build_criterion(method, counts, plan).to(device)
    loader, test = make_loader(train, dataset, method, plan, device), Loader(dataset.test, dataset, 1000, device)
    optimizer = build_optimizer(model, plan.training)
    scheduler = schedule(optimizer, plan, len(loader))
    labels, classes = dataset.test.labels.numpy(), len(dataset.classes)
    history: list[dict[str, float]] = []
    with SummaryWriter(str(folder), purge_step=0) as events:  # without what an interrupted run has left there
        for epoch in range(1, plan.training.epochs + 1):
            loss, accuracy = train_epoch(model, loader, criterion, optimizer, device, scheduler)
            if not math.isfinite(loss):
                rate = f"lower lr ({plan.training.lr:g}) in the configuration"
                raise ConfigError(f"{folder}: the loss is {loss} in epoch {epoch}: {rate}")
            row = {"Train/loss": loss, "Train/accuracy": accuracy, "LearningRate": optimizer.param_groups[0]["lr"]}
            if epoch % plan.evaluate_every == 0 or epoch == plan.training.epochs:
                predictions = predict(model, test, device)
                row |= scores(confusion_matrix(labels, predictions, classes))
            for tag, value in row.items():
                events.add_scalar(tag, value, epoch)
            history.append({"epoch": epoch, **row})
    return {
        "counts": counts,
        "confusion": confusion_matrix(labels, predictions, classes).tolist(),
        "balanced_accuracy": balanced_accuracy(labels, predictions, classes),
        "history": history,
        "seconds": round(time.perf_counter() - began, 1),
        "device": device.type,
    }


def scores(confusion: np.ndarray) -> dict[str, float]:
    """(C, C) -> mean accuracy of all classes, and of those at the head, in the middle and at the tail."""
    confusion = np.asarray(confusion)
    accuracy = confusion.diagonal() / confusion.sum(axis=1)
    means = {f"Test/{name}": float(accuracy[place].mean()) for name, place in groups(len(accuracy)).items()}
    return {"Test/accuracy": float(accuracy.mean()), **means}


def run(plan: Plan, dataset: DataSet, runs: Path, device: torch.device, tell: Callable[[str], None]) -> list[Result]:
    """Train what is left of the plan, and return all results that its settings have led to, of earlier plans too.

    Args:
        runs: folder of the experiment's runs.
        tell: prints a line.
    """
    home = runs / dataset.name.partition(":")[0] / plan.name
    facts = plan.settings() | {"images": len(dataset.train), "test_images": len(dataset.test)}
    cells = [(factor, seed, method) for factor in plan.factors for seed in plan.seeds for method in plan.methods]
    for number, (factor, seed, method) in enumerate(cells, start=1):
        folder = home / f"{factor:g}" / method / f"seed-{seed}"
        name = f"{number} of {len(cells)}: {method} at factor {factor:g}, seed {seed}"
        found = read_result(folder / RESULT)
        if found and found.get("settings") == facts:
            tell(f"{name}: finished before, accuracy {found['balanced_accuracy']:.4f}")
            continue
        if found:
            (folder / RESULT).rename(kept := folder / f"result-{time.time_ns()}.json")
            tell(f"{name}: the settings have changed; the earlier result is kept in {kept}")
        for stale in folder.glob("events.out.tfevents.*"):
            stale.unlink()
        result = train_one(plan, dataset, method, factor, seed, folder, device)
        cell = {"method": method, "factor": factor, "seed": seed, "dataset": dataset.name.partition(":")[0]}
        write_json(folder / RESULT, {**cell, "classes": list(dataset.classes), "settings": facts, **result})
        tell(f"{name}: accuracy {result['balanced_accuracy']:.4f} after {result['seconds']:.0f} s")
    results = [read_result(path) for path in sorted(home.glob(f"*/*/*/{RESULT}"))]
    return [result for result in results if result and result["settings"] == facts]


def read_result(path: Path) -> Result | None:
    """Read what an earlier run wrote; None if there is none, or half of one."""
    try:
        result: Result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and "balanced_accuracy" in result else None


def write_json(path: Path, content: object) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
