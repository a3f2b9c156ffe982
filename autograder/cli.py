"""The command line. Every Makefile target is a thin line over it, so that nobody needs make."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.checking import rubric
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.assignment import Assignment
from autograder.errors import GraderError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__, rich_markup_mode=None
)
console = Console()
errors = Console(stderr=True)

CourseName = Annotated[
    str, typer.Option("--course", envvar="AUTOGRADER_COURSE", help="Name or folder of a course; else the one here.")
]
AssignmentFile = Annotated[str, typer.Option("--assignment", help="Another assignment.toml, or a preset.")]
DataSet = Annotated[str, typer.Option(help="cifar10, images:PATH or shapes; judges checkpoints.")]
Seed = Annotated[int, typer.Option(envvar="AUTOGRADER_SEED", help="Draws the cases; keep yours secret.")]
Key = Annotated[Path | None, typer.Option(help="File from which the seed is derived instead.")]

INTERRUPTED = 130  # what shells say of a program that was stopped by Ctrl-C
SANDBOX = Path(__file__).parent / "sandbox"
FOR_STUDENTS = ("test", "submit", "report")


class Exit(IntEnum):
    """What a command's exit status says."""

    GRADED = 0
    REFUSED = 1  # the submission cannot be graded as it is
    FAULT = 2  # ours; never a silent zero


