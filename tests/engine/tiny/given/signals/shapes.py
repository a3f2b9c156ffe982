"""Images that are mostly red, or mostly blue."""

import numpy as np

CLASSES, MEAN, DEVIATION = ("red", "blue"), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
TEST, TEST_SEED = 200, 1


def make_shapes(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    images = rng.integers(0, 100, size=(count, 32, 32, 3), dtype=np.uint8)
    images[np.arange(count), :, :, 2 * labels] += 100
    return images, labels
