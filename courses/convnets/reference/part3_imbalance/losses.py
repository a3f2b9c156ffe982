"""Losses for classes of which some have many images and some have few.

Axes in the shapes below:
    N images of a batch   C classes

Cross-entropy asks for the best guess on data like the training data, where frequent classes decide. Three changes turn
its attention to the others:

    3.2, 3.4   a weight for each class: an image of a rare class counts for more
    3.3        a weight for each image: one that is recognised already counts for less
    3.4        an offset for each class's logit: a rare class has to win by a margin while training

Each loss is a module: `criterion = FocalLoss(gamma=2.0)`, and then `criterion(logits, labels)`, with logits (N, C) of
float32 or float64 and labels (N,) of int64, gives the loss (), in the dtype of the logits. A class may be missing from
the batch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

Values = torch.Tensor | np.ndarray | Sequence[float]  # one number a class


def class_balanced_weights(counts: Values, beta: float = 0.9999) -> torch.Tensor:
    """Return the weight of each class, (C,): one over its effective number of images, scaled.

    A new image is worth the less the more there are: it may show what another one shows already. If it differs from
    each image before it with probability beta, n images are worth (Cui et al. 2019, arXiv:1901.05555, proposition 1)

        E_n = (1 - beta ** n) / (1 - beta) = 1 + beta + ... + beta ** (n - 1)

    and the loss of the class is multiplied by 1 / E_n (section 4). At beta = 0 all classes weigh alike, as E_n = 1; the
    closer beta comes to 1, the closer E_n is to n.

    Args:
        counts: (C,) training images of each class; a tensor, an array or a list.
        beta: at least 0, less than 1.

    Returns:
        (C,) proportional to 1 / E_n and summing to C, so that the loss keeps its size. A class without images gets 0,
        and the others then sum to their number.

    >>> class_balanced_weights([645, 387, 232, 139])
    tensor([0.4043, 0.6652, 1.1011, 1.8294])
    """
    # TODO 3.2: compute in float64. float32 has no number between 0.99999994 and 1, few near it, and beta is near 1.
    #   1. counts as a float64 tensor                     (C,)
    #   2. 1 - beta ** n, for each class                  (C,)      what does the factor 1 - beta change in the end?
    #   3. one over it; 0 where n = 0                     (C,)
    #   4. scaled to sum to the number of classes that have images
    # 1 - beta ** n = -(exp(n log beta) - 1), and torch.expm1(x) is exp(x) - 1 without the loss of digits near x = 0.
    # >>> solution
    n = torch.as_tensor(counts, dtype=torch.float64)
    log_beta = torch.tensor(beta, dtype=torch.float64).log()  # -inf for beta = 0
    weights = torch.where(n > 0, -1 / torch.expm1(n * log_beta), 0.0)
    return (weights * (n > 0).sum() / weights.sum()).float()
    # <<< solution


class FocalLoss(nn.Module):
    """Cross-entropy in which images that are recognised already count for less.

    With p_t the softmax probability of an image's true class and w_t the weight of that class, the loss is the mean
    over the N images of (Lin et al. 2017, arXiv:1708.02002, equation 5, with softmax in place of the sigmoid)

        -w_t * (1 - p_t) ** gamma * log(p_t)

    At gamma = 0 and without weights this is cross-entropy. At gamma = 2 an image with p_t = 0.9 has a hundredth of it.

    Args:
        weight: (C,) of the classes, a tensor, an array or a list; all 1 when None. Kept as the buffer `weight`, so that
            `.to(device)` and `state_dict()` take it along.
        gamma: at least 0.

    >>> FocalLoss(gamma=2.0)(torch.zeros(3, 2), torch.tensor([0, 1, 1]))  # p_t = 1/2: log(2) / 4
    tensor(0.1733)
    """

    weight: torch.Tensor | None

    def __init__(self, weight: Values | None = None, gamma: float = 0.0) -> None:
        super().__init__()
        self.gamma = gamma
        # TODO 3.3: register the weight as a buffer, a float32 tensor; None is a buffer too.
        # Look at: nn.Module.register_buffer, torch.as_tensor.
        # >>> solution
        self.register_buffer("weight", None if weight is None else torch.as_tensor(weight, dtype=torch.float32))
        # <<< solution

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """(N, C), (N,) -> ()."""
        # TODO 3.3: logits up to +-10000, with finite gradients.
        #   1. log p_t, each image for itself         (N,)      never as the log of a softmax: that may have become 0
        #   2. 1 - p_t                                (N,)
        #   3. -(1 - p_t) ** gamma * log p_t          (N,)
        #   4. times the weight of the true class, where there are weights
        #   5. mean over the N images: the sum is divided by N, not by the sum of the weights
        # The slope of x ** 0.5 at x = 0 is infinite, and infinity times 0 is nan: let clamp keep 1 - p_t above 0, at
        # the smallest number that the dtype has, torch.finfo(dtype).tiny. What is clamped has gradient 0.
        # Look at: F.cross_entropy with reduction="none", torch.expm1.
        # >>> solution
        import torch.nn.functional as F

        log_p = -F.cross_entropy(logits, labels, reduction="none")
        missing = -torch.expm1(log_p)
        focus = missing.clamp(min=torch.finfo(logits.dtype).tiny) ** self.gamma
        loss = -focus * log_p
        if self.weight is not None:
            loss = loss * self.weight.to(logits.dtype)[labels]
        return loss.mean()
        # <<< solution


def class_balanced_focal(counts: Values, beta: float, gamma: float) -> nn.Module:
    """Make the focal loss with the class-balanced weights of these counts (Cui et al. 2019, section 4.3).

    Args:
        counts: (C,) training images of each class; a tensor, an array or a list.
        beta: of `class_balanced_weights`.
        gamma: of `FocalLoss`; 0 makes it class-balanced cross-entropy.
    """
    # TODO 3.4: put 3.2 and 3.3 together.
    # >>> solution
    return FocalLoss(class_balanced_weights(counts, beta), gamma)
    # <<< solution


class LogitAdjustedLoss(nn.Module):
    """Cross-entropy of logits to which tau times the log of each class's share of the training data is added.

    Menon et al. 2021, arXiv:2007.07314, equation 10. With z the logits, y the true class and pi_k the share of class k,
    the loss is the mean over the N images of

        -log( exp(z_y + tau log pi_y) / sum over k of exp(z_k + tau log pi_k) )

    The offset says how frequent the classes are, so that z need not learn it. At test time, where all classes are to
    count alike, it is left out: the class with the largest z is predicted.

    Args:
        counts: (C,) training images of each class, all above 0; a tensor, an array or a list.
        tau: 0 is plain cross-entropy; the balanced error asks for 1.
    """

    offset: torch.Tensor

    def __init__(self, counts: Values, tau: float) -> None:
        super().__init__()
        # TODO 3.4: register the buffer `offset`, float32, so that `.to(device)` and `state_dict()` take it along.
        #   1. share of each class in all images      (C,)
        #   2. tau times its natural logarithm        (C,)
        # >>> solution
        n = torch.as_tensor(counts, dtype=torch.float64)
        self.register_buffer("offset", (tau * (n / n.sum()).log()).float())
        # <<< solution

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """(N, C), (N,) -> ()."""
        # TODO 3.4: cross-entropy of the adjusted logits, mean over the N images. The logits themselves do not change.
        # >>> solution
        import torch.nn.functional as F

        return F.cross_entropy(logits + self.offset, labels)
        # <<< solution


def logit_adjusted_loss(counts: Values, tau: float = 1.0) -> nn.Module:
    """Make the logit-adjusted loss of a training set with these counts.

    >>> logit_adjusted_loss([300, 100])(torch.zeros(2, 2), torch.tensor([0, 1]))  # mean of log(4/3) and log(4)
    tensor(0.8370)
    """
    return LogitAdjustedLoss(counts, tau)
