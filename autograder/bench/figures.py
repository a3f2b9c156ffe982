"""What a benchmark measures, and the table of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number: the median of n, and what it is a ratio to, if it is one.

    Attributes:
        value: None where nothing could be measured.
        note: why.
    """

    value: float | None
    unit: str
    n: int
    ratio: float | None = None
    to: str = ""
    note: str = ""


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def show(console: Console, figures: Mapping[str, Figure]) -> None:
    """Print all figures as a table."""
    table = Table("what", "median", "n", "ratio", "to")
    for name, figure in figures.items():
        median = "-" if figure.value is None else f"{figure.value:.3g} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(name, median, str(figure.n), ratio, figure.note or figure.to)
    console.print(table)
