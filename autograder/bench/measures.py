"""`make bench`: the figures of the README, measured on this machine, as ratios wherever two things are compared."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from autograder.authoring import mistakes as catalogue
from autograder.authoring import variants as trials
from autograder.bench import rivals
from autograder.bench.figures import Figure, show, timed, write
from autograder.checking import rubric
from autograder.course import assignment as assignments
from autograder.course import datasets
from autograder.course.assignment import ROOT
from autograder.errors import SetupError
from autograder.grading import candidates, engine
from autograder.grading.candidates import BATCH, MODELS
from autograder.sandbox.box import Box
from autograder.sandbox.launch import NUMPY, TORCH, Kind, Zygote
from autograder.submission import packing

SHAPES = ((32, 3, 32, 32, 5, 1, 2), (32, 32, 16, 64, 3, 1, 1), (16, 64, 8, 128, 3, 2, 1), (128, 3, 32, 32, 7, 1, 0))
IMAGES = 10_000
MECHANISMS = ("worker-namespaces", "landlock", "limits", "own-user", "no-new-privileges", "seccomp")


def run(console: Console, path: Path, only: Sequence[str] = ()) -> None:
    """Measure everything, or only some of MEASURES, print the table, and write it as JSON.

    Raises:
        SetupError: if there is no such benchmark.
    """
    if unknown := [name for name in only if name not in MEASURES]:
        raise SetupError(f"there is no benchmark {unknown[0]!r}, expected one of {', '.join(MEASURES)}")
    figures: dict[str, Figure] = {}
    for name in only or MEASURES:
        figures |= MEASURES[name]()
    show(console, figures)
    write(path, figures)


def _workers() -> dict[str, Figure]:
    """How long until a locked-in worker serves, and how long a small call takes."""
    figures = {}
    for name, kind in (("NumPy", NUMPY), ("torch", TORCH)):
        with _zygote(kind) as (zygote, room):
            starts = [_start(zygote, room) for _ in range(30)]
            figures[f"start of a {name} worker"] = Figure(1000 * statistics.median(starts), "ms", len(starts))
            worker = zygote.worker(room)
            request = {"do": "hold", "value": np.zeros(8), "layout": "plain", "keep": 0}
            calls = [timed(partial(worker.ask, [request], time.monotonic() + 10)) for _ in range(200)]
            figures[f"small call, {name}"] = Figure(1000 * statistics.median(calls), "ms", len(calls))
            worker.kill()
    return figures


def _mechanisms() -> dict[str, Figure]:
    """The price of each mechanism: starts with and without it, in turn."""
    figures = {}
    for mechanism in MECHANISMS:
        with _zygote(NUMPY) as (full, room), _zygote(NUMPY, mechanism) as (without, other):
            pairs = [(_start(full, room), _start(without, other)) for _ in range(30)]
        price = statistics.median(a - b for a, b in pairs)
        ratio = statistics.median(a / b for a, b in pairs)
        figures[f"price of {mechanism}"] = Figure(1000 * price, "ms", len(pairs), ratio, "start without it")
    return figures


def _part1() -> dict[str, Figure]:
    """All of part 1, from zip to marks: warm on all cores and on one, and as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        zip_path = Path(folder) / "submission.zip"
        packing.write_zip(zip_path, catalogue.reference_files())
        warm = _warm_gradings(zip_path, os.sched_getaffinity(0))
        single = _warm_gradings(zip_path, {min(os.sched_getaffinity(0))})
        preset = ["--assignment", str(ROOT / "autograder" / "presets" / "hw2p1.toml")]
        command = [sys.executable, "-m", "autograder", "grade", str(zip_path), "--out", folder, *preset]
        cold = [timed(partial(subprocess.run, command, cwd=ROOT, capture_output=True, check=True)) for _ in range(5)]
    ratio = statistics.median(cold) / statistics.median(warm)
    return {
        "part 1, warm": Figure(statistics.median(warm), "s", len(warm)),
        "part 1, warm, one core": Figure(statistics.median(single), "s", len(single)),
        "part 1, cold process": Figure(statistics.median(cold), "s", len(cold), ratio, "part 1, warm"),
    }


