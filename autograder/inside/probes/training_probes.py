"""The grader's own small models, loaders, criterions and writers that live on the student's side.

They are here because student code calls them, or because what it makes is looked at where it is. They note what
happens to them and judge nothing. Nothing in this module is an answer.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from .model_probes import fill

SIDE = 32  # pixels of an image
_folders: list[tempfile.TemporaryDirectory[str]] = []  # removed at the end of the process


class Net(nn.Module):
    """A small model in double precision: linear, tanh, linear, on the three colours of an image's first pixel.

    Attributes:
        modes: for each batch, whether it was in training mode.
        tracked: for each batch, whether its scores could be differentiated.
    """

    def __init__(self, parameters: Sequence[np.ndarray]) -> None:
        super().__init__()
        hidden, colours = parameters[0].shape
        # In float32 right code would differ after some epochs, by the order of its sums.
        self.first = nn.Linear(colours, hidden, dtype=torch.float64)
        self.second = nn.Linear(hidden, len(parameters[3]), dtype=torch.float64)
        fill(self, parameters)
        self.modes: list[bool] = []
        self.tracked: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, classes)."""
        scores: torch.Tensor = self.second(torch.tanh(self.first(x[:, :, 0, 0].double())))
        self.modes.append(self.training)
        self.tracked.append(scores.requires_grad)
        return scores

    def flat(self) -> torch.Tensor:
        """All parameters in a row."""
        return flat(self.state_dict())


class NormNet(nn.Module):
    """A small model in double precision whose layers work differently in evaluation: normalisation, dropout, linear.

    Attributes:
        modes: for each batch, whether it and its layers were in training mode.
    """

    def __init__(self, mean: np.ndarray, var: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(len(mean), affine=False, dtype=torch.float64)
        self.norm.running_mean, self.norm.running_var = torch.from_numpy(mean.copy()), torch.from_numpy(var.copy())
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(len(mean), len(bias), dtype=torch.float64)
        fill(self, (weight, bias))
        for parameter in self.parameters():
            parameter.grad = torch.ones_like(parameter)
        self.modes: list[tuple[bool, ...]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) -> (N, classes)."""
        self.modes.append((self.training, self.norm.training, self.dropout.training))
        scores: torch.Tensor = self.output(self.dropout(self.norm(x[:, :, 0, 0].double())))
        return scores

    def condition(self) -> dict[str, Any]:
        """Everything of it that a validation might change."""
        return {
            "the parameters": [parameter.detach().clone() for parameter in self.parameters()],
            "the running statistics": list(self.norm.state_dict().values()),
            "requires_grad": [parameter.requires_grad for parameter in self.parameters()],
            "the gradients": [parameter.grad for parameter in self.parameters()],
        }


class Distance(nn.Module):
    """A criterion of a kind no student knows: the mean square of the distance of each true score from 2."""

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """(N, classes), (N,) -> ()."""
        return (scores.gather(1, labels[:, None]) - 2).square().mean()


def cross_entropy() -> nn.Module:
    """Cross-entropy, averaged over the batch."""
    return nn.CrossEntropyLoss()


class Elsewhere(torch.Tensor):
    """A tensor on another device, as far as its user can tell: together with one from here it can do nothing."""

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Refuse what would mix devices; what is moved here becomes a plain tensor."""
        # Where it is graded there is no other device, and code that mixes them must fail all the same.
        given = [*args, *(kwargs or {}).values()]
        if func is torch.Tensor.device.__get__:
            return torch.device("cuda", 0)
        moved = func is torch.Tensor.to and any(isinstance(value, torch.device | str) for value in given)
        if moved or func is torch.Tensor.cpu:
            with torch._C.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {})).as_subclass(torch.Tensor)
        if any(isinstance(value, torch.Tensor) and not isinstance(value, cls) for value in given):
            raise RuntimeError("Expected all tensors to be on the same device: the model is on cpu, the batch is not")
        handle: Callable[..., Any] = super().__torch_function__
        return handle(func, types, args, kwargs)


class Stop(Exception):
    """Ends a run from outside, as a power cut would."""


