"""What all optimizers of this handout have: given, and told by term in which state they keep."""


class _BaseOptimizer:
    """Keeps the rates, and adds the pull of the regularisation to the gradients of weights."""

    def __init__(self, model, learning_rate=1e-4, reg=1e-3):
        self.learning_rate = learning_rate
        self.reg = reg
        self.grad_tracker = _zeros(model)  # generation: grad_tracker

    def update(self, model):
        """Move the parameters: of each optimizer its own."""

    def apply_regularization(self, model):
        """Add reg * weight to dw, in place."""
        for module in model.modules:
            if hasattr(module, "weight"):
                module.dw += self.reg * module.weight


def _zeros(model):
    """One velocity for each parameter of each module, by the number of the module."""
    return {index: {"dw": 0, "db": 0} for index in range(len(model.modules))}
