"""Changes of images that keep what they show: who knows the images by heart no longer finds them.

Each image is moved, turned, scaled and mirrored, or not, by numbers of its own, so that no change can be known in
advance or undone for all, and what it costs a network hardly depends on the draw. Images are (N, H, W, 3), uint8.
"""

from __future__ import annotations

import numpy as np

SHIFT = 4.0  # pixels, either way
TURN = 15.0  # degrees
ZOOM = 0.2  # of the logarithm of the scale
CONTRAST, COLOUR = 0.2, 0.06  # of the logarithm of the gain, for all colours and for each
BRIGHTNESS, NOISE = 15.0, 4.0  # of 255; the standard deviation of the noise


def draw(images: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Make the changed copies that a model is shown, by what was done to them."""
    places = _moved(images, rng)
    return {"moved": _pixels(places), "moved, in other light": _pixels(_relit(places, rng))}


def _moved(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn, scale, shift and mirror, about the middle; what enters at the edge mirrors what is there."""
    n, height, width, _ = images.shape
    angle, zoom = np.deg2rad(rng.uniform(-TURN, TURN, (n, 1, 1))), np.exp(rng.uniform(-ZOOM, ZOOM, (n, 1, 1)))
    down, right = rng.uniform(-SHIFT, SHIFT, (2, n, 1, 1))
    side = rng.choice([-1, 1], (n, 1, 1))
    middle = (height - 1) / 2, (width - 1) / 2
    y, x = np.arange(height)[:, None] - middle[0], np.arange(width)[None, :] - middle[1]
    rows = zoom * (np.cos(angle) * y - np.sin(angle) * x) + down + middle[0]
    columns = side * (zoom * (np.sin(angle) * y + np.cos(angle) * x) + right) + middle[1]
    return _between(images, rows, columns)


def _between(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Read images at places (N, H, W) between their pixels, by linear interpolation."""
    image = np.arange(len(images))[:, None, None]
    (top, below), (left, beside) = _whole(rows, images.shape[1]), _whole(columns, images.shape[2])

    def row(at: np.ndarray) -> np.ndarray:
        pixels: np.ndarray = (1 - beside) * images[image, at, left] + beside * images[image, at, left + 1]
        return pixels

    mixed: np.ndarray = (1 - below) * row(top) + below * row(top + 1)
    return mixed


def _whole(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Reflect places at the edges, and split each into a pixel and the way to the next (N, H, W, 1)."""
    places = np.abs(places) % (2 * (size - 1))
    places = np.minimum(places, 2 * (size - 1) - places)
    pixels = np.minimum(places.astype(np.int64), size - 2)
    return pixels, (places - pixels)[..., None].astype(np.float32)


def _relit(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change contrast, colours and brightness, and add noise."""
    one = (len(images), 1, 1, 1)
    gain = np.exp(rng.uniform(-CONTRAST, CONTRAST, one) + rng.uniform(-COLOUR, COLOUR, (len(images), 1, 1, 3)))
    mean = images.mean(axis=(1, 2), keepdims=True)
    light = mean + rng.uniform(-BRIGHTNESS, BRIGHTNESS, one)
    relit: np.ndarray = gain * (images - mean) + light + rng.normal(0, NOISE, images.shape)
    return relit


def _pixels(values: np.ndarray) -> np.ndarray:
    pixels: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels
