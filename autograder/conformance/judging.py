"""Whether an attack has succeeded, from the score card of its grading."""

from __future__ import annotations

import json
import re

from autograder.conformance.table import ATTACKED, NEXT_WORKER, Attack
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Outcome, Scorecard


def reached(card: Scorecard) -> bool:
    """Whether the attack says that it has succeeded."""
    return "Reached" in repr((card.marks[ATTACKED], card.fault, card.refusal))


def problems(row: Attack, card: Scorecard, success: bool, mechanisms: set[str]) -> list[str]:
    """Say what is other than the table and the controls predict, where these mechanisms hold.

    Args:
        success: whether it has got what it was after, by its own word or by what it left.
    """
    if card.broken:
        return [f"a fault of the grader: {card.fault or card.marks[ATTACKED].message}"]
    found = []
    if success is row.holds_with(mechanisms):
        found.append("has succeeded" if success else f"held, expected that it succeeds: {card.marks[ATTACKED].message}")
    if card.marks[NEXT_WORKER].outcome is not Outcome.PASSED:
        found.append(f"the next worker: {card.marks[NEXT_WORKER].message}")
    if row.kind == "forge" and card.marks[ATTACKED].outcome is Outcome.PASSED:
        found.append("has earned its mark")
    return found + unreadable(row, card)


def unreadable(row: Attack, card: Scorecard) -> list[str]:
    """Say what a student must not read, and does."""
    results = gradescope.results(card)
    text = json.dumps(results, ensure_ascii=False, allow_nan=False)
    longest = max((len(test["output"]) for test in results["tests"]), default=0)
    found = {
        f"the student reads {row.unsaid!r}": bool(row.unsaid) and row.unsaid in text,
        "control characters": bool(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)),
        f"{longest} characters in one row": longest > 8000,
        "a traceback": "Traceback" in text,
    }
    return [what for what, wrong in found.items() if wrong]
