"""The training loop: one epoch, one validation, and a whole run that survives being interrupted.

A loader is anything that can be iterated over, again each epoch, and has a length: `for images, labels in loader`
gives batches of images (N, 3, 32, 32), float32, and labels (N,), int64; `len(loader)` is the number of batches.
The last batch may be smaller than the others. Whatever is random in a loader or a model (the order of the images,
augmentation, dropout) is drawn from torch's global generator, the one that `torch.manual_seed` sets.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .config import Config

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # scores (N, 10), labels (N,) -> mean loss ()
Row = dict[str, float]  # one epoch of a history


class Loader(Protocol):
    """What the loop needs of a loader."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]: ...
    def __len__(self) -> int: ...


class Writer(Protocol):
    """What the loop needs of a TensorBoard writer."""

    def add_scalar(self, tag: str, value: float, step: int) -> None: ...  # noqa: D102


class Diverged(ArithmeticError):
    """The loss is NaN or infinite, so there is nothing to learn from any more. Given.

    Args:
        loss: what it is.
        step: number of batches before.
    """

    def __init__(self, loss: float, step: int) -> None:
        super().__init__(f"the loss is {loss} at step {step}")
        self.step = step


class LoggedCriterion:
    """A criterion that also writes every 100th value it computes as `Train/loss_batch`. Given.

    Args:
        criterion: what is computed.
        writer: where the values go.
        step: number of batches the run has already seen; counting goes on from there.
    """

    def __init__(self, criterion: Criterion, writer: Writer, step: int = 0) -> None:
        self.criterion, self.writer, self.step = criterion, writer, step

    def __call__(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """(N, 10), (N,) -> (); raises Diverged where that is NaN or infinite."""
        loss = self.criterion(scores, labels)
        if not loss.isfinite().all():
            raise Diverged(loss.item(), self.step)
        if self.step % 100 == 0:
            self.writer.add_scalar("Train/loss_batch", loss.item(), self.step)
        self.step += 1
        return loss


def train_epoch(
    model: nn.Module,
    loader: Loader,
    criterion: Criterion,
    optimizer: Optimizer,
    device: torch.device,
    scheduler: LRScheduler | None = None,
) -> tuple[float, float]:
    """Train on every batch once; return loss and accuracy, averaged over all samples while the model was changing."""
    # TODO 2.3: put the model into training mode, then for every batch:
    #   1. images and labels to the device       (N, 3, 32, 32), (N,)
    #   2. scores of the model                   (N, 10)
    #   3. loss of the criterion, a mean over N  ()
    #   4. gradients from zero, backward, one step of the optimizer, then one of the scheduler if there is one
    #   5. add up loss and hits as numbers; the last batch may be smaller, so weigh a batch by its N
    # >>> solution
    model.train()
    total_loss, hits, samples = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        scores = model(images)
        loss = criterion(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total_loss += loss.item() * len(labels)
        hits += int((scores.argmax(dim=1) == labels).sum())
        samples += len(labels)
    return total_loss / samples, hits / samples
    # <<< solution


def validate(model: nn.Module, loader: Loader, criterion: Criterion, device: torch.device) -> tuple[float, float]:
    """Return loss and accuracy, averaged over all samples; the model is as it was afterwards, its mode included."""
    # TODO 2.4: as in 2.3, but nothing is learned.
    #   1. evaluation mode: dropout off, batch normalisation uses its running statistics and leaves them alone
    #   2. no gradients: torch computes faster and keeps no activations
    #   3. loss and hits, weighed by the size of the batch
    #   4. back to the mode the model was in
    # >>> solution
    was_training = model.training
    model.eval()
    total_loss, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            scores = model(images)
            total_loss += criterion(scores, labels).item() * len(labels)
            hits += int((scores.argmax(dim=1) == labels).sum())
            samples += len(labels)
    model.train(was_training)
    return total_loss / samples, hits / samples
    # <<< solution


def run_state(
    model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, history: list[Row], config: Config
) -> dict[str, Any]:
    """Everything the next epoch depends on, copied, so that training on does not change it.

    Keys: `epoch` (epochs finished), `config` (`config.to_dict()`), `model`, `optimizer`, `scheduler` (state_dicts),
    `history`, and the state of every random generator that is in use. Tensors, numbers, text, lists and dicts only:
    `checkpoint.load` refuses anything else.
    """
    # TODO 2.5: what would be missed if the process ended here?
    #   1. the three state_dicts; they refer to the live tensors, so copy them
    #   2. torch.get_rng_state(), and torch.cuda.get_rng_state_all() where the model is on such a device
    # >>> solution
    import copy

    state: dict[str, Any] = {
        "epoch": len(history),
        "config": config.to_dict(),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "history": history,
        "random": torch.get_rng_state(),
    }
    if next(model.parameters()).is_cuda:
        state["random_cuda"] = torch.cuda.get_rng_state_all()
    return copy.deepcopy(state)
    # <<< solution


def restore(state: dict[str, Any], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> list[Row]:
    """Put everything back to where `run_state` saw it; return the history up to there."""
    # TODO 2.5: undo run_state, part by part.
    # >>> solution
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    if "random_cuda" in state:
        torch.cuda.set_rng_state_all(state["random_cuda"])
    history: list[Row] = state["history"]
    return history
    # <<< solution


def fit(
    model: nn.Module,
    loaders: Mapping[str, Loader],
    config: Config,
    out_dir: Path,
    device: torch.device,
    writer: Writer,
    resume: bool = True,
) -> list[Row]:
    """Train for `config.epochs` epochs, or the rest of them where `out_dir` holds a run that was stopped.

    A run that is stopped and resumed ends with the same parameters as one that never stopped.

    Args:
        model: trained in place; its weights are the starting point unless the run is resumed.
        loaders: "train" and "valid".
        config: see `config.py`, which also builds criterion, optimizer and scheduler from it.
        out_dir: for `last.pt` (a `run_state`) and `best.pt` ({"model_state_dict": ..., "epoch": ..., "accuracy": ...}
            of the epoch with the highest validation accuracy, the first of equals).
        device: where to compute.
        writer: gets, after each epoch and with its number, counted from 1, as step: `Train/loss`, `Train/accuracy`,
            `Valid/loss`, `Valid/accuracy`, `LearningRate` (after the epoch); `Train/loss_batch` from LoggedCriterion.
        resume: False starts afresh in any case.

    Returns:
        One row an epoch, from the first: `epoch`, `train_loss`, `train_accuracy`, `valid_loss`, `valid_accuracy`, `lr`.

    Raises:
        KeyboardInterrupt: if interrupted, after the state at the end of the last whole epoch has been saved.
    """
    # TODO 2.5: connect 2.3 and 2.4; `checkpoint.py` has the helpers in brackets.
    #   1. model to the device; criterion, optimizer and scheduler from config.py
    #   2. if allowed, and unless there is a reason not to [why_not_resume], restore last.pt [load];
    #      else move the files of any earlier run out of the way [set_aside] and print why and where to
    #   3. every epoch that is left: train with a LoggedCriterion, validate, write the five scalars, append a row
    #   4. keep a run_state of the end of each epoch: save it as last.pt every save_every epochs, after the last epoch,
    #      and when a KeyboardInterrupt comes, which you pass on
    #   5. save best.pt whenever the validation accuracy is higher than ever before in this run
    # >>> solution
    from .checkpoint import BEST, LAST, load, save, set_aside, why_not_resume
    from .config import build_criterion, build_optimizer, build_scheduler

    model.to(device)
    criterion = build_criterion(config)
    optimizer = build_optimizer(model, config)
    scheduler = build_scheduler(optimizer, config, len(loaders["train"]))
    history: list[Row] = []
    state: dict[str, Any] | None = None  # of the last whole epoch; None until this call has finished one

    reason = why_not_resume(out_dir / LAST, model, config) if resume else "asked to"
    if not reason:
        history = restore(load(out_dir / LAST), model, optimizer, scheduler)
    elif (old := set_aside(out_dir)) is not None:
        print(f"starting afresh: {reason}; the earlier run is kept in {old}")

    best = max((row["valid_accuracy"] for row in history), default=-1.0)
    logged = LoggedCriterion(criterion, writer, step=len(history) * len(loaders["train"]))
    try:
        for epoch in range(len(history) + 1, config.epochs + 1):
            train_loss, train_accuracy = train_epoch(model, loaders["train"], logged, optimizer, device, scheduler)
            valid_loss, valid_accuracy = validate(model, loaders["valid"], criterion, device)
            lr = optimizer.param_groups[0]["lr"]
            row = {"epoch": epoch, "train_loss": train_loss, "train_accuracy": train_accuracy, "lr": lr}
            history.append(row | {"valid_loss": valid_loss, "valid_accuracy": valid_accuracy})
            writer.add_scalar("Train/loss", train_loss, epoch)
            writer.add_scalar("Train/accuracy", train_accuracy, epoch)
            writer.add_scalar("Valid/loss", valid_loss, epoch)
            writer.add_scalar("Valid/accuracy", valid_accuracy, epoch)
            writer.add_scalar("LearningRate", lr, epoch)
            state = run_state(model, optimizer, scheduler, history, config)
            if valid_accuracy > best:
                best = valid_accuracy
                save({"model_state_dict": state["model"], "epoch": epoch, "accuracy": best}, out_dir / BEST)
            if epoch % config.save_every == 0 or epoch == config.epochs:
                save(state, out_dir / LAST)
    except KeyboardInterrupt:
        if state is not None:
            save(state, out_dir / LAST)
        raise
    return history
    # <<< solution
