"""The reference's layers behind this handout's CNN."""

from Conv1d import Conv1d

from part1_numpy.linear import Flatten
from part1_numpy.linear import Linear as Reference


class Linear:
    """W (out, in), and b as a column."""

    def __init__(self, in_features, out_features):
        self.reference = Reference(in_features, out_features)
        self.W, self.b = self.reference.weight, self.reference.bias.reshape(-1, 1)

    def forward(self, A):
        """A -> Z."""
        self.reference.weight, self.reference.bias = self.W, self.b[:, 0]
        return self.reference.forward(A)

    def backward(self, dLdZ):
        """Return dLdA."""
        dLdA = self.reference.backward(dLdZ)
        self.dLdW, self.dLdb = self.reference.dw, self.reference.db.reshape(-1, 1)
        return dLdA


class CNN:
    """Convolutions with activations, and a linear layer."""

    def __init__(
        self,
        input_width,
        num_input_channels,
        num_channels,
        kernel_sizes,
        strides,
        num_linear_neurons,
        activations,
        conv_weight_init_fn,
        bias_init_fn,
        linear_weight_init_fn,
        criterion,
        lr,
    ):
        self.activations, self.criterion, self.lr = activations, criterion, lr
        self.convolutional_layers = []
        for filters, kernel, stride in zip(num_channels, kernel_sizes, strides, strict=True):
            layer = Conv1d(num_input_channels, filters, kernel, stride)
            self.convolutional_layers.append(layer)
            input_width, num_input_channels = (input_width - kernel) // stride + 1, filters
        self.flatten = Flatten()
        self.linear_layer = Linear(input_width * num_input_channels, num_linear_neurons)

    def forward(self, A):
        """(N, C, L) -> (N, classes)."""
        for layer, activation in zip(self.convolutional_layers, self.activations, strict=True):
            A = activation.forward(layer.forward(A))
        self.Z = self.linear_layer.forward(self.flatten.forward(A))
        return self.Z

    def backward(self, labels):
        """Return dLdA."""
        self.criterion.forward(self.Z, labels)
        grad = self.flatten.backward(self.linear_layer.backward(self.criterion.backward()))
        for layer, activation in zip(self.convolutional_layers[::-1], self.activations[::-1], strict=True):
            grad = layer.backward(activation.backward(grad))
        return grad
