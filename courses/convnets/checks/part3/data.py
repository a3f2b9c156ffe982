"""3.1: how many images each class keeps, and which."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.cases.situations import Situation, situations
from autograder.checking import answers
from autograder.checking.containers import as_told, expect_kept, kind_traits
from autograder.checking.each import for_each
from autograder.checking.expect import expect_equal
from autograder.checking.raising import expect_raises, telling
from autograder.checking.rubric import check
from autograder.checking.student import Student
from autograder.errors import CheckFailed, Finding, StudentRaised
from autograder.inside.wire import Seed

from ...oracles.imbalance import long_tail, step
from .shared import draw_labels

COUNTS = "part3_imbalance.data:long_tailed_counts"
SUBSET = "part3_imbalance.data:imbalanced_subset"
Case = tuple[int, int, float]  # images of the largest class, classes, factor
CIFAR: Case = (5000, 10, 0.01)


@check("3.1-exp", points=2)
def counts_fall_by_equal_ratios(student: Student, rng: np.random.Generator) -> None:
    """long_tailed_counts falls from n_max to factor * n_max, each class by the same ratio.

    Class 0 keeps n_max, the last one factor * n_max, and what is behind the point is cut off. For CIFAR-10 at 0.01 the
    docstring has the numbers.
    """
    drawn = ((int(rng.integers(700, 900)), classes, float(rng.uniform(0.02, 0.04))) for classes in (6, 2))
    for case in (CIFAR, *drawn):
        expect_equal(student.call(COUNTS, *case), long_tail(*case).tolist(), _name(case))


def _name(case: Case) -> str:
    return f"counts for n_max {case[0]}, {case[1]} classes and factor {case[2]:.4g}"


@check("3.1-one-class")
def one_class_keeps_all(student: Student, rng: np.random.Generator) -> None:
    """long_tailed_counts leaves n_max images to a single class, and to every class where the factor is 1.

    With one class C - 1 is 0, and nothing can be divided by that.
    """
    n_max = int(rng.integers(40, 60))
    with telling("with a single class, C - 1 is 0"):
        expect_equal(student.call(COUNTS, n_max, 1, 0.1), [n_max], "counts of a single class")
    expect_equal(student.call(COUNTS, n_max, 3, 1.0), [n_max] * 3, "counts for factor 1")


@check("3.1-step")
def counts_take_one_step(student: Student, rng: np.random.Generator) -> None:
    """long_tailed_counts with kind="step" leaves n_max to the first C // 2 classes, and factor * n_max to the others.

    What is behind the point is cut off, and a class in the middle is a rare one.
    """
    drawn = (int(rng.integers(50, 80)), 6, float(rng.uniform(0.2, 0.3)))
    for case in ((50, 5, 0.15), drawn):
        expect_equal(student.call(COUNTS, *case, kind="step"), step(*case).tolist(), _name(case))


@check("3.1-kind")
def other_kinds_are_refused(student: Student, rng: np.random.Generator) -> None:
    """long_tailed_counts raises a ValueError for a kind that it does not know.

    A typing error in a configuration would otherwise train on another data set than the one in the table.
    """
    for kind in ("exp", "step"):
        student.call(COUNTS, 8, 2, 0.5, kind=kind)
    for kind in ("linear", "steps", "Exp", ""):
        expect_raises(partial(student.call, COUNTS, 8, 2, 0.5, kind=kind), "ValueError", f"kind={kind!r}")


@check("3.1-subset", points=2)
def subset_has_the_counts(student: Student, rng: np.random.Generator) -> None:
    """imbalanced_subset returns indices of as many images of each class as it was told, none of them twice.

    An index says where an image is in the whole data set. A class may keep all of its images, or none.
    """
    sizes, counts = [9, 14, 6, 11], [9, 5, 0, 3]
    labels = draw_labels(rng, sizes)
    with telling(f"there are {sizes} images of the classes here, of which {counts} are to be kept"):
        answer = student.call(SUBSET, labels, np.array(counts), _seed(rng))
    found = _indices(answer, len(labels), sum(counts))
    places, repeated = np.unique(found, return_counts=True)
    if (repeated > 1).any():
        twice = int(repeated.argmax())
        # Class 0 keeps all 9 images: places within it are not all below the number of classes.
        kinds = {len(sizes): "labels", max(sizes): "places within a class"}
        asked = next(
            (f": all are below {end}, are they {kind}?" for end, kind in kinds.items() if found.max() < end), ""
        )
        asked = asked or _strays(student, labels, rng)
        raise CheckFailed(f"index {places[twice]} occurs {repeated[twice]} times, expected each at most once{asked}")
    chosen = [int((labels[found] == c).sum()) for c in range(len(counts))]
    if chosen != counts and (strays := _strays(student, labels, rng)):
        raise CheckFailed(f"the number of images of each class is {chosen}, expected {counts}{strays}")
    expect_equal(chosen, counts, "the number of images of each class")


@check("3.1-random", points=2, needs=("3.1-subset",), alone=False)
def subset_is_drawn_from_rng(student: Student, rng: np.random.Generator) -> None:
    """imbalanced_subset draws from rng and from nothing else: equal ones choose equal images, others choose others.

    The images that come first in the data set are no random choice. And whoever asks np.random, or torch, gets other
    images in each run.
    """
    labels, counts = draw_labels(rng, [40, 36, 30]), np.array([20, 15, 12])
    seed = _seed(rng)
    first, again, other = (
        _indices(student.call(SUBSET, labels, counts, Seed(number)), len(labels), int(counts.sum()))
        for number in (seed.number, seed.number, seed.number + 1)
    )
    if not np.array_equal(first, again):
        same = len(np.intersect1d(first, again))
        told = f"two equal generators choose {same} equal images of {len(first)}, expected all of them"
        raise CheckFailed(told, Finding(cause="something else than rng is drawn from"))  # asking again tells no more
    for c in range(len(counts)):
        if not set(first[labels[first] == c]) ^ set(other[labels[other] == c]):
            raise CheckFailed(f"two different generators choose the same {counts[c]} images of class {c}")


@check("3.1-too-few", needs=("3.1-subset",), alone=False)
def too_few_images_are_an_error(student: Student, rng: np.random.Generator) -> None:
    """imbalanced_subset raises a ValueError where a class has fewer images than it should keep.

    Fewer images than asked for, or some of them twice, would be another experiment than the one intended.
    """
    labels = draw_labels(rng, [5, 8, 3])
    for counts in ([5, 8, 4], [6, 1, 1], [1, 1, 1, 1]):
        ask = partial(student.call, SUBSET, labels, np.array(counts), _seed(rng))
        expect_raises(ask, "ValueError", f"keeping {counts} images where there are [5, 8, 3]")


@check("3.1-kinds", needs=("3.1-subset",))
def labels_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """imbalanced_subset takes labels and counts as lists, arrays and tensors, and leaves them as they are.

    The labels of torchvision's data sets are lists, for which == does not compare value by value.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        labels, counts = draw_labels(rng, [6, 8, 5]), np.array([6, 4, 2])
        held = student.hold(as_told(labels, case))
        indices = student.call(SUBSET, held, as_told(counts, case), _seed(rng))
        found = _indices(indices, len(labels), int(counts.sum()))
        chosen = [int((labels[found] == c).sum()) for c in range(len(counts))]
        expect_equal(chosen, counts.tolist(), "the number of images of each class")
        expect_kept(held, labels, "labels")

    cases = situations("labels of three classes", kind_traits("labels and counts"), "list", "", "tensor")
    for_each(student, rng, cases, body)


