"""What Conv1d and Conv2d, and their transposes, have in common: how they are declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declare import layer

Layer = partial(Sizes, padded=True)  # the shape of x, then filters, kernel, stride and padding
Transposed = partial(Layer, scatters=True)

SIZE, RESULT, CUT = {1: "L", 2: "H W"}, {1: "Q", 2: "P Q"}, {1: ":Q", 2: ":P, :Q"}
FLIPPED = {1: "weight.flip(2)", 2: "weight.flip(2, 3)"}
NONES = {1: "None", 2: "None, None"}
LAST = {1: "(torch.arange(Q) == Q - 1)", 2: "((torch.arange(P) == P - 1)[:, None] & (torch.arange(Q) == Q - 1))"}
OPTIONS = {"stride": "stride", "padding": "padding"}

# {0} is the function, {1} the rank, {2} the beginning of the output, {3} the flipped weight,
# {4} whether a window is the last, {5} an axis of length 1 for each of the window's.
MISTAKES = {
    "the kernel is flipped": "{0}(x, {3}, bias, stride, padding)",
    "the bias is added once for each input channel": "{0}(x, weight, C * bias, stride, padding)",
    "the bias is added once for each value of a window": "{0}(x, weight, bias * weight[0].numel(), stride, padding)",
    "only the first channel is looked at": "{0}(x[:, :1], weight[:, :1], bias, stride, padding)",
    "the mean of the channels is taken, not their sum": "{0}(x, weight / C, bias, stride, padding)",
    "only the first filter is looked at": "{0}(x, weight, bias, stride, padding).mul((torch.arange(M) == 0)[:, {5}])",
    "only the last filter counts": "{0}(x, weight, bias, stride, padding).mul((torch.arange(M) == M - 1)[:, {5}])",
    "only the last window of each image counts, = stands in the place of +=": (
        "{0}(x, weight, bias, stride, padding).mul({4})"
    ),
    "only the last window of the last image counts, = stands in the place of +=": (
        "{0}(x, weight, bias, stride, padding).mul({4} & (torch.arange(N) == N - 1)[:, None, {5}])"
    ),
    "the bias is added along the last axis, not to each filter": "{0}(x, weight, None, stride, padding) + bias",
    "the kernel is flipped along its channels": "{0}(x, weight.flip(1, *range(2, {1} + 2)), bias, stride, padding)",
    "filters and channels of the weight are in reverse order": "{0}(x, weight.flip(0, 1), bias, stride, padding)",
    "all axes of the weight are in reverse order": "{0}(x, weight.flip(*range({1} + 2)), bias, stride, padding)",
    "the filters are made columns of a matrix by reshape, not by transposing": (
        "{0}(x, weight.reshape(-1, M).T.reshape(weight.shape), bias, stride, padding)"
    ),
    "values are dropped by the stride before the convolution, not after it": (
        "{0}(F.pad(x, (padding, padding) * {1})[(..., *[slice(None, None, stride)] * {1})], weight, bias)"
    ),
    "the last window along each axis is left out": "{0}(x, weight, bias, stride, padding)[(..., *[slice(-1)] * {1})]",
    "stride is left out: windows begin at neighbouring positions": "{0}(x, weight, bias, 1, padding)[:, :, {2}]",
    "stride is left out": "{0}(x, weight, bias, 1, padding)",
    "the stride is taken to be the kernel's side": "{0}(x, weight, bias, K, padding)",
    "the stride is one too large": "{0}(x, weight, bias, stride + 1, padding)",
    "padding is left out": "{0}(x, weight, bias, stride)",
    "windows in the image and in the padding are counted apart, each number cut off": (
        "{0}(x, weight, bias, stride, padding)"
        "[(..., *[slice((size - K) // stride + 1 + 2 * padding // stride) for size in x.shape[2:]])]"
    ),
    "all the padding stands behind the last value": "{0}(F.pad(x, (0, 2 * padding) * {1}), weight, bias, stride)",
    "padding zeros are put on one side only": "{0}(F.pad(x, (0, padding) * {1}), weight, bias, stride)",
    "padding zeros are put, or counted, before the first value only": (
        "{0}(F.pad(x, (padding, 0) * {1}), weight, bias, stride)"
    ),
    "the padding repeats the values at the border": (
        "{0}(F.pad(x, (padding, padding) * {1}, 'replicate'), weight, bias, stride)"
    ),
    "a rest that does not fill a window is filled up with zeros": (
        "{0}(F.pad(x, [n for size in x.shape[:1:-1]"
        " for n in (padding, padding + (K - 2 * padding - size) % stride)]), weight, bias, stride)"
    ),
}
OF_IMAGES = {
    "rows and columns of the kernel are exchanged": "{0}(x, weight.transpose(2, 3), bias, stride, padding)",
    "the rows of the kernel are flipped": "{0}(x, weight.flip(2), bias, stride, padding)",
    "the columns of the kernel are flipped": "{0}(x, weight.flip(3), bias, stride, padding)",
    "height and width of the output are exchanged": "{0}(x, weight, bias, stride, padding).transpose(2, 3)",
    "the output is folded with height and width exchanged": "{0}(x, weight, bias, stride, padding).reshape(N, M, Q, P)",
    "stride is left out along the columns": "{0}(x, weight, bias, (stride, 1), padding)",
    "stride is left out along the rows": "{0}(x, weight, bias, (1, stride), padding)",
}
OF_TRANSPOSED = {
    "the kernel is not flipped": "{0}(x, {3}, bias, stride, padding)",
    "the bias is added twice": "{0}(x, weight, 2 * bias, stride, padding)",
    "no zeros are put between the values, stride is left out": "{0}(x, weight, bias, 1, padding)",
    "one zero too many is put between the values": "{0}(x, weight, bias, stride + 1, padding)",
    "the convolution has the stride too": (
        "{0}(x, weight, bias, stride, padding)[(..., *[slice(None, None, stride)] * {1})]"
    ),
    "padding is left out": "{0}(x, weight, bias, stride)",
    "padding puts values on, where it takes them off": (
        "F.pad({0}(x, weight, None, stride), (padding, padding) * {1}) + bias.reshape(-1, *(1,) * {1})"
    ),
    "the convolution has the padding of this layer": "{0}(x, weight, bias, stride, K - 1 - padding)",
    "the first two axes of the weight are not exchanged": "{0}(x, weight.transpose(0, 1), bias, stride, padding)",
}
OF_TRANSPOSED_IMAGES = {
    "the kernel is flipped upside down, but not left to right": "{0}(x, weight.flip(3), bias, stride, padding)",
    "the kernel is flipped left to right, but not upside down": "{0}(x, weight.flip(2), bias, stride, padding)",
    "the kernel is transposed as well": "{0}(x, weight.transpose(2, 3), bias, stride, padding)",
    "the kernel is transposed, not flipped": "{0}(x, weight.flip(2, 3).transpose(2, 3), bias, stride, padding)",
}
# Whether dx flips the kernel depends on how it is worked out; that of a transposed convolution is a plain convolution.
BACK = {
    "the kernel is flipped": (
        "the kernel lies the wrong way round: a convolution of dy takes it flipped, a sum over windows as it is"
    ),
    "the rows of the kernel are flipped": "the rows of the kernel lie the wrong way round",
    "the columns of the kernel are flipped": "the columns of the kernel lie the wrong way round",
    "the kernel is not flipped": "the kernel is flipped, as on the way forward",
}


def convolution(target: str, rank: int, cases: Mapping[str, Sequence[Sizes]], transposed: bool = False) -> Declaration:
    """Declare a convolution of signals or of images, or the transpose of one."""
    function = f"F.conv_transpose{rank}d" if transposed else f"F.conv{rank}d"
    mistakes = dict(OF_TRANSPOSED if transposed else MISTAKES)
    if rank == 2:
        mistakes |= OF_TRANSPOSED_IMAGES if transposed else OF_IMAGES
    words_of = (CUT[rank], FLIPPED[rank], LAST[rank], NONES[rank])
    words = ("filter", "channel")[:: -1 if transposed else 1]
    first, places = "C M" if transposed else "M C", "row column" if rank == 2 else "position"
    return layer(
        "1.9" if transposed else f"1.{4 + rank}",
        target,
        f"{function}(x, weight, bias, stride, padding)",
        args=("C", "M", "K"),
        options=OPTIONS,
        inputs={"x": f"N C {SIZE[rank]}"},
        outputs={"y": f"N M {RESULT[rank]}"},
        parameters={"weight dw": first + " K" * rank, "bias db": "M"},
        spoken={"dw": f"{' '.join(words)} {places}", "db": "filter"},
        cases=cases,
        wrong={clause: line.format(function, rank, *words_of) for clause, line in mistakes.items()},
        back=BACK,
    )
