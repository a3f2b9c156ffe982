"""1.8: zeros between values, every A-th value, and the way back from both."""

from __future__ import annotations

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declare import Row, checks, layer

# Shape of x and factor. Most sizes leave a rest; one value alone has no neighbours; factor 1 changes nothing.
SHAPES = {
    1: (((2, 3, 4), 3), ((1, 2, 8), 3), ((2, 1, 1), 2), ((2, 2, 5), 1)),
    2: (((2, 3, 5, 4), 2), ((1, 2, 6, 9), 3), ((2, 1, 2, 5), 4), ((1, 2, 2, 4), 1)),
}
BATCHES = {1: (((1, 2, 7), 2), ((2, 1, 5), 2)), 2: (((1, 2, 7, 8), 2), ((2, 1, 5, 6), 2))}
AXES, RESULTS = {1: "L", 2: "H W"}, {1: "Q", 2: "P Q"}
# A transposed convolution with the kernel 1 puts zeros between neighbours.
SPREAD = "F.conv_transpose{0}d(x, torch.ones(C, 1, *(1,) * {0}, dtype=x.dtype), stride={1}, groups=C)"


def _sizes(shapes: tuple[tuple[tuple[int, ...], int], ...], scatters: bool) -> tuple[Sizes, ...]:
    return tuple(Sizes(shape, kernel=1, stride=factor, step="factor", scatters=scatters) for shape, factor in shapes)


def _layer(name: str, rank: int, line: str, wrong: dict[str, str]) -> Declaration:
    scatters = name == "Upsample"
    latest = _sizes(BATCHES[rank], scatters)
    return layer(
        "1.8",
        f"part1_numpy.resampling:{name}{rank}d",
        line,
        args="factor",
        axes={"factor": ()},
        inputs={"x": f"N C {AXES[rank]}"},
        outputs={"y": f"N C {RESULTS[rank]}"},
        cases={"all": _sizes(SHAPES[rank], scatters), "latest": latest, "inputs": latest[1:]},
        wrong=wrong,
    )


def _up(rank: int) -> Declaration:
    spread = SPREAD.format(rank, "factor")
    ones = spread.replace("(x,", "(torch.ones_like(x),")
    wrong = {
        "as many zeros stand between neighbours as the factor says: one too many": SPREAD.format(rank, "factor + 1"),
        "one zero too few is put between neighbours": SPREAD.format(rank, "max(factor - 1, 1)"),
        "ones stand between the values, not zeros": f"{spread} + ({ones} == 0)",
        "zeros follow the last value too": f"F.pad({spread}, (0, factor - 1) * {rank})",
        "zeros stand before the first value": f"F.pad({spread}, (factor - 1, 0) * {rank})",
        "values are repeated, with no zeros between them": "x.repeat_interleave(factor, 2)",
        "values are repeated in the place of zeros": "x.repeat_interleave(factor, 2)[:, :, : factor * (L - 1) + 1]",
    }
    if rank == 2:
        wrong["values are repeated in the place of zeros"] = (
            "x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)"
            "[:, :, : factor * (H - 1) + 1, : factor * (W - 1) + 1]"
        )
        wrong["values are repeated, with no zeros between them"] += ".repeat_interleave(factor, 3)"
        wrong["zeros stand between rows, but not between columns"] = SPREAD.format(2, "(factor, 1)")
    return _layer("Upsample", rank, spread, wrong)


def _down(rank: int) -> Declaration:
    def picked(start: str = "", stop: str = "", step: str = "factor") -> str:
        return f"x[:, :, {', '.join([f'{start}:{stop.format(axis)}:{step}' for axis in AXES[rank].split()])}]"

    wrong = {
        "a rest shorter than the factor is dropped": picked(stop="{0} // factor * factor"),
        "it starts with the value at 1": picked(start="1"),
        "it starts with the value at factor - 1": picked(start="factor - 1"),
        "the steps are factor + 1": picked(step="factor + 1"),
        "blocks are averaged": f"F.avg_pool{rank}d(x, factor)",
    }
    if rank == 2:
        wrong["rows are dropped, columns are not"] = "x[:, :, ::factor]"
        wrong["columns are dropped, rows are not"] = "x[..., ::factor]"
    return _layer("Downsample", rank, picked(), wrong)


UP, DOWN = tuple(map(_up, (1, 2))), tuple(map(_down, (1, 2)))
checks(
    "1.8",
    {
        "upsample": Row(
            "Upsample1d and Upsample2d put factor - 1 zeros between neighbours.",
            "None before the first value and none after the last: by hand, what do two values become with factor 3?",
            points=2, ask="y: all",
        ),
        "upsample-backward": Row(
            "Upsample1d.backward and Upsample2d.backward return the gradient of the values, not of the zeros.",
            "Which values of y came from x? Only their gradients count.", points=2, ask="dx: all",
        ),
    },
    *UP,
)  # fmt: skip
checks(
    "1.8",
    {
        "downsample": Row(
            "Downsample1d and Downsample2d keep the values at 0, factor, 2 * factor and so on.",
            "The last of them may stand in a rest that is shorter than the factor.", points=2, ask="y: all",
        ),
        "downsample-backward": Row(
            "Downsample1d.backward and Downsample2d.backward return dx as large as x was, zeros where values were "
            "dropped.",
            "Inputs of different sizes become outputs of one size, so dy alone does not tell the size of x.",
            points=2, ask="dx: all",
        ),
    },
    *DOWN,
)  # fmt: skip
checks(
    "1.8",
    {
        "inputs": Row(
            "The four resampling layers keep float32, change no input, and follow the size of the latest input.",
            "np.zeros makes float64 unless told otherwise.", ask="latest y; inputs",
            needs=("1.8-upsample", "1.8-upsample-backward", "1.8-downsample", "1.8-downsample-backward"),
        )
    },
    *UP,
    *DOWN,
)  # fmt: skip
