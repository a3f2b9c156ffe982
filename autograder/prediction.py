"""How long grading will take: what was measured here, and how fast the grader's machine is beside this one.

`make handout` measures the instructor's machine, and the handout carries the figure. Half a CPU takes twice as long.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.assignment import Limits
from autograder.dry_run import Findings
from autograder.rehearsal import speed

FILE = Path(__file__).parent / "calibration.json"
TEST_IMAGES = 10_000
# What a rehearsal has not, starting the box and a second set of imports, takes so many seconds of a CPU, on a machine
# that needs so many for the work of `rehearsal.speed`.
OVERHEAD, OVERHEAD_SPEED = 12.0, 0.0194


class Calibration(BaseModel):
    """A machine that grades.

    Attributes:
        speed: seconds of `rehearsal.speed` there; 0 stands for a machine as fast as this one.
    """

    model_config = ConfigDict(frozen=True)

    speed: float = Field(default=0.0, ge=0, le=3600)


def load(path: Path = FILE) -> Calibration:
    """Read the calibration that came with a handout; without one, the grader's machine is taken to be like this one."""
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Calibration()


def measure() -> Calibration:
    """Measure this machine."""
    return Calibration(speed=round(speed(), 5))


def write(calibration: Calibration) -> bytes:
    """Put a calibration into the form of its file."""
    return (json.dumps(calibration.model_dump()) + "\n").encode()


def estimate(findings: Findings, limits: Limits, calibration: Calibration | None = None) -> float:
    """Seconds that grading takes on the grader's machine, from those that a rehearsal took on this one."""
    grader = calibration or load()
    theirs = grader.speed or findings.speed
    models = TEST_IMAGES * sum(model.seconds for model in findings.models)
    here = sum(check.seconds for check in findings.checks) + models
    ratio = theirs / findings.speed if findings.speed else 1.0
    return (OVERHEAD * theirs / OVERHEAD_SPEED + ratio * here) / min(limits.cpus, 1.0)
