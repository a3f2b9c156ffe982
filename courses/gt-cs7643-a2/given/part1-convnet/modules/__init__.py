"""The modules of a network, those that are there."""

from contextlib import suppress

with suppress(ImportError):
    from .convolution import Conv2D
with suppress(ImportError):
    from .linear import Linear
with suppress(ImportError):
    from .max_pool import MaxPooling
with suppress(ImportError):
    from .relu import ReLU
with suppress(ImportError):
    from .softmax_ce import SoftmaxCrossEntropy
with suppress(ImportError):
    from .conv_classifier import ConvNet

__all__ = ["Conv2D", "ConvNet", "Linear", "MaxPooling", "ReLU", "SoftmaxCrossEntropy"]
