"""What a submission holds, and where: the names that the grader reads."""

from __future__ import annotations

import re

from autograder.course.assignment import PARTS

CHECKPOINTS = "checkpoints"
FOLDERS = (*PARTS, CHECKPOINTS)
# Ours in every submission: a student's version is replaced, a missing one added.
GIVEN = {
    "part1_numpy": ("__init__.py", "module.py", "gradcheck.py", "train.py"),
    "part2_pytorch": (
        "__init__.py",
        "__main__.py",
        "checkpoint.py",
        "config.py",
        "data.py",
        "device.py",
        "images.py",
        "muon.py",
        "pictures.py",
        "shapes.py",
    ),
    "part3_imbalance": (
        "__init__.py",
        "__main__.py",
        "experiment.py",
        "figures.py",
        "plan.py",
        "resnet.py",
        "summary.py",
    ),
}
# The student's: files with a TODO.
WORK = {
    "part1_numpy": (
        "views.py",
        "linear.py",
        "activations.py",
        "losses.py",
        "conv1d.py",
        "conv2d.py",
        "pooling.py",
        "resampling.py",
        "transpose.py",
        "toeplitz.py",
        "scanning.py",
        "convnet.py",
        "optim.py",
    ),
    "part2_pytorch": ("models.py", "train.py"),
    "part3_imbalance": ("data.py", "losses.py", "sampling.py", "metrics.py"),
}
MODELS = ("two_layer.pt", "vanilla_cnn.pt", "my_model.pt")  # in CHECKPOINTS
# The student's to edit; ours only where one is missing.
CONFIGS = "part2_pytorch/configs"

KEPT = re.compile(
    r"part1_numpy/.+\.py | part2_pytorch/(.+\.py | configs/[^/]+\.toml) | part3_imbalance/.+\.(py|toml)"
    r" | checkpoints/(two_layer|vanilla_cnn|my_model)\.pt",
    re.VERBOSE,
)
