"""`make submit`: what the grader will say of these files, said before they are handed in; then `submission.zip`.

The zip is opened by the same code as at grading, so it is refused in the same words. What is in it is tried in another
process: a loop without end, or a model that fills the memory, ends that process only.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from autograder.conformance.doctor import version_differences
from autograder.course.assignment import Assignment, Limits
from autograder.course.layout import Layout
from autograder.errors import SetupError, SubmissionError
from autograder.reports.scores import Outcome, points
from autograder.reports.words import line, names_exception
from autograder.students import prediction
from autograder.students.as_graded import WORDS
from autograder.students.trial import Findings, Model, Stuck, try_out
from autograder.submission import folders, misnamed, packing
from autograder.submission.collect import Choice, choose, either
from autograder.submission.entries import MEGABYTE, megabytes
from autograder.submission.receive import described, open_submission
from autograder.submission.unpack import open_zip

OPEN = re.compile(r"raise NotImplementedError\(\s*[\"']TODO (\d+\.\d+): ([\w.]+)")
REPORT = "The written report is handed in apart from this zip, as PDF."
STYLES = {"ok": "green", "note": "yellow", "stop": "bold red"}
WORKLIKE = (".py", ".ipynb", *misnamed.WEIGHTS, "/")  # what a student may believe to be handed in
APART = ("report/",)
MAX_NAMED, MAX_BIGGEST = 6, 4


class Steps:
    """The list that grows on the screen: what was looked at, and what was found."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.status = console.status("", spinner="line")  # ASCII: some terminals show nothing else

    def say(self, state: str, step: str, detail: str) -> None:
        """Add a line; `state` is one of STYLES."""
        encoding = self._console.encoding  # of some terminals it cannot write every name
        shown = line(detail).encode(encoding, "replace").decode(encoding)
        row = Text.assemble((f"{state:<5}", STYLES[state]), (f"{step:<12}", "bold"), shown)
        self._console.print(row, highlight=False, soft_wrap=True)

    def __enter__(self) -> Steps:
        self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.status.stop()


def run(folder: Path, out: Path, assignment: Assignment, console: Console, *, quick: bool = False) -> int:
    """Look at everything, write the zip, and return 0; or 1 if the grader would refuse it, and none is written.

    Args:
        folder: holds the parts and `checkpoints/`.
        out: the zip.
        assignment: of the course.
        console: for the list.
        quick: leave out what runs the student's code.

    Raises:
        SetupError: if there is nothing to hand in.
    """
    course = assignment.course
    _expect_parts(folder, course.layout)
    with Steps(console) as steps, tempfile.TemporaryDirectory(prefix="submit-") as temporary:
        _environment(steps)
        partial, unpacked = Path(temporary) / "submission.zip", Path(temporary) / "unpacked"
        try:
            files, choice = _collect(folder, Path(temporary) / "folder.zip", course.layout)
            _files(steps, files, choice, course.layout)
            _todos(steps, files, course.todos)
            packing.write_zip(partial, files)
            submission = open_submission(partial, unpacked, assignment.limits, course)
        except SubmissionError as error:
            steps.say("stop", "zip", str(error))
            return 1
        _size(steps, partial, assignment.limits, course.layout)
        for note in submission.notes:
            if not any(said.startswith(note) for said in choice.notes):
                steps.say("note", "zip", note)
        if not quick:
            _tried(steps, unpacked, assignment)
        out.parent.mkdir(parents=True, exist_ok=True)
        hidden = out.with_name(f".{out.name}.partial")
        hidden.write_bytes(partial.read_bytes())
        os.replace(hidden, out)
    apart = f" {REPORT}" if assignment.report.points else ""
    console.print(f"\n{out} is ready ({megabytes(out.stat().st_size)}).{apart}", highlight=False, soft_wrap=True)
    return 0


def _expect_parts(folder: Path, layout: Layout) -> None:
    """Refuse a folder that holds nothing of the assignment, be it under a wrong name.

    Raises:
        SetupError: if this is where something else lies.
    """
    names = [path.name for path in folder.iterdir()]
    near = any(misnamed.folder(part, [(name, "")], layout) for part in layout.parts for name in names)
    if not near and {*names}.isdisjoint({*layout.parts, *(name for own in layout.work.values() for name in own)}):
        raise SetupError(f"there is no {either(layout.parts)} here: run this in the folder that holds the parts")


def _collect(folder: Path, temporary: Path, layout: Layout) -> tuple[dict[str, bytes], Choice]:
    """Choose as the grader does among all that lies in the folder, and read what counts.

    Raises:
        SubmissionError: if the grader would refuse the folder.
    """
    everything = folders.as_zip(folder, temporary, layout, packed=False)
    with open_zip(everything, sys.maxsize, layout) as archive:
        choice = choose(archive.entries, layout)
        return {name: b"".join(archive.chunks(entry)) for name, entry in choice.kept.items()}, choice


