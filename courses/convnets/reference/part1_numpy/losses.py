"""Softmax and cross-entropy, as one step.

Axes in the shapes below:
    N images   K classes

Softmax turns the scores of an image into probabilities: probs[n, k] = exp(scores[n, k]) / sum over j of
exp(scores[n, j]). Cross-entropy is the mean over the images of -log(probability given to the true class).

Two facts make this safe and short:
    - A constant added to all scores of an image cancels out of the fraction. With the image's largest score subtracted,
      no exponent is above 0, nothing overflows, and one of the exponentials is exactly 1, so the sum is not 0.
    - The gradient of both steps together is simpler than that of either: the scores' gradient for one image is its
      probabilities, less 1 at the true class. Derive it once on paper: write -log of the fraction as
      -scores[true] + log(sum over j of exp(scores[j])) and differentiate.
"""

import numpy as np


class SoftmaxCrossEntropy:
    """Mean cross-entropy of the softmax of scores. Unlike a layer, it takes the true classes too."""

    def forward(self, scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
        """(N, K) scores and (N,) true classes y, integers in 0..K-1 -> (probs (N, K), loss).

        The loss is the mean over the N images, not the sum, as a float.
        """
        # TODO 1.4: no loop, and exact up to scores of +-10000, where a naive exp gives inf and a naive log -inf.
        #   1. subtract each image's largest score    (N, K)      keepdims=True keeps the axis for broadcasting
        #   2. probs                                  (N, K)
        #   3. -log of the true class's probability   (N,)
        #   4. its mean, and what backward needs
        # A probability can be too small to be told from 0, and its log is then -inf. The logarithm of the fraction,
        # worked out on paper before NumPy sees it, has no such problem.
        # Picking one entry from each row: index with two arrays, one of rows and one of columns.
        # >>> solution
        shifted = scores - scores.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        totals = exponentials.sum(axis=1, keepdims=True)
        self.probs, self.y = exponentials / totals, y
        log_probs = shifted - np.log(totals)
        return self.probs, float(-log_probs[np.arange(len(y)), y].mean())
        # <<< solution

    def backward(self) -> np.ndarray:
        """Return dscores (N, K), the gradient of the mean loss."""
        # TODO 1.4: no loop. The array probs that forward returned belongs to the caller: it must not change.
        #   1. probabilities, less 1 at the true class
        #   2. the loss is a mean over N: what does that do to each image's share?
        # Each row of the result sums to 0.
        # >>> solution
        dscores = self.probs.copy()
        dscores[np.arange(len(self.y)), self.y] -= 1
        return dscores / len(self.y)
        # <<< solution
