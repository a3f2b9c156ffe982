"""Counts, weights and metrics under class imbalance; with a rule's name, what a known mistake makes of them."""

from __future__ import annotations

import numpy as np
import torch

from autograder.checking.oracles import oracle

from .tensors import double


@oracle
def long_tail(n_max: int, num_classes: int, factor: float, rule: str = "") -> np.ndarray:
    """Counts that fall by equal ratios, (C,).

    Args:
        rule: "rounded", "ceiled": to a whole number in another way. "over C": C steps, not C - 1, from first to last.
            "chained": cut off class after class. "linear": falling by equal differences. "reversed": rarest first.
            "no tail": the factor once for each class. "from 1": i counts from 1. "precedence": i / C - 1.
    """
    i = torch.arange(num_classes, dtype=torch.float64)
    if rule == "chained":
        counts = [n_max]
        for _ in range(num_classes - 1):
            counts.append(int(counts[-1] * factor ** (1 / (num_classes - 1))))
        return np.array(counts)
    share = i / num_classes if rule == "over C" else i / max(num_classes - 1, 1)
    exponents = {"no tail": i, "from 1": (i + 1) / max(num_classes - 1, 1), "precedence": i / num_classes - 1}
    exact = n_max * factor ** exponents.get(rule, share)
    if rule == "linear":
        exact = n_max * (1 - (1 - factor) * share)
    whole = {"rounded": torch.round, "ceiled": torch.ceil}.get(rule, torch.floor)(exact)
    return (whole.flip(0) if rule == "reversed" else whole).long().numpy()


@oracle
def step(n_max: int, num_classes: int, factor: float, rule: str = "") -> np.ndarray:
    """Counts of which the first half is n_max, (C,).

    Args:
        rule: "rounded": the rare classes' count. "one more": the middle class is frequent. "swapped": rare ones first.
    """
    rare = round(n_max * factor) if rule == "rounded" else int(n_max * factor)
    head = (num_classes + 1) // 2 if rule == "one more" else num_classes // 2
    counts = [n_max] * head + [rare] * (num_classes - head)
    return np.array(counts[::-1] if rule == "swapped" else counts)


@oracle
def class_weights(counts: np.ndarray, beta: float, rule: str = "") -> np.ndarray:
    """Class-balanced weights, (C,); 0 where a count is.

    Args:
        rule: "unscaled": 1 / E_n as it is. "sum 1", "sum C": scaled to that, where the number of classes that are not
            empty is right; "largest 1": to that. "not inverted": E_n. "power": 1 / n**beta.
            "exchanged": 1 - n**beta in E_n. "inverse": 1 / n. "no power": 1 - beta * n.
    """
    n = double(counts)
    seen = n > 0
    if rule == "power":
        effective = n**beta
    elif rule == "exchanged":
        effective = 1 - n**beta
    elif rule == "inverse":
        effective = n
    elif rule == "no power":
        effective = 1 - beta * n
    else:
        effective = torch.expm1(n * torch.log1p(torch.tensor(beta - 1, dtype=torch.float64))) / (beta - 1)
    weights = torch.where(seen, effective if rule == "not inverted" else 1 / effective, 0.0)
    if rule == "unscaled":
        return weights.numpy()
    if rule == "largest 1":
        return (weights / weights.max()).numpy()
    total = {"sum 1": 1, "sum C": len(n)}.get(rule, int(seen.sum()))
    return (weights * total / weights.sum()).numpy()


@oracle
def sample_shares(labels: np.ndarray, rule: str = "") -> np.ndarray:
    """The probability of each image to be drawn next, (N,), when all classes are equally likely.

    Args:
        rule: "frequent": in proportion to the count of its class. "squared": to one over the count's square.
            "root": to one over the count's square root. "complement": to the share of the other classes.
            "equal": the same for all. "a class": one number for each class that occurs, not for each image.
            "log", "log of one more": to one over the logarithm of n, or of n + 1. "whole": cut off to whole numbers.
    """
    y = torch.tensor(labels)
    n = torch.bincount(y)[y].double()
    if rule == "a class":
        n = torch.bincount(y)[torch.unique(y)].double()
    powers = {"frequent": 1.0, "equal": 0.0, "squared": -2.0, "root": -0.5}
    others = {"complement": len(y) - n, "whole": n.max() // n, "log": 1 / n.log(), "log of one more": 1 / n.log1p()}
    weights = others.get(rule, n ** powers.get(rule, -1.0))
    return (weights / weights.sum()).numpy()


@oracle
def confusion(labels: np.ndarray, predictions: np.ndarray, num_classes: int, rule: str = "") -> np.ndarray:
    """How often each class was taken for which, (C, C) float64; rows are true classes.

    Args:
        rule: "once": 1 for every pair that occurs, however often.
    """
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.float64)
    place = (torch.tensor(labels), torch.tensor(predictions))
    matrix.index_put_(place, torch.ones(len(labels), dtype=torch.float64), accumulate=rule != "once")
    return matrix.numpy()


@oracle
def class_accuracy(labels: np.ndarray, predictions: np.ndarray, num_classes: int, rule: str = "") -> np.ndarray:
    """The share of each class's images that were recognised, (C,); NaN where it has none.

    Args:
        rule: "of predictions": the share of what was taken for the class. "of all": of all images.
            "one against all": images that are right about being of this class or not.
            "of the others": images that are wrong.
    """
    y, guess = torch.tensor(labels), torch.tensor(predictions)
    classes = torch.arange(num_classes)[:, None]
    own, taken = (y == classes).double(), (guess == classes).double()
    if rule == "one against all":
        return (own == taken).double().mean(1).numpy()
    hits = (own * (1 - taken) if rule == "of the others" else own * taken).sum(1)
    whole = {"of predictions": taken.sum(1), "of all": torch.full((num_classes,), float(len(y))).double()}
    return (hits / whole.get(rule, own.sum(1))).numpy()


@oracle
def mean_accuracy(labels: np.ndarray, predictions: np.ndarray, num_classes: int, rule: str = "") -> np.ndarray:
    """The mean of the accuracies of the classes that have images, ().

    Args:
        rule: "overall": the share of all images that were recognised. "empty is 0", "empty is 1": classes without
            images count as well. "never right": classes of which no image is recognised do not. "worst",
            "best": of the accuracies.
    """
    y, guess = torch.tensor(labels), torch.tensor(predictions)
    if rule == "overall":
        return (y == guess).double().mean().numpy()
    own = (y == torch.arange(num_classes)[:, None]).double()
    accuracy = (own * (y == guess)).sum(1) / own.sum(1)
    seen = accuracy[~accuracy.isnan()]
    if rule in ("never right", "worst", "best"):
        return {"never right": seen[seen > 0].mean(), "worst": seen.min(), "best": seen.max()}[rule].numpy()
    stand_in = {"empty is 0": 0.0, "empty is 1": 1.0}.get(rule)
    return (accuracy.nanmean() if stand_in is None else accuracy.nan_to_num(stand_in).mean()).numpy()