def main() -> None:
    """Run the command line; what we raise on purpose ends in one sentence, without a traceback."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
    if not SANDBOX.is_dir():  # a handout
        app.registered_commands = [command for command in app.registered_commands if command.name in FOR_STUDENTS]
    try:
        app()
        return
    except GraderError as error:
        sentence = str(error)
    except OSError as error:  # a folder that may not be written to, a disk that is full
        sentence = f"{error.filename or 'a file'}: {error.strerror or error}"
    errors.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(Exit.FAULT)


@app.command()
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


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the zip and the reports.")] = Path("build/demo"),
    course: CourseName = "",
    dataset: DataSet = "shapes",
) -> None:
    """Hand in the reference solution as a student would, and grade it."""
    from autograder.grading import grade as single
    from autograder.submission import packing

    out.mkdir(parents=True, exist_ok=True)
    packing.write_zip(out / "submission.zip", definition.find(course).files(dataset))
    card = single.grade(out / "submission.zip", out, console, course=course, dataset=dataset)
    console.print(f"\nThe page for the student: {out / 'report.html'}   for Gradescope: {out / 'results.json'}")
    sys.exit(Exit.GRADED if card.cents == card.max_cents and not card.broken else Exit.FAULT)


@app.command("batch")
def run_batch(
    folder: Annotated[Path, typer.Argument(help="Zips, or an export of Gradescope, Canvas or Moodle; a zip of them.")],
    out: Annotated[Path, typer.Option(help="Folder for students/, gradebook.csv and class.html.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    dask: Annotated[str, typer.Option(help="Address of a Dask scheduler whose workers grade instead.")] = "",
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

    seed = keys.seed(key) if key else seed
    if seed == rubric.PUBLIC_SEED:
        said = "the cases are those of `make test`, which students know: --key secret.key draws others"
        console.print(said, style="yellow", highlight=False, soft_wrap=True)
    assignment = _assignment(course, assignment_file, dataset)
    team = crew.dask(dask) if dask else crew.processes(jobs)
    try:
        broken = batch.run(folder, out, assignment, seed, team, console, regrade=regrade)
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.kill()  # what it was grading is graded when the command runs again
        errors.print("stopped; the same command goes on from here")
        sys.exit(INTERRUPTED)
    sys.exit(Exit.FAULT if broken else Exit.GRADED)


@app.command("test")
def run_checks(
    course: CourseName = "",
    part: Annotated[str, typer.Option(help="Only this part: its number.")] = "",
    todo: Annotated[str, typer.Option(help="Only this TODO: 1.6.")] = "",
    k: Annotated[str, typer.Option("-k", help="Only checks whose id contains this; pytest's -k.")] = "",
    pdb: Annotated[bool, typer.Option(help="Stop in the debugger where your code raises.")] = False,
    dataset: DataSet = "",
) -> None:
    """Run the checks on the part folders here, with real tracebacks, and print the score table."""
    from autograder.students import test as local

    assignment = _assignment(course, dataset=dataset)
    sys.exit(local.run(Path.cwd(), assignment, part=part, todo=todo, expression=k, pdb=pdb))


@app.command("submit")
def submit(
    out: Annotated[Path, typer.Option(help="The zip to write.")] = Path("submission.zip"),
    course: CourseName = "",
    quick: Annotated[bool, typer.Option(help="Do not try the code and the checkpoints.")] = False,
) -> None:
    """Look at what you hand in as the grader will, and write submission.zip."""
    from autograder.students import submit as preflight

    sys.exit(preflight.run(Path.cwd(), out, _assignment(course), console, quick=quick))


@app.command()
def handout(
    path: Annotated[Path, typer.Option(help="The zip to write.")] = Path("dist/handout.zip"), course: CourseName = ""
) -> None:
    """Pack what students get: skeletons, public checks with recorded values, and nothing that solves a TODO."""
    from autograder.authoring import release

    _announce(path, release.handout(definition.find(course)))


@app.command()
def gradescope(
    path: Annotated[Path, typer.Option(help="The zip to write.")] = Path("dist/gradescope.zip"),
    course: CourseName = "",
    visibility: Annotated[str, typer.Option(help="When students see their results; as on Gradescope.")] = "visible",
) -> None:
    """Pack the grader for Gradescope, with the secret key of the hidden cases: show it to nobody."""
    from autograder.authoring import release
    from autograder.grading import circumstances as occasion

    occasion.expect_visibility(visibility)
    _announce(path, release.gradescope(definition.find(course), visibility))


def _assignment(course: str, file: str = "", dataset: str = "") -> Assignment:
    """The assignment that a command is about."""
    assignment = assignments.load(definition.find(course), file)
    return assignment.on(dataset) if dataset else assignment


def _announce(path: Path, files: dict[str, bytes]) -> None:
    from autograder.authoring import release

    release.write(path, files)
    size = path.stat().st_size / 1e6
    console.print(f"{path}: {len(files)} files, {size:.1f} MB", highlight=False)


@app.command()
def skeletons(
    course: CourseName = "",
    given: Annotated[bool, typer.Option("--given", help="Only files without a TODO; nothing else is touched.")] = False,
) -> None:
    """Write the parts here as students get them, from the reference of the course."""
    from autograder.course import skeleton

    found = definition.find(course)
    if given:
        skeleton.lay_out(found.given(), Path.cwd())
        return
    changed = skeleton.write(found, Path.cwd())
    console.print("\n".join(changed) if changed else "nothing to change", highlight=False)


@app.command()
def data(course: CourseName = "", assignment_file: AssignmentFile = "") -> None:
    """Fetch the images that judge checkpoints into data/, where they can be fetched."""
    from autograder.course import datasets

    assignment = _assignment(course, assignment_file)
    sys.exit(Exit.FAULT if datasets.fetch(assignment.course, assignment.dataset) else Exit.GRADED)


@app.command()
def reference(course: CourseName = "", jobs: Annotated[int, typer.Option(help="Processes.")] = 2) -> None:
    """Prove the checks: the reference earns everything, the skeleton nothing, each mistake loses its own check."""
    from autograder.authoring import reference as proof

    sys.exit(proof.run(definition.find(course), console, jobs))


@app.command()
def bench(
    path: Annotated[Path, typer.Option(help="Where to write the figures.")] = Path("build/bench.json"),
    course: CourseName = "",
    only: Annotated[list[str] | None, typer.Option(help="A single benchmark: rivals; may be repeated.")] = None,
) -> None:
    """Measure the figures of the README on this machine."""
    from autograder.bench import measures as benchmarks

    benchmarks.run(definition.find(course), console, path, only or ())


@app.command("audit")
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


@app.command("report")
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


@app.command("gradebook")
def write_gradebook(
    roster: Annotated[Path, typer.Option(help="CSV as Canvas, Gradescope or Moodle export it; or student, email.")],
    code: Annotated[Path, typer.Option(help="What batch wrote to, a folder of STUDENT/results.json, or CSV: score.")],
    out: Annotated[Path, typer.Option(help="Folder for grades.csv and the platforms' files.")],
    report: Annotated[Path | None, typer.Option(help="CSV: student, and a column each line of the rubric.")] = None,
    times: Annotated[Path | None, typer.Option(help="CSV: student, code, report: when handed in.")] = None,
    extensions: Annotated[Path | None, typer.Option(help="CSV or TOML: student, due, grace.")] = None,
    dropped: Annotated[Path | None, typer.Option(help="Who has left the course: CSV, or a name a line.")] = None,
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

    assignment = _assignment(course, assignment_file)
    rubric_file = rubric_file or assignment.course.folder / "report" / criteria.FILE
    inputs = merge.Inputs(roster, code, report, times, extensions, dropped)
    merged = merge.merge(inputs, assignment, criteria.load(rubric_file))
    for line in merged.remarks:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    paths = exports.write(merged, column or assignment.title, out)
    said = f"{len(merged.grades)} students: {', '.join(map(str, paths))}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


@app.command("similar")
def find_similar(
    folder: Annotated[Path, typer.Argument(help="Zips, or an export of Gradescope, Canvas or Moodle; a zip of them.")],
    out: Annotated[Path, typer.Option(help="The page to write; a table goes beside it.")],
    course: CourseName = "",
    assignment_file: AssignmentFile = "",
) -> None:
    """Show which submissions share code or weights beyond the handout: for staff, a place to look and no finding."""
    from autograder.classroom import similar

    similar.run(folder, out, _assignment(course, assignment_file), console)


@app.command()
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

    sys.exit(health.examine(console, json) if full or json else health.report(_assignment(course), console))
