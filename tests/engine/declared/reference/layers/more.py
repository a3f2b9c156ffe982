import numpy as np


class LayerNorm:
    def __init__(self, features, eps=1e-5):
        self.eps, self.weight, self.bias = eps, np.ones(features), np.zeros(features)

    def forward(self, x):
        # TODO 1.3: over the last axis.
        # >>> solution
        self.inverse = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        self.z = (x - x.mean(axis=-1, keepdims=True)) * self.inverse
        return self.z * self.weight + self.bias
        # <<< solution

    def backward(self, dy):
        # TODO 1.3: three terms.
        # >>> solution
        z, g = self.z, dy * self.weight
        self.dw, self.db = (dy * z).sum(axis=(0, 1)), dy.sum(axis=(0, 1))
        return self.inverse * (g - g.mean(axis=-1, keepdims=True) - z * (g * z).mean(axis=-1, keepdims=True))
        # <<< solution


class Embedding:
    def __init__(self, count, features):
        self.weight = np.zeros((count, features))

    def forward(self, tokens):
        # TODO 1.4: one row for each.
        # >>> solution
        self.tokens = tokens
        return self.weight[tokens]
        # <<< solution

    def backward(self, dy):
        # TODO 1.4: rows that occur several times add up.
        # >>> solution
        self.dw = np.zeros_like(self.weight)
        np.add.at(self.dw, self.tokens, dy)
        # <<< solution


class LSTMCell:
    def __init__(self, inputs, units):
        self.weight_ih, self.weight_hh = np.zeros((4 * units, inputs)), np.zeros((4 * units, units))
        self.bias = np.zeros(4 * units)

    def forward(self, x, state):
        # TODO 1.5: i, f, g, o.
        # >>> solution
        h, c = state
        a = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o, g = *(1 / (1 + np.exp(-z)) for z in (i, f, o)), np.tanh(g)
        new = f * c + i * g
        self.kept = x, h, c, i, f, g, o, np.tanh(new)
        return o * np.tanh(new), new
        # <<< solution

    def backward(self, dh, dc):
        # TODO 1.5: through both.
        # >>> solution
        x, h, c, i, f, g, o, t = self.kept
        dc = dc + dh * o * (1 - t**2)
        gates = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * t * o * (1 - o)
        da = np.concatenate(gates, axis=1)
        self.dweight_ih, self.dweight_hh, self.dbias = da.T @ x, da.T @ h, da.sum(axis=0)
        return da @ self.weight_ih, da @ self.weight_hh, dc * f
        # <<< solution


class Attention:
    def forward(self, q, k, v):
        # TODO 1.6: softmax(q k / sqrt(D)) v.
        # >>> solution
        self.q, self.k, self.v, self.scale = q, k, v, q.dtype.type(q.shape[2] ** -0.5)
        s = q @ k.swapaxes(1, 2) * self.scale
        e = np.exp(s - s.max(axis=2, keepdims=True))
        self.p = e / e.sum(axis=2, keepdims=True)
        return self.p @ v
        # <<< solution

    def backward(self, dy):
        # TODO 1.6: to all three.
        # >>> solution
        dp = dy @ self.v.swapaxes(1, 2)
        ds = self.p * (dp - (dp * self.p).sum(axis=2, keepdims=True)) * self.scale
        return ds @ self.k, ds.swapaxes(1, 2) @ self.q, self.p.swapaxes(1, 2) @ dy
        # <<< solution


class GroupNorm:
    def __init__(self, groups, channels, eps=1e-5):
        self.groups, self.eps, self.weight, self.bias = groups, eps, np.ones(channels), np.zeros(channels)

    def forward(self, x):
        # TODO 1.7: each group of each image.
        # >>> solution
        rows = x.reshape(len(x), self.groups, -1)
        self.inverse = 1 / np.sqrt(rows.var(axis=2, keepdims=True) + self.eps)
        self.z = ((rows - rows.mean(axis=2, keepdims=True)) * self.inverse).reshape(x.shape)
        return self.z * self.weight[:, None, None] + self.bias[:, None, None]
        # <<< solution

    def backward(self, dy):
        # TODO 1.7: within each group.
        # >>> solution
        self.dw, self.db = (dy * self.z).sum(axis=(0, 2, 3)), dy.sum(axis=(0, 2, 3))
        g, z = ((a).reshape(len(dy), self.groups, -1) for a in (dy * self.weight[:, None, None], self.z))
        dx = self.inverse * (g - g.mean(axis=2, keepdims=True) - z * (g * z).mean(axis=2, keepdims=True))
        return dx.reshape(dy.shape)
        # <<< solution


class SmoothCrossEntropy:
    def __init__(self, smoothing=0.0):
        self.smoothing = smoothing

    def forward(self, scores, y):
        # TODO 1.8: the mean over the batch.
        # >>> solution
        shifted = scores - scores.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        target = np.full_like(scores, self.smoothing / scores.shape[1])
        target[np.arange(len(y)), y] += 1 - self.smoothing
        self.rest = (np.exp(logs) - target) / len(y)
        return -(target * logs).sum() / len(y)
        # <<< solution

    def backward(self):
        # TODO 1.8: one line.
        # >>> solution
        return self.rest
        # <<< solution


class PixelShuffle:
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        # TODO 1.9: channels to places.
        # >>> solution
        n, c, h, w = x.shape
        r = self.factor
        return x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)
        # <<< solution

    def backward(self, dy):
        # TODO 1.9: places to channels.
        # >>> solution
        n, c, h, w = dy.shape
        r = self.factor
        return dy.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4).reshape(n, c * r**2, h // r, w // r)
        # <<< solution
