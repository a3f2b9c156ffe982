"""From the results of single runs to tables: means over seeds, and how far the seeds lie apart. Given.

    imbalance.csv              one row a factor and method
    imbalance-classes.csv      accuracy of each class
    imbalance.json             the same, confusion matrices and settings included

Axes in the shapes below:
    R runs that differ in nothing but the seed   C classes
"""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .experiment import Result, groups, write_json
from .plan import METHODS

NAME = "imbalance"


@dataclass(frozen=True, eq=False)
class Cell:
    """All runs of one method at one factor.

    Attributes:
        counts: training images of each class.
        confusion: (R, C, C), rows are true classes.
        histories: of each run, a row an epoch.
    """

    method: str
    factor: float
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    confusion: np.ndarray
    histories: tuple[list[dict[str, float]], ...]
    seconds: float

    @property
    def accuracy(self) -> np.ndarray:
        """(R, C): share of the test images of each class that were recognised."""
        correct: np.ndarray = self.confusion.diagonal(axis1=1, axis2=2) / self.confusion.sum(axis=2)
        return correct

    def group(self, name: str) -> np.ndarray:
        """(R,): mean accuracy of the classes at the head, in the middle, at the tail; or of "all"."""
        place = groups(len(self.classes)).get(name, slice(None))
        means: np.ndarray = self.accuracy[:, place].mean(axis=1)
        return means


def spread(values: np.ndarray) -> float | None:
    """Standard deviation of runs that are a sample of all seeds; None for a single run."""
    return float(values.std(ddof=1)) if len(values) > 1 else None


def collect(results: Iterable[Result]) -> list[Cell]:
    """Put runs together that differ in nothing but the seed; mild imbalance first, methods in the order of the plan."""
    found: dict[tuple[float, str], list[Result]] = {}
    for result in results:
        found.setdefault((result["factor"], result["method"]), []).append(result)
    order = list(METHODS)
    cells = []
    for (factor, method), runs in sorted(found.items(), key=lambda item: (-item[0][0], order.index(item[0][1]))):
        runs = sorted(runs, key=lambda run: run["seed"])
        first = runs[0]
        cells.append(
            Cell(
                method,
                factor,
                tuple(first["classes"]),
                tuple(first["counts"]),
                tuple(run["seed"] for run in runs),
                np.array([run["confusion"] for run in runs]),
                tuple(run["history"] for run in runs),
                float(np.mean([run["seconds"] for run in runs])),
            )
        )
    return cells


def table(cells: list[Cell]) -> list[dict[str, str]]:
    """One row a cell, in percent: the error with its spread, and the accuracies of head, middle and tail."""
    return [
        {
            "factor": f"{cell.factor:g}",
            "method": METHODS[cell.method],
            "runs": str(len(cell.seeds)),
            "error %": percent(1 - cell.group("all")),
            **{f"{name} %": percent(cell.group(name)) for name in groups(len(cell.classes))},
            "s a run": f"{cell.seconds:.0f}",
        }
        for cell in cells
    ]


def class_table(cells: list[Cell]) -> list[dict[str, str]]:
    """One row a cell: the accuracy of each class, in percent, the most frequent class first."""
    return [
        {"factor": f"{cell.factor:g}", "method": METHODS[cell.method]}
        | {name: percent(cell.accuracy[:, index]) for index, name in enumerate(cell.classes)}
        for cell in cells
    ]


def percent(values: np.ndarray) -> str:
    """Write the mean of the runs, and their standard deviation where there are several: "29.6 ± 0.4"."""
    deviation = spread(values)
    return f"{100 * values.mean():.1f}" + (f" ± {100 * deviation:.1f}" if deviation is not None else "")


def write(cells: list[Cell], settings: dict[str, Any], folder: Path) -> list[Path]:
    """Write the tables; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{NAME}.csv", folder / f"{NAME}-classes.csv", folder / f"{NAME}.json"]
    _write_csv(table(cells), paths[0])
    _write_csv(class_table(cells), paths[1])
    write_json(paths[2], {"settings": settings, "cells": [_plain(cell) for cell in cells]})
    return paths


def _plain(cell: Cell) -> dict[str, Any]:
    """A cell as a JSON file holds it; confusion matrices summed over the runs."""
    return {
        "method": cell.method,
        "factor": cell.factor,
        "classes": list(cell.classes),
        "counts": list(cell.counts),
        "seeds": list(cell.seeds),
        "error": [float(value) for value in 1 - cell.group("all")],
        **{name: [float(value) for value in cell.group(name)] for name in groups(len(cell.classes))},
        "class_accuracy": cell.accuracy.mean(axis=0).tolist(),
        "confusion": cell.confusion.sum(axis=0).tolist(),
        "seconds": cell.seconds,
    }


def _write_csv(rows: list[dict[str, str]], path: Path) -> None:
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)
