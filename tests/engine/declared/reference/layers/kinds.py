"""Layers of other kinds: what has no gradient, may be None, or is handed to the constructor."""

import numpy as np


class Adam:
    """One parameter's Adam."""

    def __init__(self, shape, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.v, self.t = np.zeros(shape), np.zeros(shape), 0

    def step(self, w, dw):
        """(A, B), (A, B) -> (A, B): the new parameter."""
        # TODO 1.10: averages, corrected.
        # >>> solution
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * dw
        self.v = self.beta2 * self.v + (1 - self.beta2) * dw**2
        m = self.m / (1 - self.beta1**self.t)
        v = self.v / (1 - self.beta2**self.t)
        return w - self.lr * m / (np.sqrt(v) + self.eps)
        # <<< solution


class AdaptiveAvgPool2d:
    """Means over areas, so many that the output has the size that is asked."""

    def __init__(self, height, width):
        self.size = height, width

    def forward(self, x):
        """(N, C, H, W) -> (N, C, height, width)."""
        # TODO 1.11: area i begins at floor(i H / height) and ends at ceil((i + 1) H / height).
        # >>> solution
        self.shape = x.shape
        y = np.empty((*x.shape[:2], *self.size), x.dtype)
        for i, rows in enumerate(self._areas(x.shape[2], self.size[0])):
            for j, columns in enumerate(self._areas(x.shape[3], self.size[1])):
                y[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
        return y
        # <<< solution

    def backward(self, dy):
        """(N, C, height, width) -> (N, C, H, W)."""
        # TODO 1.11: each area has its share.
        # >>> solution
        dx = np.zeros(self.shape, dy.dtype)
        for i, rows in enumerate(self._areas(self.shape[2], self.size[0])):
            for j, columns in enumerate(self._areas(self.shape[3], self.size[1])):
                area = dx[:, :, rows, columns]
                area += dy[:, :, i : i + 1, j : j + 1] / (area.shape[2] * area.shape[3])
        return dx
        # <<< solution

    @staticmethod
    def _areas(length, count):
        return [slice(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


class CrossEntropy:
    """With a weight for each class, one class that is ignored, and three ways to reduce."""

    def __init__(self, weight, ignore_index=-100, reduction="mean"):
        self.weight, self.ignore_index, self.reduction = weight, ignore_index, reduction

    def forward(self, scores, y):
        """(N, K), (N,) -> () or, without reduction, (N,)."""
        # TODO 1.12: the mean is weighted.
        # >>> solution
        shifted = scores - scores.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        kept = y != self.ignore_index
        rows = np.arange(len(y))
        share = np.where(kept, self.weight[y], 0).astype(scores.dtype)
        if self.reduction == "mean":
            share = share / share.sum()
        self.share, self.y, self.p = share, y, np.exp(logs)
        losses = -share * logs[rows, y]
        return losses if self.reduction == "none" else losses.sum()
        # <<< solution

    def backward(self, dloss):
        """() or (N,) -> (N, K)."""
        # TODO 1.12: p - 1 at the class.
        # >>> solution
        d = self.p.copy()
        d[np.arange(len(self.y)), self.y] -= 1
        return d * (self.share * dloss)[:, None]
        # <<< solution


class MaxPool1d:
    """Returns the places as well."""

    def __init__(self, size):
        self.size = size

    def forward(self, x):
        """(N, C, T) -> maxima (N, C, T // size), their places (N, C, T // size)."""
        # TODO 1.13: the rest is left out.
        # >>> solution
        n, c, t = x.shape
        count = t // self.size
        self.shape = x.shape
        windows = x[:, :, : count * self.size].reshape(n, c, count, self.size)
        self.places = windows.argmax(axis=3) + np.arange(count) * self.size
        return np.take_along_axis(x, self.places, axis=2), self.places
        # <<< solution

    def backward(self, dy):
        """(N, C, T // size) -> (N, C, T)."""
        # TODO 1.13: to the places.
        # >>> solution
        dx = np.zeros(self.shape, dy.dtype)
        np.put_along_axis(dx, self.places, dy, axis=2)
        return dx
        # <<< solution


def positions(length, features):
    """-> (T, 2 D): sines and cosines of wave lengths from 2 pi to 20000 pi, in turn."""
    # TODO 1.14: sines in even columns.
    # >>> solution
    angle = np.arange(length)[:, None] / 10000 ** (np.arange(0, features, 2) / features)
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(length, features)
    # <<< solution


class Linear:
    """A product, with or without bias, of the rows that are not masked."""

    def __init__(self, inputs, units, bias=True):
        self.weight, self.bias = np.zeros((units, inputs)), np.zeros(units) if bias else None

    def forward(self, x, mask=None):
        """(N, D), (N,) true where a row counts -> (N, U)."""
        # TODO 1.15: rows that do not count are 0.
        # >>> solution
        self.x, self.mask = x, mask
        y = x @ self.weight.T
        if self.bias is not None:
            y = y + self.bias
        return y if mask is None else y * mask[:, None]
        # <<< solution

    def backward(self, dy):
        """(N, U) -> (N, D)."""
        # TODO 1.15: dweight as well, and dbias where there is a bias.
        # >>> solution
        if self.mask is not None:
            dy = dy * self.mask[:, None]
        self.dweight = dy.T @ self.x
        if self.bias is not None:
            self.dbias = dy.sum(axis=0)
        return dy @ self.weight
        # <<< solution


class Brightness:
    """Make each image a little brighter or darker."""

    def __init__(self, rng: np.random.Generator, spread: float = 0.5) -> None:
        self.rng, self.spread = rng, spread

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, H, W)."""
        # TODO 1.16: one draw for each image.
        # >>> solution
        return x + self.rng.normal(0.0, self.spread, size=(len(x), 1, 1, 1)).astype(x.dtype)
        # <<< solution

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """(N, C, H, W) -> (N, C, H, W)."""
        # TODO 1.16: what is added has no gradient.
        # >>> solution
        return dy
        # <<< solution


def masked_mean(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(N, T), (N, T) true where a value counts -> their mean; 0 where none counts."""
    # TODO 1.17: mind that there may be none.
    # >>> solution
    return (x * mask).sum() / max(1, int(mask.sum()))
    # <<< solution