class Batches:
    """A loader of batches (N, 3, 32, 32) and (N,), the last one smaller perhaps; images of one colour each.

    Args:
        colours, labels: (N, 3) and (N,).
        batch_size: images in a batch.
        shuffle: draw the order of each pass from torch's global generator.
        elsewhere: the batches lie on another device than the model.
        stop: what ends the pass `stop_pass` (from 1) before its batch `stop_batch` (from 0): "cut" or "interrupt".
        watch: a folder; `versions` says how often last.pt in it had been written when each pass began.
    """

    def __init__(
        self,
        colours: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        shuffle: bool = False,
        elsewhere: bool = False,
        stop: str = "",
        stop_pass: int = 0,
        stop_batch: int = 0,
        watch: Path | None = None,
    ) -> None:
        # Of one colour: the models here look at one pixel, and whichever it is after a crop or flip, they see the same.
        images = torch.from_numpy(colours.astype(np.float32))[:, :, None, None]
        self.images = images.expand(-1, -1, SIDE, SIDE).contiguous()
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.batch_size, self.shuffle, self.elsewhere = batch_size, shuffle, elsewhere
        self.stop, self.stop_at = stop, (stop_pass, stop_batch)
        self.watch = watch / "last.pt" if watch else None
        self.passes = 0
        self.versions: list[int] = []
        self._seen: list[str] = [""]

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a loader has no {name} here: all it promises is to give batches, and len, their number")

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        self.look()
        count = len(self.labels)
        order = torch.randperm(count) if self.shuffle else torch.arange(count)
        for number, indices in enumerate(torch.split(order, self.batch_size)):
            if self.stop and (self.passes + 1, number) == self.stop_at:
                raise KeyboardInterrupt if self.stop == "interrupt" else Stop
            images, labels = self.images[indices], self.labels[indices]
            if self.elsewhere:
                images, labels = images.as_subclass(Elsewhere), labels.as_subclass(Elsewhere)
            yield images, labels
        self.passes += 1  # a first batch that is looked at is none

    def look(self) -> None:
        """Note how often the file has been written by now."""
        if self.watch is not None:
            there = hashlib.sha256(self.watch.read_bytes()).hexdigest() if self.watch.exists() else ""
            if there != self._seen[-1]:
                self._seen.append(there)
            self.versions.append(len(self._seen) - 1)


class Recorder:
    """A writer that keeps what it is given.

    Attributes:
        scalars: [tag, value, step] in the order in which they came.
    """

    def __init__(self) -> None:
        self.scalars: list[list[Any]] = []

    def add_scalar(
        self, tag: str, value: Any = None, step: Any = None, *, scalar_value: Any = None, global_step: Any = None
    ) -> None:
        """Keep one value; the names of SummaryWriter's arguments are understood as well."""
        value, step = (scalar_value if value is None else value), (global_step if step is None else step)
        self.scalars.append([str(tag), float(value), None if step is None else int(step)])


def flat(state: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """All tensors of a state_dict in a row."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in state.values()])


# What a loop is given.


def sgd(model: nn.Module, lr: float, momentum: float) -> Optimizer:
    """Stochastic gradient descent."""
    return SGD(model.parameters(), lr=lr, momentum=momentum)


def stepwise(optimizer: Optimizer, factors: Sequence[float]) -> LambdaLR:
    """A scheduler with a factor of its own for each step, the last one from there on."""
    return LambdaLR(optimizer, lambda step: factors[min(step, len(factors) - 1)])


def cpu() -> torch.device:
    """The device of all checks."""
    return torch.device("cpu")


def seed(number: int) -> None:
    """Seed torch's global generator."""
    torch.manual_seed(number)


def finish(function: Callable[..., Any], *args: Any) -> dict[str, Any]:
    """Call it and say how it ended: "returned", with the value, "interrupted", or "cut"."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the batches are tiny: waking a second thread takes longer than the work
    try:
        return {"ended": "returned", "value": function(*args)}
    except KeyboardInterrupt:
        return {"ended": "interrupted", "value": None}
    except Stop:
        return {"ended": "cut", "value": None}
    finally:
        torch.set_num_threads(threads)


# Files of a run.


def folder(files: Mapping[str, np.ndarray] | None = None) -> Path:
    """Make a folder that holds these files, by their paths in it."""
    _folders.append(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    root = Path(_folders[-1].name)
    for name, content in (files or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    return root


def packed(root: Path) -> dict[str, np.ndarray]:
    """All files below a folder, as bytes, by their paths in it."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(root).as_posix(): np.frombuffer(path.read_bytes(), dtype=np.uint8) for path in paths}


def opened(root: Path, name: str, key: str) -> dict[str, Any]:
    """What a checkpoint holds: the tensors of the state_dict under `key`, in a row, and numbers; or what is wrong."""
    if not (root / name).is_file():
        return {"trouble": "missing"}
    try:
        state = torch.load(root / name, map_location="cpu", weights_only=True)
    except Exception:  # whatever it is: torch's own text advises to load it without weights_only
        return {"trouble": "unsafe"}
    if not isinstance(state, dict) or not isinstance(state.get(key), dict):
        return {"trouble": "no key"}
    plain = {name: one.item() if torch.is_tensor(one) and one.numel() == 1 else one for name, one in state.items()}
    numbers = {name: one for name, one in plain.items() if type(name) is str and isinstance(one, int | float)}
    return {"trouble": "", "weights": flat(state[key]), "numbers": numbers}
