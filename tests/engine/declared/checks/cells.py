from autograder.checking.declare import function, layer

layer(
    "1.1",
    "layers.cells:Cell",
    "torch.tanh(x @ weight.T + h) * h, torch.tanh(x @ weight.T + h)",
    args=("D", "U"),
    inputs={"x": "N D", "h": "N U"},
    outputs=("y", "h"),
    parameters={"weight dw": "U D"},
)
function(
    "1.2",
    "layers.cells:likeness",
    "a @ b.T / (D**0.5 if scaled else 1)",
    inputs={"a": "N D", "b": "M D"},
    options={"scaled": (True, False)},
)
