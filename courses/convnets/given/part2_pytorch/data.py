"""The data sets, and loaders fast enough that the network is what takes the time. Given.

    cifar10      torchvision's CIFAR-10 in `data/`; `make data` fetches it
    images:PATH  a folder or tar archive with train/<class>/<image> and test/<class>/<image>, 32 x 32 pixels
    shapes       ten classes of drawn figures, made on the spot; see `shapes.py`

Axes in the shapes below:
    N images   3 colours   32, 32 height and width

A data set is small: it stays in memory as one uint8 tensor, and each batch is cut out, augmented and normalised as a
whole. No worker processes; on a GPU the tensor lies there. The memory layout is channels-last, which is what
convolutions are fastest on; shapes are (N, 3, 32, 32) all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from . import shapes
from .config import Config
from .images import DataError, read_images

DATA_DIR = Path("data")
SPLIT_SEED = 45_000  # which tenth of the training images validates: the same in every run
CIFAR10_MEAN, CIFAR10_DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

Hook = Callable[[torch.Tensor], torch.Tensor]  # (N, 3, 32, 32) -> (N, 3, 32, 32) or smaller images, uint8


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, 3, 32, 32), uint8, channels-last, and their labels (N,), int64."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: torch.Tensor) -> "Split":
        """Only the images at `indices`, in that order."""
        return Split(self.images[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class DataSet:
    """Training and test images, the names of the classes, and the constants that normalise a colour in [0, 1]."""

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def load_dataset(name: str, data_dir: Path = DATA_DIR) -> DataSet:
    """Load `cifar10`, `shapes` or `images:PATH`.

    Raises:
        DataError: if it is not there or cannot be used; the text says what to do.
    """
    if name == "shapes":
        train = _split(*shapes.make_shapes(shapes.TRAIN, shapes.TRAIN_SEED))
        test = _split(*shapes.make_shapes(shapes.TEST, shapes.TEST_SEED))
        return DataSet(name, shapes.CLASSES, train, test, shapes.MEAN, shapes.DEVIATION)
    if name == "cifar10":
        return _load_cifar10(data_dir)
    if name.startswith("images:"):
        arrays = read_images(Path(name.removeprefix("images:")).expanduser(), data_dir / "cache")
        classes = tuple(str(class_name) for class_name in arrays["classes"])
        if len(classes) != 10:
            raise DataError(f"{name} has {len(classes)} classes, expected 10")
        train = _split(arrays["train_images"], arrays["train_labels"])
        test = _split(arrays["test_images"], arrays["test_labels"])
        return DataSet(name, classes, train, test, CIFAR10_MEAN, CIFAR10_DEVIATION)
    raise DataError(f"there is no data set {name!r}: use cifar10, shapes or images:PATH")


def _load_cifar10(data_dir: Path, download: bool = False) -> DataSet:
    """Read the files of torchvision, or fetch them first."""
    from torchvision.datasets import CIFAR10

    try:
        parts = [CIFAR10(str(data_dir), train=train, download=download) for train in (True, False)]
    except RuntimeError:
        raise DataError(f"there is no CIFAR-10 in {data_dir}/: run make data, or use shapes or images:PATH") from None
    train, test = (_split(part.data, np.array(part.targets, dtype=np.int64)) for part in parts)
    return DataSet("cifar10", tuple(parts[0].classes), train, test, CIFAR10_MEAN, CIFAR10_DEVIATION)


def fetch_cifar10(data_dir: Path = DATA_DIR) -> DataSet:
    """Fetch CIFAR-10 (170 MB) into `data_dir`, where it is not there yet.

    Raises:
        DataError: if it cannot be fetched.
    """
    try:
        return _load_cifar10(data_dir, download=True)
    except OSError as error:  # urllib's errors are among them
        raise DataError(f"CIFAR-10 could not be fetched ({error}): check the network, or use shapes") from None


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    """(N, 32, 32, 3), (N,) -> Split; the memory stays as it is, which makes the tensor channels-last."""
    return Split(torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels))


def train_valid_split(train: Split) -> tuple[Split, Split]:
    """Keep a random tenth of the training images for validation, always the same one: 45,000 and 5,000 of CIFAR-10."""
    order = torch.from_numpy(np.random.default_rng(SPLIT_SEED).permutation(len(train)))
    valid = len(train) // 10
    return train.subset(order[valid:]), train.subset(order[:valid])


def normalize(images: torch.Tensor, mean: Sequence[float], deviation: Sequence[float]) -> torch.Tensor:
    """(N, 3, 32, 32), uint8 -> float32: (x / 255 - mean) / deviation, colour by colour."""
    scale = 1 / (255 * torch.tensor(deviation, device=images.device))
    offset = torch.tensor(mean, device=images.device) / torch.tensor(deviation, device=images.device)
    return images.float().mul_(scale[:, None, None]).sub_(offset[:, None, None])


def random_shift(images: torch.Tensor, pixels: int) -> torch.Tensor:
    """Move each image by up to `pixels` each way; what enters at the edge mirrors what is there."""
    n, _, height, width = images.shape

    def places(size: int) -> torch.Tensor:
        moved = (torch.arange(size) + torch.randint(-pixels, pixels + 1, (n, 1))).abs()
        return (size - 1 - (size - 1 - moved).abs()).to(images.device)

    rows, columns, image = places(height), places(width), torch.arange(n, device=images.device)
    moved = images.permute(0, 2, 3, 1)[image[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def random_cutout(images: torch.Tensor, side: int) -> torch.Tensor:
    """Blank a square anywhere in each image, in part outside it perhaps (DeVries and Taylor 2017, arXiv:1708.04552)."""
    n, _, height, width = images.shape

    def hit(size: int) -> torch.Tensor:
        first = torch.randint(0, size, (n, 1)) - side // 2
        return ((torch.arange(size) >= first) & (torch.arange(size) < first + side)).to(images.device)

    return images.masked_fill(hit(height)[:, None, :, None] & hit(width)[:, None, None, :], 127)


def scale_down(images: torch.Tensor, side: int) -> torch.Tensor:
    """(N, 3, 32, 32) -> (N, 3, side, side): each pixel is a weighted mean of those that it covers."""
    small = functional.interpolate(images.float(), size=(side, side), mode="bilinear", antialias=True)
    return small.round_().to(torch.uint8)


class Loader:
    """Batches (images, labels) of a split, normalised; `hooks` augment each batch, as uint8, one after the other.

    In the first `small_steps` batches of a run, images are scaled down to `small_side` pixels: at 24, a step takes
    little more than half the time and teaches nearly as much (Tan and Le 2021, arXiv:2104.00298, section 4). The
    network must take images of any size, so its last pooling is over the whole image.

    With `flip`, each image is mirrored, left to right, in every second epoch, about half of them in the first: so an
    epoch never repeats the one before, as half of its images would if lots were drawn (Jordan 2024, arXiv:2404.00498).

    What is random is drawn from torch's global generator, on the CPU: that state and `epoch` repeat the batches.

    Attributes:
        epoch: how often the split has been gone through; whoever resumes a run sets it.
        small_steps, small_side: see above; 0 unless set.
    """

    def __init__(
        self,
        split: Split,
        dataset: DataSet,
        batch_size: int,
        device: torch.device,
        shuffle: bool = False,
        hooks: Sequence[Hook] = (),
        flip: bool = False,
    ) -> None:
        self.images, self.labels = split.images.to(device), split.labels.to(device)
        self.mean, self.deviation = dataset.mean, dataset.deviation
        self.batch_size, self.shuffle, self.hooks = batch_size, shuffle, tuple(hooks)
        self.flip = flip
        # who is mirrored in the first epoch, and in every second one from there
        self.turn = torch.from_numpy(np.random.default_rng(SPLIT_SEED).random(len(split)) < 0.5).to(device)
        self.epoch = self.small_steps = self.small_side = 0

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        first, mirrored = self.epoch * len(self), self.turn ^ bool(self.epoch % 2)
        self.epoch += 1
        n = len(self.labels)
        order = torch.randperm(n) if self.shuffle else torch.arange(n)
        for step, indices in enumerate(order.to(self.labels.device).split(self.batch_size), start=first):
            images = self.images[indices]
            if self.flip:
                images = torch.where(mirrored[indices, None, None, None], images.flip(3), images)
            for hook in self.hooks:
                images = hook(images)
            if step < self.small_steps:
                images = scale_down(images, self.small_side)
            yield normalize(images, self.mean, self.deviation), self.labels[indices]


def augmentation(config: Config) -> list[Hook]:
    """What a configuration does to each batch of training images, in order, besides mirroring."""
    hooks: list[Hook] = []
    if config.crop:
        hooks.append(partial(random_shift, pixels=config.crop))
    if config.cutout:
        hooks.append(partial(random_cutout, side=config.cutout))
    return hooks


def make_loaders(dataset: DataSet, config: Config, device: torch.device) -> dict[str, Loader]:
    """Loaders "train", shuffled and augmented as the configuration says, "valid" and "test"."""
    hooks = augmentation(config)
    train, valid = train_valid_split(dataset.train)
    loaders = {
        "train": Loader(train, dataset, config.batch_size, device, shuffle=True, hooks=hooks, flip=config.flip),
        "valid": Loader(valid, dataset, 1000, device),
        "test": Loader(dataset.test, dataset, 1000, device),
    }
    loaders["train"].small_side = config.small_side
    loaders["train"].small_steps = round(config.small * config.epochs * len(loaders["train"]))
    return loaders
