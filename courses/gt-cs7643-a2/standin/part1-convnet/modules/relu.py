"""The reference's ReLU behind this handout's interface."""

from part1_numpy.activations import ReLU as Reference


class ReLU:
    """Backward sets dx."""

    def __init__(self):
        self.reference = Reference()

    def forward(self, x):
        """Any shape."""
        return self.reference.forward(x)

    def backward(self, dout):
        """Set dx."""
        self.dx = self.reference.backward(dout)
