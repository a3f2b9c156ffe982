from autograder.checking.declare import function, module

module(
    "2.1",
    "blocks.blocks:SqueezeExcite",
    "x * run(nn.Sequential(nn.Linear(R * C, C), nn.ReLU(), nn.Linear(C, R * C), nn.Sigmoid()), x.mean((2, 3)), **{"
    "'0.weight': reduce_weight, '0.bias': reduce_bias, '2.weight': expand_weight, '2.bias': expand_bias"
    "})[:, :, None, None]",
    args=("R*C", "R"),
    inputs={"x": "N R*C H W"},
    parameters={"reduce.weight": "C R*C", "reduce.bias": "C", "expand.weight": "R*C C", "expand.bias": "R*C"},
)
module(
    "2.2",
    "blocks.blocks:Separable",
    "(lambda y: x + y if C == M else y)(run(nn.BatchNorm2d(M), F.conv2d("
    "F.conv2d(x, depthwise_weight, padding=1, groups=C), pointwise_weight), of='norm'))",
    args=("C", "M"),
    inputs={"x": "N C H W"},
    parameters={
        "depthwise.weight": "C 1 3 3",
        "pointwise.weight": "M C 1 1",
        "norm.weight": "M",
        "norm.bias": "M",
    },
    buffers={"norm.running_mean": "M", "norm.running_var": "M"},
)
function(
    "2.3",
    "blocks.blocks:focal_loss",
    "(lambda l: -((1 - l.exp()) ** gamma * l).mean())(F.log_softmax(logits, 1)[torch.arange(N), y])",
    inputs={"logits": "N K", "y": "N < K"},
    options={"gamma": (2.0, 0.5)},
    outputs=("loss",),
    tensors=True,
)
