"""The exam that a student may read all about: the same models and files, asked about noise instead of test images."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from autograder.checking.student import Student
from autograder.course.assignment import Assignment
from autograder.errors import DataMissing, OutOfMemory, OutOfTime, WorkerLost
from autograder.grading import candidates
from autograder.grading.candidates import LOADING, MARGIN, too_slow

IMAGES = 300  # of random numbers
TEST_IMAGES = 10_000  # of CIFAR-10
PATIENCE = 2  # times as long as so many images may take
WARM = 8  # shown before: the first call of a network prepares the later ones


class PublicExam:
    """Stands in for an `Exam` as a check's argument, so that whatever goes wrong may be told: no test image is shown.

    Args:
        folder: of the submission; holds `checkpoints/`.
        assignment: names the data set and the limits.
        seconds: for all test images of one model.
    """

    def __init__(self, folder: Path, assignment: Assignment, seconds: float) -> None:
        self._folder, self._assignment, self._limit = folder, assignment, seconds
        self._ended: dict[str, WorkerLost | None] = {}

    def expect_above(self, student: Student, rng: np.random.Generator, model: str, tier: str) -> None:
        """Pass a model that can be graded at all, whatever it would score; a trial that took long is not repeated.

        Args:
            student: has seen no test image.
            rng: draws the noise.
            model: name of the checkpoint.
            tier: of no account here.

        Raises:
            GraderError: whatever keeps the model from being graded.
        """
        if model not in self._ended:
            self._ended[model] = None
            try:
                self._expect_in_time(student, rng, model)
            except (OutOfTime, OutOfMemory) as error:
                self._ended[model] = error
            except Exception:
                del self._ended[model]
                raise
        if ended := self._ended[model]:
            raise ended

    def try_out(
        self, student: Student, rng: np.random.Generator, model: str, patience: float = math.inf
    ) -> tuple[int, float]:
        """Load a checkpoint and show the model noise, for so many seconds at most.

        Returns:
            The numbers in the checkpoint, and the seconds that an image takes.

        Raises:
            GraderError: whatever would keep it from being graded, in the same words.
        """
        noise = rng.integers(256, size=(IMAGES, 32, 32, 3), dtype=np.uint8)
        entry = candidates.enter(student, self._folder, self._assignment, model)
        candidate = entry.load(mean=(0.5,) * 3, deviation=(0.25,) * 3)
        began = first = time.monotonic()
        try:
            with student.within(patience):
                candidate.classes(noise[:WARM])
                began = time.monotonic()
                candidate.classes(noise)
        except OutOfTime:
            raise self._too_slow("more than", time.monotonic() - first) from None
        return candidate.checkpoint.parameters, (time.monotonic() - began) / IMAGES

    def _expect_in_time(self, student: Student, rng: np.random.Generator, model: str) -> None:
        _, seconds = self.try_out(student, rng, model, self._patience)
        if seconds * self._images > self._limit:
            raise self._too_slow("about", seconds * IMAGES)

    @property
    def seconds(self) -> float:
        """For one trial; less than for all test images."""
        return LOADING + self._patience

    @property
    def _patience(self) -> float:
        return max(MARGIN, PATIENCE * self._limit * IMAGES / self._images)

    @property
    def _images(self) -> int:
        """How many test images there are; a student's machine may have none."""
        try:
            return len(self._assignment.images().labels)
        except DataMissing:
            return TEST_IMAGES

    def _too_slow(self, about: str, seconds: float) -> OutOfTime:
        return too_slow(self._images, about, seconds, IMAGES, self._limit)
