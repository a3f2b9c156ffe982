"""Train a model, test it, or fetch the data: what `make train`, `make evaluate` and `make data` start. Given.

    python -m part2_pytorch train two_layer|vanilla_cnn|my_model [--dataset shapes|cifar10|images:PATH] [--fresh]
    python -m part2_pytorch evaluate my_model [--dataset ...]
    python -m part2_pytorch data

All read and write below the current folder: `data/`, `runs/`, `checkpoints/`.
"""

import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from . import checkpoint, pictures
from .config import MODELS, Config, ConfigError, load_config
from .data import DATA_DIR, DataSet, Loader, fetch_cifar10, load_dataset, make_loaders
from .device import pick_device, precision_of, prepare, reuse_memory
from .images import DataError
from .models import build_model
from .train import Diverged, Writer, fit, validate

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Train, test and fetch the data of part 2.")
console = Console(highlight=False, soft_wrap=True)

ModelName = Annotated[str, typer.Argument(metavar="|".join(MODELS), help="a model of models.py", show_default=False)]
DataName = Annotated[str | None, typer.Option("--dataset", help="cifar10, shapes or images:PATH")]
ConfigName = Annotated[str | None, typer.Option("--config", help="a file, or the name of one in configs/")]
Weights = Annotated[Path, typer.Option("--checkpoints", help="folder of the weights to hand in")]
DataDir = Annotated[Path, typer.Option("--data-dir", help="folder of the data sets and their caches")]


