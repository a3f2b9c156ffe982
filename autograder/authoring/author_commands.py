"""The commands of authors: what is handed out, and what the checks are worth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course import definition
from autograder.course.options import AssignmentFile, Command, CourseName, find_assignment

console = Console()


def handout(
    path: Annotated[Path, typer.Option(help="The zip to write.")] = Path("dist/handout.zip"),
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
) -> None:
    """Pack what students get: skeletons, public checks with recorded values, and nothing that solves a TODO."""
    from autograder.authoring import release

    _announce(path, release.handout(definition.find(course), assignment_file))


def gradescope(
    path: Annotated[Path, typer.Option(help="The zip to write.")] = Path("dist/gradescope.zip"),
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    visibility: Annotated[str, typer.Option(help="When students see their results; as on Gradescope.")] = "visible",
) -> None:
    """Pack the grader for Gradescope, with the secret key of the hidden cases: show it to nobody."""
    from autograder.authoring import release
    from autograder.grading import circumstances as occasion

    occasion.expect_visibility(visibility)
    _announce(path, release.gradescope(definition.find(course), visibility, assignment_file=assignment_file))


def _announce(path: Path, files: dict[str, bytes]) -> None:
    from autograder.authoring import release

    release.write(path, files)
    size = path.stat().st_size / 1e6
    console.print(f"{path}: {len(files)} files, {size:.1f} MB", highlight=False)


def skeletons(
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    given: Annotated[bool, typer.Option("--given", help="Only files without a TODO; nothing else is touched.")] = False,
) -> None:
    """Write the parts here as students get them, from the reference of the course."""
    from autograder.course import skeleton

    found = find_assignment(course, assignment_file).course
    if given:
        skeleton.lay_out(found.given(), Path.cwd())
        return
    changed = skeleton.write(found, Path.cwd())
    console.print("\n".join(changed) if changed else "nothing to change", highlight=False)


def reference(course: CourseName = "", jobs: Annotated[int, typer.Option(help="Processes.")] = 2) -> None:
    """Prove the checks: the reference earns everything, the skeleton nothing, each mistake loses its own check."""
    from autograder.authoring import reference as proof

    sys.exit(proof.run(definition.find(course), console, jobs))


def run_audit(
    mutants: Annotated[
        int | None, typer.Option(min=1, help="So many of them, always the same; all by default.")
    ] = None,
    part: Annotated[int, typer.Option(min=1, help="Of the assignment.")] = 1,
    course: CourseName = "",
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Say what the checks catch and what they miss: catalogued mistakes, and small changes to the reference."""
    from autograder.authoring import audit

    sys.exit(audit.run(definition.find(course), console, part, mutants, jobs, json))


def schemas(out: Annotated[Path, typer.Option(help="The folder; that of a course, for one.")] = Path()) -> None:
    """Write the JSON schemas of the files of a course, which editors complete and check these files by."""
    from autograder.course import schema

    out.mkdir(parents=True, exist_ok=True)
    for file in schema.MODELS:
        path = out / schema.name(file)
        path.write_text(schema.text(file), encoding="utf-8")
        console.print(f"{path}: named by `#:schema ./{path.name}` in the first line of {file}", highlight=False)


COMMANDS: dict[str, Command] = {
    "handout": handout,
    "gradescope": gradescope,
    "skeletons": skeletons,
    "reference": reference,
    "audit": run_audit,
    "schema": schemas,
}