def _warm_gradings(zip_path: Path, cores: set[int]) -> list[float]:
    """Grade the zip 20 times in a warm box that has these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        assignment = assignments.load()
        checks = [check for check in rubric.load() if check.part == 1]
        with Box(assignment.limits) as box:
            grade = partial(engine.grade_zip, zip_path, box, assignment, checks, 1, lambda card: None)
            grade()
            return [timed(grade) for _ in range(20)]
    finally:
        os.sched_setaffinity(0, before)


def _inference() -> dict[str, Figure]:
    """10,000 images through each checkpoint of `shapes`, in the box as in grading, against torch outside, in turn."""
    test = datasets.load("shapes")
    chosen = np.arange(IMAGES) % len(test.labels)
    images = np.ascontiguousarray(test.images[chosen])
    figures = {}
    assignment = assignments.load().on("shapes")
    context = multiprocessing.get_context("spawn")
    with Box(assignment.limits) as box, box.room() as folder, ProcessPoolExecutor(1, context) as outside:
        trials.write(folder, catalogue.reference_files(dataset="shapes"))
        student = box.student(folder, 2)
        for model in MODELS:
            student.allow(600)
            entry = candidates.enter(student, folder, model, assignment.limits.zip_megabytes)
            inside = entry.load(test.mean, test.deviation)
            state = (folder / "checkpoints" / f"{model}.pt").read_bytes()
            outside.submit(_outside, model, state, images, test.mean, test.deviation).result()  # the first is slower
            pairs = [
                (
                    timed(partial(inside.classes, images)),
                    outside.submit(_outside, model, state, images, test.mean, test.deviation).result(),
                )
                for _ in range(7)
            ]
            value, ratio = statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)
            figures[f"{IMAGES} images, {model}, in the box"] = Figure(value, "s", len(pairs), ratio, "torch outside")
        student.renew()
    return figures


def _outside(model: str, state: bytes, images: np.ndarray, mean: Sequence[float], deviation: Sequence[float]) -> float:
    """Seconds for the same images in a process of its own that is nothing but torch, with as many threads."""
    import torch

    torch.set_num_threads(assignments.load().limits.threads)
    sys.path.insert(0, str(ROOT / "reference"))
    models, data = (importlib.import_module(f"part2_pytorch.{name}") for name in ("models", "data"))
    network = models.build_model(model)
    network.load_state_dict(torch.load(io.BytesIO(state), weights_only=True)["model_state_dict"])
    network.eval()

    def evaluate() -> None:
        with torch.no_grad():
            for start in range(0, len(images), BATCH):
                batch = torch.from_numpy(images[start : start + BATCH]).permute(0, 3, 1, 2)
                network(data.normalize(batch, mean, deviation)).argmax(dim=1)

    return timed(evaluate)


def _convolution() -> dict[str, Figure]:
    """The reference's Conv2d, forward and backward in float64 on one thread, against torch's."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-c", "from autograder.bench.measures import print_convolution; print_convolution()"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **threads}, capture_output=True, text=True, check=True)
    return {name: Figure(**figure) for name, figure in json.loads(done.stdout).items()}


def print_convolution() -> None:
    """Time both, in turn, and print the figures as JSON."""
    import torch

    torch.set_num_threads(1)
    sys.path.insert(0, str(ROOT / "reference"))
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


def _start(zygote: Zygote, room: str) -> float:
    began = time.perf_counter()
    worker = zygote.worker(room)
    seconds = time.perf_counter() - began
    worker.kill()
    return seconds


@contextlib.contextmanager
def _zygote(kind: Kind, *off: str) -> Iterator[tuple[Zygote, str]]:
    """A zygote and the name of an empty submission."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        (Path(folder) / "empty").mkdir(mode=0o755)
        with Zygote(kind, Path(folder), assignments.load().limits, off) as zygote:
            yield zygote, "empty"


MEASURES: dict[str, Callable[[], dict[str, Figure]]] = {
    "workers": _workers,
    "mechanisms": _mechanisms,
    "part1": _part1,
    "rivals": rivals.measure,
    "inference": _inference,
    "convolution": _convolution,
}
