"""How long grading will take: what was measured here, and how fast the grader's machine is beside this one.

Half a CPU takes twice as long.
"""

from __future__ import annotations

from autograder.course.assignment import Limits
from autograder.students.speed import Calibration, load
from autograder.students.trial import Findings

TEST_IMAGES = 10_000
# What a rehearsal has not, starting the box and a second set of imports, takes so many seconds of a CPU, on a machine
# that needs so many for the work of `speed.speed`.
OVERHEAD, OVERHEAD_SPEED = 12.0, 0.0194


def estimate(findings: Findings, limits: Limits, calibration: Calibration | None = None) -> float:
    """Seconds that grading takes on the grader's machine, from those that a rehearsal took on this one."""
    grader = calibration or load()
    theirs = grader.speed or findings.speed
    models = TEST_IMAGES * sum(model.seconds for model in findings.models)
    here = sum(check.seconds for check in findings.checks) + models
    ratio = theirs / findings.speed if findings.speed else 1.0
    return (OVERHEAD * theirs / OVERHEAD_SPEED + ratio * here) / min(limits.cpus, 1.0)
