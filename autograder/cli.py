"""The command line. Every Makefile target is a thin line over it, so that nobody needs make."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course import definition
from autograder.course.definition import PACKAGE
from autograder.course.options import Command, CourseName, Exit, find_assignment
from autograder.errors import GraderError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__, rich_markup_mode=None)
console = Console()
errors = Console(stderr=True)

# In the order of the help. A handout has those of students alone, a package for Gradescope those that grade.
MODULES = (
    "grading.grading_commands", "classroom.staff_commands", "students.student_commands", "authoring.author_commands",
)  # fmt: skip


def commands() -> dict[str, Command]:
    """Name the commands whose modules are here."""
    found: dict[str, Command] = {}
    for name in MODULES:
        if (PACKAGE / f"{name.replace('.', '/')}.py").is_file():
            found |= importlib.import_module(f"autograder.{name}").COMMANDS
    if (PACKAGE / "sandbox").is_dir():
        found |= {"doctor": doctor, "bench": bench}
    return found


def command_line() -> typer.core.TyperGroup:
    """Put all commands that are here together, without running one."""
    for name, command in commands().items():
        app.command(name)(command)
    whole = typer.main.get_command(app)  # with options for the completion of a shell
    assert isinstance(whole, typer.core.TyperGroup)
    return whole


def main() -> None:
    """Run the command line; what we raise on purpose ends in one sentence, without a traceback."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
    try:
        command_line()()
        return
    except GraderError as error:
        sentence = str(error)
    except ModuleNotFoundError as error:
        if (error.name or "autograder").partition(".")[0] in ("autograder", "courses"):
            raise  # a fault of ours
        sentence = f"{error.name} is not installed here: install this project with its extra, grading or report"
    except OSError as error:  # a folder that may not be written to, a disk that is full
        sentence = f"{error.filename or 'a file'}: {error.strerror or error}"
    errors.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(Exit.FAULT)


def bench(
    path: Annotated[Path, typer.Option(help="Where to write the figures.")] = Path("build/bench.json"),
    course: CourseName = "",
    only: Annotated[list[str] | None, typer.Option(help="A single benchmark: rivals; may be repeated.")] = None,
) -> None:
    """Measure the figures of the README on this machine."""
    from autograder.bench import measures as benchmarks

    benchmarks.run(definition.find(course), console, path, only or ())


def doctor(
    full: Annotated[
        bool, typer.Option("--full", help="Try every attack that this machine can, with its control.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what --full found as JSON, and nothing else.")] = False,
    course: CourseName = "",
) -> None:
    """Say how well this machine isolates student code, what was tried, and whether versions match the lock.

    Exit status: 0 if all holds that the level here promises, 1 if not, 2 a fault of the grader.
    """
    from autograder.conformance import doctor as health

    sys.exit(health.examine(console, json) if full or json else health.report(find_assignment(course), console))
