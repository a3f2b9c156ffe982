from autograder.checking.declare import function, layer

layer(
    "1.10",
    "layers.kinds:Adam",
    "(t.add_(1), m.lerp_(dw, 1 - beta1), v.lerp_(dw**2, 1 - beta2),"
    " w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps))[3]",
    args=(("A", "B"),),
    options={"lr": (1e-3, 0.1), "beta1": (0.9, 0.5), "beta2": (0.999, 0.8), "eps": (1e-8, 0.1)},
    inputs={"w": "A B", "dw": "A B"},
    buffers={"m": "A B", "v": "A B", "t": "< 5"},
    forward="step",
    backward="",
)
layer(
    "1.11",
    "layers.kinds:AdaptiveAvgPool2d",
    "F.adaptive_avg_pool2d(x, (P, Q))",
    args=("P", "Q"),
    inputs={"x": "N C H W"},
)
layer(
    "1.12",
    "layers.kinds:CrossEntropy",
    "F.cross_entropy(scores, y, weight, ignore_index=ignore_index, reduction=reduction)",
    args="weight",
    options={"ignore_index": (-100, 0, 1), "reduction": ("mean", "sum", "none")},
    inputs={"scores": "N K", "y": "N < K", "weight": "K constant"},
    draws={"weight": lambda rng, shape: rng.uniform(0.5, 2, shape)},
    outputs=("loss",),
)
layer(
    "1.13",
    "layers.kinds:MaxPool1d",
    "F.max_pool1d(x, K, return_indices=True)",
    args="K",
    axes={"K": (1, 2, 3), "T": range(3, 9)},
    inputs={"x": "N C T"},
    outputs=("y", "places"),
)
function(
    "1.14",
    "layers.kinds:positions",
    "(lambda a: torch.stack([a.sin(), a.cos()], 2).flatten(1))"
    "(torch.arange(T)[:, None] / 10000 ** (torch.arange(D) / D))",
    args=("T", "2*D"),
    inputs={},
)
layer(
    "1.15",
    "layers.kinds:Linear",
    "F.linear(x, weight, bias) * (1 if mask is None else mask[:, None])",
    args=("D", "U"),
    options={"bias": (True, False)},
    inputs={"x": "N D", "mask": "N bool optional"},
    parameters={"weight": "U D", "bias": "U"},
)
layer(
    "1.16",
    "layers.kinds:Brightness",
    "x + spread * torch.randn(N, 1, 1, 1)",
    options={"spread": (0.5, 0.1)},
    inputs={"x": "N C H W"},
    random="rng",
)
function(
    "1.17",
    "layers.kinds:masked_mean",
    "(x * mask).sum() / mask.sum().clamp(min=1)",
    inputs={"x": "N T", "mask": "N T bool"},
)
