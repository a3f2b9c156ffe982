"""Run the experiment, or draw its tables and figures again. Given.

    python -m part3_imbalance experiment [--config fast|resnet32|FILE.toml] [--dataset cifar10|images:PATH|shapes]
                                         [--methods ce,focal,...] [--factors 0.1,0.02,0.01] [--seeds 0,1,2]

Reads `data/`, writes the runs to `runs/imbalance/` and tables and figures to `report/results/`, all below the current
folder. A run that is finished is not repeated: the same command goes on after an interruption, and another one with
further methods, factors or seeds adds to the tables.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from part2_pytorch.config import ConfigError
from part2_pytorch.data import DATA_DIR, load_dataset
from part2_pytorch.device import pick_device, reuse_memory
from part2_pytorch.images import DataError

from . import experiment, figures, summary
from .plan import Plan, load_plan

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The experiment of part 3.")
console = Console(highlight=False, soft_wrap=True)
T = TypeVar("T")


@app.callback()
def main() -> None:
    """Train with each method on long-tailed data, and compare."""


@app.command("experiment")
def run_experiment(
    config: Annotated[str, typer.Option(help="a file, or the name of one in configs/")] = "fast",
    dataset: Annotated[str, typer.Option(help="cifar10, shapes or images:PATH")] = "cifar10",
    methods: Annotated[str, typer.Option(help="ce,focal,cb_ce,cb_focal,balanced,logit_adjusted")] = "",
    factors: Annotated[str, typer.Option(help="images of the rarest class for each of the most frequent")] = "",
    seeds: Annotated[str, typer.Option(help="of images, weights and batches: 0,1,2")] = "",
    epochs: Annotated[int | None, typer.Option(help="instead of the configuration's")] = None,
    runs: Annotated[Path, typer.Option(help="folder of the runs")] = Path("runs/imbalance"),
    out: Annotated[Path, typer.Option(help="folder of tables and figures")] = Path("report/results"),
    data_dir: Annotated[Path, typer.Option(help="folder of the data sets and their caches")] = DATA_DIR,
) -> None:
    """Train every method at every factor with every seed; write tables and figures of all that is finished."""
    try:
        plan = load_plan(
            config,
            methods=several(methods, str, "methods"),
            factors=several(factors, float, "factors"),
            seeds=several(seeds, int, "seeds"),
            epochs=epochs,
        )
        reuse_memory()
        results = experiment.run(plan, load_dataset(dataset, data_dir), runs, pick_device(), say)
    except (ConfigError, DataError) as error:
        say(str(error))
        raise typer.Exit(1) from None
    except NotImplementedError as error:
        say(f"{error} is not written yet")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted: the same command goes on with the runs that are left")
        raise typer.Exit(130) from None
    show(plan, results, out)


def show(plan: Plan, results: list[experiment.Result], out: Path) -> None:
    """Print the table, and write all tables and figures."""
    cells = summary.collect(results)
    paths = summary.write(cells, plan.settings(), out)
    rows = summary.table(cells)
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*row.values(), end_section=row is rows[-1])
    if not console.is_terminal:
        console.width = 120  # a file has room for every column
    console.print(table)
    try:
        paths += figures.draw(cells, out)
    except ModuleNotFoundError:
        say("matplotlib is not installed, so there are tables and no figures: pip install matplotlib")
    say(f"written: {', '.join(map(str, paths))}")


def several(text: str, kind: Callable[[str], T], name: str) -> tuple[T, ...]:
    """Read values with commas between them.

    Raises:
        ConfigError: if one is not of its kind.
    """
    try:
        return tuple(kind(value.strip()) for value in text.split(",") if value.strip())
    except ValueError:
        raise ConfigError(
            f"--{name} is {text!r}, expected values like {'0.1,0.01' if kind is float else '0,1'}"
        ) from None


def say(text: str) -> None:
    """Print a line at once, also into a file."""
    console.print(text, markup=False)
    console.file.flush()


if __name__ == "__main__":
    app()
