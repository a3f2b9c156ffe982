"""The figures of the report, drawn with matplotlib, which is an extra: `pip install matplotlib`. Given.

imbalance-groups.png       accuracy at the head, in the middle and at the tail
imbalance-classes.png      accuracy of each class
imbalance-confusion.png    what is taken for what, at the strongest imbalance
imbalance-curves.png       accuracy on the test images while training
"""

from pathlib import Path
from typing import Any

import numpy as np

from .experiment import groups
from .plan import METHODS
from .summary import NAME, Cell, spread

COLOURS = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00")  # Okabe and Ito: apart for all eyes
COLOUR = dict(zip(METHODS, COLOURS, strict=True))
DOTS = 130  # an inch


def draw(cells: list[Cell], folder: Path) -> list[Path]:
    """Draw every figure; return where they are.

    Raises:
        ModuleNotFoundError: if matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    factors = sorted({cell.factor for cell in cells}, reverse=True)
    rows = [[cell for cell in cells if cell.factor == factor] for factor in factors]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, paint, size in (
        ("groups", _groups, (3.4 * len(rows) + 1, 3.4)),
        ("classes", _classes, (11, 2.6 * len(rows) + 0.6)),
        ("confusion", _confusion, (10.5, 3.6 * -(-len(rows[-1]) // 3))),
        ("curves", _curves, (3.4 * len(rows) + 1, 3.4)),
    ):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure, rows)
        paths.append(folder / f"{NAME}-{name}.png")
        figure.savefig(paths[-1], dpi=DOTS)
    return paths


def _legend(figure: Any, axes: Any) -> None:
    """One legend for all panels, below them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


def _bars(axes: Any, cells: list[Cell], heights: list[np.ndarray], names: list[str]) -> None:
    """Bars in groups, one group a name, one bar a method; lines show the standard deviation of the seeds.

    heights: for each cell (R, groups).
    """
    width = 0.84 / len(cells)
    for number, (cell, values) in enumerate(zip(cells, heights, strict=True)):
        x = np.arange(len(names)) + (number - (len(cells) - 1) / 2) * width
        error = [spread(column) or 0.0 for column in values.T] if len(values) > 1 else None
        label = METHODS[cell.method]
        axes.bar(x, 100 * values.mean(axis=0), width * 0.92, color=COLOUR[cell.method], label=label)
        if error is not None:
            axes.errorbar(x, 100 * values.mean(axis=0), 100 * np.array(error), fmt="none", ecolor="#555", elinewidth=1)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(0, 100)
    axes.margins(x=0.02)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _groups(figure: Any, rows: list[list[Cell]]) -> None:
    panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for axes, cells in zip(panels, rows, strict=True):
        counts = cells[0].counts
        names = [f"{name}\n{counts[place][0]} to {counts[place][-1]}" for name, place in groups(len(counts)).items()]
        heights = [np.stack([cell.group(name) for name in groups(len(counts))], axis=1) for cell in cells]
        _bars(axes, cells, heights, names)
        axes.set_title(f"factor {cells[0].factor:g}", fontsize=10)
    panels[0].set_ylabel("test accuracy, %")
    panels[len(rows) // 2].set_xlabel("classes, and the training images of the first and last of them", fontsize=8)
    _legend(figure, panels[0])


def _classes(figure: Any, rows: list[list[Cell]]) -> None:
    panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, cells in zip(panels, rows, strict=True):
        names = [f"{name}\n{count}" for name, count in zip(cells[0].classes, cells[0].counts, strict=True)]
        _bars(axes, cells, [cell.accuracy for cell in cells], names)
        axes.set_title(f"factor {cells[0].factor:g}", fontsize=10, loc="left")
        axes.set_ylabel("accuracy, %")
    panels[-1].set_xlabel("class, and its training images", fontsize=9)
    _legend(figure, panels[0])


def _confusion(figure: Any, rows: list[list[Cell]]) -> None:
    cells = rows[-1]
    columns = min(3, len(cells))
    panels = figure.subplots(-(-len(cells) // columns), columns, squeeze=False, sharex=True, sharey=True)
    for axes in panels.flat[len(cells) :]:
        axes.set_axis_off()
    for axes, cell in zip(panels.flat, cells, strict=False):
        matrix = cell.confusion.sum(axis=0)
        share = 100 * matrix / matrix.sum(axis=1, keepdims=True)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(share):
            if value >= 1:
                colour = "white" if value > 55 else "black"
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=6, color=colour)
        axes.set_xticks(range(len(cell.classes)), cell.classes, rotation=90, fontsize=7)
        axes.set_yticks(range(len(cell.classes)), cell.classes, fontsize=7)
        axes.set_title(METHODS[cell.method], fontsize=9)
    figure.suptitle(f"factor {cells[0].factor:g}: of 100 images of a class (row), so many are taken for", fontsize=10)


def _curves(figure: Any, rows: list[list[Cell]]) -> None:
    panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for axes, cells in zip(panels, rows, strict=True):
        for cell in cells:
            epochs = [row["epoch"] for row in cell.histories[0] if "Test/accuracy" in row]
            runs = [[row["Test/accuracy"] for row in history if "Test/accuracy" in row] for history in cell.histories]
            mean = 100 * np.mean(runs, axis=0)
            axes.plot(epochs, mean, marker="o", markersize=3, color=COLOUR[cell.method], label=METHODS[cell.method])
        axes.set_title(f"factor {cells[0].factor:g}", fontsize=10)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("test accuracy, %")
    _legend(figure, panels[0])
