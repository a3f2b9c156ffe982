"""What `runs/` says of networks that were trained: TensorBoard's numbers as one table and one figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.reports import sheets

TAGS = ("Train/loss", "Valid/loss", "Train/accuracy", "Valid/accuracy")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
NAME = "training"
TESTED = "test.json"  # of an evaluation

Series = Sequence[tuple[int, float]]  # epoch, value


@dataclass(frozen=True)
class Run:
    """One network's training: its values by tag, and what the test images said, if they were asked."""

    name: str
    series: Mapping[str, Series]
    tested: float | None

    def row(self) -> dict[str, str]:
        """Its row in the table."""
        epoch, best = max(self.series["Valid/accuracy"], key=lambda point: point[1])
        last, training = self.series["Train/accuracy"][-1]
        return {
            "network": self.name,
            "epochs": str(last),
            "training accuracy at the end": f"{training:.3f}",
            "best validation accuracy": f"{best:.3f} (epoch {epoch})",
            "test accuracy": "not measured" if self.tested is None else f"{self.tested:.4f}",
        }


def read(folder: Path) -> list[Run]:
    """Read every network below `runs/` that has finished an epoch, the best one last."""
    homes = sorted({path.parent for path in folder.glob("*/events.out.tfevents.*")})
    found = [Run(home.name, _series(home), _tested(home)) for home in homes]
    whole = [run for run in found if all(run.series.get(tag) for tag in TAGS)]
    return sorted(whole, key=lambda run: max(value for _, value in run.series["Valid/accuracy"]))


def _series(home: Path) -> dict[str, Series]:
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
        EventAccumulator,
    )

    events = EventAccumulator(str(home), size_guidance={"scalars": 0})
    events.Reload()
    there = [tag for tag in TAGS if tag in events.Tags()["scalars"]]
    return {tag: sorted({point.step: point.value for point in events.Scalars(tag)}.items()) for tag in there}


def _tested(home: Path) -> float | None:
    try:
        return float(json.loads((home / TESTED).read_text(encoding="utf-8"))["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(runs: Sequence[Run], folder: Path) -> None:
    """Write table and figure into the folder that the report takes them from."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [run.row() for run in runs]
    sheets.write(folder / f"{NAME}.csv", [list(rows[0]), *(map(str, row.values()) for row in rows)])
    _draw(runs, folder / f"{NAME}.png")


def _draw(runs: Sequence[Run], path: Path) -> None:
    """Loss and accuracy, training dashed, validation solid."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for number, run in enumerate(runs):
            colour = COLOURS[number % len(COLOURS)]
            for tag, style in ((f"Train/{what}", "--"), (f"Valid/{what}", "-")):
                epochs, values = zip(*run.series[tag], strict=True)
                label = run.name if style == "-" else None
                axes.plot(epochs, values, style, color=colour, label=label, marker="." if len(epochs) == 1 else "")
        axes.set_xlabel("epoch")
        axes.set_ylabel(what)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(runs), frameon=False)
    figure.suptitle("dashed: training images, while learning; solid: validation images", fontsize=9)
    figure.savefig(path, dpi=130)
