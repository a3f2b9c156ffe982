from autograder.checking.declare import layer

layer(
    "1.3",
    "layers.more:LayerNorm",
    "F.layer_norm(x, (D,), weight, bias, eps)",
    args="D",
    options={"eps": (1e-5, 0.1)},
    inputs={"x": "N T D"},
    parameters={"weight dw": "D", "bias db": "D"},
)
layer(
    "1.4",
    "layers.more:Embedding",
    "F.embedding(tokens, weight)",
    args=("V", "D"),
    inputs={"tokens": "N T < V"},
    parameters={"weight dw": "V D"},
)
layer(
    "1.5",
    "layers.more:LSTMCell",
    "run(nn.LSTMCell(I, H), x, (h, c), bias_ih=bias, bias_hh=0 * bias)",
    args=("I", "H"),
    axes={"N": range(4)},
    inputs={"x": "N I", "h": "N H", "c": "N H"},
    call=("x", ("h", "c")),
    outputs=("h", "c"),
    parameters={"weight_ih": "4*H I", "weight_hh": "4*H H", "bias": "4*H"},
)
layer(
    "1.6",
    "layers.more:Attention",
    "F.scaled_dot_product_attention(q, k, v)",
    inputs={"q": "N T D", "k": "N S D", "v": "N S E"},
)
layer(
    "1.7",
    "layers.more:GroupNorm",
    "F.group_norm(x, G, weight, bias, eps)",
    args=("G", "G*D"),
    options={"eps": (1e-5, 0.1)},
    inputs={"x": "N G*D H W"},
    parameters={"weight dw": "G*D", "bias db": "G*D"},
)
layer(
    "1.8",
    "layers.more:SmoothCrossEntropy",
    "F.cross_entropy(scores, y, label_smoothing=smoothing)",
    options={"smoothing": (0.0, 0.1, 0.3)},
    inputs={"scores": "N K", "y": "N < K"},
    outputs=("loss",),
    start="loss",
)
layer(
    "1.9",
    "layers.more:PixelShuffle",
    "F.pixel_shuffle(x, R)",
    args="R",
    axes={"R": (1, 2, 3)},
    inputs={"x": "N C*R*R H W"},
)
