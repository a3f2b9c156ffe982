"""1.2: the fully connected layer, and Flatten."""

from functools import partial

from autograder.cases.sizes import Sizes
from autograder.checking.declare import Row, checks, layer

Layer = partial(Sizes, out="outputs", flat=True)

LINEAR = layer(
    "1.2",
    "part1_numpy.linear:Linear",
    "F.linear(x.flatten(1), weight, bias)",
    args=("D", "M"),
    inputs={"x": "N *D"},
    outputs={"y": "N M"},
    parameters={"weight dw": "M D", "bias db": "M"},
    spoken={"dw": "output input", "db": "output"},
    cases={
        "all": (Layer((2, 3), 3), Layer((3, 2, 2, 3), 4), Layer((1, 5), 2)),  # a square weight: transposed, it fits
        "latest": (Layer((3, 3), 2), Layer((5, 3), 2), Layer((4, 3), 2)),
        "inputs": (Layer((3, 2, 2), 2),),
    },
)
FLATTEN = layer(
    "1.2",
    "part1_numpy.linear:Flatten",
    "x.flatten(1)",
    inputs={"x": "N *D"},
    outputs={"y": "N D"},
    cases={
        "all": tuple(Sizes(shape, flat=True) for shape in ((2, 3, 2, 4), (1, 2, 3), (3, 2))),
        "latest": tuple(Sizes(shape, flat=True) for shape in ((2, 3, 4), (3, 2, 2), (1, 2, 5))),
    },
)
checks(
    "1.2",
    {
        "forward": Row(
            "Linear.forward flattens each image, multiplies it by the weight and adds the bias.",
            "weight is (out_features, in_features), and x may have any number of axes after the first.",
            points=2, ask="y: all",
        ),
        "dx": Row(
            "Linear.backward returns dx in the shape of x.",
            "x[n, d] enters every output of image n. For an input with several axes, dx is folded back at the end.",
            points=2, ask="dx: all",
        ),
        "parameters": Row(
            "Linear.backward sets dw and db, sums over the images.",
            "A weight is used once for each image, and so is a bias. The loss has taken the mean already.",
            points=2, ask="dw db: all",
        ),
        "repeat": Row(
            "Linear.backward replaces dw and db, and belongs to the latest forward.",
            "Whatever an earlier batch has left, larger or smaller, has no influence.",
            ask="latest", needs=("1.2-parameters",),
        ),
        "inputs": Row(
            "Linear takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.",
            "Only an optimizer moves parameters.", ask="inputs", needs=("1.2-forward", "1.2-dx", "1.2-repeat"),
        ),
    },
    LINEAR,
)  # fmt: skip
checks(
    "1.2",
    {
        "flatten": Row(
            "Flatten.forward lays each image out row by row, and backward folds the gradient back.",
            "The first axis, that of the images, stays. The shape is that of the latest batch.",
            ask="y dx: all; latest y",
        )
    },
    FLATTEN,
)  # fmt: skip
