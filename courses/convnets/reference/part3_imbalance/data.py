"""Data sets in which some classes have many images and others few, made from a balanced one.

Axes in the shapes below:
    N images of the balanced set   C classes   M images that are kept

Classes are ordered from the most frequent, 0, to the rarest, C - 1. Two ways to get there from n_max images to
n_min = factor * n_max are in use:

    "exp"    every class has the same share of the one before it. This is long-tailed CIFAR as in Cui et al. 2019,
             arXiv:1901.05555, section 5.1; they give the ratio the other way round, 100 where we say 0.01.
    "step"   half of the classes keep everything, the others are equally rare; Buda et al. 2018, arXiv:1710.05381.

Only training data are thinned out. The test set stays balanced: what counts is how well each class is recognised.
"""

import numpy as np
from numpy.typing import ArrayLike


def long_tailed_counts(n_max: int, num_classes: int, imbalance_factor: float, kind: str = "exp") -> list[int]:
    """Return how many images each of C classes keeps, the most frequent class first.

    Args:
        n_max: images of class 0.
        num_classes: C; may be 1.
        imbalance_factor: images of the rarest class for each of class 0, above 0 and at most 1.
        kind: "exp" or "step", as above.

    Raises:
        ValueError: for any other kind.

    >>> long_tailed_counts(5000, 10, 0.01)
    [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    >>> long_tailed_counts(5000, 5, 0.01, kind="step")
    [5000, 5000, 50, 50, 50]
    """
    # TODO 3.1: one whole number a class.
    #   "exp":  class i keeps int(n_max * factor ** (i / (C - 1)))         n_max at i = 0, factor * n_max at i = C - 1
    #   "step": the first C // 2 classes keep n_max, the rest int(n_max * factor)
    # int() cuts off what is behind the point; part of an image is no image. With one class, what is i / (C - 1)?
    # >>> solution
    if kind == "exp":
        last = max(num_classes - 1, 1)
        return [int(n_max * imbalance_factor ** (i / last)) for i in range(num_classes)]
    if kind == "step":
        head = num_classes // 2
        return [n_max] * head + [int(n_max * imbalance_factor)] * (num_classes - head)
    raise ValueError(f"kind is {kind!r}, expected 'exp' or 'step'")
    # <<< solution


def imbalanced_subset(labels: ArrayLike, counts: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """Choose counts[c] images of each class c at random, no image twice; return where they are in the data set.

    Args:
        labels: (N,) class of each image; an array, a list (torchvision's `targets` is one) or a tensor.
        counts: (C,) images to keep of each class; 0 is allowed.
        rng: all randomness comes from here: an equal generator chooses equal images.

    Returns:
        (M,) int64, M = sum of counts: indices into labels, in any order.

    Raises:
        ValueError: if a class has fewer images than it should keep.

    >>> labels = [0, 1, 0, 0, 1, 2]
    >>> chosen = imbalanced_subset(labels, [2, 1, 0], np.random.default_rng(0))
    >>> [labels[i] for i in chosen]
    [0, 0, 1]
    """
    # TODO 3.1: class by class.
    #   1. where the images of class c are       (number of images of class c,)     np.flatnonzero
    #   2. are there enough?
    #   3. counts[c] of them, without replacement, from rng
    #   4. the chosen ones of all classes together                                   (M,)
    # `==` compares an array value by value, but a list as a whole: begin with np.asarray.
    # >>> solution
    labels = np.asarray(labels)
    chosen = []
    for c, count in enumerate(np.asarray(counts)):
        members = np.flatnonzero(labels == c)
        if count > len(members):
            raise ValueError(f"class {c} has {len(members)} images, {count} are asked for")
        chosen.append(rng.choice(members, size=count, replace=False))
    return np.concatenate(chosen)
    # <<< solution
