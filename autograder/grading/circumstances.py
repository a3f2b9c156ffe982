"""How one grading came about: with which secret, of what was handed in when, for results that are shown when."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from autograder.course import keys
from autograder.course.assignment import Assignment
from autograder.errors import SetupError
from autograder.grading import metadata
from autograder.reports.results_json import VISIBILITIES
from autograder.reports.scores import Scorecard
from autograder.sandbox import container
from autograder.submission import folders


@dataclass(frozen=True)
class Occasion:
    """What a grading needs to know beside the submission; nothing of it by default.

    Attributes:
        key: file from which the seed of the cases is derived.
        metadata: Gradescope's submission_metadata.json.
        visibility: when students see the rows of the results, in Gradescope's words.
    """

    key: Path | None = None
    metadata: Path | None = None
    visibility: str = "visible"

    def __post_init__(self) -> None:
        """Refuse a visibility that Gradescope does not know.

        Raises:
            SetupError: with those that it knows.
        """
        expect_visibility(self.visibility)

    def seed(self, otherwise: int) -> int:
        """Return the seed of the cases."""
        return keys.seed(self.key) if self.key else otherwise

    def remarks(self, assignment: Assignment) -> Callable[[Scorecard], None]:
        """Return what enters lateness, and what else is to be said, into a score card; as often as it is published."""
        notes: list[str] = []
        aside: list[str] = []
        rule, created_at = assignment.deadlines, None
        if self.metadata:
            notes = container.notes(assignment.limits, "torch" in assignment.libraries(assignment.checks()))
            known = metadata.read(self.metadata)
            aside = known.differences(rule)
            rule, created_at = known.deadlines(rule), known.created_at
            if assignment.late_days:  # how many a student has left is known where marks are entered
                rule = replace(rule, late_per_day=Fraction(0))
                notes.append("late days are counted when marks are entered; what lateness costs is seen there")
            notes += known.notes(rule, show_scores=self.visibility == "visible")

        def enter(card: Scorecard) -> None:
            if created_at:
                card.late_cents = card.cents - rule.kept(card.cents, created_at)
            card.notes.extend(note for note in notes if note not in card.notes)
            card.for_staff.extend(text for text in aside if text not in card.for_staff)

        return enter


def expect_visibility(visibility: str) -> None:
    """Refuse a word that Gradescope does not know.

    Raises:
        SetupError: with those that it knows.
    """
    if visibility not in VISIBILITIES:
        raise SetupError(f"visibility is {visibility!r}, expected one of {', '.join(VISIBILITIES)}")


@contextlib.contextmanager
def zipped(submission: Path, assignment: Assignment) -> Iterator[Path]:
    """Give the zip of a submission, which may be a folder."""
    if not submission.is_dir():
        yield submission
        return
    with tempfile.TemporaryDirectory(prefix="autograder-repacked-") as folder:  # mode 0700
        yield folders.as_zip(submission, Path(folder) / "submission.zip", assignment.course.layout)
