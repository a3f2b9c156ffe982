"""1.14: batch normalisation."""

from autograder.checking.declare import layer

layer(
    "1.14",
    "part1_numpy.batchnorm:BatchNorm2d",
    "F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)",
    args="C",
    options={"eps": (1e-5, 0.1), "momentum": (0.1, 0.3)},
    inputs={"x": "N C H W"},
    parameters={"weight dw": "C", "bias db": "C"},
    buffers={"running_mean": "C", "running_var": "C"},
    mode="training",
)
