"""One check as other tools grade it and as this one does, on one machine in one run: rows of `make bench`.

The check is 1.6-forward, two small convolutions against arrays. `bench/` holds it in the form of each tool, which gets
the cases as a file. Before a tool is timed it must pass right code and fail wrong code, and each timed run must pass:
a tool that stumbles over its input is fast.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from autograder.authoring import variants as trials
from autograder.bench.figures import Figure, timed
from autograder.checking import rubric
from autograder.checking.declarations.listed import drawn
from autograder.course import assignment as assignments
from autograder.course import mistakes as catalogue
from autograder.course.definition import Course
from autograder.errors import SetupError
from autograder.grading import engine
from autograder.grading import grade as single
from autograder.reports.scores import Outcome, Scorecard
from autograder.sandbox.box import Box
from autograder.submission import packing

from ..checks.part1 import conv2d

CHECK, MODULE = "1.6-forward", "part1_numpy/conv2d.py"
GIVEN = ("part1_numpy/__init__.py", "part1_numpy/module.py")
COURSE = Course(Path(__file__).resolve().parents[1])
FORMS, FOLDER = Path(__file__).parent, Path("build/rivals").resolve()
PROCESS = "ours, a process for each"  # what the others are compared with
ROUNDS = 7
RIGHT, WRONG = "right", "wrong"


@dataclass(frozen=True)
class Way:
    """One way to grade the check.

    Attributes:
        grade: grades RIGHT or WRONG code.
        passed: whether the latest code has passed, by the results that were written; forgets it.
    """

    grade: Callable[[str], object]
    passed: Callable[[], bool]


def measure(rounds: int = ROUNDS, folder: Path = FOLDER) -> dict[str, Figure]:
    """Time every way to grade the check, in turn; of one that cannot run here, say why.

    Args:
        rounds: how often.
        folder: where the virtual environments of the other tools are kept.
    """
    figures: dict[str, Figure] = {}
    ways: dict[str, Way] = {}
    with contextlib.ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rivals-")))
        lay_out(room)
        for name, make in WAYS.items():
            try:
                ways[name] = make(room, folder, stack)
                expect_to_tell(name, ways[name])
            except SetupError as error:
                ways.pop(name, None)
                figures[_title(name)] = Figure(None, "s", 0, note=str(error))
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                seconds[name].append(timed(partial(way.grade, RIGHT)))
                if not way.passed():
                    raise SetupError(f"{name}: right code has failed while it was timed")
    return figures | {_title(name): _figure(found, seconds.get(PROCESS, [])) for name, found in seconds.items()}


def _title(name: str) -> str:
    return f"one check of Conv2d, {name}"


def _figure(found: Sequence[float], process: Sequence[float]) -> Figure:
    if not process or found is process:
        return Figure(statistics.median(found), "s", len(found))
    ratio = statistics.median(a / b for a, b in zip(found, process, strict=True))
    return Figure(statistics.median(found), "s", len(found), ratio, PROCESS)


def lay_out(room: Path) -> None:
    """Write what is handed in, right and wrong, and the cases of the check with what forward must return."""
    reference = COURSE.files()
    mistake = next(one for one in catalogue.load(COURSE) if CHECK in one.loses and one.file == MODULE)
    for kind, files in ((RIGHT, reference), (WRONG, mistake.apply(reference))):
        packing.write_zip(room / f"{kind}.zip", {MODULE: files[MODULE]})
        # The others take one file, not a package.
        alone = files[MODULE].replace(b"from .module import", b"from part1_numpy.module import")
        trials.write(room / kind, {"conv2d.py": alone})
    trials.write(room / "given", {name: reference[name] for name in GIVEN})
    rng = _check().rng(rubric.PUBLIC_SEED)
    cases = [drawn(conv2d.CONV, rng, sizes, back=False) for sizes in conv2d.PLAIN]
    arrays = [{**case.arrays, "y": case.right.outputs[0]} for case in cases]
    named = {f"{name}{number}": array for number, those in enumerate(arrays) for name, array in those.items()}
    np.savez(room / "given" / "cases.npz", count=len(cases), **named)


def expect_to_tell(name: str, way: Way) -> None:
    """See that right code passes and wrong code does not.

    Raises:
        SetupError: with what was told wrongly.
    """
    for kind, expected in ((WRONG, False), (RIGHT, True)):
        way.grade(kind)
        if way.passed() is not expected:
            raise SetupError(f"{name}: {kind} code has {'failed' if expected else 'passed'}, so nothing is timed")


def environment(name: str, requirements: Path, folder: Path = FOLDER) -> Path:
    """Make a virtual environment, unless it is there already, and return the folder of its programs.

    Raises:
        SetupError: if something cannot be installed.
    """
    place = folder / name
    mark, wanted = place / "installed", requirements.read_text(encoding="utf-8")
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(place, ignore_errors=True)
        _call(name, [sys.executable, "-m", "venv", str(place)])
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _call(f"{name} cannot be installed", [*pip, "--requirement", str(requirements)])
        mark.write_text(wanted, encoding="utf-8")
    return place / "bin"


def scored(results: Path) -> bool:
    """Read whether the one test has all its points, and remove the file.

    Raises:
        SetupError: if there is no such test.
    """
    try:
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
        (row,) = (test for test in tests if test.get("max_score"))  # otter-grader adds a summary without points
        results.unlink()
        return bool(row["score"] == row["max_score"])
    except (OSError, ValueError, KeyError) as error:
        raise SetupError(f"{results.name} holds no result of one test: {error}") from None


def otter(room: Path, folder: Path, stack: contextlib.ExitStack) -> Way:
    """Prepare otter-grader: the tests and the given files in its zip, the student's file as a script."""
    programs = environment("otter-grader", FORMS / "otter" / "requirements.txt", folder)
    archive, given, results = room / "autograder.zip", room / "given", room / "results.json"
    plain = ("--no-config", "--no-requirements", "--no-environment")
    generate = [str(programs / "otter"), "generate", "-t", str(FORMS / "otter" / "tests"), "-o", str(archive), *plain]
    _call("otter generate", [*generate, "part1_numpy", "cases.npz"], given)

    def grade(kind: str) -> None:
        command = [str(programs / "otter"), "run", "-a", str(archive), "-o", str(room), str(room / kind / "conv2d.py")]
        _call("otter run", command, room)

    return Way(grade, partial(scored, results))


