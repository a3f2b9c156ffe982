"""One training run, written down: read from `configs/*.toml`, turned into loss, optimizer and learning rate. Given."""

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from .muon import Muon

CONFIG_DIR = Path(__file__).parent / "configs"
MODELS = ("two_layer", "vanilla_cnn", "my_model")
CHOICES = {
    "model": MODELS,
    "schedule": ("constant", "one_cycle"),
    "precision": ("auto", "float32", "bfloat16"),
}


class ConfigError(ValueError):
    """A configuration that cannot be used, and why, in one sentence."""


@dataclass(frozen=True)
class Config:
    """Everything that decides how a run goes; two runs with equal configurations and seeds are equal."""

    model: str
    dataset: str = "cifar10"  # cifar10, shapes, or images:PATH
    seed: int = 0  # of the weights, the order of the images and the augmentation

    epochs: int = 10  # passes over the training images
    batch_size: int = 128  # images
    lr: float = 0.1  # the highest learning rate of the run
    momentum: float = 0.9
    nesterov: bool = False  # Muon's momentum always is
    muon_lr: float = 0.0  # above 0, convolutions learn by Muon (`muon.py`) at this rate, the other parameters at lr
    weight_decay: float = 0.0  # of weights; biases, normalisation and what learns by Muon are not decayed
    schedule: str = "one_cycle"  # or "constant"
    warmup: float = 0.25  # share of all steps in which one_cycle rises from 0 to lr, before it falls back to 0
    label_smoothing: float = 0.0

    crop: int = 0  # pixels by which a training image moves at most, up, down, left and right
    flip: bool = False  # mirror each training image in every second epoch
    cutout: int = 0  # side, in pixels, of the square that is blanked in each training image
    small: float = 0.0  # share of all steps, from the first on, that see images scaled down, if the network takes them
    small_side: int = 24  # to so many pixels

    precision: str = "float32"  # of the forward pass; auto takes bfloat16 where the processor is fast at it
    save_every: int = 3  # epochs between two checkpoints

    def __post_init__(self) -> None:
        """Refuse values that would only fail, or mislead, later."""
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} is {getattr(self, name)!r}, expected one of {', '.join(allowed)}")
        if self.nesterov and not self.momentum:
            raise ConfigError("nesterov is true and momentum is 0, expected a momentum above 0")
        for name in ("epochs", "batch_size", "save_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected at least 1")
        for name in ("crop", "cutout", "muon_lr"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected at least 0")
        if not 8 <= self.small_side <= 32:
            raise ConfigError(f"small_side is {self.small_side}, expected 8 to 32")
        for name in ("warmup", "small"):
            if not 0 <= getattr(self, name) < 1:
                value = getattr(self, name)
                raise ConfigError(f"{name} is {value}, expected a share of the steps: at least 0, below 1")

    def to_dict(self) -> dict[str, str | int | float | bool]:
        """All settings by name, as plain values that a checkpoint can hold."""
        return asdict(self)


def load_config(source: str | Path, **changes: str | int | float | bool | None) -> Config:
    """Read a configuration: a file, or the name of one in `configs/`; `changes` that are not None win over it.

    A table in the file, such as `[result]`, is a record for readers and is not read.

    Raises:
        ConfigError: if the file is missing, is no TOML, or sets something that a Config does not have.
    """
    path = Path(source) if str(source).endswith(".toml") else CONFIG_DIR / f"{source}.toml"
    there = ", ".join(sorted(file.stem for file in CONFIG_DIR.glob("*.toml")))
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration {path}; in configs/ are {there}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    settings = {name: value for name, value in settings.items() if not isinstance(value, dict)}
    settings |= {name: value for name, value in changes.items() if value is not None}
    types = {field.name: field.type for field in fields(Config)}
    for name, value in settings.items():
        if name not in types:
            raise ConfigError(f"{path}: {name} is no setting; there are {', '.join(types)}")
        if types[name] is float and type(value) is int:
            settings[name] = value = float(value)
        if type(value) is not types[name]:
            raise ConfigError(f"{path}: {name} is {value!r}, expected {getattr(types[name], '__name__', types[name])}")
    if "model" not in settings:
        raise ConfigError(f"{path}: model is missing, expected one of {', '.join(MODELS)}")
    return Config(**settings)


def build_criterion(config: Config) -> nn.Module:
    """Cross-entropy of scores (N, 10) and labels (N,), averaged over the batch."""
    return nn.CrossEntropyLoss(label_smoothing=config.label_smoothing)


def build_optimizer(model: nn.Module, config: Config) -> Optimizer:
    """SGD with momentum, or Muon; only weights decay, that is, parameters of two or more axes."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if config.muon_lr:
        return Muon(groups, lr=config.muon_lr, sgd_lr=config.lr, momentum=config.momentum)
    return SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.nesterov)


def build_scheduler(optimizer: Optimizer, config: Config, steps_per_epoch: int) -> LRScheduler:
    """Plan the learning rate of every step of the run; `train_epoch` steps it once after each batch.

    `one_cycle` rises in a straight line for the first `warmup` share of all steps and falls in a straight line to 0
    (Smith and Topin 2018, arXiv:1708.07120): short runs reach more with it than with any constant rate.
    """
    total = config.epochs * steps_per_epoch
    peak = config.warmup * total

    def share_of_lr(step: int) -> float:
        if config.schedule == "constant":
            return 1.0
        return (step + 1) / (peak + 1) if step < peak else max(0.0, (total - step) / (total - peak))

    return LambdaLR(optimizer, share_of_lr)
