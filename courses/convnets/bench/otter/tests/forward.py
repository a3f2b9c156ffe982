"""Conv2d.forward as otter-grader has it: a function that gets the names which the student's file defines."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False

name = "forward"
points = 1


@test_case(points=1)
def test_forward(env):
    """Conv2d.forward correlates and adds the bias."""
    with np.load("cases.npz") as cases:
        for number in range(int(cases["count"])):
            x, weight, bias, y = (cases[f"{name}{number}"] for name in ("x", "weight", "bias", "y"))
            filters, channels, kernel, _ = weight.shape
            layer = env["Conv2d"](channels, filters, kernel)
            layer.weight, layer.bias = weight, bias
            np.testing.assert_allclose(layer.forward(x), y, rtol=1e-9, atol=1e-9)
