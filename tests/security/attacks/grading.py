"""Grade one attack as any submission is graded, and collect all that a student would read of it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from homework import COURSE

from autograder.checking import rubric
from autograder.conformance.judging import reached
from autograder.conformance.table import ATTACKED, CHECKS, NEXT_WORKER, Attack
from autograder.conformance.target import PRINT_INPUT
from autograder.course.assignment import Assignment
from autograder.grading import engine
from autograder.reports import html
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Outcome, Scorecard
from autograder.sandbox.box import Box
from autograder.submission import packing

Files = dict[str, bytes]


def grade(
    files: Files | bytes, box: Box, assignment: Assignment, zip_path: Path, row: Attack | None = None
) -> Scorecard:
    """Pack and grade with three checks: the one attacked, one of the same worker, and one after it."""
    if isinstance(files, bytes):
        zip_path.write_bytes(files)
    else:
        packing.write_zip(zip_path, files)
    seconds, seed = (row.seconds, row.seed) if row else (5.0, rubric.PUBLIC_SEED)
    checks = [dataclasses.replace(check, seconds=seconds) for check in COURSE.checks() if check.id in CHECKS]
    return engine.grade_zip(zip_path, box, assignment, checks, seed, lambda card: None)


def public_inputs(reference: Files, box: Box, assignment: Assignment, zip_path: Path) -> set[str]:
    """What ReLU.forward is called with for the public seed, as hashes: a student can collect them.

    A wrong answer is asked about simpler cases too, drawn from the same seed.
    """
    inputs: set[str] = set()
    for base, outcome in (("right", Outcome.PASSED), ("wrong", Outcome.FAILED)):
        collector = Attack("leak", "collect", "", outcome.value, body=PRINT_INPUT, base=base)
        mark = grade(collector.apply(reference, {}), box, assignment, zip_path).marks[ATTACKED]
        assert mark.outcome is outcome
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
    mark, after = card.marks[ATTACKED], card.marks[NEXT_WORKER]
    text = shown(card)
    longest = max((len(test["output"]) for test in gradescope.results(card)["tests"]), default=0)
    found = {
        f"a fault of the grader: {card.fault}": card.broken,
        f"refused: {card.refusal}": bool(card.refusal),
        "it has succeeded": reached(card),
        f"the next worker: {after.outcome} {after.message}": after.outcome is not Outcome.PASSED,
        f"{mark.outcome}: {mark.message[:300]}": mark.outcome.value != row.outcome or row.says not in mark.message,
        f"the student reads {row.unsaid!r}": bool(row.unsaid) and row.unsaid in text,
        "control characters": bool(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)),
        f"{longest} characters in one row": longest > 8000,
        "a traceback": "Traceback" in text,
    }
    return [what for what, wrong in found.items() if wrong]
