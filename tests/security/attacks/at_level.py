"""Run attacks in a box of this place, whatever it is, and print what came of them: `python at_level.py CLASS...`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from autograder.conformance import bait as baits
from autograder.conformance.controls import succeeds
from autograder.conformance.judging import problems
from autograder.conformance.mechanisms import held
from autograder.conformance.table import ATTACKS
from autograder.course.assignment import Limits
from autograder.sandbox.box import Box


def main() -> None:
    """Grade the rows of some classes, in one box."""
    with tempfile.TemporaryDirectory() as folder, baits.laid_out(Path(folder)) as bait, Box(Limits()) as box:
        mechanisms = held(box.isolation.mechanisms)
        wrong, count = [], 0
        for row in ATTACKS:
            if row.kind in sys.argv[1:] and not row.slow and not row.seed:
                success, card = succeeds(row, box, bait, Path(folder, "a.zip"))
                wrong += [f"{row.id}: {what}" for what in problems(row, card, success, mechanisms)]
                count += 1
        level = box.isolation.level
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"level": level, "mechanisms": sorted(mechanisms), "attacks": count, "wrong": wrong, "peak_megabytes": peak}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
