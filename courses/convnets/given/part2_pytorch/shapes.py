"""`shapes`: ten classes of small colour images that need no file and no network. Given.

Each image shows one figure, cut from a template, turned, stretched, moved, mirrored and striped in two colours, before
a striped ground, with rubble behind and in front of it and noise over all. Colours, stripes and rubble are drawn
without regard to the class, so that neither a mean colour nor any one pixel gives it away.

The images are the same on every machine: random numbers are hashes of a counter, and all arithmetic is on whole
numbers, so that no rounding, library version or processor can make a difference.

Axes in the shapes below:
    N images   P = 32 * 32 pixels   3 colours   T = 64 height and width of a template
"""

import math
from collections.abc import Callable

import numpy as np

CLASSES = ("arrow", "bone", "crescent", "cross", "heart", "hook", "hourglass", "ring", "star", "triangle")
SIZE = 32  # pixels, height and width of an image
TRAIN, TEST = 20_000, 4_000  # images
TRAIN_SEED, TEST_SEED = 1, 2
MEAN = (0.5, 0.5, 0.5)  # of the colours, which lie in [0, 1]
DEVIATION = (0.25, 0.25, 0.25)

TEMPLATE = 64  # samples, height and width of a template
TURN = 256  # steps of a full turn
COSINE = np.array([round(1024 * math.cos(2 * math.pi * step / TURN)) for step in range(TURN)], dtype=np.int32)
CHUNK = 250  # images drawn at once: few enough to stay in the processor's cache

# How hard it is, by test accuracy: two linear layers reach 0.50, one convolution 0.66, a small residual network 0.90.
RUBBLE_BEHIND, RUBBLE_BEFORE = 3, 2  # pieces
RADIUS = (8, 13)  # pixels, of a figure, along each of its axes
SHIFT = 8  # half pixels, from the middle of the image, each way
TILT = 32  # steps of a turn, each way
NOISE = 32  # of 256 shades, each way


def make_shapes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw images (N, 32, 32, 3), uint8, and their classes (N,), int64: as many of each class, in mixed order."""
    templates = np.stack([_template(name) for name in CLASSES])
    order = np.argsort(_hash(seed, 0, count), kind="stable")
    labels = (np.arange(count, dtype=np.int64) % len(CLASSES))[order]
    images = np.empty((count, SIZE * SIZE, 3), dtype=np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        images[part] = _draw(labels[part], _Dice(seed, start + 1), templates).transpose(0, 2, 1)
    return images.reshape(count, SIZE, SIZE, 3), labels


def _draw(labels: np.ndarray, dice: "_Dice", templates: np.ndarray) -> np.ndarray:
    """One image (N, 3, P), uint8, for each label (N,)."""
    n = len(labels)
    ground = dice.throw(0, 190, n, 3)
    image = _stripes(ground, 50, dice)
    for _ in range(RUBBLE_BEHIND):
        image = _paint(image, _rubble(n, dice, templates), dice.throw(0, 255, n, 3, 1))

    # Figures are the lighter part, by more or less, most of the time: that much a network without convolutions can use.
    colour = ground + dice.throw(20, 110, n, 1) + dice.throw(-40, 40, n, 3)
    figure = _stamp(templates, labels, dice.throw(*RADIUS, n, 2), dice.throw(-SHIFT, SHIFT, n, 2), dice, TILT)
    image = _paint(image, figure, _stripes(colour, 50, dice))

    for _ in range(RUBBLE_BEFORE):
        image = _paint(image, _rubble(n, dice, templates), dice.throw(0, 255, n, 3, 1))
    bits = dice.bits(n * SIZE * SIZE).reshape(n, -1)
    noise = np.stack([(bits >> np.uint64(shift)).astype(np.int16) & 255 for shift in (8, 24, 40)], axis=1)
    return np.clip(image + ((noise - 128) * NOISE >> 7), 0, 255).astype(np.uint8)


class _Dice:
    """Random whole numbers; every throw has a stream of its own."""

    def __init__(self, seed: int, start: int) -> None:
        self.seed, self.stream = seed, start << 16

    def bits(self, count: int) -> np.ndarray:
        """64 random bits each (count,)."""
        self.stream += 1
        return _hash(self.seed, self.stream, count)

    def throw(self, low: int, high: int, *shape: int) -> np.ndarray:
        """From `low` to `high`, both included, int32."""
        bits = self.bits(math.prod(shape)) >> np.uint64(33)
        return ((bits % np.uint64(high - low + 1)).astype(np.int32) + np.int32(low)).reshape(shape)


def _hash(seed: int, stream: int, count: int) -> np.ndarray:
    """64 random bits each (count,): SplitMix64 (Steele, Lea and Flood 2014) from a start that seed and stream give."""
    start = (seed * 0xD1342543DE82EF95 + stream * 0xAF251AF3B0F025B5) % 2**64
    x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _pixels(centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (N, P) of all pixels, to the right and downwards, from a centre (N, 2), in half pixels."""
    row, column = np.divmod(np.arange(SIZE * SIZE, dtype=np.int32), SIZE)
    return (2 * column + 1 - SIZE) - centre[:, :1], (2 * row + 1 - SIZE) - centre[:, 1:]


