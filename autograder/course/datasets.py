"""The test images that checkpoints are judged by, on the trusted side: labels never leave it.

They are read by our own `part2_pytorch/data.py`, loaded under a name of its own: a student's package of the same name
may be imported in this process by `make test`.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder.course.assignment import ROOT
from autograder.errors import DataMissing

DATA = ROOT / "data"
PACKAGE = "autograder_given_part2"


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
def load(name: str) -> TestSet:
    """Load the test images of `cifar10`, `images:PATH`, `shapes`, or `shapes:COUNT` for fewer of them.

    Raises:
        DataMissing: if they are not there; the sentence says what to do, and names no path of this machine.
    """
    data = given("data")
    kind, _, detail = name.partition(":")
    if kind == "shapes" and detail.isdecimal():
        shapes = given("shapes")
        images, labels = shapes.make_shapes(int(detail), shapes.TEST_SEED)
        return TestSet(kind, shapes.CLASSES, images, labels, shapes.MEAN, shapes.DEVIATION)
    if name == "shapes":
        return load(f"shapes:{given('shapes').TEST}")
    try:
        found = data.load_dataset(name, DATA)
    except data.DataError as error:
        text = str(error).replace(f"{ROOT}{os.sep}", "").replace(str(Path(detail).parent) + os.sep, "")
        advice = "" if "make data" in text else "; run make data for CIFAR-10, or use shapes"
        raise DataMissing(f"{text}{advice}") from error
    images = found.test.images.permute(0, 2, 3, 1).contiguous().numpy()
    return TestSet(kind, found.classes, images, found.test.labels.numpy(), found.mean, found.deviation)


def given(module: str) -> ModuleType:
    """Import one of the given modules of part 2, from the reference where there is one."""
    if PACKAGE not in sys.modules:
        folder = next(base for base in (ROOT / "reference", ROOT) if (base / "part2_pytorch" / "data.py").is_file())
        init = folder / "part2_pytorch" / "__init__.py"
        spec = importlib.util.spec_from_file_location(PACKAGE, init, submodule_search_locations=[str(init.parent)])
        if spec is None or spec.loader is None:
            raise DataMissing(f"{init.name} of part2_pytorch cannot be loaded")
        sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[PACKAGE])
    return importlib.import_module(f"{PACKAGE}.{module}")
