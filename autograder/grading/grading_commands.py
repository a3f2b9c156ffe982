"""The commands that grade one submission, and what they need."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.checking import rubric
from autograder.course.options import (
    AssignmentFile,
    Command,
    CourseName,
    DataSet,
    Exit,
    Key,
    Seed,
    find_assignment,
    warn_of_public,
)

console = Console()


def grade(
    submission: Annotated[Path, typer.Argument(help="The student's zip, or a folder of what was in it.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and report.html.")],
    course: CourseName = "",
    seed: Seed = rubric.PUBLIC_SEED,
    assignment_file: AssignmentFile = "",
    dataset: DataSet = "",
    key: Key = None,
    metadata: Annotated[Path | None, typer.Option(help="submission_metadata.json: for lateness.")] = None,
    visibility: Annotated[str, typer.Option(help="When students see their results; as on Gradescope.")] = "visible",
) -> None:
    """Grade one zip in the sandbox; writes results.json after every check, and report.html."""
    from autograder.grading import grade as single
    from autograder.grading.circumstances import Occasion

    if key is None:
        warn_of_public(seed, console)
    when = Occasion(key, metadata, visibility)
    card = single.grade(
        submission,
        out,
        console,
        course=course,
        seed=seed,
        assignment_file=assignment_file,
        dataset=dataset,
        when=when,
    )
    sys.exit(Exit.FAULT if card.broken else Exit.REFUSED if card.refusal else Exit.GRADED)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the zip and the reports.")] = Path("build/demo"),
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    dataset: DataSet = "shapes",
) -> None:
    """Hand in the reference solution as a student would, and grade it."""
    from autograder.grading import grade as single
    from autograder.submission import packing

    out.mkdir(parents=True, exist_ok=True)
    assignment = find_assignment(course, assignment_file)
    packing.write_zip(out / "submission.zip", assignment.course.files(dataset))
    card = single.grade(
        out / "submission.zip", out, console, course=course, assignment_file=assignment_file, dataset=dataset
    )
    console.print(f"\nThe page for the student: {out / 'report.html'}   for Gradescope: {out / 'results.json'}")
    sys.exit(Exit.GRADED if card.cents == card.max_cents and not card.broken else Exit.FAULT)


def data(course: CourseName = "", assignment_file: AssignmentFile = "") -> None:
    """Fetch the images that judge checkpoints into data/, where they can be fetched."""
    from autograder.course import datasets

    assignment = find_assignment(course, assignment_file)
    sys.exit(Exit.FAULT if datasets.fetch(assignment.course, assignment.dataset) else Exit.GRADED)


COMMANDS: dict[str, Command] = {"demo": demo, "grade": grade, "data": data}
