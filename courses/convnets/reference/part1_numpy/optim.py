"""Stochastic gradient descent with momentum and weight decay.

Each parameter w, with its gradient g, has a velocity v of its own, which starts at 0. One step is

    v = momentum * v - lr * (g + weight_decay * w)
    w = w + v

Momentum keeps part of the last step: a ball rolling down a valley, which does not turn at every pebble. Weight decay
pulls weights towards 0, as if half of weight_decay * w**2 had been added to the loss. Biases are not decayed, as their
size does not make a function steeper; for them, leave that term out.

With a constant lr this is torch.optim.SGD (whose velocity is this one divided by -lr), with the biases in a parameter
group that has weight_decay=0.
"""

from typing import Any


class SGD:
    """Move all parameters of a model against their gradients.

    Args:
        model: anything with a list `modules` of layers, a ConvNet for example. A layer that learns has arrays `weight`,
            `bias`, `dw` and `db`; a layer without `weight` has nothing to learn and is passed over. No more than
            that may be relied on: a layer may be of a kind that does not exist in this folder, several layers may have
            weights of the same shape, and no layer stands in the list twice.
        lr: learning rate.
        momentum: share of the last velocity that is kept, 0 to 1.
        weight_decay: strength of the pull of weights, not biases, towards 0.
    """

    def __init__(self, model: Any, lr: float = 1e-4, momentum: float = 0.9, weight_decay: float = 1e-3) -> None:
        self.model = model
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.velocity: dict[Any, Any] = {}  # empty at first; what goes in, and under which key, is up to you

    def step(self) -> None:
        """Update each parameter once, from the gradients as they are now.

        The arrays themselves are changed (w += v), so that whoever holds `layer.weight` sees the new values. Assigning
        a new array to `layer.weight` is as good for the layers, which read it in each forward. The gradients dw and db
        stay as they are.
        """
        # TODO 1.13: for each layer that learns, for its weight and for its bias:
        #   1. this parameter's velocity so far, 0 in the first step
        #   2. the new velocity, by the formula above; the decay for weights only
        #   3. remember it, and move the parameter
        # Two parameters must never share a velocity: not two layers of equal shape, and not the weight and the bias of
        # one layer. What tells a parameter from all others?
        # How to find out whether a layer learns: hasattr.
        # >>> solution
        for index, layer in enumerate(self.model.modules):
            if not hasattr(layer, "weight"):
                continue
            for parameter, gradient, decay in (("weight", "dw", self.weight_decay), ("bias", "db", 0.0)):
                w, g = getattr(layer, parameter), getattr(layer, gradient)
                v = self.momentum * self.velocity.get((index, parameter), 0.0) - self.lr * (g + decay * w)
                self.velocity[index, parameter] = v
                w += v
        # <<< solution
