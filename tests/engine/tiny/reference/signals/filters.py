import numpy as np


def smooth(x):
    """The mean of each value of x (L,) and the next: (L - 1,)."""
    # TODO 1.1: two neighbours at a time.
    # >>> solution
    return (x[:-1] + x[1:]) / 2
    # <<< solution


def ones(count):
    return np.ones(count)
