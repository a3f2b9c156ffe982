"""Checks that need one which has not passed: what they show on their own counts, what they only repeat does not.

Under the policy "ask" such a check is asked all the same, and earns its points where it passes. Where it fails, that is
mostly what blocks it once more: it is skipped, says what was seen, and the cause is told once. Only behind a trivial
failure it stands as one of its own.

Never asked is a check that code which does nothing would pass (`alone=False`), and one whose blocker has given no
answer: it would take as long to give none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograder.checking.rubric import Check
from autograder.course.assignment import Assignment
from autograder.grading.marking import Verdict
from autograder.reports.scores import Mark, Outcome
from autograder.reports.words import names_exception

Marks = Mapping[str, Mark]
TRIVIAL = "dtype"
ANSWERED = (Outcome.FAILED, Outcome.RAISED, Outcome.UNFINISHED)


def blockers(check: Check, marks: Marks) -> list[Mark]:
    """The failures behind what a check needs and has not passed, each once; of a check that repeats one, that one."""
    unmet = [marks[need] for need in check.needs if need in marks and marks[need].outcome is not Outcome.PASSED]
    failures = [marks.get(mark.blocker, mark) for mark in unmet]
    return list({mark.check: mark for mark in failures}.values())


def unasked(check: Check, marks: Marks, assignment: Assignment) -> Verdict | None:
    """What becomes of a check that is not to be asked for what it needs; None where it is."""
    behind = blockers(check, marks)
    if not behind:
        return None
    silent = next((mark for mark in behind if mark.outcome not in ANSWERED), None)
    first = silent or behind[0]
    if assignment.blocked == "lose" or silent:
        return _skipped(f"needs {first.check}, which has not passed", first)
    if not check.alone:
        return _skipped(f"needs {first.check}, which has not passed: on its own it would show nothing", first)
    return None


def own(check: Check, result: Verdict, marks: Marks) -> Verdict:
    """Skip a check that was asked and fails with what blocks it; what it has shown on its own stands."""
    behind = blockers(check, marks)
    if result.outcome not in ANSWERED or not behind:
        return result
    near = [mark for mark in marks.values() if mark.todo == check.todo and mark.finding.cause]
    for mark in (*behind, *near):
        if result.finding.cause and result.finding.cause == mark.finding.cause:
            return _skipped(f"needs {mark.check}, which has not passed: it was asked, and fails likewise", mark)
    first = next((mark for mark in behind if not _apart(check, result, mark)), None)
    if first is None:
        return result
    raised = result.outcome is Outcome.RAISED and names_exception(result.message)
    seen = "your code raised " * raised + result.message
    return _skipped(f"needs {first.check}, which has not passed: it was asked, and fails as well: {seen}", first)


def _apart(check: Check, result: Verdict, blocker: Mark) -> bool:
    """Whether a failure can be no consequence of the one that blocks it, which is a trivial one.

    Right values of a wrong dtype make no values wrong, and what is still to be written raises just that. Code that
    raises for some cases may be at fault for others too, unless a known mistake of the same TODO explains those.
    """
    if blocker.outcome is Outcome.RAISED:
        return bool(result.finding.suspect) and blocker.todo == check.todo
    if blocker.outcome is Outcome.UNFINISHED:
        return result.outcome is not Outcome.UNFINISHED
    return blocker.finding.kind == TRIVIAL and result.finding.kind != TRIVIAL


def _skipped(text: str, blocker: Mark) -> Verdict:
    return Verdict(Outcome.SKIPPED, text, blocker=blocker.check)


def settled(check: Check, marks: Marks, assignment: Assignment, ask: Callable[[], Verdict]) -> Verdict:
    """Ask a check where it is to be asked, and say how it ended."""
    return unasked(check, marks, assignment) or own(check, ask(), marks)
