"""Grade one attack as any submission is graded, and collect all that a student would read of it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

from homework import COURSE

from autograder.checking import rubric
from autograder.conformance.table import ATTACKED, NEXT_WORKER, Attack
from autograder.conformance.target import PACKAGE, PRINT_INPUT
from autograder.course.assignment import Assignment
from autograder.grading import engine
from autograder.reports import html
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Mark, Outcome, Scorecard
from autograder.sandbox.box import Box
from autograder.submission import packing

Files = dict[str, bytes]
# In the homework: the check that is attacked, one of the same worker, and one after it.
RELU, SIGMOID, LOSS = "1.3-relu", "1.3-sigmoid", "1.4-probs"
PART = COURSE.parts[1].folder


def on_homework(row: Attack, reference: Mapping[str, bytes], bait: Mapping[str, object]) -> Files:
    """Make the attack's submission, with the homework's first part in the place of the small one."""
    small = {name.replace(f"{PART}/", f"{PACKAGE}/", 1): content for name, content in reference.items()}
    return {
        name.replace(f"{PACKAGE}/", f"{PART}/", 1): content for name, content in row.apply(small, dict(bait)).items()
    }


def grade(
    files: Files | bytes, box: Box, assignment: Assignment, zip_path: Path, row: Attack | None = None
) -> Scorecard:
    """Pack and grade with three checks of the homework."""
    if isinstance(files, bytes):
        zip_path.write_bytes(files)
    else:
        packing.write_zip(zip_path, files)
    seconds, seed = (row.seconds, row.seed) if row else (5.0, rubric.PUBLIC_SEED)
    chosen = [check for check in COURSE.checks() if check.id in (RELU, SIGMOID, LOSS)]
    checks = [dataclasses.replace(check, seconds=seconds) for check in chosen]
    return engine.grade_zip(zip_path, box, assignment, checks, seed, lambda card: None)


def public_inputs(reference: Mapping[str, bytes], box: Box, assignment: Assignment, zip_path: Path) -> set[str]:
    """What the homework's ReLU.forward is called with for the public seed, as hashes: a student can collect them.

    A wrong answer is asked about simpler cases too, drawn from the same seed.
    """
    inputs: set[str] = set()
    for base, outcome in (("right", Outcome.PASSED), ("wrong", Outcome.FAILED)):
        collector = Attack("leak", "collect", "", outcome.value, body=PRINT_INPUT, base=base)
        mark = grade(on_homework(collector, reference, {}), box, assignment, zip_path).marks[RELU]
        assert mark.outcome is outcome, (base, mark.outcome, mark.message)
        found = set(re.findall(r"input (\w+)", mark.printed))
        assert found - inputs
        inputs |= found
    return inputs


def shown(card: Scorecard) -> str:
    """Everything that a student reads: results.json and the page."""
    results = gradescope.results(card)
    return json.dumps(results, ensure_ascii=False, allow_nan=False) + html.render(card)


def problems(row: Attack, card: Scorecard) -> list[str]:
    """Say what did not hold; nothing is as it should be."""
    mark, after = _attacked(card)
    text = shown(card)
    longest = max((len(test["output"]) for test in gradescope.results(card)["tests"]), default=0)
    found = {
        f"a fault of the grader: {card.fault}": card.broken,
        f"refused: {card.refusal}": bool(card.refusal),
        "it has succeeded": "Reached" in repr((mark, card.fault, card.refusal)),
        f"the next worker: {after.outcome} {after.message}": after.outcome is not Outcome.PASSED,
        f"{mark.outcome}: {mark.message[:300]}": mark.outcome.value != row.outcome or row.says not in mark.message,
        f"the student reads {row.unsaid!r}": bool(row.unsaid) and row.unsaid in text,
        "control characters": bool(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)),
        f"{longest} characters in one row": longest > 8000,
        "a traceback": "Traceback" in text,
    }
    return [what for what, wrong in found.items() if wrong]


def _attacked(card: Scorecard) -> tuple[Mark, Mark]:
    """The mark of the check that is attacked, and of the one after it."""
    first, last = (ATTACKED, NEXT_WORKER) if ATTACKED in card.marks else (RELU, LOSS)
    return card.marks[first], card.marks[last]