def _environment(steps: Steps) -> None:
    differences = version_differences()
    for difference in differences:
        steps.say("note", "environment", difference)
    if not differences:
        steps.say("ok", "environment", "Python, NumPy, torch and torchvision are those of the grader")


def _files(steps: Steps, files: Mapping[str, bytes], choice: Choice, layout: Layout) -> None:
    """Say what goes into the zip, and what of the student's work does not."""
    counts = {top: sum(name.startswith(f"{top}/") for name in files) for top in layout.folders}
    held = ", ".join(f"{top} {count}" for top, count in counts.items() if count)
    steps.say("ok", "files", f"{len(files)} go into the zip: {held}")
    left = [name for name in dict.fromkeys(choice.ignored) if name.endswith(WORKLIKE) and name not in APART]
    missing = [f"{part}/{name}" for part in layout.parts if counts[part] for name in layout.work[part]]
    missing = [name for name in missing if name not in files and not any(name in note for note in choice.notes)]
    for note in (*choice.notes, *described("not packed", left), *described("missing", missing)):
        steps.say("note", "files", note)


def _todos(steps: Steps, files: Mapping[str, bytes], asked: Collection[str]) -> None:
    """Name the functions that are still to be written."""
    texts = [content.decode("utf-8", "replace") for name, content in files.items() if name.endswith(".py")]
    found = sorted({match for text in texts for match in OPEN.findall(text) if match[0] in asked}, key=_order)
    if found:
        steps.say("note", "TODOs", f"{len(found)} open: {_some([f'{todo} {name}' for todo, name in found])}")
    else:
        steps.say("ok", "TODOs", "none is open")


def _order(todo: tuple[str, str]) -> tuple[list[int], str]:
    return [int(number) for number in todo[0].split(".")], todo[1]


def _size(steps: Steps, path: Path, limits: Limits, layout: Layout) -> None:
    """Say how large the zip is, and which files make it so."""
    with open_zip(path, limits.zip_megabytes, layout) as archive:
        entries = sorted(archive.entries, key=lambda entry: -entry.info.compress_size)
    large = [entry for entry in entries[:MAX_BIGGEST] if entry.info.compress_size > MEGABYTE / 10]
    named = ", ".join(f"{'/'.join(entry.path)} {megabytes(entry.info.compress_size)}" for entry in large)
    detail = f"{megabytes(path.stat().st_size)} of at most {limits.zip_megabytes} MB"
    steps.say("ok", "zip", f"{detail}; the biggest: {named}" if named else detail)


def _tried(steps: Steps, unpacked: Path, assignment: Assignment) -> None:
    """Run the public checks and load the checkpoints, and say how long grading will take."""
    findings = Findings()
    try:
        for name in try_out(assignment, unpacked, findings):
            steps.status.update(f"trying {name}")
    except Stuck as error:
        steps.say("note", "checks", str(error))
    steps.status.update("")
    if findings.checks:
        _checks(steps, findings, assignment)
    for model in findings.models:
        steps.say("note" if model.message else "ok", "checkpoints", _model(model))
    if findings.finished:
        _time(steps, findings, assignment.limits)


def _checks(steps: Steps, findings: Findings, assignment: Assignment) -> None:
    passed = sum(check.outcome is Outcome.PASSED for check in findings.checks)
    got = sum(check.cents for check in findings.checks if check.outcome is Outcome.PASSED)
    most = sum(check.cents for check in findings.checks)
    detail = f"{passed} of {len(findings.checks)} pass, {points(got)} of {points(most)} points"
    wrong = [check.id for check in findings.checks if check.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.LOST)]
    broken = [check.message for check in findings.checks if check.outcome is Outcome.BROKEN]
    detail += " without checkpoints" if assignment.course.models else ""
    detail += f"; wrong: {_some(wrong)}; autograder test says why" if wrong else ""
    steps.say("note" if passed < len(findings.checks) else "ok", "checks", detail)
    told = [check.message for check in findings.checks if check.outcome is Outcome.RAISED]
    shown = [message for message in dict.fromkeys(told) if not names_exception(message) or WORDS.search(message)]
    for message in (*dict.fromkeys(broken), *shown[:MAX_NAMED]):
        steps.say("note", "checks", message)


def _model(model: Model) -> str:
    if model.message:
        return model.message
    return f"{model.name}.pt loads, {model.parameters:,} parameters, {1e3 * model.seconds:.2f} ms an image here"


def _time(steps: Steps, findings: Findings, limits: Limits) -> None:
    seconds, allowed = prediction.estimate(findings, limits), limits.total_seconds - limits.reserve_seconds
    detail = f"grading takes about {seconds:.0f} s with {limits.cpus:g} of a CPU, of at most {allowed} s"
    if seconds > allowed:
        detail += "; what is not reached by then earns nothing"
    steps.say("note" if seconds > allowed else "ok", "time", detail)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
