"""The reference's SGD behind this handout's interface, with the regularisation that it gives."""

from part1_numpy.optim import SGD as Reference

from ._base_optimizer import _BaseOptimizer


class SGD(_BaseOptimizer):
    """Momentum, one velocity for each parameter."""

    def __init__(self, model, learning_rate=1e-4, reg=1e-3, momentum=0.9):
        super().__init__(model, learning_rate, reg)
        self.reference = Reference(model, lr=learning_rate, momentum=momentum, weight_decay=0.0)

    def update(self, model):
        """Move all parameters of the model."""
        self.apply_regularization(model)
        self.reference.step()
