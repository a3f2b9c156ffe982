"""How well each class is recognised.

Axes in the shapes below:
    N images of the test set   C classes

Where 90 of 100 images are cats, whoever says "cat" every time is right in 90 % of the cases. Overall accuracy is blind
to that; the accuracies of the single classes, and their mean, are not.

Labels and predictions are whole numbers 0 .. C - 1: arrays, lists or tensors, all (N,). A class may occur among the
labels, among the predictions, in both or in neither.
"""

import numpy as np
from numpy.typing import ArrayLike


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> np.ndarray:
    """Count how often an image of class i was taken for class j.

    Returns:
        (C, C) int64: rows are true classes, columns are predicted ones.

    >>> confusion_matrix([0, 0, 0, 1], [0, 2, 2, 1], 3)
    array([[1, 0, 2],
           [0, 1, 0],
           [0, 0, 0]])
    """
    # TODO 3.6: no loop is needed, but one is fine.
    #   1. zeros                                  (C, C)
    #   2. add 1 at (label, prediction), for each image
    # With arrays as indices, `matrix[rows, columns] += 1` adds once at each place, however often it occurs among them.
    # Look at: np.add.at, or np.bincount of one number that stands for both.
    # >>> solution
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(matrix, (np.asarray(labels), np.asarray(predictions)), 1)
    return matrix
    # <<< solution


def per_class_accuracy(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> np.ndarray:
    """Return for each class the share of its images that were recognised.

    Returns:
        (C,) float64; NaN, without a warning, for a class that has no images: nothing is known about it. One that has
        images and is never recognised has 0.

    >>> per_class_accuracy([0, 0, 0, 1], [0, 2, 2, 1], 3)
    array([0.33333333, 1.        ,        nan])
    """
    # TODO 3.6: from the confusion matrix.
    #   1. images of each class                   (C,)
    #   2. of which were recognised               (C,)      np.diagonal
    #   3. their ratio; NaN where there are none  (C,)
    # NumPy warns of 0 / 0, even where np.where then takes another value. np.divide has an argument for that.
    # >>> solution
    matrix = confusion_matrix(labels, predictions, num_classes)
    images = matrix.sum(axis=1)
    accuracy = np.full(num_classes, np.nan)
    np.divide(matrix.diagonal(), images, out=accuracy, where=images > 0)
    return accuracy
    # <<< solution


def balanced_accuracy(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    """Return the mean of the accuracies of the classes that have images: each class counts alike.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 2, 2, 1], 3)  # (1/3 + 1) / 2; overall accuracy is 2/4
    0.6666666666666666
    """
    # TODO 3.6: a class without images has no say.
    # >>> solution
    return float(np.nanmean(per_class_accuracy(labels, predictions, num_classes)))
    # <<< solution
