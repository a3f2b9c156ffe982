"""Expected values and suspects, computed with PyTorch; never shipped to students."""
