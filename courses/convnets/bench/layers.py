"""The layers of the reference beside torch's, in one run."""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from autograder.authoring import variants
from autograder.bench.figures import Figure, timed
from autograder.course.definition import Course

COURSE = Course(Path(__file__).resolve().parents[1])
SHAPES = ((32, 3, 32, 32, 5, 1, 2), (32, 32, 16, 64, 3, 1, 1), (16, 64, 8, 128, 3, 2, 1), (128, 3, 32, 32, 7, 1, 0))


def measure() -> dict[str, Figure]:
    """The reference's Conv2d, forward and backward in float64 on one thread, against torch's."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        variants.write(Path(folder), COURSE.files())
        command = [sys.executable, "-c", f"from {__name__} import print_convolution; print_convolution()"]
        path = os.pathsep.join([folder, str(COURSE.folder.parents[1])])
        variables = {**os.environ, **threads, "PYTHONPATH": path}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return {name: Figure(**figure) for name, figure in json.loads(done.stdout).items()}


def print_convolution() -> None:
    """Time both, in turn, and print the figures as JSON."""
    import torch

    torch.set_num_threads(1)
    module = importlib.import_module("part1_numpy.conv2d")
    rng = np.random.default_rng(0)
    figures = {}
    for n, c, size, f, k, s, p in SHAPES:
        x, weight, bias = rng.normal(size=(n, c, size, size)), rng.normal(size=(f, c, k, k)), rng.normal(size=f)
        out = (size + 2 * p - k) // s + 1
        dy = rng.normal(size=(n, f, out, out))
        layer = module.Conv2d(c, f, k, stride=s, padding=p)
        layer.weight, layer.bias = weight, bias
        leaves = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
        upstream = torch.from_numpy(dy)

        def ours(layer: object = layer, x: np.ndarray = x, dy: np.ndarray = dy) -> None:
            layer.forward(x)  # type: ignore[attr-defined]  # a student's class, loaded by name
            layer.backward(dy)  # type: ignore[attr-defined]

        def theirs(
            leaves: list[torch.Tensor] = leaves, upstream: torch.Tensor = upstream, s: int = s, p: int = p
        ) -> None:
            x, weight, bias = leaves
            y = torch.nn.functional.conv2d(x, weight, bias, stride=s, padding=p)
            torch.autograd.grad(y, leaves, upstream)

        pairs = [(timed(ours), timed(theirs)) for _ in range(21)]
        value, ratio = statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)
        name = f"Conv2d, (N,C,H,F,K,S,P) = ({n},{c},{size},{f},{k},{s},{p})"
        figures[name] = asdict(Figure(1000 * value, "ms", len(pairs), ratio, "torch conv2d, float64, one thread"))
    print(json.dumps(figures))
