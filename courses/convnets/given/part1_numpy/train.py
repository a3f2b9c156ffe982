"""Train a small network on 50 images until it knows them by heart. Given: needs 1.2 to 1.4, 1.6, 1.7, 1.12, 1.13.

    python -m part1_numpy.train                          50 images drawn by this file
    python -m part1_numpy.train --data images:PATH       50 images of a folder or tar archive with train/<class>/*.jpg

Fifty images are too few to learn anything about the world, and few enough to be learned by heart: a network whose parts
work gets nearly all of them right within seconds. One that stays near 0.1, chance for ten classes, has a mistake in it.
That makes this the cheapest test of a whole network, and a good first thing to do with any new one.
"""

import argparse
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from .activations import ReLU
from .conv2d import Conv2d
from .convnet import ConvNet
from .linear import Flatten, Linear
from .losses import SoftmaxCrossEntropy
from .optim import SGD
from .pooling import MaxPool2d

CLASSES, PER_CLASS, SIDE = 10, 5, 32
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png"}


def drawn_images(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return images (50, 3, 32, 32) in 0..1 and their classes (50,), drawn by formula.

    A class is a pattern of stripes or rings, of one of five widths; place, colours and noise are each image's own.
    """
    rows, columns = np.mgrid[:SIDE, :SIDE]
    images, classes = [], np.repeat(np.arange(CLASSES), PER_CLASS)
    for label in classes:
        shape, width = divmod(int(label), 5)
        top, left = rng.uniform(8, 24, size=2)
        angle = rng.uniform(0, np.pi)
        distance = (
            np.hypot(rows - top, columns - left)
            if shape
            else (rows - top) * np.cos(angle) + (columns - left) * np.sin(angle)
        )
        pattern = np.sin(distance * 2 * np.pi / (4 + 2 * width)) > 0  # (32, 32)
        dark, light = rng.uniform(0, 0.5, size=(3, 1, 1)), rng.uniform(0.5, 1, size=(3, 1, 1))
        images.append(np.where(pattern, light, dark) + rng.normal(scale=0.05, size=(3, SIDE, SIDE)))
    return np.clip(np.stack(images), 0, 1), classes


def image_files(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the class and the open file of each image in train/<class>/ of a folder or of a tar archive."""
    if path.is_dir():
        for file in sorted(path.glob("train/*/*")):
            if file.suffix.lower() in IMAGE_SUFFIXES:
                with file.open("rb") as stream:
                    yield file.parent.name, stream
        return
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            content = archive.extractfile(member) if name.suffix.lower() in IMAGE_SUFFIXES else None
            if content is not None and name.parent.parent.name == "train":
                yield name.parent.name, content


def read_images(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the first 5 images of each of the first 10 classes, as drawn_images does. Needs Pillow.

    Raises:
        SystemExit: if there are fewer.
    """
    from PIL import Image

    found: dict[str, list[np.ndarray]] = {}
    for name, stream in image_files(path):
        if len(found.get(name, [])) == PER_CLASS or (len(found) == CLASSES and name not in found):
            continue
        picture = Image.open(stream).convert("RGB").resize((SIDE, SIDE))
        found.setdefault(name, []).append(np.asarray(picture, dtype=np.float64).transpose(2, 0, 1) / 255)
        if sum(map(len, found.values())) == CLASSES * PER_CLASS:
            images = np.concatenate([np.stack(found[name]) for name in sorted(found)])
            return images, np.repeat(np.arange(CLASSES), PER_CLASS)
    raise SystemExit(f"{path} has images of {len(found)} classes, expected {PER_CLASS} each of {CLASSES} in train/")


def small_network(rng: np.random.Generator) -> ConvNet:
    """Return a network of two convolutions for images (N, 3, 32, 32) of 10 classes."""
    modules = [
        Conv2d(3, 16, kernel_size=5, stride=2, padding=2, rng=rng),  # (N, 16, 16, 16)
        ReLU(),
        MaxPool2d(2),  # (N, 16, 8, 8)
        Conv2d(16, 32, kernel_size=3, padding=1, rng=rng),  # (N, 32, 8, 8)
        ReLU(),
        MaxPool2d(2),  # (N, 32, 4, 4)
        Flatten(),
        Linear(32 * 4 * 4, CLASSES, rng),
    ]
    return ConvNet(modules, SoftmaxCrossEntropy())


def train(images: np.ndarray, classes: np.ndarray, epochs: int, rng: np.random.Generator) -> float:
    """Train a small network, print loss and accuracy after each epoch, and return the last accuracy."""
    model = small_network(rng)
    optimizer = SGD(model, lr=0.01, momentum=0.9, weight_decay=1e-4)
    accuracy = 0.0
    for epoch in range(1, epochs + 1):
        losses, correct = [], 0
        for batch in np.split(rng.permutation(len(images)), 5):
            probs, loss = model.forward(images[batch], classes[batch])
            model.backward()
            optimizer.step()
            losses.append(loss)
            correct += int((probs.argmax(axis=1) == classes[batch]).sum())
        accuracy = correct / len(images)
        print(f"epoch {epoch:3d}   loss {np.mean(losses):.3f}   accuracy {accuracy:.2f}", flush=True)
        if accuracy == 1.0:
            break
    return accuracy


def main() -> int:
    """Run the script; the exit status is 1 where the accuracy stays at or below 0.9."""
    parser = argparse.ArgumentParser(prog="python -m part1_numpy.train", description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", metavar="images:PATH", help="read the images from a folder or tar archive")
    parser.add_argument("--epochs", type=int, default=40, help="passes over the 50 images at most (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and drawn images (default: 0)")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.data is None:
        images, classes = drawn_images(rng)
    elif arguments.data.startswith("images:"):
        images, classes = read_images(Path(arguments.data.removeprefix("images:")))
    else:
        parser.error(f"--data is {arguments.data!r}, expected images:PATH")
    images = (images - images.mean()) / images.std()
    start = time.perf_counter()
    accuracy = train(images, classes, arguments.epochs, rng)
    verdict = "above 0.9, as it should be" if accuracy > 0.9 else "not above 0.9: something in the chain is wrong"
    print(f"{accuracy:.2f} of {len(images)} training images right after {time.perf_counter() - start:.1f} s, {verdict}")
    return 0 if accuracy > 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
