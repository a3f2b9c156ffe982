"""Submissions of a published handout: the reference behind its interface, bare handouts, and what becomes of them."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path

from autograder.checking import rubric
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.definition import Course
from autograder.grading import engine
from autograder.reports.scores import Mark, Outcome, Scorecard
from autograder.sandbox.box import Box

Files = dict[str, bytes]
COURSE = definition.find("gt-cs7643-a2")
PART = "part1-convnet"


def solved(*parts: str) -> Files:
    """What the best student hands in, of some parts or of all; ours of the given files is left to the grader."""
    files, given = COURSE.files(), COURSE.given()
    return {
        name: content for name, content in files.items() if name not in given and name.startswith(parts or tuple(files))
    }


def bare(files: Mapping[str, bytes]) -> Files:
    """The empty handout: its constructors make what they are given, every other method does nothing."""
    made: Files = {}
    for name, content in files.items():
        if "/part1_numpy/" not in name:
            text = re.sub(r"(?m)^.*part1_numpy.*\n|^        .*self\.reference.*\n", "", content.decode())
            text = re.sub(r"(    def __init__.*\n)", r"\1        self.weight = self.bias = self.cache = None\n", text)
            text = re.sub(r"(    def (?!__)\w+\(.*\n)(?:        .*\n|\n(?=        ))+", r"\1        pass\n", text)
            made[name] = re.sub(r"(    def (?!__)\w+\(.*\n)(?!        )", r"\1        pass\n", text).encode()
    return made


def zipped(path: Path, files: Mapping[str, bytes], below: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{below}{name}", content)
    return path


def tarred(path: Path, files: Mapping[str, bytes], mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return path


def grade(box: Box, path: Path, *todos: str, seed: int = rubric.PUBLIC_SEED, course: Course = COURSE) -> Scorecard:
    """Grade with the checks of some TODOs, or with all."""
    assignment = assignments.load(course)
    checks = [check for check in assignment.checks() if not todos or check.todo in todos]
    return engine.grade_zip(path, box, assignment, checks, seed, lambda card: None)


def wrong(card: Scorecard) -> dict[str, Mark]:
    return {id: mark for id, mark in card.marks.items() if mark.outcome not in (Outcome.PASSED, Outcome.SKIPPED)}


def said(card: Scorecard) -> str:
    """All that is read of what is wrong."""
    return "\n".join(f"{id}: {mark.message}\n{mark.finding.suspect}" for id, mark in wrong(card).items())


def edit(name: str, old: str, new: str) -> Callable[[Files], Files]:
    """Change one file of a submission, in one place."""
    return partial(_edited, name, old, new)


def _edited(name: str, old: str, new: str, files: Files) -> Files:
    content = files[f"{PART}/{name}"].decode()
    assert content.count(old) == 1, content
    return {**files, f"{PART}/{name}": content.replace(old, new).encode()}
