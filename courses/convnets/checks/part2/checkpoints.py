"""Checks of TODO 2.6: a network of one's own, and what the trained networks know of images they have not seen."""

from __future__ import annotations

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_array, expect_close
from autograder.checking.rubric import Exam, check
from autograder.checking.student import Student
from autograder.inside.wire import Tensor


@check("2.6-images", points=0, seconds=20)
def my_model_sees_images_one_by_one(student: Student, rng: np.random.Generator) -> None:
    """MyModel gives each image ten scores of its own, whatever the other images of the batch.

    It earns no points by itself. Graded networks are in evaluation mode, where normalisation uses what it has learned
    and nothing is dropped at random: F.dropout and F.batch_norm have to be told, through training=self.training.
    """
    images = rng.normal(size=(3, 3, 32, 32)).astype(np.float32)
    model = student.new("part2_pytorch.models:MyModel")
    model.eval()
    whole = expect_array(_numbers(model.forward(Tensor(images, "float32"))), "scores", (3, 10), dtype="float32")
    alone = _numbers(model.forward(Tensor(images[1:2], "float32")))
    expect_close(alone, whole[1:2], "scores of an image alone", dtype="float32", tolerance=1e-2)


@check("2.6-two-layer", exam=True)
def two_layer_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/two_layer.pt gives TwoLayerNet more than the minimum accuracy on the test images.

    Train it with `make train MODEL=two_layer`; it goes into your submission with the code that rebuilds it.
    """
    exam.expect_above(student, rng, "two_layer", tier="two_layer")


@check("2.6-vanilla-cnn", exam=True)
def vanilla_cnn_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/vanilla_cnn.pt gives VanillaCNN more than the minimum accuracy on the test images.

    Train it with `make train MODEL=vanilla_cnn`; it goes into your submission with the code that rebuilds it.
    """
    exam.expect_above(student, rng, "vanilla_cnn", tier="vanilla_cnn")


@check("2.6-my-model", points=3, exam=True)
def my_model_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/my_model.pt gives MyModel more than the first of two accuracies on the test images.

    Train it with `make train MODEL=my_model`; change the network after that, and it has to be trained again.
    """
    exam.expect_above(student, rng, "my_model", tier="my_model")


@check("2.6-my-model-high", points=4, exam=True)
def my_model_has_learned_well(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/my_model.pt gives MyModel more than the second, higher accuracy on the test images.

    More channels where images are small, normalisation, shortcuts and augmentation help more than more epochs.
    """
    exam.expect_above(student, rng, "my_model", tier="my_model_high")


def _numbers(value: object) -> object:
    """Scores of a model in bfloat16 or float64 are as good."""
    found = answers.array(value) if answers.tensor_dtype(value) else None
    return value if found is None else Tensor(found.astype(np.float32), "float32")
