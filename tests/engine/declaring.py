"""Courses with declared layers, and wrong ones of their solutions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.course import definition
from autograder.course.definition import Course

COURSE, DECLARED = definition.find("convnets"), definition.find(Path(__file__).parent / "declared")
OWN = {course: {part.folder for part in course.definition.parts.values()} for course in (COURSE, DECLARED)}
NORM, DROP, MORE = "part1_numpy/batchnorm.py", "part1_numpy/dropout.py", "layers/more.py"
LINEAR, CONV, NETWORK, BEND = (f"part1_numpy/{name}.py" for name in ("linear", "conv1d", "convnet", "activations"))


def changed(file: str, *pairs: tuple[str, str]) -> tuple[Course, Mapping[str, bytes]]:
    course = COURSE if file.startswith("part1") else DECLARED
    files = dict(course.files())
    text = files[file].decode()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return course, {**files, file: text.encode()}
