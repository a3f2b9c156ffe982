"""How fast this machine is beside the one that grades.

`make handout` measures the instructor's machine, and the handout carries the figure.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = Path(__file__).parents[1] / "calibration.json"
ROUNDS = 5  # of the work that tells a machine's speed; the fastest counts
ALIKE = 1.25  # a ratio of two measurements of one machine


class Calibration(BaseModel):
    """A machine that grades.

    Attributes:
        speed: seconds of `speed` there; 0 stands for a machine as fast as this one.
    """

    model_config = ConfigDict(frozen=True)

    speed: float = Field(default=0.0, ge=0, le=3600)


def speed(enough: float = 0.0) -> float:
    """Seconds of this machine for a fixed piece of work, half of it Python's own, half multiplying matrices.

    Args:
        enough: seconds; once it was as fast as that, nobody asks how much faster it is.
    """
    return fastest(_rounds(), enough)


def fastest(rounds: Iterable[float], enough: float) -> float:
    """The least of some seconds, which are asked for only until one is enough."""
    best = math.inf
    for seconds in rounds:
        best = min(best, seconds)
        if best <= enough:
            break
    return best


def _rounds() -> Iterator[float]:
    matrix = np.linspace(-1, 1, 384 * 384, dtype=np.float32).reshape(384, 384)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        sum(number * number % 7 for number in range(200_000))
        for _ in range(12):
            matrix @ matrix
        yield time.perf_counter() - began


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


def slower_here(grader: Calibration) -> float:
    """How many times slower this machine is than the grader's; it is timed only until that is known."""
    return slower(speed(enough=ALIKE * grader.speed), grader) if grader.speed else 1.0


def slower(here: float, grader: Calibration) -> float:
    """How many times slower a machine that needs so many seconds is than the grader's; 1 if it is not, to 0.1."""
    ratio = here / grader.speed if grader.speed else 1.0
    return math.ceil(10 * ratio) / 10 if ratio > ALIKE else 1.0