@app.command()
def train(
    model: ModelName,
    dataset: DataName = None,
    config: ConfigName = None,
    fresh: Annotated[bool, typer.Option("--fresh", envvar="FRESH", help="do not resume an interrupted run")] = False,
    seed: Annotated[int | None, typer.Option(help="instead of the configuration's")] = None,
    epochs: Annotated[int | None, typer.Option(help="instead of the configuration's")] = None,
    runs: Annotated[Path, typer.Option(help="folder of the runs: logs and last.pt")] = Path("runs"),
    checkpoints: Weights = Path("checkpoints"),
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Train a model, or go on where it was interrupted, and keep the weights that did best on validation images."""
    with sentences_for_errors():
        settings = load_config(config or model, dataset=dataset, seed=seed, epochs=epochs)
        if settings.model != model:
            raise ConfigError(f"configuration {config} is for {settings.model}, not for {model}")
        run(settings, runs / model, checkpoints / f"{model}.pt", data_dir, fresh)


def run(config: Config, out_dir: Path, weights: Path, data_dir: Path, fresh: bool) -> None:
    """Train as `config` says; write logs and checkpoints to `out_dir`, the best weights also to `weights`."""
    from torch.utils.tensorboard import SummaryWriter

    reuse_memory()
    dataset, device = load_dataset(config.dataset, data_dir), pick_device()
    loaders = make_loaders(dataset, config, device)
    torch.manual_seed(config.seed)
    model = prepare(build_model(config.model), device, config.precision)
    count = sum(parameter.numel() for parameter in model.parameters())
    precision = str(precision_of(device, config.precision)).removeprefix("torch.")
    what = f"{config.model} on {config.dataset}: {count:,} parameters, {precision} on {device.type}"
    console.print(what, markup=False)
    if config.small and not takes_images(model, config.small_side, device):
        small = f"{config.small_side} x {config.small_side}"
        console.print(f"{config.model} takes no images of {small} pixels: it sees those of full size from the start")
        loaders["train"].small_steps = 0

    reason = "asked to" if fresh else checkpoint.why_not_resume(out_dir / checkpoint.LAST, model, config)
    if reason and (old := checkpoint.set_aside(out_dir)):
        console.print(f"starting afresh: {reason}; the earlier run is kept in {old}", markup=False)
    done = 0
    if not reason:
        done = checkpoint.load(out_dir / checkpoint.LAST)["epoch"]
        loaders["train"].epoch = done
        console.print(f"resuming after epoch {done} of {config.epochs}; FRESH=1 starts again from the beginning")
    out_dir.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    # An epoch that was interrupted is trained again: TensorBoard drops what is written already from this step on.
    again = max(done * len(loaders["train"]), done + 1) if done else 0
    told = epochs_told(out_dir, again) if done else {}
    with (
        SummaryWriter(str(out_dir), purge_step=again) as events,
        Progress(*columns(), console=console, transient=True) as progress,
    ):
        bar = WithBar(loaders["train"], progress, "training")
        narrator = Narrator(events, config.epochs, len(bar), told)
        shown: dict[str, Loader | WithBar] = {"train": bar, "valid": loaders["valid"]}
        try:
            history = fit(model, shown, config, out_dir, device, narrator, not fresh)
        except KeyboardInterrupt:
            progress.stop()
            publish(out_dir / checkpoint.BEST, weights)
            saved = "saved up to the last whole epoch" if (out_dir / checkpoint.LAST).exists() else "in the first epoch"
            typer.echo(f"interrupted, {saved}: the same command goes on from there")  # rich may be what was interrupted
            raise typer.Exit(130) from None
        except Diverged as error:
            progress.stop()
            publish(out_dir / checkpoint.BEST, weights)
            console.print(diverged(error, len(bar), config, weights if (out_dir / checkpoint.BEST).exists() else None))
            raise typer.Exit(1) from None
        publish(out_dir / checkpoint.BEST, weights)
        show_pictures(events, model, loaders["valid"], dataset, weights)
    best = max(history, key=lambda row: row["valid_accuracy"])
    console.print(
        f"validation accuracy {best['valid_accuracy']:.4f} in epoch {best['epoch']:.0f} of {config.epochs}, after "
        f"{time.perf_counter() - started:.0f} s; weights in {weights} ({weights.stat().st_size / 1e6:.2f} MB)"
    )


def epochs_told(out_dir: Path, again: int) -> dict[str, int]:
    """The last epoch before step `again` of which TensorBoard has each curve that counts in epochs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(out_dir))
    events.Reload()
    found = {tag: [point.step for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    found.pop("Train/loss_batch", None)
    return {tag: max((step for step in steps if step < again), default=-1) for tag, steps in found.items()}


def diverged(error: Diverged, batches: int, config: Config, weights: Path | None) -> str:
    """Say where a run has ended, what to lower, and what is left of it."""
    rates = f"lr ({config.lr:g})" + (f", or muon_lr ({config.muon_lr:g})" if config.muon_lr else "")
    left = f"{weights} holds the best epoch before" if weights else "no epoch before was whole, so nothing is saved"
    return f"{error}, in epoch {1 + error.step // batches}: lower {rates} in the configuration; {left}"


def takes_images(model: torch.nn.Module, side: int, device: torch.device) -> bool:
    """Whether the model gives scores of images with `side` pixels each way; it is in training mode afterwards."""
    model.eval()
    try:
        with torch.no_grad():
            model(torch.zeros(2, 3, side, side, device=device))
    except RuntimeError as error:  # shapes that do not fit; what is not written yet is said later
        return isinstance(error, NotImplementedError)
    finally:
        model.train()
    return True


@app.command()
def evaluate(
    model: ModelName,
    dataset: DataName = None,
    checkpoints: Weights = Path("checkpoints"),
    data_dir: DataDir = DATA_DIR,
    runs: Annotated[Path, typer.Option(help="folder of the runs, which gets test.json for the report")] = Path("runs"),
) -> None:
    """Say how many test images the weights in checkpoints/ classify correctly, in float32 as in grading."""
    with sentences_for_errors():
        config = load_config(model, dataset=dataset, precision="float32")
        data, device, path = load_dataset(config.dataset, data_dir), pick_device(), checkpoints / f"{model}.pt"
        network = prepare(build_model(model), device, config.precision)
        if not path.exists():
            raise DataError(f"there is no {path}: make train MODEL={model} writes it")
        state = checkpoint.load(path)
        network.load_state_dict(state.get("model_state_dict", state))
        test = make_loaders(data, config, device)["test"]
        _, accuracy = validate(network, test, torch.nn.CrossEntropyLoss(), device)
        hits, total = round(accuracy * len(data.test)), len(data.test)
        console.print(f"{model} on {data.name}: test accuracy {accuracy:.4f} ({hits:,} of {total:,})")
        (runs / model).mkdir(parents=True, exist_ok=True)
        (runs / model / "test.json").write_text(json.dumps({"accuracy": accuracy, "images": total}), encoding="utf-8")


@app.command()
def data(data_dir: DataDir = DATA_DIR) -> None:
    """Fetch CIFAR-10 into data/ with torchvision, unless it is there."""
    with sentences_for_errors():
        fetched = fetch_cifar10(data_dir)
        train_images, test_images = len(fetched.train), len(fetched.test)
        console.print(f"CIFAR-10 is in {data_dir}/: {train_images:,} training and {test_images:,} test images")


@contextmanager
def sentences_for_errors() -> Iterator[None]:
    """Turn what a reader can mend into one sentence and exit status 1; anything else keeps its traceback."""
    try:
        yield
    except (ConfigError, DataError) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from None
    except NotImplementedError as error:
        console.print(f"{error} is not written yet", markup=False)
        raise typer.Exit(1) from None


def columns() -> tuple[TextColumn, BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn]:
    """Columns of the progress bar."""
    text = TextColumn("{task.description}")
    return text, BarColumn(), MofNCompleteColumn(), TextColumn("batches"), TimeRemainingColumn()


class WithBar:
    """A loader that shows a progress bar while it is iterated over."""

    def __init__(self, loader: Loader, progress: Progress, description: str) -> None:
        self.loader, self.progress, self.description = loader, progress, description

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        task = self.progress.add_task(self.description, total=len(self))
        try:
            for batch in self.loader:
                yield batch
                self.progress.advance(task)
        finally:
            self.progress.remove_task(task)


class Narrator:
    """A writer that also prints one line an epoch, and ends a run whose validation loss is NaN."""

    def __init__(self, writer: Writer, epochs: int, batches: int, told: Mapping[str, int]) -> None:
        self.writer, self.epochs, self.batches, self.told = writer, epochs, batches, told
        self.started = time.perf_counter()
        self.seen: dict[str, float] = {}

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Pass the value on; print when the last of an epoch's values is in."""
        if step > self.told.get(tag, -1):  # TensorBoard has the point already, from before the interruption
            self.writer.add_scalar(tag, value, step)
        if tag == "Valid/loss" and not math.isfinite(value):  # the last step of the epoch was one too many
            raise Diverged(value, step * self.batches - 1)
        self.seen[tag] = value
        if {"Train/loss", "Train/accuracy", "Valid/loss", "Valid/accuracy"} <= self.seen.keys():
            console.print(
                f"epoch {step:3d} of {self.epochs}  "
                f"training loss {self.seen['Train/loss']:.3f} accuracy {self.seen['Train/accuracy']:.3f}  "
                f"validation loss {self.seen['Valid/loss']:.3f} accuracy {self.seen['Valid/accuracy']:.3f}  "
                f"{time.perf_counter() - self.started:4.0f} s"
            )
            self.seen.clear()


def publish(best: Path, weights: Path) -> None:
    """Copy the best weights of the run to where they are handed in from."""
    if best.exists():
        weights.parent.mkdir(parents=True, exist_ok=True)
        unfinished = weights.with_name(weights.name + ".part")
        shutil.copyfile(best, unfinished)
        os.replace(unfinished, weights)


def show_pictures(events: object, model: torch.nn.Module, loader: Loader, dataset: DataSet, weights: Path) -> None:
    """Give TensorBoard the filters of the first layer and images that the best weights get wrong."""
    from torch.utils.tensorboard import SummaryWriter

    assert isinstance(events, SummaryWriter)
    model.load_state_dict(checkpoint.load(weights)["model_state_dict"])
    filters = pictures.first_filters(model)
    if filters is not None:
        events.add_image("Filters/first_layer", pictures.grid(filters, enlarge=8 if filters.shape[-1] < 16 else 2))
    wrong, names = pictures.wrongly_classified(model, loader, dataset)
    if names:
        events.add_image("Wrong/validation", pictures.grid(wrong))
        events.add_text("Wrong/validation", "  \n".join(f"{place + 1}. {name}" for place, name in enumerate(names)))


if __name__ == "__main__":
    app()
