"""What the checkpoints of one submission score on the test images; each is asked once, whatever the number of checks.

The labels stay here. Images go into the box in a secret order, so that an answer by position is an answer by chance,
and only scores come back.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from autograder.checking.student import Student
from autograder.course import datasets
from autograder.course.assignment import Assignment
from autograder.errors import (
    ENDS,
    BelowThreshold,
    CheckFailed,
    Finding,
    GraderError,
    OutOfTime,
    ProcessEnded,
    StudentRaised,
    WorkerLost,
)
from autograder.grading import candidates, scaling, second_look
from autograder.grading.candidates import LOADING, MARGIN, Candidate, Entry, too_slow
from autograder.grading.public_exam import PublicExam
from autograder.grading.second_look import SAMPLE, Shown
from autograder.reports.scores import ModelResult

PATIENCE = 4  # a batch that takes this share of the time for all images will not be the last to do so


def expect_exceeds(result: ModelResult, threshold: float, suspect: Callable[[], str]) -> None:
    """Pass a model whose accuracy exceeds a threshold.

    Args:
        suspect: says which images it may have learned from, where it does not.

    Raises:
        BelowThreshold: if it does not.
    """
    if not result.accuracy > threshold:
        raise BelowThreshold(
            f"the accuracy of {result.model} is {result.accuracy:.4f} ({result.correct} of {result.images} images of "
            f"{result.dataset}), expected more than {threshold:g}",
            Finding(suspect=suspect()),
        )


class Exam:
    """Loads and evaluates the checkpoints of one submission, each when it is first asked for.

    Args:
        folder: of the submission; holds `checkpoints/`.
        assignment: names the data set, the limits and the thresholds.
        slower: how many times more time a model has than in grading; for a student's own machine.

    Attributes:
        seconds: for all images of one model.
        private: whether the test images are the instructor's own: then nothing that a worker says which has seen them
            may reach a student.
        results: what was found so far, by the model's name.
        known: results of an earlier grading of the same files, each with what was said of its images.
    """

    def __init__(self, folder: Path, assignment: Assignment, slower: float = 1.0) -> None:
        self._folder, self._assignment = folder, assignment
        self.seconds = slower * assignment.limits.checkpoint_seconds
        self.private = not datasets.public(assignment.dataset)
        self.results: dict[str, ModelResult] = {}
        self.known: dict[str, tuple[ModelResult, str]] = {}
        self._failures: dict[str, GraderError] = {}
        self._ends: Counter[str] = Counter()
        self._shown: dict[str, Shown] = {}
        self._suspects: dict[str, str] = {}
        self._public = PublicExam(folder, assignment, self.seconds)

    @property
    def part(self) -> int:
        """The part whose code makes the models."""
        return min(int(model.todo.partition(".")[0]) for model in self._assignment.course.models.values())

    def public(self) -> PublicExam:
        """Make what stands in for this exam where a student is to read what is wrong; the same each time."""
        return self._public

    def expect_above(self, student: Student, rng: np.random.Generator, model: str, tier: str) -> None:
        """Pass a model whose accuracy exceeds a threshold, and does not only reach it.

        Args:
            student: whose code the weights are loaded into.
            rng: draws the order of the images, where this is the first question about the model.
            model: name of the checkpoint.
            tier: of the thresholds in `assignment.toml`.
        """
        result = self.result(student, rng, model)
        expect_exceeds(result, self._assignment.threshold(tier), lambda: self._suspect(student, model))

    def _suspect(self, student: Student, model: str) -> str:
        """Say which images a model may have learned from instead; never of private ones."""
        if model in self.known:
            return self.known[model][1]
        result, sample = self.results[model], self._shown[model].sample[: scaling.IMAGES]
        seconds = scaling.COST * result.seconds * len(sample) / result.images
        if model not in self._suspects and not self.private and student.left() > MARGIN + seconds:
            entry, test = self._entry(student, model), self._assignment.images()
            predicted = self._shown[model].predicted[: scaling.IMAGES]
            self._suspects[model] = scaling.suspect(entry.load, test, sample, predicted)
        return self._suspects.get(model, "")

    def said(self, model: str) -> str:
        """Repeat which images a model may have learned from, if that was asked."""
        return self._suspects.get(model, "")

    def result(self, student: Student, rng: np.random.Generator, model: str) -> ModelResult:
        """Evaluate a model, or repeat what became of it.

        Raises:
            DataMissing: if the test images are not on this machine.
            GraderError: whatever else keeps it from having a result; the same each time, but for the first ends.
        """
        if model in self._failures:
            raise self._failures[model]
        if model not in self.results and model in self.known:
            self.results[model] = self.known[model][0]
        if model not in self.results:
            try:
                self.results[model] = self._evaluate(student, rng, model)
            except (CheckFailed, WorkerLost) as error:
                ended = isinstance(error, ProcessEnded)
                self._ends[model] += ended
                if not ended or self._ends[model] >= ENDS:  # else perhaps the machine's doing: the engine asks again
                    self._failures[model] = error
                raise
        return self.results[model]

    def look_again(self, student: Student) -> None:
        """Ask part of the images again, as they are and changed, for as long as the student's clock allows.

        Changes no mark. It tells who has learned the test images by heart, and whose answers depend on other images.
        Once more, it asks those that gave no answer.

        Args:
            student: has a worker in which no model has seen an image.
        """
        for model, result in self.results.items():
            if model in self.known or result.again is not None:
                continue
            shown = self._shown[model]
            seconds = second_look.COST * result.seconds * len(shown.sample) / result.images
            if student.left() < MARGIN + seconds:
                return
            test = self._assignment.images()
            try:
                with student.within(LOADING + PATIENCE * seconds):
                    candidate = self._entry(student, model).load(test.mean, test.deviation)
                    again, changed = second_look.look(candidate, test, shown)
            except (CheckFailed, StudentRaised, WorkerLost):  # it keeps its marks
                self.results[model] = replace(result, silent=True)
            else:
                self.results[model] = replace(result, again=again, changed=changed, silent=False)
            finally:
                student.renew()

    def _evaluate(self, student: Student, rng: np.random.Generator, model: str) -> ModelResult:
        entry = self._entry(student, model)
        test = self._assignment.images()
        candidate = entry.load(test.mean, test.deviation)
        order = rng.permutation(len(test.labels))
        began = time.monotonic()
        predicted = self._predict(student, candidate, test.images, order)
        seconds = time.monotonic() - began
        sample = order[:SAMPLE]
        self._shown[model] = Shown(sample, predicted[sample], rng)
        confusion = np.zeros((len(test.classes),) * 2, dtype=np.int64)
        np.add.at(confusion, (test.labels, predicted), 1)
        return ModelResult(
            model,
            test.name,
            test.classes,
            tuple(tuple(row) for row in confusion.tolist()),
            candidate.checkpoint.parameters,
            len(candidate.checkpoint.content),
            seconds,
            private=self.private,
        )

    def _entry(self, student: Student, model: str) -> Entry:
        return candidates.enter(student, self._folder, self._assignment, model)

    def _predict(self, student: Student, candidate: Candidate, images: np.ndarray, order: np.ndarray) -> np.ndarray:
        """The class of each image, asked for in this order, a batch at a time."""
        predicted = np.zeros(len(order), dtype=np.int64)
        limit, began = min(self.seconds, student.left()), time.monotonic()
        done = 0
        for part in candidates.batches(order):
            done += len(part)
            left = limit - (time.monotonic() - began)
            try:
                with student.within(min(left, max(limit / PATIENCE, MARGIN))):
                    predicted[part] = candidate.classes(images[part])
            except OutOfTime:
                raise too_slow(len(order), "more than", time.monotonic() - began, done, limit) from None
            seconds = time.monotonic() - began
            all_seconds = seconds * len(order) / done
            hopeless = all_seconds > 2 * limit and seconds > limit / PATIENCE
            if done < len(order) and (hopeless or seconds > limit):
                raise too_slow(len(order), "about", seconds, done, limit)
        return predicted
