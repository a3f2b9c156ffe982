"""The commands of authors: what is handed out, and what the checks are worth."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course import definition
from autograder.course.definition import Course
from autograder.course.options import AssignmentFile, Command, CourseName, find_assignment
from autograder.errors import SetupError

console = Console()


class Kind(StrEnum):
    """Which mutants an audit makes."""

    FIRST = "first"
    SECOND = "second"
    PAIRS = "pairs"
    EVERY = "every"


def handout(
    path: Annotated[Path, typer.Option(help="The zip to write.")] = Path("dist/handout.zip"),
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
) -> None:
    """Pack what students get: skeletons, public checks with recorded values, and nothing that solves a TODO."""
    from autograder.authoring import release

    _announce(path, release.handout(_own(course), assignment_file))


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


def _own(name: str) -> Course:
    """Find a course that has solutions of its own.

    Raises:
        SetupError: if it is a handout of others.
    """
    course = definition.find(name)
    if course.base is not None:
        raise SetupError(
            f"{course.name} is a handout of others, graded by the checks of {course.base.name}: it has no "
            "solutions of its own"
        )
    return course


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
    places: Annotated[
        int, typer.Option(min=0, help="Instead: of so many faults, how often `make test` names the true line.")
    ] = 0,
    on_machines: Annotated[
        int,
        typer.Option("--machines", min=0, help="Instead: whether so many solutions get the same results everywhere."),
    ] = 0,
    numpy: Annotated[list[Path] | None, typer.Option(help="With --machines: a folder that has another NumPy.")] = None,
    margins: Annotated[
        bool, typer.Option("--margins", help="Also: how near right and wrong values come to what is allowed.")
    ] = False,
    kind: Annotated[
        Kind,
        typer.Option(
            help="Which mutants: the first set, a second one, or two of the first at once; mistakes with the first. "
            "Every: the second set and pairs of all parts, and both sets of each --base."
        ),
    ] = Kind.FIRST,
    base: Annotated[
        list[str] | None, typer.Option(help="Mutants of this unusual solution, not of the reference; more than once.")
    ] = None,
) -> None:
    """Say what the checks catch and what they miss: catalogued mistakes, and small changes to the reference."""
    from autograder.authoring.auditing import audit, machines, places_audit, second_audit

    if places:
        sys.exit(places_audit.run(definition.find(course), console, part, places, jobs, json))
    if on_machines:
        sys.exit(machines.compare(definition.find(course), console, part, on_machines, numpy or []))
    found = definition.find(course)
    if base or kind is not Kind.FIRST:
        sys.exit(second_audit.run(found, console, part, mutants, jobs, json, kind, base or []))
    sys.exit(audit.run(found, console, part, mutants, jobs, json, with_margins=margins))


def record_slips(
    course: CourseName = "",
    part: Annotated[int, typer.Option(min=0, help="Only of this part; 0 for all.")] = 0,
    todo: Annotated[str, typer.Option(help="Only of this TODO: 1.6.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Record what each slip of the hand in the reference makes of the public cases: what students are told it by."""
    from autograder.authoring.slips import slip_record

    found = definition.find(course)
    path = slip_record.write(found, [part] if part else [*found.parts], [todo] if todo else [], jobs)
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", highlight=False)


def schemas(out: Annotated[Path, typer.Option(help="The folder; that of a course, for one.")] = Path()) -> None:
    """Write the JSON schemas of the files of a course, which editors complete and check these files by."""
    from autograder.course import schema

    out.mkdir(parents=True, exist_ok=True)
    for file in schema.MODELS:
        path = out / schema.name(file)
        path.write_text(schema.text(file), encoding="utf-8")
        console.print(f"{path}: named by `#:schema ./{path.name}` in the first line of {file}", highlight=False)


class Begun(StrEnum):
    """What can be begun."""

    COURSE = "course"
    TODO = "todo"


def begin(
    what: Annotated[Begun, typer.Argument(help="A course in an empty folder, or a TODO of the course here.")],
    folder: Annotated[Path, typer.Argument(help="Of a new course.")] = Path(),
    title: Annotated[str, typer.Option(help="What it is about, in a few words.")] = "",
    part: Annotated[str, typer.Option(help="Of a course: the package that students write. Of a TODO: a number.")] = "",
    name: Annotated[str, typer.Option(help="Of the first function, and its module.")] = "",
    points: Annotated[int | None, typer.Option(min=0, help="What the TODO is worth.")] = None,
    course: CourseName = "",
) -> None:
    """Begin a course, or a TODO, that works at once; asks for what is not given, and overwrites nothing."""
    from autograder.authoring import new

    def ask(value: str, question: str, default: str) -> str:
        return value or str(typer.prompt(question, default=default))

    if what is Begun.COURSE:
        new.expect_empty(folder)
        title = ask(title, "Title", folder.resolve().name.replace("-", " ").replace("_", " ").capitalize())
        part = ask(part, "Package that students write", "layers")
        name = ask(name, "First function", "energy")
        worth = points if points is not None else int(typer.prompt("Points", default=10, type=int))
        made = new.course(folder, title, part, name, worth)
    else:
        found = _own(course)
        part = ask(part, "Part", str(max(found.definition.parts)))
        name = ask(name, "Function", "energy")
        title = ask(title, "Title", name.replace("_", " ").capitalize())
        worth = points if points is not None else int(typer.prompt("Points", default=2, type=int))
        made = new.todo(found, part, title, name, worth)
    for path in made.files:
        console.print(f"  {path}", markup=False, highlight=False, soft_wrap=True)
    console.print("Written; write over them what is yours. Next:", highlight=False)
    for line in made.next:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def review(
    course: CourseName = "",
    part: Annotated[int, typer.Option(min=0, help="Grade only this part; 0 for all.")] = 0,
    todo: Annotated[str, typer.Option(help="Grade only this TODO: 1.6.")] = "",
    mutants: Annotated[int | None, typer.Option(min=1, help="So many of each part; all by default.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    fast: Annotated[bool, typer.Option("--fast", help="Only what is seen without grading, in seconds.")] = False,
) -> None:
    """List what an author forgot: nothing is left to do when the list is empty."""
    from autograder.authoring import author

    sys.exit(author.run(_own(course), console, part, mutants, jobs, fast=fast, todo=todo))


COMMANDS: dict[str, Command] = {
    "handout": handout,
    "gradescope": gradescope,
    "skeletons": skeletons,
    "reference": reference,
    "audit": run_audit,
    "slips": record_slips,
    "schema": schemas,
    "author": review,
    "new": begin,
}
