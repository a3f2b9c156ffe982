"""The layers of the reference beside torch's, in one run."""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import variants
from autograder.bench.figures import Figure, timed
from autograder.course.definition import Course

COURSE = Course(Path(__file__).resolve().parents[1])
SHAPES = ((32, 3, 32, 32, 5, 1, 2), (32, 32, 16, 64, 3, 1, 1), (16, 64, 8, 128, 3, 2, 1), (128, 3, 32, 32, 7, 1, 0))
TRANSPOSED = ((32, 32, 16, 64, 3, 1, 1), (32, 32, 8, 16, 4, 2, 1))
POOLS = ((32, 32, 32, 2, 2), (64, 16, 26, 2, 2), (32, 64, 16, 3, 2), (32, 32, 28, 3, 1))


def measure() -> dict[str, Figure]:
    """Conv2d, its transposed one and MaxPool2d, forward and backward in float64 on one thread, against torch's."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        variants.write(Path(folder), COURSE.files())
        command = [sys.executable, "-c", f"from {__name__} import print_layers; print_layers()"]
        path = os.pathsep.join([folder, str(COURSE.folder.parents[1])])
        variables = {**os.environ, **threads, "PYTHONPATH": path}
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True)
    return {name: Figure(**figure) for name, figure in json.loads(done.stdout).items()}


def print_layers() -> None:
    """Time both, in turn, and print the figures as JSON."""
    import torch

    torch.set_num_threads(1)
    modules = ("conv2d", "transpose", "pooling")
    conv2d, transpose, pooling = (importlib.import_module(f"part1_numpy.{name}") for name in modules)
    rng = np.random.default_rng(0)
    figures = {}
    for n, c, size, f, k, s, p in SHAPES:
        x, weight, bias = rng.normal(size=(n, c, size, size)), rng.normal(size=(f, c, k, k)), rng.normal(size=f)
        layer = conv2d.Conv2d(c, f, k, stride=s, padding=p)
        layer.weight, layer.bias = weight, bias
        theirs = partial(torch.nn.functional.conv2d, stride=s, padding=p)
        name = f"Conv2d, (N,C,H,F,K,S,P) = ({n},{c},{size},{f},{k},{s},{p})"
        figures[name] = _beside(layer, theirs, (x, weight, bias), "torch conv2d, float64, one thread")
    for n, c, size, f, k, s, p in TRANSPOSED:
        x, weight, bias = rng.normal(size=(n, c, size, size)), rng.normal(size=(c, f, k, k)), rng.normal(size=f)
        layer = transpose.ConvTranspose2d(c, f, k, stride=s, padding=p)
        layer.weight, layer.bias = weight, bias
        theirs = partial(torch.nn.functional.conv_transpose2d, stride=s, padding=p)
        name = f"ConvTranspose2d, (N,C,H,F,K,S,P) = ({n},{c},{size},{f},{k},{s},{p})"
        figures[name] = _beside(layer, theirs, (x, weight, bias), "torch conv_transpose2d, float64, one thread")
    for n, c, size, k, s in POOLS:
        x = rng.normal(size=(n, c, size, size))
        theirs = partial(torch.nn.functional.max_pool2d, kernel_size=k, stride=s)
        name = f"MaxPool2d, (N,C,H,K,S) = ({n},{c},{size},{k},{s})"
        figures[name] = _beside(pooling.MaxPool2d(k, s), theirs, (x,), "torch max_pool2d, float64, one thread")
    print(json.dumps({name: asdict(figure) for name, figure in figures.items()}))


def _beside(layer: Any, function: Callable[..., Any], arrays: Sequence[np.ndarray], to: str) -> Figure:
    """Time a layer of a student, loaded by name, and torch's function of the same arrays, in turn."""
    import torch

    leaves = [torch.from_numpy(array).requires_grad_() for array in arrays]
    dy = np.random.default_rng(0).normal(size=function(*leaves).shape)
    upstream = torch.from_numpy(dy)

    def ours() -> None:
        layer.forward(arrays[0])
        layer.backward(dy)

    def theirs() -> None:
        torch.autograd.grad(function(*leaves), leaves, upstream)

    pairs = [(timed(ours), timed(theirs)) for _ in range(21)]
    value, ratio = statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)
    return Figure(1000 * value, "ms", len(pairs), ratio, to)
