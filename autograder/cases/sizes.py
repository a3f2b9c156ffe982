"""The sizes of a case: what a check draws arrays for, and which simpler cases lie near it.

A check that fails asks these neighbours too, see `autograder.checking.each`: which of them pass tells what matters.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Sizes:
    """A layer and its input, without their values.

    Attributes:
        shape: of the input: images, channels, then height and width, or the length of a signal.
        filters: channels, features or classes of the output; 0 where they follow from the input.
        kernel, stride, padding: of the windows; kernel 0 where there are none.
        padded: whether the layer has a padding.
        scatters: whether windows lie on the output, as those of a transposed convolution do, and not on the input.
        array, out, step: what the input, the filters and the stride are called.
        fewest: filters, at least.
        flat: whether an image may have no other axes than that of its channels.
    """

    shape: tuple[int, ...]
    filters: int = 0
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    padded: bool = False
    scatters: bool = False
    array: str = "x"
    out: str = "filters"
    step: str = "stride"
    fewest: int = 1
    flat: bool = False

    @property
    def images(self) -> int:
        """N."""
        return self.shape[0]

    @property
    def channels(self) -> int:
        """C, or the entries of an image that has no other axes; 0 where the input has images only."""
        return self.shape[1] if len(self.shape) > 1 else 0

    @property
    def features(self) -> int:
        """The values of one image."""
        return math.prod(self.shape[1:])

    @property
    def lengths(self) -> tuple[int, ...]:
        """H and W, or L."""
        return self.shape[2:]

    @property
    def windows(self) -> tuple[int, ...]:
        """How many windows there are along each axis, or values where there are no windows."""
        if self.scatters or not self.kernel:
            return self.lengths
        return tuple((length + 2 * self.padding - self.kernel) // self.stride + 1 for length in self.lengths)

    @property
    def rests(self) -> tuple[int, ...]:
        """What the last window leaves over along each axis."""
        if self.scatters or not self.kernel:
            return (0,) * len(self.lengths)
        return tuple((length + 2 * self.padding - self.kernel) % self.stride for length in self.lengths)

    @property
    def results(self) -> tuple[int, ...]:
        """The lengths of the output."""
        if not self.scatters:
            return self.windows
        return tuple(self.stride * (length - 1) + self.kernel - 2 * self.padding for length in self.lengths)

    def __str__(self) -> str:
        parts = [f"{self.array} of shape {self.shape}"]
        if len(self.shape) == 1:
            parts = ["one image" if self.images == 1 else f"{self.images} images"]
        if self.filters:
            parts.append(f"{self.filters} {self.out if self.filters > 1 else self.out.removesuffix('s')}")
        if self.kernel and (self.step == "stride" or self.kernel > 1):
            parts.append(f"kernel {self.kernel}")
        if self.kernel:
            parts.append(f"{self.step} {self.stride}")
        if self.padded:
            parts.append(f"padding {self.padding}")
        return ", ".join(parts)

    def rng(self) -> np.random.Generator:
        """The generator that draws this case as a neighbour: the same in every check, and on every machine."""
        digest = hashlib.sha256(repr(self).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "little"))

    def neighbours(self) -> Iterator[Sizes]:
        """Yield the cases near this one, each once: itself, what differs from it in one thing, and small ones.

        The small ones are as plain as can be but for one or two things that they have in common with it.
        """
        near = dict.fromkeys((self, *(change(self) for change in CHANGES), *_small(self)))
        yield from filter(_possible, near)


Change = Callable[[Sizes], Sizes]


def laid_out(
    sizes: Sizes, windows: tuple[int, ...], rests: tuple[int, ...], kernel: int, stride: int, padding: int
) -> Sizes:
    """Change the windows, and lengths with them, so that there are this many, with these rests after the last."""
    lengths = windows
    if sizes.kernel and not sizes.scatters:
        ends = zip(windows, rests, strict=True)
        lengths = tuple((count - 1) * stride + kernel - 2 * padding + rest % stride for count, rest in ends)
    return replace(sizes, shape=(*sizes.shape[:2], *lengths), kernel=kernel, stride=stride, padding=padding)


def _possible(sizes: Sizes) -> bool:
    """Whether there is such a case: something goes in, and something comes out."""
    return min((*sizes.shape, *sizes.results)) > 0


def _images(sizes: Sizes) -> Sizes:
    return replace(sizes, shape=(2 if sizes.images == 1 else 1, *sizes.shape[1:]))


def _channels(sizes: Sizes) -> Sizes:
    if not sizes.channels:
        return sizes
    return replace(sizes, shape=(sizes.images, 2 if sizes.channels == 1 else 1, *sizes.lengths))


def _filters(sizes: Sizes) -> Sizes:
    if not sizes.filters:
        return sizes
    return replace(sizes, filters=sizes.fewest + 1 if sizes.filters == sizes.fewest else sizes.fewest)


def _balanced(sizes: Sizes) -> Sizes:
    if not sizes.filters or not sizes.channels:
        return sizes
    return replace(sizes, filters=sizes.channels if sizes.kernel else sizes.features)


def _as_many_images(sizes: Sizes) -> Sizes:
    if not sizes.filters or sizes.kernel:
        return sizes
    return replace(sizes, shape=(sizes.filters, *sizes.shape[1:]))


def _as_many_channels(sizes: Sizes) -> Sizes:
    return replace(sizes, shape=(sizes.channels, *sizes.shape[1:])) if sizes.lengths else sizes


def _square(sizes: Sizes) -> Sizes:
    if len(sizes.lengths) != 2:
        return sizes
    if not sizes.kernel:
        return replace(sizes, shape=(*sizes.shape[:2], *(max(sizes.lengths),) * 2))
    windows, rests = (max(sizes.windows),) * 2, (max(sizes.rests),) * 2
    return laid_out(sizes, windows, rests, sizes.kernel, sizes.stride, sizes.padding)


def _flat(sizes: Sizes) -> Sizes:
    return replace(sizes, shape=sizes.shape[:2]) if sizes.flat else sizes


def _no_rest(sizes: Sizes) -> Sizes:
    return laid_out(sizes, sizes.windows, (0,) * len(sizes.rests), sizes.kernel, sizes.stride, sizes.padding)


def _multiple(sizes: Sizes) -> Sizes:
    """Lengths that are multiples of the stride, whatever rest that leaves."""
    rests = ((2 * sizes.padding - sizes.kernel) % sizes.stride,) * len(sizes.lengths)
    return laid_out(sizes, sizes.windows, rests, sizes.kernel, sizes.stride, sizes.padding)


def _turned(sizes: Sizes) -> Sizes:
    return replace(sizes, shape=(*sizes.shape[:2], *reversed(sizes.lengths)))


def _more_windows(sizes: Sizes) -> Sizes:
    if not sizes.kernel or max(sizes.windows) > 1:
        return sizes
    windows = tuple(count + 1 for count in sizes.windows)
    return laid_out(sizes, windows, sizes.rests, sizes.kernel, sizes.stride, sizes.padding)


def _longer(sizes: Sizes) -> Sizes:
    """Nothing that can be dropped because its length is 1."""
    longer = replace(sizes, shape=tuple(max(2, size) for size in sizes.shape[:2]) + sizes.lengths)
    if sizes.filters:
        longer = replace(longer, filters=max(2, sizes.filters))
    windows = tuple(max(2, count) for count in sizes.windows)
    return laid_out(longer, windows, sizes.rests, sizes.kernel, sizes.stride, sizes.padding)


def _stride_one(sizes: Sizes) -> Sizes:
    return laid_out(sizes, sizes.windows, sizes.rests, sizes.kernel, 1, sizes.padding)


def _stride_two(sizes: Sizes) -> Sizes:
    """What fails for stride 1 fails here too, unless the stride is mixed up with something else."""
    if not sizes.kernel or sizes.stride > 1:
        return sizes
    return laid_out(sizes, sizes.windows, sizes.rests, sizes.kernel, 2, sizes.padding)


def _side_by_side(sizes: Sizes) -> Sizes:
    if not sizes.kernel:
        return sizes
    return laid_out(sizes, sizes.windows, sizes.rests, sizes.kernel, sizes.kernel, sizes.padding)


def _apart(sizes: Sizes, rest: int = 0) -> Sizes:
    """Windows that overlap are moved far apart: what fails here too has another cause than that they overlap."""
    if sizes.stride >= sizes.kernel or sizes.padding:
        return sizes
    return laid_out(sizes, sizes.windows, (rest,) * len(sizes.lengths), sizes.kernel, 2 * sizes.kernel + 1, 0)


def _apart_with_rest(sizes: Sizes) -> Sizes:
    return _apart(sizes, 2 * sizes.kernel)


def _kernel(sizes: Sizes) -> Sizes:
    if not sizes.kernel or sizes.step == "factor":
        return sizes
    kernel = 2 if sizes.kernel == 1 else 1
    return laid_out(sizes, sizes.windows, sizes.rests, kernel, sizes.stride, min(sizes.padding, kernel - 1))


def _padding(sizes: Sizes) -> Sizes:
    if not sizes.padded or (sizes.padding == 0 and sizes.kernel == 1):
        return sizes
    return laid_out(sizes, sizes.windows, sizes.rests, sizes.kernel, sizes.stride, int(sizes.padding == 0))


def _padding_and_stride(sizes: Sizes) -> Sizes:
    """What fails without padding passes here, unless the padding is mixed up with the stride."""
    if not sizes.padded or sizes.padding or sizes.kernel == 1:
        return sizes
    return laid_out(sizes, sizes.windows, (0,) * len(sizes.lengths), sizes.kernel, sizes.stride + 1, 1)


CHANGES: tuple[Change, ...] = (
    _images, _channels, _filters, _balanced, _as_many_images, _as_many_channels, _square, _flat, _turned, _no_rest,
    _multiple, _more_windows, _longer, _stride_one, _stride_two, _side_by_side, _apart, _apart_with_rest, _kernel,
    _padding, _padding_and_stride,
)  # fmt: skip


def _small(sizes: Sizes) -> Iterator[Sizes]:
    """Yield plain cases that have one or two things in common with this one."""
    plain = _filters(_channels(_images(sizes)))
    if not sizes.kernel:
        yield plain
        for change in (_images, _channels, _filters):
            yield change(_square(_flat(plain)))
            yield change(_square(plain))
        if len(sizes.lengths) == 2:
            yield replace(plain, shape=(*plain.shape[:2], 2, 3))
            yield replace(plain, shape=(*plain.shape[:2], 3, 2))
        return
    rank, none = len(sizes.lengths), (0,) * len(sizes.lengths)
    kernel = 1 if sizes.step == "factor" else 2
    strides = {1, 2} if sizes.stride > 1 else {1}
    paddings = {0, 1} if sizes.padded and sizes.padding else {0}
    least = laid_out(plain, (3,) * rank, none, 1, 1, 0)
    yield least
    for change in (_images, _channels, _filters):
        yield change(least)
    if rank == 2:
        for oblong in ((2, 3), (3, 2)):
            yield laid_out(plain, oblong, none, 1, 1, 0)
            yield laid_out(plain, oblong, none, kernel, 1, 0)
    for stride in sorted(strides):
        for padding in sorted(paddings) if kernel > 1 else [0]:
            yield laid_out(plain, (3,) * rank, none, kernel, stride, padding)
    if any(sizes.rests):
        for rests in ((1,) * rank, (1,) + (0,) * (rank - 1), (0,) * (rank - 1) + (1,)):
            yield laid_out(plain, (3,) * rank, rests, kernel, 2, 0)
    if sizes.stride > 1:
        yield laid_out(plain, (2,) * rank, none, 3 if kernel > 1 else 1, 3, 0)
