"""Run attacks in a box of this place, whatever it is, and print what came of them: `python at_level.py CLASS...`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2, 3)]

from homework import COURSE  # noqa: E402

from attacks.grading import grade  # noqa: E402 (found by the line above)
from autograder.authoring import variants as trials  # noqa: E402
from autograder.conformance import bait as baits  # noqa: E402
from autograder.conformance.judging import problems, reached  # noqa: E402
from autograder.conformance.mechanisms import held  # noqa: E402
from autograder.conformance.table import ATTACKS  # noqa: E402
from autograder.course import assignment as assignments  # noqa: E402
from autograder.sandbox.box import Box  # noqa: E402


def main() -> None:
    """Grade the rows of some classes, in one box."""
    assignment = assignments.load(COURSE)
    reference = COURSE.files()
    with (
        tempfile.TemporaryDirectory() as folder,
        baits.laid_out(Path(folder)) as bait,
        Box(assignment.limits) as box,
        box.room() as neighbour,
    ):
        trials.write(neighbour, {"part1_numpy/answer.py": str(bait["TOKEN"]).encode()})
        (neighbour / "part1_numpy").chmod(0o755)
        (neighbour / "part1_numpy" / "answer.py").chmod(0o644)
        mechanisms = held(box.isolation.mechanisms)
        wrong, count = [], 0
        for row in ATTACKS:
            if row.kind in sys.argv[1:] and not row.slow and not row.seed:
                own = {**bait, "NEIGHBOUR": str(neighbour)}
                card = grade(row.apply(reference, own), box, assignment, Path(folder, "a.zip"), row)
                success = reached(card) or bool(baits.traces(bait))
                for path in baits.traces(bait):
                    Path(path).unlink()
                wrong += [f"{row.id}: {what}" for what in problems(row, card, success, mechanisms)]
                count += 1
        level = box.isolation.level
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"level": level, "mechanisms": sorted(mechanisms), "attacks": count, "wrong": wrong, "peak_megabytes": peak}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
