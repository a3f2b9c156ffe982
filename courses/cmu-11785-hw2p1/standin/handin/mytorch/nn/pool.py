"""The reference's pools behind this handout's interface."""

from part1_numpy.pooling import AvgPool2d
from part1_numpy.pooling import MaxPool2d as Largest


class MaxPool2d_stride1(Largest):
    """Windows at every pixel."""

    def __init__(self, kernel):
        super().__init__(kernel, 1)


class MaxPool2d(Largest):
    """Windows some pixels apart."""

    def __init__(self, kernel, stride):
        super().__init__(kernel, stride)


class MeanPool2d_stride1(AvgPool2d):
    """Windows at every pixel."""

    def __init__(self, kernel):
        super().__init__(kernel, 1)


class MeanPool2d(AvgPool2d):
    """Windows some pixels apart."""

    def __init__(self, kernel, stride):
        super().__init__(kernel, stride)
