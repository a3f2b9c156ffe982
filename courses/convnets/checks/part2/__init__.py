"""Checks of part 2: models, training and checkpoints in PyTorch."""
