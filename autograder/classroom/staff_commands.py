"""The commands about a class: its grading, its gradebook, what is alike in it."""

from __future__ import annotations

import multiprocessing
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
errors = Console(stderr=True)
INTERRUPTED = 130  # what shells say of a program that was stopped by Ctrl-C


def run_batch(
    folder: Annotated[Path, typer.Argument(help="Zips, or an export of Gradescope, Canvas or Moodle; a zip of them.")],
    out: Annotated[Path, typer.Option(help="Folder for students/, gradebook.csv and class.html.")],
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    dask: Annotated[str, typer.Option(help="Address of a Dask scheduler whose workers grade instead.")] = "",
    certificate: Annotated[Path | None, typer.Option(help="Folder of the Dask cluster's certificate.")] = None,
    regrade: Annotated[bool, typer.Option(help="What is unchanged, too.")] = False,
    seed: Seed = rubric.PUBLIC_SEED,
    key: Key = None,
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    dataset: DataSet = "",
) -> None:
    """Grade a class; goes on after an interruption, grades what has changed, and shows old marks beside new ones."""
    from autograder.classroom import batch
    from autograder.classroom import executors as crew
    from autograder.course import keys
    from autograder.sandbox import cores

    seed = keys.seed(key) if key else seed
    warn_of_public(seed, console)
    assignment = find_assignment(course, assignment_file, dataset)
    team = crew.dask(dask, certificate) if dask else crew.processes(jobs or cores.available())
    try:
        broken = batch.run(folder, out, assignment, seed, team, console, regrade=regrade)
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.kill()  # what it was grading is graded when the command runs again
        errors.print("stopped; the same command goes on from here")
        sys.exit(INTERRUPTED)
    sys.exit(Exit.FAULT if broken else Exit.GRADED)


def make_certificate(
    out: Annotated[Path, typer.Option(help="Folder for the certificate and its key, on a disk that all nodes see.")],
) -> None:
    """Make the certificate by which the processes of a Dask cluster know each other, for an encrypted scheduler."""
    from autograder.classroom import certificates

    certificates.make(out)
    said = f"{out}: for batch --certificate {out}; whoever reads its key is part of the cluster"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def find_similar(
    folder: Annotated[Path, typer.Argument(help="Zips, or an export of Gradescope, Canvas or Moodle; a zip of them.")],
    out: Annotated[Path, typer.Option(help="The page to write; a table goes beside it.")],
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
) -> None:
    """Show which submissions share code or weights beyond the handout: for staff, a place to look and no finding."""
    from autograder.classroom.copies import similar

    similar.run(folder, out, find_assignment(course, assignment_file), console)


def show_case(
    student: Annotated[str, typer.Argument(help="A zip or a folder; or whose, with --class.")],
    check: Annotated[str, typer.Argument(help="A check or a TODO; all that fail if not given.")] = "",
    *,
    out: Annotated[Path, typer.Option(help="Folder for code/ and a folder each check; holds secret cases.")],
    within: Annotated[
        Path | None, typer.Option("--class", help="What batch was given; STUDENT is a name there.")
    ] = None,
    seed: Seed = rubric.PUBLIC_SEED,
    key: Key = None,
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
) -> None:
    """Show staff the cases that a submission fails: what was asked, expected, found, and a script that repeats it."""
    from autograder.classroom import show
    from autograder.course import keys

    seed = keys.seed(key) if key else seed
    warn_of_public(seed, console)
    show.run(student, check, within, out, find_assignment(course, assignment_file), seed, console)


def write_gradebook(
    roster: Annotated[Path, typer.Option(help="CSV as Canvas, Gradescope or Moodle export it; or student, email.")],
    code: Annotated[Path, typer.Option(help="What batch wrote to, a folder of STUDENT/results.json, or CSV: score.")],
    out: Annotated[Path, typer.Option(help="Folder for grades.csv and the platforms' files.")],
    report: Annotated[Path | None, typer.Option(help="CSV: student, and a column each line of the rubric.")] = None,
    times: Annotated[Path | None, typer.Option(help="CSV: student, code, report: when handed in.")] = None,
    extensions: Annotated[Path | None, typer.Option(help="CSV or TOML: student, due, grace.")] = None,
    dropped: Annotated[Path | None, typer.Option(help="Who has left the course: CSV, or a name a line.")] = None,
    late_days: Annotated[Path | None, typer.Option(help="CSV of the late days of the term; read, and written.")] = None,
    column: Annotated[str, typer.Option(help="Name of the platforms' column, if not the assignment's title.")] = "",
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
    rubric_file: Annotated[
        Path | None, typer.Option("--rubric", help="Of the report; the course's if not given.")
    ] = None,
) -> None:
    """Merge marks for code and report with the lateness rule, and write CSV for Canvas, Moodle and Gradescope."""
    from autograder.classroom.gradebook import merge
    from autograder.classroom.gradebook import platform_csv as exports
    from autograder.course import report_rubric as criteria

    assignment = find_assignment(course, assignment_file)
    own = assignment.course.folder / "report" / criteria.FILE
    asked = criteria.NONE  # of a course without a written report
    if rubric_file or report or own.exists():
        asked = criteria.load(rubric_file or own).asked(assignment.parts)
    inputs = merge.Inputs(roster, code, report, times, extensions, dropped, late_days, column)
    merged = merge.merge(inputs, assignment, asked)
    read = [path for path in vars(inputs).values() if isinstance(path, Path)]
    paths = exports.write(merged, column or assignment.title, out, read)
    if merged.bank and late_days:
        merged.bank.write(late_days)
        paths.append(late_days)
    for line in merged.remarks:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    said = f"{len(merged.grades)} student{'s' * (len(merged.grades) != 1)}: {', '.join(map(str, paths))}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


COMMANDS: dict[str, Command] = {
    "batch": run_batch,
    "certificate": make_certificate,
    "gradebook": write_gradebook,
    "similar": find_similar,
    "show": show_case,
}