def unittest(room: Path, folder: Path, stack: contextlib.ExitStack) -> Way:
    """Prepare gradescope-utils: tests, given files and the student's file in one folder."""
    programs = environment("gradescope-utils", FORMS / "gradescope_utils" / "requirements.txt", folder)
    results = room / "unittest.json"
    for kind in (RIGHT, WRONG):
        for source in (FORMS / "gradescope_utils", room / "given", room / kind):
            shutil.copytree(source, room / f"unittest-{kind}", dirs_exist_ok=True)

    def grade(kind: str) -> None:
        place = room / f"unittest-{kind}"
        _call("gradescope-utils", [str(programs / "python"), "run_tests.py"], place)
        (place / "results.json").replace(results)

    return Way(grade, partial(scored, results))


def process(room: Path, folder: Path, stack: contextlib.ExitStack) -> Way:
    """Prepare this grader as `autograder grade` starts it: a process that makes a box, grades, and writes reports."""
    start = [
        sys.executable,
        "-c",
        f"import sys; from {__name__} import grade_one; grade_one(*sys.argv[1:])",
    ]

    def grade(kind: str) -> None:
        _call("autograder", [*start, str(room / f"{kind}.zip"), str(room / "ours")], COURSE.folder.parents[1])

    return Way(grade, partial(scored, room / "ours" / "results.json"))


def warm(room: Path, folder: Path, stack: contextlib.ExitStack) -> Way:
    """Prepare this grader as a batch runs it: a box that stays."""
    assignment, cards = assignments.load(COURSE), list[Scorecard]()
    box = stack.enter_context(Box(assignment.limits))

    def grade(kind: str) -> None:
        path = room / f"{kind}.zip"
        cards.append(engine.grade_zip(path, box, assignment, [_check()], rubric.PUBLIC_SEED, lambda card: None))

    return Way(grade, lambda: cards.pop().marks[CHECK].outcome is Outcome.PASSED)


def grade_one(path: str, folder: str) -> None:
    """Do what `autograder grade` does, with a single check."""
    single.grade(Path(path), Path(folder), Console(), course=COURSE.folder, checks=[_check()])


WAYS: dict[str, Callable[[Path, Path, contextlib.ExitStack], Way]] = {
    "otter-grader 7.0.0, otter run": otter,
    "gradescope-utils 0.5.0, no sandbox": unittest,
    PROCESS: process,
    "ours, warm": warm,
}


def _check() -> rubric.Check:
    return next(check for check in COURSE.checks() if check.id == CHECK)


def _call(what: str, command: Sequence[str], folder: Path = FORMS) -> None:
    """Run a program.

    Raises:
        SetupError: with the last line that it wrote, if it fails.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise SetupError(f"{what}: {said}")
