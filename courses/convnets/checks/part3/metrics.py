"""3.6: confusion matrix, accuracy of each class, balanced accuracy."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.cases.situations import Situation, Trait, situations
from autograder.checking import answers
from autograder.checking.containers import as_told, expect_kept, kind_traits
from autograder.checking.each import for_each
from autograder.checking.expect import expect_no_warnings
from autograder.checking.rubric import check
from autograder.checking.student import Student
from autograder.errors import CheckFailed

from ...oracles.imbalance import class_accuracy, confusion, mean_accuracy
from .shared import SINGLE, expect_finite, expect_numbers

CONFUSION = "part3_imbalance.metrics:confusion_matrix"
PER_CLASS = "part3_imbalance.metrics:per_class_accuracy"
BALANCED = "part3_imbalance.metrics:balanced_accuracy"
AXES = ("true class", "predicted class")
ABSENT = (
    Trait("last", "the last class does not occur", "where the last class occurs"),
    Trait("inner", "a class between others has no images", "where every class before the last has images"),
)

Case = tuple[np.ndarray, np.ndarray, int]
RIGHT = {CONFUSION: confusion, PER_CLASS: class_accuracy, BALANCED: mean_accuracy}

# Rows are true classes. Every class is right at least once, and no count is what another rule would make of it.
ALL_CLASSES = ((3, 1, 0), (2, 4, 1), (0, 5, 2))
# Class 1 has no images, but is predicted; class 2 has some, and is never right; 3 has one; 4 does not occur at all.
SOME_CLASSES = ((3, 1, 0, 0, 0), (0, 0, 0, 0, 0), (2, 1, 0, 1, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 0))


def _some(rng: np.random.Generator, case: Situation) -> Case:
    """Draw a case of five classes in which all occur, or not."""
    matrix = np.array(SOME_CLASSES)
    matrix[1] += 0 if "inner" in case else [0, 2, 1, 0, 0]
    matrix[4] += 0 if "last" in case else [1, 0, 0, 0, 2]
    return _case(rng, tuple(map(tuple, matrix.tolist())))


def _case(rng: np.random.Generator, matrix: tuple[tuple[int, ...], ...]) -> Case:
    """Draw an order for the labels and predictions that have this confusion matrix; add the number of classes."""
    pairs = [(i, j) for i, row in enumerate(matrix) for j, count in enumerate(row) for _ in range(count)]
    labels, predictions = rng.permutation(np.array(pairs)).T
    return np.ascontiguousarray(labels), np.ascontiguousarray(predictions), len(matrix)


@check("3.6-confusion", points=2)
def rows_are_true_classes(student: Student, rng: np.random.Generator) -> None:
    """confusion_matrix counts the images of each true class, in rows, by predicted class, in columns.

    Every image counts, also where several are of one class and were taken for one class.
    """
    case = _case(rng, ALL_CLASSES)
    expect_numbers(student.call(CONFUSION, *case), confusion(*case), "matrix", axes=AXES)


@check("3.6-absent", needs=("3.6-confusion",))
def every_class_has_row_and_column(student: Student, rng: np.random.Generator) -> None:
    """confusion_matrix has num_classes rows and columns, also for classes that do not occur.

    The largest number among labels and predictions may be smaller than num_classes - 1.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        asked = _some(rng, case)
        expect_numbers(student.call(CONFUSION, *asked), confusion(*asked), "matrix", axes=AXES)

    # At first the last class occurs: a matrix that lacks it is none that ends with the largest class that occurs.
    for_each(student, rng, situations("5 classes", ABSENT, "inner", "last inner", "last"), body)


@check("3.6-per-class", points=2, needs=("3.6-confusion",))
def accuracy_of_each_class(student: Student, rng: np.random.Generator) -> None:
    """per_class_accuracy returns the share of each class's images that were recognised.

    Among all images that are of the class, not among those that were taken for it.
    """
    case = _case(rng, ALL_CLASSES)
    expect_numbers(student.call(PER_CLASS, *case), class_accuracy(*case), "accuracy", axes=("class",))


@check("3.6-empty", needs=("3.6-absent", "3.6-per-class"))
def empty_classes_are_nan(student: Student, rng: np.random.Generator) -> None:
    """per_class_accuracy is NaN exactly where a class has no images, without a warning.

    Nothing is known about such a class: 0 would say that it is never recognised. A class that has images and is never
    right has 0.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        asked = _some(rng, case)
        found = student.call(PER_CLASS, *asked)
        expected = class_accuracy(*asked)
        array = answers.array(found)
        empty = np.isnan(expected)
        if array is not None and array.shape == expected.shape and array.dtype.kind == "f":
            for c in np.flatnonzero(empty & ~np.isnan(array)):
                raise CheckFailed(f"accuracy[{c}] is {array[c]:.6g}, expected nan: class {c} has no images")
            for c in np.flatnonzero(~empty & np.isnan(array)):
                raise CheckFailed(f"accuracy[{c}] is nan, expected {expected[c]:.6g}: class {c} has images")
            found = np.where(empty, 0, array)
        expect_numbers(found, np.where(empty, 0, expected), "accuracy", axes=("class",))
        expect_no_warnings(student.warned, "per_class_accuracy with an empty class")

    for_each(student, rng, situations("5 classes", ABSENT, "last inner", "inner", "last"), body)


@check("3.6-balanced", points=2, needs=("3.6-per-class", "3.6-empty"))
def balanced_accuracy_is_a_mean_over_classes(student: Student, rng: np.random.Generator) -> None:
    """balanced_accuracy is the mean of the accuracies of all classes that have images.

    Each class counts alike, however many images it has, and one without images not at all.
    """
    for matrix in (ALL_CLASSES, SOME_CLASSES):
        case = _case(rng, matrix)
        found = student.call(BALANCED, *case)
        expect_finite(found, "balanced accuracy", "is the NaN of a class without images part of the mean?")
        parts = {"the accuracies of the classes": class_accuracy(*case)}
        expect_numbers(found, mean_accuracy(*case), "balanced accuracy", tolerance=SINGLE, parts=parts)


@check("3.6-kinds", needs=("3.6-balanced",))
def metrics_take_lists_and_tensors(student: Student, rng: np.random.Generator) -> None:
    """confusion_matrix, per_class_accuracy and balanced_accuracy take lists, arrays and tensors, and change none.

    Predictions come from a model as tensors, labels from a data set as lists.
    """

    def body(target: str, student: Student, rng: np.random.Generator, case: Situation) -> None:
        labels, predictions, size = _case(rng, ALL_CLASSES)
        held = student.hold(as_told(labels, case)), student.hold(as_told(predictions, case))
        found = student.call(target, *held, size)
        expected = RIGHT[target](labels, predictions, size)
        expect_numbers(found, expected, target.partition(":")[2], tolerance=SINGLE)
        expect_kept(held[0], labels, "labels")
        expect_kept(held[1], predictions, "predictions")

    cases = situations("3 classes", kind_traits("labels and predictions"), "list", "", "tensor")
    for target in RIGHT:
        for_each(student, rng, cases, partial(body, target))
