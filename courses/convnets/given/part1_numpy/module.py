"""What a layer is, and how it gets its first weights. Given: there is nothing to do here.

The chain rule, once for all layers. Write L for the loss, x for what a layer takes in and y for what it gives out.
Going back through the network, the layer is handed dy, which has the shape of y and holds dL/dy: how much the loss
changes for a small change of each value of y. It answers with dx, which has the shape of x:

    dx[a] = sum over b of  dy[b] * (dy_b / dx_a)        a runs over the values of x, b over those of y

Where x[a] enters several values of y, its gradient is the sum of what comes back from each of them. That one sentence
is behind every `+=` in this part.
"""

import numpy as np


class Module:
    """A layer: a function of an array, and the way back through it.

    `forward` keeps what `backward` will need as attributes of the layer, `backward` is called after it with a gradient
    of the shape that `forward` returned. No layer changes the arrays that it is handed.

    A layer that learns has four attributes more, and a layer that does not learn has none of them:

        weight, bias    the parameters, arrays of floats. `forward` reads them anew in each call, so that whoever
                        assigns another array to them, or changes them in place, changes what the layer computes
        dw, db          their gradients, of the same shapes. `backward` sets them: a second call replaces the values
                        of the first, it does not add to them
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the layer's output y for the input x."""
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return dx for the gradient dy of the last output; set `dw` and `db` if the layer learns."""
        raise NotImplementedError(f"{type(self).__name__}.backward")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """`layer(x)` is `layer.forward(x)`."""
        return self.forward(x)


def draw_weight(shape: tuple[int, ...], fan_in: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Draw a weight array from the uniform distribution on [-1/sqrt(fan_in), 1/sqrt(fan_in)).

    Args:
        shape: shape of the array.
        fan_in: number of input values that enter one output value. The more of them are summed, the smaller each
            weight, so that the outputs of wide and of narrow layers are of similar size.
        rng: source of the random numbers; a fresh, unseeded one when None.
    """
    rng = np.random.default_rng() if rng is None else rng
    bound = 1 / np.sqrt(fan_in)
    return rng.uniform(-bound, bound, size=shape)


def require_positive(**values: int) -> None:
    """Refuse layer sizes that make no sense.

    Raises:
        ValueError: if one of the values is below 1; the text names it.
    """
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} is {value}, expected at least 1")
