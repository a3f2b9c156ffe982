"""Asks a model that does badly whether it has learned from images of another scale, or other colours first.

What is said is one of a few fixed sentences, whatever the images are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.course.datasets import TestSet
from autograder.errors import GraderError
from autograder.grading.candidates import Candidate, Colours

IMAGES = 300  # of those that it has seen already
BETTER = 0.15  # by so much of the accuracy, which is five standard errors of so few images
LOW = 0.5  # no model that is right more often is asked
RAW, IMAGENET = ((0.0,) * 3, (1 / 255,) * 3), ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# What it may have learned from: the mean and deviation that make it of images from 0 to 1.
OTHERS: dict[str, tuple[Colours, Colours]] = {
    "values from 0 to 255": RAW,
    "values from 0 to 1, not normalised": ((0.0,) * 3, (1.0,) * 3),
    "values from -1 to 1": ((0.5,) * 3, (0.5,) * 3),
    "images normalised for ImageNet": IMAGENET,
}
SWAPPED = "images whose colours come as blue, green, red"
COST = len(OTHERS) + 2  # times the seconds of so many images; one for loading
Load = Callable[[Colours, Colours], Candidate]


def suspect(load: Load, test: TestSet, sample: np.ndarray, predicted: np.ndarray) -> str:
    """Say which other images a model knows better, or nothing where it knows none.

    Args:
        load: makes the model anew, for images that are normalised with a mean and deviation.
        test: the images.
        sample: those to ask about, by index.
        predicted: the class that each of them got.
    """
    images, labels = test.images[sample], test.labels[sample]
    here = float(np.mean(predicted == labels))
    if here > LOW:
        return ""
    found = {}
    try:
        for name, (mean, deviation) in OTHERS.items():
            found[name] = float(np.mean(load(mean, deviation).classes(images) == labels))
        found[SWAPPED] = float(np.mean(load(test.mean, test.deviation).classes(images[..., ::-1]) == labels))
    except GraderError:  # it has its accuracy; what it does not tell here, it does not tell
        return ""
    best = max(found, key=lambda name: found[name])
    if found[best] < here + BETTER:
        return ""
    given = [", ".join(f"{number:g}" for number in numbers) for numbers in (test.mean, test.deviation)]
    what = f"images normalised with mean ({given[0]}) and deviation ({given[1]})"
    return f"the grader gives {what}, yours learned on {best}?"
