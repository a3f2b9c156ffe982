"""1.5: a network whose input is images, which this handout's Linear takes as they are."""

from __future__ import annotations

import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Student
from courses.convnets.checks.part1.convnet import NET, pair
from courses.convnets.checks.part1.shared import draw
from courses.convnets.oracles.convnet import probe_dx, probe_scores

IMAGES, ENTRIES = (3, 2, 1, 2), 4  # (N, C, H, W), and how many values an image has


@check("1.5-images")
def network_keeps_the_shapes_of_images(student: Student, rng: np.random.Generator) -> None:
    """ConvNet hands images on as they are, and gives each module a dout in the shape of what it has returned.

    Linear takes images, and its dx has their shape: nothing is left to be reshaped.
    """
    x, y, weight, bias = draw(rng, *IMAGES), rng.permutation(IMAGES[0]), draw(rng, ENTRIES), draw(rng, ENTRIES)
    modules = [student.new("probe:Bend"), student.new("gt:Flattening", weight, bias)]
    net = student.new(NET, modules, student.new("probe:Distance"))
    flat = x.reshape(len(x), -1), [("bend",), ("scale", weight, bias)]
    probs, _ = pair(net.forward(x, y))
    expect_close(probs, probe_scores(*flat) / 2, "probs", axes=("image", "entry"))
    expect_close(net.backward(), probe_dx(flat[0], y, flat[1]).reshape(x.shape), "dx")
