"""Checks of part 1: layers, losses and optimisers in NumPy."""
