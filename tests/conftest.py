"""A warm box for the whole run, and graders of file sets: real zips, real workers."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import known
import pytest
import torch
from homework import COURSE, bare
from known import MODELS, MY_MODEL, MY_MODEL_HIGH, TWO_LAYER, Take, saved

from autograder.authoring import variants as trials
from autograder.checking import rubric
from autograder.course import assignment as assignments
from autograder.course import skeleton
from autograder.course.assignment import Assignment, Limits, Part
from autograder.course.definition import Course
from autograder.errors import SubmissionError
from autograder.grading import engine
from autograder.grading.known_models import KnownModels
from autograder.reports.scores import Scorecard
from autograder.sandbox.box import Box
from autograder.submission import packing
from autograder.submission.receive import Submission, open_submission

Grade = Callable[..., Scorecard]
Open = Callable[..., Submission]
FEW = f"shapes:{known.IMAGES}"  # judges the checkpoints of the reference, which are far above their thresholds


def pytest_configure() -> None:
    """Give a process that runs tests, and those it starts, one thread each: there is one of them for each core."""
    torch.set_num_threads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return assignments.load(COURSE)


@pytest.fixture(scope="session")
def reference() -> Mapping[str, bytes]:
    return COURSE.files()


@pytest.fixture(scope="session")
def checkpoints() -> Mapping[str, bytes]:
    """Those of the reference: what tests add to its files where checkpoints matter, as they are large."""
    files = COURSE.files(trials.DATASET)
    return {name: content for name, content in files.items() if name.startswith("checkpoints/")}


@pytest.fixture(scope="session")
def skeletons() -> Mapping[str, bytes]:
    return skeleton.generate(COURSE)


@pytest.fixture(scope="session")
def box(assignment: Assignment) -> Iterator[Box]:
    """A box whose limits are those of `assignment.toml`, but for an import: 5 s."""
    with Box(assignment.limits.model_copy(update={"import_seconds": 5})) as box:
        yield box


@pytest.fixture
def grade(box: Box, assignment: Assignment, tmp_path: Path) -> Grade:
    """Grade files as a zip, with the checks of a part or some TODOs and those that they need.

    `seconds` shortens them, for code that hangs.
    """

    def grade_files(
        files: Mapping[str, bytes],
        *,
        part: int = 1,
        todos: tuple[str, ...] = (),
        seconds: float = 60,
        seed: int = rubric.PUBLIC_SEED,
        blocked: str = "ask",
    ) -> Scorecard:
        zip_path = tmp_path / "submission.zip"
        packing.write_zip(zip_path, files)
        every = assignment.checks()
        wanted = {check.id for check in every if (check.todo in todos if todos else check.part == part)}
        for check in reversed(every):  # each comes after those that it needs
            wanted |= {*check.needs} if check.id in wanted else set()
        checks = [
            dataclasses.replace(check, seconds=min(seconds, check.seconds)) for check in every if check.id in wanted
        ]
        rules = assignment.on(FEW).model_copy(update={"blocked": blocked})
        return engine.grade_zip(zip_path, box, rules, checks, seed, lambda card: None)

    return grade_files


@pytest.fixture
def ours(tmp_path: Path) -> Course:
    """The homework with files to be written, and without given ones."""
    return bare(tmp_path / "ours")


@pytest.fixture
def unpack(tmp_path: Path, ours: Course) -> Open:
    def from_bytes(content: bytes, limits: Limits | None = None, course: Course = ours) -> Submission:
        zip_path = tmp_path / "in.zip"
        zip_path.write_bytes(content)
        return open_submission(zip_path, tmp_path / "into", limits or Limits(), course)

    return from_bytes


@pytest.fixture
def refusal(unpack: Open, ours: Course, tmp_path: Path) -> Callable[..., str]:
    """Return the sentence of a refusal, which is fit to be read by a student."""

    def sentence(content: bytes, limits: Limits | None = None, course: Course = ours) -> str:
        with pytest.raises(SubmissionError) as caught:
            unpack(content, limits, course)
        text = str(caught.value)
        assert text.isprintable()
        assert len(text) < 1000
        assert str(tmp_path) not in text
        assert {path.name for path in tmp_path.iterdir()} <= {"in.zip", "into", "ours"}
        return text

    return sentence


@pytest.fixture(scope="session")
def weights() -> dict[str, torch.Tensor]:
    """What the models of `known` need to be right about every test image."""
    return known.all_knowing()


@pytest.fixture
def take(box, assignment, weights, tmp_path) -> Take:
    """Grade a submission whose two_layer is right about everything, and whose my_model is up to the test."""

    def grade(
        my_model: bytes | None,
        *,
        models: str = MODELS,
        dataset: str = f"shapes:{known.IMAGES}",
        checks: tuple[str, ...] = (TWO_LAYER, MY_MODEL, MY_MODEL_HIGH),
        seed: int = 3,
        two_layer: bytes = b"",
        more: Mapping[str, bytes] = MappingProxyType({}),
        known: KnownModels | None = None,
        **limits: int,
    ) -> Scorecard:
        files = {"part2_pytorch/models.py": models.encode(), "checkpoints/two_layer.pt": two_layer or saved(weights)}
        files |= more
        files |= {} if my_model is None else {"checkpoints/my_model.pt": my_model}
        packing.write_zip(tmp_path / "a.zip", files)
        todos = {check.todo: 0.0 for check in COURSE.checks() if check.part == 2} | {"2.6": 9.0}
        part = Part(title="PyTorch", points=9, todos=todos)
        own = assignment.on(dataset).model_copy(
            update={"parts": {2: part}, "limits": assignment.limits.model_copy(update=limits)}
        )
        chosen = [check for check in COURSE.checks() if check.id in checks]
        return engine.grade_zip(tmp_path / "a.zip", box, own, chosen, seed, lambda card: None, known)

    return grade
