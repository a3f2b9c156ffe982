"""What the table cannot say: networks of this handout, which are told their activations, criterion and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adapted import Adapted, Entry
from .targets import Mismatch, call

INPUTS, SHARED = 192, 16  # of the first matrix, and of the last, whose neurons see all that is left of a window


class Scan(Adapted):
    """A network that scans: made without arguments, and given the matrices of the MLP that scans likewise."""

    @classmethod
    def made(cls, entry: Entry, weights: list[Any]) -> Adapted:
        """Hand on matrices as the handout has them, (inputs, neurons), shared ones as blocks on the diagonal."""
        own = call(entry.theirs, [], {}, entry.folder)
        found = cls(entry, own)
        first, second, third = weights
        copies = INPUTS // first.shape[1]
        given = [np.kron(np.eye(copies), first).T, np.kron(np.eye(max(copies // 2, 1)), second).T, third.T]
        before = found.kernels()
        found.call("init_weights", given)
        odd = ""
        for name, kernel in found.kernels().items():
            where = f"{name}.conv1d_stride1.W"
            if np.array_equal(kernel, before[name]):
                raise Mismatch(f"init_weights leaves {where} as it was, expected what it is given")
            if not kernel.any():
                raise Mismatch(f"init_weights sets {where} to zeros, expected the first block, which is shared")
            if kernel.shape != before[name].shape:
                made = before[name].shape
                odd = f"init_weights sets {where} to shape {kernel.shape}, expected {made}, as it was made"
        vars(found).update(filters=len(third), odd=odd)
        return found

    def kernels(self) -> dict[str, Any]:
        """The kernels of the convolutions that have the names of the handout, copied."""
        layers = {name: getattr(self.own, name, None) for name in ("conv1", "conv2", "conv3")}
        kept = {name: getattr(getattr(layer, "conv1d_stride1", None), "W", None) for name, layer in layers.items()}
        return {name: np.array(kernel) for name, kernel in kept.items() if kernel is not None}

    def forward(self, x: Any) -> Any:
        """Undo the Flatten at the end."""
        try:
            y = self.call("forward", x)
        except Exception:
            if self.odd:
                raise Mismatch(self.odd) from None
            raise
        if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] % self.filters == 0:
            return y.reshape(len(y), self.filters, -1)
        return y


class Tanh:
    """An activation for each term: backward is given dLdA, or nothing and returns dA/dZ."""

    def __init__(self, index: int) -> None:
        self.index = index

    def forward(self, z: Any) -> Any:
        """Keep what backward needs."""
        self.A = np.tanh(z)
        return self.A

    def backward(self, dlda: Any = 1.0) -> Any:
        """The slope, times what is given."""
        if not hasattr(self, "A"):
            raise Mismatch(f"backward of activations[{self.index}] is called, expected a call of its forward before")
        if np.ndim(dlda) and np.shape(dlda) != self.A.shape:
            raise Mismatch(
                f"backward of activations[{self.index}] is given shape {np.shape(dlda)}, expected {self.A.shape}, that "
                "of what its forward returned"
            )
        return dlda * (1 - self.A**2)

    def derivative(self) -> Any:
        """The slope."""
        return 1 - self.A**2

    def __call__(self, z: Any) -> Any:
        """The same as forward."""
        return self.forward(z)


class Criterion:
    """Softmax and cross-entropy of one-hot labels, summed: for one signal, all readings of its gradient are equal."""

    def forward(self, a: Any, y: Any) -> Any:
        """The loss of each signal."""
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        self.gradient = powers / powers.sum(axis=1, keepdims=True) - y
        return -(y * np.log(self.gradient + y)).sum(axis=1)

    def backward(self, *_: Any) -> Any:
        """The gradient of the scores."""
        return self.gradient

    derivative = backward

    def __call__(self, a: Any, y: Any) -> Any:
        """The same as forward."""
        return self.forward(a, y)


class Network(Adapted):
    """CNN, with activations and a criterion of the grader's, and the parameters that it gives."""

    @classmethod
    def made(cls, entry: Entry, width: int, kernels: list[Any], strides: list[int], linear: Any) -> Adapted:
        """Let the student's class make the network, and set its parameters."""
        arguments = {
            "input_width": width,
            "num_input_channels": kernels[0].shape[1],
            "num_channels": [len(kernel) for kernel in kernels],
            "kernel_sizes": [kernel.shape[2] for kernel in kernels],
            "strides": list(strides),
            "num_linear_neurons": len(linear),
            "activations": [Tanh(index) for index in range(len(kernels))],
            "conv_weight_init_fn": _zeros,
            "bias_init_fn": _zeros,
            "linear_weight_init_fn": _zeros,
            "criterion": Criterion(),
            "lr": 0.1,
        }
        found = cls(entry, call(entry.theirs, [], arguments, entry.folder))
        for index, kernel in enumerate(kernels):
            why = f", {kernel.shape[1]} being the channels of what comes in"
            found.put(f"convolutional_layers.{index}.conv1d_stride1.W", kernel, why)
        channels = len(kernels[-1])
        found.put("linear_layer.W", linear, f", inputs for {channels} channels of {linear.shape[1] // channels} values")
        return found

    def put(self, path: str, value: Any, why: str = "") -> None:
        """Set a parameter, in the shape that it is kept in."""
        above, _, last = path.rpartition(".")
        kept = np.shape(self.there(path))
        turned = value.T if value.ndim == 2 and kept == value.T.shape else value
        if turned.shape != kept:
            raise Mismatch(f"{path} has shape {kept}, expected {value.shape}{why}")
        setattr(self.there(above), last, turned.copy())


def _zeros(*shape: Any) -> Any:
    return np.zeros(shape[0] if len(shape) == 1 else shape)
