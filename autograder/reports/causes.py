"""Which failures have one cause: it is told once, with all that it takes along."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from autograder.reports.scores import Mark, Outcome, Scorecard


@dataclass
class Cause:
    """One thing to be mended.

    Attributes:
        mark: the failure that tells of it.
        same: other failures of the same cause.
        blocked: checks that were skipped for one of these.
    """

    mark: Mark
    same: list[Mark] = field(default_factory=list)
    blocked: list[Mark] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """What it costs, in hundredths of a point."""
        return sum(mark.max_cents for mark in (self.mark, *self.same, *self.blocked))

    @property
    def takes_along(self) -> str:
        """Say what else it costs; empty where it costs nothing else."""
        same = f"the same cause in {_names(self.same)}" if self.same else ""
        return "; ".join(filter(None, (same, f"blocks {_names(self.blocked)}" if self.blocked else "")))


def causes(card: Scorecard) -> dict[str, Cause]:
    """Find the cause behind each check that failed by itself, in order; those of one cause share it."""
    known: dict[Hashable, Cause] = {}
    found: dict[str, Cause] = {}
    for mark in card.marks.values():
        if mark.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.LOST, Outcome.UNFINISHED, Outcome.BROKEN):
            key = _key(mark)
            if key in known:
                known[key].same.append(mark)
            found[mark.check] = known.setdefault(key, Cause(mark))
    for mark in card.marks.values():
        if mark.outcome is Outcome.SKIPPED and mark.blocker in found:
            found[mark.blocker].blocked.append(mark)
    return found


def told(card: Scorecard) -> list[Cause]:
    """The causes of what is wrong, each once."""
    found = causes(card)
    return [cause for check, cause in found.items() if cause.mark.check == check]


def _key(mark: Mark) -> Hashable:
    """Equal for failures of one cause: one line that raises, or one known mistake in one TODO."""
    if mark.outcome is Outcome.RAISED and mark.finding.cause:
        return mark.finding.cause
    if mark.outcome is Outcome.FAILED and mark.finding.suspect and mark.finding.cause:
        return mark.todo, mark.finding.cause
    return mark.check, None


def _names(marks: Iterable[Mark]) -> str:
    return ", ".join(mark.check for mark in marks)
