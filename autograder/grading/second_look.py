"""Asks a model again about images that it has seen: as they are among other images, and changed.

What comes of it is for instructors and costs nothing: who has learned the test images by heart loses much where they
are changed, and whose answer hangs on more than the image, on its batch or on what was asked before, gives others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.course.datasets import TestSet
from autograder.grading import changes
from autograder.grading.candidates import BATCH, Candidate
from autograder.reports.scores import PLAIN

# Images that are shown changed, and how many of them also as they are: 950 answers in all, 9.5 % of those for CIFAR-10.
# The standard error of a loss is 0.026: honest models, which lose 0.03 to 0.19, and albums, 0.40 to 0.47, lie four of
# them on either side of the bound of 0.3. Who changes 3 % of its answers with its company changes 6 of 200; two may.
SAMPLE, AGAIN = 375, 200
COST = 4  # times as long as they took at first, at most: there are almost three of each, and batches are smaller


@dataclass(frozen=True)
class Shown:
    """What a model was asked already, and answered.

    Attributes:
        sample: of the test images, by index.
        predicted: the class that each got.
        rng: drawn from the secret seed; goes on from there.
    """

    sample: np.ndarray
    predicted: np.ndarray
    rng: np.random.Generator


def look(candidate: Candidate, test: TestSet, shown: Shown) -> tuple[float, dict[str, float]]:
    """Show a sample as it is, and changed, all mixed up, in batches of every size.

    Returns:
        Of the images as they are, the share that got another class than before; and the accuracy on the sample, of
        what was answered before and by what was done to the images.
    """
    images, labels = test.images[shown.sample], test.labels[shown.sample]
    views = changes.draw(images, shown.rng)
    everything = np.concatenate([images[:AGAIN], *views.values()])
    classes = np.zeros(len(everything), dtype=np.int64)
    for part in _batches(len(everything), shown.rng):
        classes[part] = candidate.classes(everything[part])
    again, rest = np.split(classes, [len(images[:AGAIN])])
    answers = {PLAIN: shown.predicted, **dict(zip(views, rest.reshape(len(views), -1), strict=True))}
    accuracies = {name: float(np.mean(found == labels)) for name, found in answers.items()}
    return float(np.mean(again != shown.predicted[:AGAIN])), accuracies


def _batches(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut a random order of so many images into batches of 1 to BATCH, small ones as likely as large ones."""
    sizes = np.exp(rng.uniform(0, np.log(BATCH + 1), count)).astype(np.int64)
    return [part for part in np.split(rng.permutation(count), np.cumsum(sizes)) if len(part)]