def _stamp(
    templates: np.ndarray, figures: np.ndarray, radii: np.ndarray, centre: np.ndarray, dice: _Dice, tilt: int = 128
) -> np.ndarray:
    """Cover (N, P), 0 to 16, of figures (N,) with radii (N, 2) in pixels, tilted both ways, every second mirrored."""
    n = len(figures)
    x, y = _pixels(centre)
    turn = dice.throw(-tilt, tilt, n)
    cosine, sine = COSINE[turn % TURN, None], COSINE[(turn - TURN // 4) % TURN, None]
    across, down = (TEMPLATE // 4 * 1024 // radii[:, axis, None] for axis in (0, 1))  # 1024 * samples per half pixel
    across *= 1 - 2 * dice.throw(0, 1, n, 1)
    u = ((cosine * x + sine * y >> 6) * across >> 14) + TEMPLATE // 2
    v = ((cosine * y - sine * x >> 6) * down >> 14) + TEMPLATE // 2
    np.clip(u, 0, TEMPLATE - 1, out=u)
    np.clip(v, 0, TEMPLATE - 1, out=v)
    return templates.reshape(-1).take((figures[:, None].astype(np.int32) * TEMPLATE + v) * TEMPLATE + u)


def _rubble(n: int, dice: _Dice, templates: np.ndarray) -> np.ndarray:
    """Cover (N, P) of a small or narrow figure of any class at any place."""
    radii = dice.throw(2, 5, n, 2)
    return _stamp(templates, dice.throw(0, len(templates) - 1, n), radii, dice.throw(-30, 30, n, 2), dice)


def _stripes(colour: np.ndarray, contrast: int, dice: _Dice) -> np.ndarray:
    """Pictures (N, 3, P), int16, of straight stripes in a colour (N, 3) and one up to `contrast` away from it."""
    n = len(colour)
    x, y = _pixels(np.zeros((n, 2), dtype=np.int32))
    slope = dice.throw(-40, 40, n, 2)
    second = ((slope[:, :1] * x + slope[:, 1:] * y + dice.throw(0, 511, n, 1)) >> 8) & 1
    step = dice.throw(-contrast, contrast, n, 3, 1)
    return colour[..., None].astype(np.int16) + step.astype(np.int16) * second[:, None].astype(np.int16)


def _paint(image: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Lay a colour (N, 3, 1 or P) over an image (N, 3, P) where the cover (N, P) is 16, in part where it is less."""
    return image + ((colour.astype(np.int16) - image) * cover[:, None] >> 4)


def _template(name: str) -> np.ndarray:
    """Cover (T, T), 0 to 16, int16, of a figure that fills the circle in a template; a sample averages 4 x 4 points."""
    y, x = np.mgrid[-255:256:2, -255:256:2]  # points; the circle has radius 255

    def disc(centre_x: int, centre_y: int, radius: int) -> np.ndarray:
        return (x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2

    def bar(half_width: int, half_height: int) -> np.ndarray:
        return (abs(x) < half_width) & (abs(y) < half_height)

    def polygon(*corners: tuple[int, int]) -> np.ndarray:
        inside = np.zeros(x.shape, dtype=bool)  # a point is inside if a ray to the right crosses an odd number of edges
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            left = (x - x0) * (y1 - y0) < (x1 - x0) * (y - y0)
            inside ^= ((y0 > y) != (y1 > y)) & (left == (y1 > y0))
        return inside

    figures: dict[str, Callable[[], np.ndarray]] = {
        "arrow": lambda: polygon((-220, -60), (20, -60), (20, -170), (240, 0), (20, 170), (20, 60), (-220, 60)),
        "bone": lambda: bar(150, 45) | disc(-150, 0, 90) | disc(150, 0, 90),
        "crescent": lambda: disc(0, 0, 230) & ~disc(110, 0, 190),
        "cross": lambda: bar(70, 225) | bar(225, 70),
        "heart": lambda: disc(-95, -75, 110) | disc(95, -75, 110) | polygon((-190, -25), (190, -25), (0, 225)),
        "hook": lambda: polygon((-150, -210), (-20, -210), (-20, 80), (160, 80), (160, 210), (-150, 210)),
        "hourglass": lambda: polygon((-180, -200), (180, -200), (-180, 200), (180, 200)),
        "ring": lambda: disc(0, 0, 230) & ~disc(0, 0, 120),
        "star": lambda: polygon(
            *((0, -245), (60, -80), (235, -75), (95, 30), (145, 200)),
            *((0, 100), (-145, 200), (-95, 30), (-235, -75), (-60, -80)),
        ),
        "triangle": lambda: polygon((0, -230), (210, 150), (-210, 150)),
    }
    points = figures[name]().reshape(TEMPLATE, 4, TEMPLATE, 4)
    return points.sum(axis=(1, 3)).astype(np.int16)
