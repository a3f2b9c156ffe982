"""What a class's models have scored: who hands in the same files again, or another's, is not evaluated once more.

Protects against: an evaluation that belongs to other files. Its name is the digest of all that it can depend on: every
file of the submission, as a model's code may import, or read, any of them; the test images; and the terms, which are
seed, limits, checks, grader and libraries. It is taken before any of the student's code runs. Only numbers are kept,
and a sentence of ours: no text of one student's reaches another. Gradings that ran out of time, tried what no homework
needs, or ended in a fault teach nothing.
Does not protect against: whoever may write to the class's results.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from autograder.course.assignment import Assignment
from autograder.course.datasets import TestSet
from autograder.errors import DataMissing
from autograder.grading.exam import Exam
from autograder.reports.scores import ModelResult, Outcome, Scorecard


@dataclass(frozen=True)
class _Known:
    result: ModelResult
    suspect: str


_KNOWN = TypeAdapter(_Known)


@dataclass
class KnownModels:
    """The evaluations of a class, as one grading sees them.

    Args:
        folder: holds them, a file each; it may not exist.
        terms: all that decides beside the submission and the images.

    Attributes:
        found: what this grading adds, by the name of the file.
    """

    folder: Path
    terms: str
    found: dict[str, str] = field(default_factory=dict)
    _digest: str = ""

    def recall(self, exam: Exam, submission: Path, assignment: Assignment) -> None:
        """Tell an exam what is known of the models of a submission, of which no code has run."""
        with contextlib.suppress(DataMissing):  # the exam says so
            self._digest = _digest(submission, assignment.images(), self.terms)
        for model in assignment.course.models if self._digest else ():
            if (known := self._read(model)) is not None and known.result.model == model:
                exam.known[model] = known.result, known.suspect

    def keep(self, exam: Exam, card: Scorecard) -> None:
        """Take from a grading that has ended what another may repeat."""
        lost = any(mark.outcome is Outcome.LOST for mark in card.marks.values())
        if not self._digest or lost or card.broken or card.refusal or card.attempts:
            return
        for model, result in exam.results.items():
            if model not in exam.known and result.again is not None:  # else there was no time, or no answer
                self.found[self._name(model)] = _KNOWN.dump_json(_Known(result, exam.said(model))).decode()

    def _read(self, model: str) -> _Known | None:
        try:
            if self.folder.stat().st_uid != os.getuid():
                return None
            return _KNOWN.validate_json((self.folder / self._name(model)).read_bytes())
        except (OSError, ValidationError):
            return None

    def _name(self, model: str) -> str:
        return f"{hashlib.sha256(f'{self._digest} {model}'.encode()).hexdigest()}.json"


def _digest(submission: Path, test: TestSet, terms: str) -> str:
    files = {
        path.relative_to(submission).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(submission.rglob("*"))
        if path.is_file()
    }
    images = [hashlib.sha256(array.tobytes()).hexdigest() for array in (test.images, test.labels)]
    given = [files, images, test.name, test.classes, test.mean, test.deviation, terms]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()
