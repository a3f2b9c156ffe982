"""`make bench`: the figures of the README, measured on this machine, as ratios wherever two things are compared."""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from autograder.authoring import record
from autograder.authoring import variants as trials
from autograder.bench import graded_class, memory, rescored_class, sleepers
from autograder.bench.figures import Figure, show, timed
from autograder.course import assignment as assignments
from autograder.course.assignment import Limits
from autograder.course.course_file import Model
from autograder.course.definition import Course
from autograder.errors import SetupError
from autograder.grading import candidates, engine
from autograder.sandbox import cores
from autograder.sandbox.box import Box
from autograder.sandbox.launch import NUMPY, TORCH, Kind, Zygote
from autograder.submission import packing

SET = "shapes"  # needs no file
GRADINGS = 10
ROUNDS = 5
LAYOUTS = "channels first", "channels last"  # of the images that plain torch is given: as loaders stack them, as we do
PLAIN_BATCH = 500  # of theirs; what is usual
MECHANISMS = ("worker-namespaces", "landlock", "limits", "own-user", "no-new-privileges", "seccomp")


def run(course: Course, console: Console, path: Path, only: Sequence[str] = ()) -> None:
    """Measure everything, or only some of MEASURES, print the table, and write it as JSON.

    Each benchmark is written as soon as it is done; what the file has of others stays.

    Raises:
        SetupError: if there is no such benchmark.
    """
    measures: dict[str, Callable[[], dict[str, Figure]]] = {
        **{name: partial(measure, course) for name, measure in MEASURES.items()},
        **_of_the_course(course),
    }
    if unknown := [name for name in only if name not in measures]:
        raise SetupError(f"there is no benchmark {unknown[0]!r}, expected one of {', '.join(measures)}")
    figures: dict[str, Figure] = {}
    for name in only or measures:
        when, found = record.circumstances(), measures[name]()
        figures |= found
        own = {"run": when, "figures": {title: asdict(figure) for title, figure in found.items()}}
        record.write(path, record.read(path) | {name: own})
    show(console, figures)


def _of_the_course(course: Course) -> Mapping[str, Callable[[], dict[str, Figure]]]:
    """What a course measures of its own, in its folder `bench`."""
    if not (course.folder / "bench").is_dir():
        return {}
    found: Mapping[str, Callable[[], dict[str, Figure]]] = course.module("bench").MEASURES
    return found


def _workers(course: Course) -> dict[str, Figure]:
    """How long until a locked-in worker serves, and how long a small call takes."""
    figures = {}
    for name, kind in (("NumPy", NUMPY), ("torch", TORCH)):
        with _zygote(course, kind) as (zygote, room):
            starts = [_start(zygote, room) for _ in range(30)]
            figures[f"start of a {name} worker"] = Figure(1000 * statistics.median(starts), "ms", len(starts))
            worker = zygote.worker(room)
            request = {"do": "hold", "value": np.zeros(8), "layout": "plain", "keep": 0}
            calls = [timed(partial(worker.ask, request, time.monotonic() + 10)) for _ in range(200)]
            figures[f"small call, {name}"] = Figure(1000 * statistics.median(calls), "ms", len(calls))
            worker.kill()
    return figures


def _mechanisms(course: Course) -> dict[str, Figure]:
    """The price of each mechanism: starts with and without it, in turn."""
    figures = {}
    for mechanism in MECHANISMS:
        with _zygote(course, NUMPY) as (full, room), _zygote(course, NUMPY, mechanism) as (without, other):
            pairs = [(_start(full, room), _start(without, other)) for _ in range(30)]
        price = statistics.median(a - b for a, b in pairs)
        ratio = statistics.median(a / b for a, b in pairs)
        figures[f"price of {mechanism}"] = Figure(1000 * price, "ms", len(pairs), ratio, "start without it")
    return figures


def _parts(course: Course) -> dict[str, Figure]:
    """Each part, from zip to marks: warm on all cores and on one, and the whole as a process of its own."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        zip_path = Path(folder) / "submission.zip"
        packing.write_zip(zip_path, course.files(SET))
        for part in course.parts:
            warm = _warm_gradings(course, part, zip_path, os.sched_getaffinity(0))
            single = _warm_gradings(course, part, zip_path, {min(os.sched_getaffinity(0))})
            figures[f"part {part}, warm"] = Figure(statistics.median(warm), "s", len(warm))
            figures[f"part {part}, warm, one core"] = Figure(statistics.median(single), "s", len(single))
        command = [sys.executable, "-m", "autograder", "grade", str(zip_path), "--out", folder]
        command += ["--course", str(course.folder), "--dataset", SET]
        cold = [timed(partial(subprocess.run, command, capture_output=True, check=True)) for _ in range(5)]
        figures["all parts, cold process"] = Figure(statistics.median(cold), "s", len(cold))
    return figures


def _warm_gradings(course: Course, part: int, zip_path: Path, cores: set[int]) -> list[float]:
    """Grade one part of the zip in a warm box that has these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        assignment = assignments.load(course).on(SET)
        checks = [check for check in assignment.checks() if check.part == part and not check.exam]
        with Box(assignment.limits) as box:
            grade = partial(engine.grade_zip, zip_path, box, assignment, checks, 1, lambda card: None)
            grade()
            return [timed(grade) for _ in range(GRADINGS)]
    finally:
        os.sched_setaffinity(0, before)


