"""The commands of students: `test`, `submit`, `report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course import definition
from autograder.course.options import AssignmentFile, Command, CourseName, DataSet, find_assignment

console = Console()


def run_checks(
    course: CourseName = "",
    part: Annotated[str, typer.Option(help="Only this part: its number.")] = "",
    todo: Annotated[str, typer.Option(help="Only this TODO: 1.6.")] = "",
    k: Annotated[str, typer.Option("-k", help="Only checks whose id contains this; pytest's -k.")] = "",
    pdb: Annotated[bool, typer.Option(help="Stop in the debugger where your code raises.")] = False,
    assignment_file: AssignmentFile = "",
    dataset: DataSet = "",
    junitxml: Annotated[Path | None, typer.Option(help="Write the cases to this file, as JUnit does.")] = None,
) -> None:
    """Run the checks on the part folders here, with real tracebacks, and print the score table."""
    from autograder.students import test as local

    assignment = find_assignment(course, assignment_file, dataset)
    sys.exit(local.run(Path.cwd(), assignment, part=part, todo=todo, expression=k, pdb=pdb, junitxml=junitxml))


def submit(
    out: Annotated[Path, typer.Option(help="The zip to write.")] = Path("submission.zip"),
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    quick: Annotated[bool, typer.Option(help="Do not try the code and the checkpoints.")] = False,
) -> None:
    """Look at what you hand in as the grader will, and write submission.zip."""
    from autograder.students import submit as preflight

    assignment = find_assignment(course, assignment_file)
    sys.exit(preflight.run(Path.cwd(), out, assignment, console, quick=quick))


def written_report(
    folder: Annotated[Path, typer.Argument(help="Holds report.md, and results/.")] = Path("report"),
    runs: Annotated[Path, typer.Option(help="Holds what training has logged.")] = Path("runs"),
    course: CourseName = "",
) -> None:
    """Fill figures and tables into the written report, write it as HTML and PDF, and say what is still empty."""
    from autograder.students.report import make

    made = make.make(folder, runs, definition.find(course).folder / "report")
    for note in made.notes:
        console.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"written: {', '.join(map(str, made.paths))}", markup=False, highlight=False, soft_wrap=True)


COMMANDS: dict[str, Command] = {"test": run_checks, "submit": submit, "report": written_report}
