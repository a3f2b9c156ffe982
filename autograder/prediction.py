"""How long grading will take: what was measured here, and how fast the grader's machine is beside this one.

`make handout` measures the instructor's machine, and the handout carries the figures. Half a CPU takes twice as long.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.assignment import Limits
from autograder.rehearsal import speed
from autograder.trial import Findings

FILE = Path(__file__).parent / "calibration.json"
TEST_IMAGES = 10_000


class Calibration(BaseModel):
    """A machine that grades.

    Attributes:
        speed: seconds of `rehearsal.speed` there; 0 stands for a machine as fast as this one.
        overhead: seconds of one CPU for what a rehearsal has not: starting the box, and a second set of imports.
    """

    model_config = ConfigDict(frozen=True)

    speed: float = Field(default=0.0, ge=0)
    overhead: float = Field(default=12.0, ge=0)  # measured on 2 cores, with the CUDA build of torch


def load(path: Path = FILE) -> Calibration:
    """Read the calibration that came with a handout; without one, the grader's machine is taken to be like this one."""
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Calibration()


def measure() -> Calibration:
    """Measure this machine."""
    from autograder import assignment as assignments
    from autograder.sandbox.box import Box

    began, used = time.monotonic(), time.process_time()
    with Box(assignments.load().limits) as box, box.room() as folder:
        for part in (1, 2):
            student = box.student(folder, part)
            student.allow(60)
            student.call("math:sqrt", 4.0)
            student.renew()
    ours = time.process_time() - used
    return Calibration(speed=speed(), overhead=round(max(ours, time.monotonic() - began), 1))


def write(calibration: Calibration) -> bytes:
    """Put a calibration into the form of its file."""
    return (json.dumps(calibration.model_dump(), indent=1) + "\n").encode()


def estimate(findings: Findings, limits: Limits, calibration: Calibration | None = None) -> float:
    """Seconds that grading takes on the grader's machine, from those that a rehearsal took on this one."""
    grader = calibration or load()
    ratio = grader.speed / findings.speed if grader.speed and findings.speed else 1.0
    here = sum(check.seconds for check in findings.checks) + TEST_IMAGES * sum(
        model.seconds for model in findings.models
    )
    return (grader.overhead + ratio * here) / min(limits.cpus, 1.0)
