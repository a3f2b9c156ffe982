"""Checks of part 3: losses, sampling and metrics under class imbalance."""
