import numpy as np

from autograder.checking.oracles import oracle


@oracle
def smoothed(x: np.ndarray) -> np.ndarray:
    return np.convolve(x, [0.5, 0.5], "valid")


@oracle
def sums(x: np.ndarray) -> np.ndarray:
    return np.convolve(x, [1.0, 1.0], "valid")