def _inference(course: Course) -> dict[str, Figure]:
    """The test images through each checkpoint, in the box as in grading, against plain torch, in turn."""
    assignment = assignments.load(course).on(SET)
    test = assignment.images()
    images = np.ascontiguousarray(test.images)
    figures = {}
    context = multiprocessing.get_context("spawn")
    with Box(assignment.limits) as box, box.room() as folder, ProcessPoolExecutor(1, context) as outside:
        trials.write(folder, course.files(SET))
        student = box.student(folder, "torch")
        for model, kind in course.models.items():
            student.allow(600)
            entry = candidates.enter(student, folder, assignment, model)
            inside = entry.load(test.mean, test.deviation)
            state = (folder / "checkpoints" / f"{model}.pt").read_bytes()
            given = folder, kind, state, images, test.mean, test.deviation
            rounds = []
            for _ in range(ROUNDS + 1):
                here = timed(partial(inside.classes, images))
                there = [outside.submit(_outside, *given, layout).result() for layout in LAYOUTS]
                rounds.append((here, *(seconds for seconds, _ in there)))
            value = statistics.median(found[0] for found in rounds[1:])  # the first is slower
            for at, layout in enumerate(LAYOUTS, 1):
                ratio = statistics.median(found[0] / found[at] for found in rounds[1:])
                name = f"{len(images)} images, {model}, in the box, to plain torch {layout}"
                figures[name] = Figure(value, "s", ROUNDS, ratio, f"torch, {layout}")
            other = int(np.sum(inside.classes(images) != np.array(there[0][1])))
            figures[f"of these, {model}, given another class than by torch"] = Figure(other, "images", len(images))
        student.renew()
    return figures


def _outside(
    folder: Path,
    kind: Model,
    state: bytes,
    images: np.ndarray,
    mean: Sequence[float],
    deviation: Sequence[float],
    layout: str,
) -> tuple[float, list[int]]:
    """Seconds for the same images, and their classes, in a process that is nothing but torch, with as many threads."""
    import torch

    torch.set_num_threads(min(Limits().threads, cores.available()))
    sys.path.insert(0, str(folder))
    module, _, name = kind.target.partition(":")
    network = getattr(importlib.import_module(module), name)(*kind.arguments)
    network.load_state_dict(torch.load(io.BytesIO(state), weights_only=True)["model_state_dict"])
    network.eval()
    shift, scale = (torch.tensor(colours).view(1, 3, 1, 1) for colours in (mean, deviation))

    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    pixels = pixels.contiguous() if layout == LAYOUTS[0] else pixels
    classes: list[int] = []

    def evaluate() -> None:
        with torch.no_grad():
            for start in range(0, len(images), PLAIN_BATCH):
                batch = pixels[start : start + PLAIN_BATCH].float() / 255
                classes.extend(network((batch - shift) / scale).argmax(dim=1).tolist())

    return timed(evaluate), classes


def _start(zygote: Zygote, room: str) -> float:
    began = time.perf_counter()
    worker = zygote.worker(room)
    seconds = time.perf_counter() - began
    worker.kill()
    return seconds


@contextlib.contextmanager
def _zygote(course: Course, kind: Kind, *off: str) -> Iterator[tuple[Zygote, str]]:
    """A zygote and the name of an empty submission."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        (Path(folder) / "empty").mkdir(mode=0o755)
        with Zygote(kind, Path(folder), assignments.load(course).limits, off) as zygote:
            yield zygote, "empty"


MEASURES: dict[str, Callable[[Course], dict[str, Figure]]] = {
    "workers": _workers,
    "mechanisms": _mechanisms,
    "parts": _parts,
    "inference": _inference,
    "cluster": lambda course: sleepers.measure(),
    "class": lambda course: graded_class.measure(course) | rescored_class.measure(course),
    "memory": memory.measure,
}
