"""Numerical gradients, to test a backward pass with. Given: there is nothing to do here.

A derivative is the limit of a difference, so a computer can approximate it without knowing any rule: move one input
value a little up, then a little down, and see by how much the function's value differs. That takes two evaluations for
each input value, far too slow to train with, and just right to test with. In a Python session:

    import numpy as np
    from part1_numpy.conv2d import Conv2d
    from part1_numpy.gradcheck import gradient_errors

    rng = np.random.default_rng(0)
    layer = Conv2d(in_channels=2, out_channels=3, kernel_size=3, stride=2, padding=1, rng=rng)
    print(gradient_errors(layer, rng.normal(size=(2, 2, 6, 5)), rng))     # {'dx': 1e-10, 'dw': 2e-10, 'db': 8e-11}

Errors of 1e-7 and less mean that backward fits forward; a wrong backward has errors of the size of the gradient
itself. What this cannot tell is whether forward is right: it asks whether the two agree.

Choose the inputs with care. Two equal values in a pooling window, or an input of ReLU within one step of 0, sit on a
kink, where there is no derivative to compare with. Random normal numbers keep clear of both. And use float64: float32
has seven digits, and the difference of two nearly equal numbers loses most of them.
"""

from collections.abc import Callable

import numpy as np

from .module import Module


def numerical_gradient(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Approximate the gradient of a function of an array by central differences.

    Each entry is (function(x + step at this entry) - function(x - step at this entry)) / (2 * step). The error of the
    formula falls with step**2, that of rounding grows with 1/step; 1e-5 is about where float64 does best.

    Args:
        function: takes an array of x's shape, gives a number.
        x: where to differentiate, any shape; stays as it is.
        step: distance to either side, in units of x.

    >>> numerical_gradient(lambda x: float((x**2).sum()), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.astype(np.float64), x.astype(np.float64)
        above[index] += step
        below[index] -= step
        gradient[index] = (function(above) - function(below)) / (2 * step)
    return gradient


def gradient_errors(layer: Module, x: np.ndarray, rng: np.random.Generator | None = None) -> dict[str, float]:
    """Compare a layer's backward pass with numerical gradients.

    A layer's output is an array, and backward wants a dy. So draw a random dy and differentiate the number
    sum(forward(x) * dy), whose gradient with respect to the output is that dy.

    Args:
        layer: any layer; its parameters, if it has any, are tested as well and are as before afterwards.
        x: an input for it, float64.
        rng: source of dy.

    Returns:
        For "dx", and for "dw" and "db" if the layer learns, the largest difference between the layer's gradient and the
        numerical one, divided by the largest entry of the latter (or by 1, if that is larger).
    """
    rng = np.random.default_rng() if rng is None else rng
    dy = rng.normal(size=layer.forward(x).shape)
    errors = {"dx": relative_error(layer.backward(dy), lambda value: float((layer.forward(value) * dy).sum()), x)}
    for parameter, gradient in (("weight", "dw"), ("bias", "db")):
        if hasattr(layer, parameter):

            def loss(value: np.ndarray, parameter: str = parameter) -> float:
                before = getattr(layer, parameter)
                setattr(layer, parameter, value)
                result = float((layer.forward(x) * dy).sum())
                setattr(layer, parameter, before)
                return result

            errors[gradient] = relative_error(getattr(layer, gradient), loss, getattr(layer, parameter))
    return errors


def relative_error(gradient: np.ndarray, function: Callable[[np.ndarray], float], x: np.ndarray) -> float:
    """Return the largest difference between a gradient and the numerical one of function at x, relative to the latter.

    Raises:
        ValueError: if the gradient has not the shape of x.
    """
    if gradient.shape != x.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, expected {x.shape}")
    numerical = numerical_gradient(function, x)
    return float(np.abs(gradient - numerical).max() / max(1.0, np.abs(numerical).max()))
