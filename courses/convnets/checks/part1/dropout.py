"""1.15: dropout of whole channels."""

from autograder.checking.declare import layer

layer(
    "1.15",
    "part1_numpy.dropout:Dropout2d",
    "F.dropout2d(x, p, training)",
    options={"p": (0.5, 0.2, 0.0, 1.0)},
    inputs={"x": "N C H W"},
    mode="training",
    random="rng",
)
