"""The test images that checkpoints are judged by, on the trusted side: labels never leave it.

They are read by given files of the course, loaded under a name of their own: a student's package of the same name may
be imported in this process by `make test`.
"""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder.course import skeleton
from autograder.course.definition import Course
from autograder.errors import DataMissing

DATA = Path("data")  # where the command runs


@dataclass(frozen=True, eq=False)
class TestSet:
    """Images (N, 32, 32, 3), uint8, their classes (N,), and the constants that normalise a colour in [0, 1]."""

    __test__ = False  # pytest would take it for a class of tests

    name: str
    classes: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def public(name: str) -> bool:
    """Whether everyone may know the test images of a data set: those of `images:PATH` are the instructor's own."""
    return not name.startswith("images:")


@functools.cache
def load(course: Course, name: str) -> TestSet:
    """Load the test images of `cifar10`, `images:PATH`, `shapes`, or `shapes:COUNT` for fewer of them.

    Raises:
        DataMissing: if they are not there; the sentence says what to do, and names no path of this machine.
    """
    kind, _, detail = name.partition(":")
    if kind == "shapes" and detail.isdecimal():
        shapes = given(course, "shapes")
        images, labels = shapes.make_shapes(int(detail), shapes.TEST_SEED)
        return TestSet(kind, shapes.CLASSES, images, labels, shapes.MEAN, shapes.DEVIATION)
    if name == "shapes":
        return load(course, f"shapes:{given(course, 'shapes').TEST}")
    data = given(course, "data")
    try:
        found = data.load_dataset(name, DATA)
    except data.DataError as error:
        text = str(error).replace(f"{Path.cwd()}{os.sep}", "").replace(str(Path(detail).parent) + os.sep, "")
        advice = "" if "make data" in text else "; run make data for CIFAR-10, or use shapes"
        raise DataMissing(f"{text}{advice}") from error
    images = found.test.images.permute(0, 2, 3, 1).contiguous().numpy()
    own = course.definition.images
    mean, deviation = (
        (own.mean or found.mean, own.deviation or found.deviation) if own else (found.mean, found.deviation)
    )
    return TestSet(kind, found.classes, images, found.test.labels.numpy(), mean, deviation)


def given(course: Course, module: str) -> ModuleType:
    """Import one of the given modules of the package that reads images.

    Raises:
        DataMissing: if the course has none.
    """
    images = course.definition.images
    if images is None:
        raise DataMissing(f"{course.name} names no package that reads images in its course.toml")
    package = f"{course.package}.given_{images.package}"
    if package not in sys.modules:
        sys.modules[package] = there = ModuleType(package)
        there.__path__ = [str((course.base or course).folder / "given" / images.package)]
    return importlib.import_module(f"{package}.{module}")


def fetch(course: Course, name: str) -> int:
    """Let the course's own code fetch a data set into `data/` here; return its exit status."""
    images = course.definition.images
    if images is None or name != "cifar10":
        return 0
    with tempfile.TemporaryDirectory() as folder:
        skeleton.lay_out(skeleton.generate(course), Path(folder))
        command = [sys.executable, "-m", images.package, "data"]
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode
