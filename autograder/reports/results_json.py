"""results.json, as Gradescope reads it: https://gradescope-autograders.readthedocs.io/en/latest/specs/.

It is written before the first check and again after each one, so it is made to be cheap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.reports import files
from autograder.reports.causes import causes
from autograder.reports.scores import KEPT, Mark, ModelResult, Outcome, Scorecard, earned, points
from autograder.reports.words import GRADED_AGAIN, LABELS, clean, explain, line, next_step, part_title

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")


def write(
    path: Path, scorecard: Scorecard, *, visibility: str = "visible", execution_seconds: float | None = None
) -> None:
    """Replace the file by the results as they stand, in one step."""
    files.replace(path, text(scorecard, visibility=visibility, execution_seconds=execution_seconds))


def results(
    scorecard: Scorecard, *, visibility: str = "visible", execution_seconds: float | None = None
) -> dict[str, Any]:
    """Put the results in Gradescope's format, as values; the rest is as for `text`."""
    content: dict[str, Any] = json.loads(text(scorecard, visibility=visibility, execution_seconds=execution_seconds))
    return content


def text(scorecard: Scorecard, *, visibility: str = "visible", execution_seconds: float | None = None) -> str:
    """Put the results in Gradescope's format: strict JSON, on one line.

    Args:
        scorecard: as it stands; checks that were not reached yet count as nothing.
        visibility: when students see the rows: one of VISIBILITIES. What concerns the submission as a whole they see
            at once; Gradescope hides the score as long as it hides a row, and so does the text.
        execution_seconds: of the whole grading; not shown where the cases were secret, as student code shapes it.

    Raises:
        ValueError: if Gradescope knows no such visibility.
    """
    if visibility not in VISIBILITIES:
        raise ValueError(f"visibility is {visibility!r}, expected one of {', '.join(VISIBILITIES)}")
    rows = [] if scorecard.refusal else _rows(scorecard, visibility)
    content = json.dumps(_whole(scorecard, visibility, execution_seconds), allow_nan=False)
    return f'{content.removesuffix("}")}, "tests": [{", ".join(rows)}]}}\n'


def _whole(scorecard: Scorecard, visibility: str, execution_seconds: float | None) -> dict[str, Any]:
    """What there is beside the rows."""
    content: dict[str, Any] = {
        "score": 0.0 if scorecard.refusal else (scorecard.cents - scorecard.late_cents) / 100,
        "output": "\n".join(_summary(scorecard, show_score=visibility == "visible")),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "isolation": clean(scorecard.isolation),
            "graded_with": clean(scorecard.graded_with),
            "mechanisms": {clean(name): clean(text) for name, text in scorecard.mechanisms.items()},
            "refused": bool(scorecard.refusal),
            "grade_again": scorecard.broken,
            "for_staff": [line(text) for text in scorecard.for_staff],
            "models": {name: _model(result) for name, result in scorecard.models.items()},
        },
    }
    if scorecard.secret:
        return content
    content["extra_data"]["seconds"] = {check: round(seconds, 3) for check, seconds in scorecard.seconds.items()}
    if execution_seconds is not None:
        content["execution_time"] = round(execution_seconds, 2)
    return content


def _model(result: ModelResult) -> dict[str, Any]:
    """What instructors get to know of a checkpoint; Gradescope does not show `extra_data` to students.

    Even so, of private images no number that the model can shape is there; the class page and card.json have them all.
    """
    content = {
        "dataset": line(result.dataset),
        "images": result.images,
        "accuracy": round(result.accuracy, 6),
        "interval": [round(bound, 6) for bound in result.interval],
        "parameters": result.parameters,
        "bytes": result.file_bytes,
    }
    if result.private:
        return content
    return {
        **content,
        "classes": [line(name) for name in result.classes],
        "confusion": [list(row) for row in result.confusion],
        "accuracy_when_changed": {line(name): round(value, 4) for name, value in result.changed.items()},
        "other_class_when_asked_again": None if result.again is None else round(result.again, 4),
        "doubts": [line(doubt) for doubt in result.doubts],
    }


def _rows(scorecard: Scorecard, visibility: str) -> Iterator[str]:
    behind = causes(scorecard)
    for todo, marks in scorecard.todos().items():
        for position, mark in enumerate(marks, start=1):
            cause = behind.get(mark.check)
            first = cause.mark.check if cause else mark.check
            lost = f"{cause.takes_along}: {points(cause.lost)} points in all" if cause and cause.takes_along else ""
            yield _row(mark, f"{todo}.{position}", visibility, first, lost)


@lru_cache(KEPT)
def _row(mark: Mark, number: str, visibility: str, first: str, lost: str) -> str:
    """Write one row, which stands in the results of many students.

    Args:
        first: the check in whose row its cause is told.
        lost: what that cause costs in all, where it costs more than this.
    """
    row = {
        "number": number,
        "name": line(mark.title),
        "name_format": "text",
        "score": mark.cents / 100,
        "max_score": mark.max_cents / 100,
        "status": "passed" if mark.outcome is Outcome.PASSED else "failed",
        "output": "\n\n".join(_output(mark, first, lost)),
        "output_format": "text",
        "visibility": visibility,
        "tags": [mark.todo, mark.outcome.value],
        "extra_data": {"check": mark.check, "suspect": clean(mark.finding.suspect)},
    }
    return json.dumps(row, allow_nan=False)


def _output(mark: Mark, first: str, lost: str) -> Iterator[str]:
    """The paragraphs below a row; a cause is told in the first row that it costs."""
    if first != mark.check:
        yield f"{explain(mark)}: the same cause as in {first}"
    elif mark.outcome is Outcome.PASSED:
        yield LABELS[mark.outcome]
    else:
        yield explain(mark)
        if mark.finding.suspect:
            yield clean(mark.finding.suspect)
        if mark.help:
            yield clean(mark.help)
        if lost:
            yield line(lost)
    if mark.printed:
        yield f"Your code printed:\n{clean(mark.printed)}"


def _summary(scorecard: Scorecard, *, show_score: bool) -> Iterator[str]:
    """The lines about the submission as a whole."""
    yield line(scorecard.title)
    if scorecard.refusal:
        yield f"\nThis submission was refused, nothing of it was graded: {clean(scorecard.refusal)}"
    elif scorecard.fault:
        yield f"\nThis is {GRADED_AGAIN} ({clean(scorecard.fault)})."
    if show_score and not scorecard.refusal:
        yield f"{points(scorecard.cents)} of {points(scorecard.max_cents)} points"
        if scorecard.late_cents:
            left = points(scorecard.cents - scorecard.late_cents)
            yield f"{points(scorecard.late_cents)} are lost as it came late: {left} points"
        for part, todos in scorecard.parts().items():
            got, most = earned(mark for marks in todos.values() for mark in marks)
            yield f"  {line(part_title(scorecard, part))}: {points(got)} of {points(most)}"
        yield f"\nWhat to do next: {next_step(scorecard)}."
    waiting = sum(mark.outcome is Outcome.PENDING for mark in scorecard.marks.values())
    if waiting and not scorecard.refusal:
        yield f"\n{waiting} of {len(scorecard.marks)} checks were not reached."
    if scorecard.notes:
        yield "\nNotes:"
        yield from (f"- {line(note)}" for note in scorecard.notes)
    if scorecard.isolation:
        yield f"\nIsolation: {line(scorecard.isolation)}"
    if scorecard.graded_with:
        yield f"Graded with {line(scorecard.graded_with)}"
