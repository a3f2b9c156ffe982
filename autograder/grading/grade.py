"""One submission, from its zip to all that is written of it: results.json, report.html, and a table on the screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograder.checking import rubric
from autograder.checking.rubric import Check
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.errors import GraderError, SubmissionError
from autograder.grading import engine, marking
from autograder.grading.circumstances import Occasion, zipped
from autograder.reports import html, terminal
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Scorecard
from autograder.sandbox.box import Box


def grade(
    submission: Path,
    out: Path,
    console: Console,
    *,
    seed: int = rubric.PUBLIC_SEED,
    course: str | Path = "",
    assignment_file: str | Path = "",
    dataset: str = "",
    when: Occasion | None = None,
    checks: Sequence[Check] | None = None,
) -> Scorecard:
    """Grade, write the reports after each check and at the end, and print the table; what goes wrong is in the card.

    Args:
        submission: the zip, or a folder of what was in it.
        out: folder of the reports; made if it is not there.
        console: for the table.
        seed: of the cases, unless `when` has a key.
        course: by name or path; the one here, or the default, unless given.
        assignment_file: TOML, or the name of a preset; that of the course unless given.
        dataset: judges checkpoints in place of the assignment's; empty for that one.
        when: what else is known of the submission.
        checks: those of the rubric that the assignment has parts for, unless given.
    """
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    results = out / "results.json"
    when = when or Occasion()
    try:
        assignment = assignments.load(definition.find(course), assignment_file)
        assignment = assignment.on(dataset) if dataset else assignment
        with Box(assignment.limits) as box:
            box.begin("numpy")  # its isolation is tried with it, whatever is graded; meanwhile we read on
            if checks is None:
                checks = assignment.checks()
            box.begin(*assignment.libraries(checks))
            remark = when.remarks(assignment)

            def publish(card: Scorecard) -> None:
                remark(card)
                gradescope.write(results, card, visibility=when.visibility)

            card = marking.blank(assignment, checks)
            with zipped(submission, assignment) as path:
                card = engine.grade_zip(path, box, assignment, checks, when.seed(seed), publish)
    except SubmissionError as error:
        card.refusal = str(error)
    except GraderError as error:  # ours: nothing of the submission has been looked at
        card = Scorecard("Not graded", {}, fault=str(error))
    seconds = time.monotonic() - began
    gradescope.write(results, card, visibility=when.visibility, execution_seconds=seconds)
    html.write(out / "report.html", card, execution_seconds=seconds)
    terminal.print_table(card, console)
    if card.secret:  # told here, where staff reads it, as it is not told in the results
        slowest = sorted(card.seconds.items(), key=lambda item: -item[1])[: engine.SLOWEST_NAMED]
        named = ", ".join(f"{check} {took:.1f} s" for check, took in slowest)
        console.print(f"{seconds:.1f} s in all; the slowest were {named}", highlight=False)
    return card
