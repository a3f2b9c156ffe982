"""What several commands ask for, and what their exit status says."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.checking.rubric import PUBLIC_SEED
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.assignment import Assignment

Command = Callable[..., None]
CourseName = Annotated[
    str, typer.Option("--course", envvar="AUTOGRADER_COURSE", help="Name or folder of a course; else the one here.")
]
AssignmentFile = Annotated[str, typer.Option("--assignment", help="Another assignment.toml, or a preset.")]
DataSet = Annotated[str, typer.Option(help="cifar10, images:PATH or shapes; judges checkpoints.")]
Seed = Annotated[int, typer.Option(envvar="AUTOGRADER_SEED", help="Draws the cases; keep yours secret.")]
Key = Annotated[Path | None, typer.Option(help="File from which the seed is derived instead.")]


class Exit(IntEnum):
    """What a command's exit status says."""

    GRADED = 0
    REFUSED = 1  # the submission cannot be graded as it is
    FAULT = 2  # ours; never a silent zero


def find_assignment(course: str, file: str = "", dataset: str = "") -> Assignment:
    """The assignment that a command is about."""
    assignment = assignments.load(definition.find(course), file)
    return assignment.on(dataset) if dataset else assignment


def warn_of_public(seed: int, console: Console) -> None:
    """Say it where submissions are graded on cases that everybody knows."""
    if seed == PUBLIC_SEED:
        said = "the cases are those of `autograder test`, which students know: --key secret.key draws others"
        console.print(said, style="yellow", highlight=False, soft_wrap=True)