def _strays(student: Student, labels: np.ndarray, rng: np.random.Generator) -> str:
    """Ask for the images of one class after the other, and say where others come, and what would explain these."""
    told, later = "", True
    for c, size in enumerate(np.bincount(labels)):
        alone = np.where(np.unique(labels) == c, size, 0)
        seed = _seed(rng)
        try:
            found = _indices(student.call(SUBSET, labels, alone, seed), len(labels), int(size))
        except (CheckFailed, StudentRaised):
            return ""
        came = labels[found]
        later = later and not (came < c).any()
        for order, how in ((np.argsort(labels, kind="stable"), "sorted"), (_permuted(seed, labels), "permuted")):
            if (came != c).any() and (labels[order][found] == c).all():
                return (
                    f": the indices are right for labels that were {how} first, expected places in labels as they came"
                )
        if (came != c).any() and not told:
            others = "images of later classes" if (came >= c).all() else f"{(came != c).sum()} images of others"
            told = f": where all {size} images of class {c} are asked for and no others, {others} come"
    return f"{told}: is == meant where >= stands?" if told and later else told


def _permuted(seed: Seed, labels: np.ndarray) -> np.ndarray:
    """The first permutation that the generator draws."""
    return np.random.default_rng(seed.number).permutation(len(labels))


def _seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(1 << 30)))


def _indices(actual: object, size: int, count: int) -> np.ndarray:
    """Pass whole numbers that are indices into `size` images, `count` of them."""
    found = answers.array(actual)
    if found is None:
        returned = answers.kind(actual)
        raise CheckFailed(f"imbalanced_subset returned {returned}, expected an array of {count} indices")
    if found.dtype.kind not in "iu":
        raise CheckFailed(f"the indices have dtype {found.dtype}, expected int64")
    if found.shape != (count,):
        further = ": is an axis too many, as of np.argwhere, or of an array of np.where without [0]?" * (found.ndim > 1)
        raise CheckFailed(f"the indices have shape {found.shape}, expected {(count,)}{further}")
    outside = found[(found < 0) | (found >= size)]
    if outside.size:
        raise CheckFailed(f"{outside[0]} is among the indices, expected 0 to {size - 1}")
    return found
