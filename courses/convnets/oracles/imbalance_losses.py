"""Focal and logit-adjusted loss and their gradients; with a rule's name, what a known mistake makes of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from autograder.checking.oracles import oracle

from .tensors import double, pulled_back

SCALED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "root": torch.sqrt,
    "inverse": torch.reciprocal,
    "over largest": lambda weight: weight / weight.max(),
    "normalised": lambda weight: weight / weight.sum(),
}


@oracle
def focal(
    logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray | None = None, rule: str = ""
) -> np.ndarray:
    """The focal loss, (); exact for logits of any size."""
    return _focal(double(logits), torch.tensor(labels), gamma, weight, rule).numpy()


@oracle
def focal_gradient(
    logits: np.ndarray, labels: np.ndarray, gamma: float, weight: np.ndarray | None = None, rule: str = ""
) -> np.ndarray:
    """The gradient of the focal loss by the logits, (N, C)."""
    y = torch.tensor(labels)
    return pulled_back(lambda z: _focal(z, y, gamma, weight, rule), logits, np.ones(()))


def _focal(z: torch.Tensor, y: torch.Tensor, gamma: float, weight: np.ndarray | None, rule: str) -> torch.Tensor:
    """The focal loss, with one thing done wrong where a rule is given.

    Args:
        rule: "each": not averaged. "of p": the power is that of p, not of 1 - p. "of log p": that of -log p.
            "times gamma": a factor, no exponent. "of the batch": p is that of the mean cross-entropy.
            "detached": the power counts as a constant. "weighted p": p is exp(-w * cross-entropy).
            "over weights": divided by the sum of the weights. "apart": mean loss times mean weight.
            "twice": the square of the weight. "predicted": the weight of the predicted class.
            "by place": weight i goes to image i. "over images", "softmax twice": of the softmax. "no log": -p.
            "largest p": that of the predicted class.
            "gamma more", "gamma less", "half", "double": another exponent. "over all": the sum divided by N * C.
            Those of SCALED: of the weights.
    """
    gamma += {"gamma more": 1.0, "gamma less": -1.0, "half": -gamma / 2, "double": gamma}.get(rule, 0.0)
    if rule == "softmax twice":
        z = z.softmax(1)
    log_p = -F.cross_entropy(z, y, reduction="none")
    # log(1 - p) from the scores of the other classes: exact where p rounds to 1, and its slope is never infinite.
    others = z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -torch.inf)
    log_missing = others.logsumexp(1) - z.logsumexp(1)
    if rule == "over images":
        log_p = z.log_softmax(0).gather(1, y[:, None])[:, 0]
        log_missing = torch.log(-torch.expm1(log_p))
    elif rule == "largest p":
        log_p = z.log_softmax(1).max(1).values
        log_missing = torch.log(-torch.expm1(log_p))
    w = torch.ones_like(log_p) if weight is None else double(weight)[y]
    if rule == "weighted p":
        log_missing = torch.log(-torch.expm1(w * log_p))
    elif rule == "of the batch":
        log_missing = torch.log(-torch.expm1(log_p.mean())).expand_as(log_p)
    elif rule == "detached":
        log_missing = log_missing.detach()
    power = torch.exp(gamma * log_missing)
    if rule == "of p":
        power = torch.exp(gamma * log_p)
    elif rule == "of log p":
        power = torch.exp(log_missing) * (-log_p) ** (gamma - 1)
    elif rule == "times gamma":
        power = gamma * torch.exp(log_missing)
    if weight is not None and rule == "predicted":
        w = double(weight)[z.argmax(1)]
    elif weight is not None and rule == "by place":
        w = double(weight)[torch.arange(len(y)) % len(weight)]
    if weight is not None and rule in SCALED:
        w = SCALED[rule](double(weight))[y]
    each = -power * (log_p.exp() if rule == "no log" else log_p)
    if rule == "over all":
        return (w * each).mean() / z.shape[1]
    if rule == "each":
        return w * each
    if rule == "over weights":
        return (w * each).sum() / w.sum()
    if rule == "apart":
        return w.mean() * each.mean()
    return (w * w * each if rule == "twice" else w * each).mean()


@oracle
def clipped_focal(logits: np.ndarray, labels: np.ndarray, gamma: float, smallest: float, added: bool) -> np.ndarray:
    """The focal loss when p is kept away from 0 before its log is taken: by an added number, or by a lower bound."""
    p = double(logits).softmax(1)[torch.arange(len(labels)), torch.tensor(labels)]
    log_p = (p + smallest if added else p.clamp(min=smallest)).log()
    return -((1 - p) ** gamma * log_p).mean().numpy()


@oracle
def sigmoid_cross_entropy(logits: np.ndarray, labels: np.ndarray, summed: bool) -> np.ndarray:
    """Cross-entropy of C yes-or-no answers for each image: averaged over the classes, or summed; mean over N."""
    z = double(logits)
    targets = F.one_hot(torch.tensor(labels), z.shape[1]).double()
    loss = F.binary_cross_entropy_with_logits(z, targets, reduction="none")
    return (loss.sum(1) if summed else loss.mean(1)).mean().numpy()


@oracle
def adjusted(logits: np.ndarray, labels: np.ndarray, counts: np.ndarray, tau: float, rule: str = "") -> np.ndarray:
    """The logit-adjusted loss, ()."""
    return _adjusted(double(logits), torch.tensor(labels), counts, tau, rule).numpy()


@oracle
def adjusted_gradient(logits: np.ndarray, labels: np.ndarray, counts: np.ndarray, tau: float) -> np.ndarray:
    """The gradient of the logit-adjusted loss by the logits, (N, C)."""
    y = torch.tensor(labels)
    return pulled_back(lambda z: _adjusted(z, y, counts, tau, ""), logits, np.ones(()))


def _adjusted(z: torch.Tensor, y: torch.Tensor, counts: np.ndarray, tau: float, rule: str) -> torch.Tensor:
    """The logit-adjusted loss, with one thing done wrong where a rule is given.

    Args:
        rule: "summed": over the images. "subtracted": the offset. "inside": tau is a factor inside the logarithm.
            "share", "power": the share is added, or its power tau, without a logarithm. "base 10": of the logarithm.
            "true class": only the logit of the true class gets the offset. "times": the logits by the share's power.
            "after": added to log-probabilities. "others": the share of the other classes.
    """
    share = double(counts) / double(counts).sum()
    offsets = {
        "subtracted": -tau * share.log(),
        "inside": (tau * share).log() if tau else torch.zeros_like(share),
        "share": tau * share,
        "power": share**tau,
        "base 10": tau * share.log10(),
        "others": tau * (1 - share).log(),
    }
    offset = offsets.get(rule, tau * share.log())
    if rule == "true class":
        return F.cross_entropy(z + offset * F.one_hot(y, z.shape[1]), y)
    if rule == "times":
        return F.cross_entropy(z * share**tau, y)
    if rule == "after":
        return F.nll_loss(z.log_softmax(1) + offset, y)
    return F.cross_entropy(z + offset, y, reduction="sum" if rule == "summed" else "mean")
