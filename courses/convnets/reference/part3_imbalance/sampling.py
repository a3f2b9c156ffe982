"""Batches in which all classes are equally frequent, whatever the data set.

Axes in the shapes below:
    N images of the training set

The other way to make up for rare classes: not in the loss, but by showing their images more often. PyTorch's sampler
draws images with replacement, each with a probability proportional to its weight:

    weights = balanced_sample_weights(labels)
    sampler = torch.utils.data.WeightedRandomSampler(weights, num_samples=len(labels))
    loader = torch.utils.data.DataLoader(dataset, batch_size=128, sampler=sampler)

An epoch has as many images as before; those of rare classes come many times, and some of frequent classes not at all.
"""

import torch
from numpy.typing import ArrayLike


def balanced_sample_weights(labels: ArrayLike) -> torch.Tensor:
    """Return a weight for each image, so that every class that has images is drawn equally often.

    Args:
        labels: (N,) class of each image; an array, a list or a tensor. Numbers of classes may be left out.

    Returns:
        (N,) positive; only their ratios matter to the sampler.

    >>> balanced_sample_weights([0, 0, 0, 1])
    tensor([0.3333, 0.3333, 0.3333, 1.0000])
    """
    # TODO 3.5: a class's weights should sum to the same number, whatever the class.
    #   1. images of each class                   (C,)      torch.bincount
    #   2. how many images the class of each image has      (N,)
    #   3. the weight of each image               (N,)
    # >>> solution
    labels = torch.as_tensor(labels)
    return 1 / torch.bincount(labels)[labels]
    # <<< solution
