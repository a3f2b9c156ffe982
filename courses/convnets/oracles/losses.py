"""Softmax, and the cross-entropy of probabilities that are kept away from 0."""

from __future__ import annotations

import numpy as np
import torch

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def softmax(scores: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K)."""
    return double(scores).softmax(1).numpy()


@oracle
def clipped_cross_entropy(scores: np.ndarray, y: np.ndarray, smallest: float, added: bool) -> np.ndarray:
    """The mean loss when probabilities are kept away from 0: by adding a small number, or by a lower bound."""
    probs = double(scores).softmax(1)[torch.arange(len(y)), torch.tensor(y)]
    return -(probs + smallest if added else probs.clamp(min=smallest)).log().mean().numpy()
