"""What the score cards of a class say together: how marks are distributed, and what was got wrong, by whom."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.reports.records import Record, State
from autograder.reports.scores import PLAIN, Mark, ModelResult, Outcome
from autograder.reports.words import LABELS, WRONG, line

BINS = 10
SLOWEST = 10
EQUALS = " equals what you get when "  # of `diagnosis.sentence`: what follows names the mistake
DROP = 0.15  # of accuracy on changed images, beyond that of the class's median; more is worth a look


@dataclass(frozen=True)
class Bin:
    """One column of the distribution: those from `low` to below `high` percent; the last one includes 100."""

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class Row:
    """How a class did on one check."""

    check: str
    title: str
    counts: Counter[Outcome]

    @property
    def passed(self) -> int:
        """How many passed it."""
        return self.counts[Outcome.PASSED]

    @property
    def total(self) -> int:
        """How many were asked."""
        return self.counts.total()

    @property
    def wrong(self) -> int:
        """How many tried, and did not pass."""
        return sum(self.counts[outcome] for outcome in WRONG)

    @property
    def words(self) -> str:
        """What became of the others: "3 wrong, 1 open"."""
        others = (outcome for outcome in LABELS if outcome is not Outcome.PASSED)
        return ", ".join(f"{self.counts[outcome]} {LABELS[outcome]}" for outcome in others if self.counts[outcome])


@dataclass
class Mistake:
    """A mistake that has a name, with the checks at which it showed and those who made it, each once."""

    name: str
    checks: dict[str, None] = field(default_factory=dict)
    who: dict[str, Record] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """What one of the three networks scores in a class, best first."""

    name: str
    results: Sequence[tuple[Record, ModelResult]]

    @property
    def accuracies(self) -> list[float]:
        """One for each that has a checkpoint."""
        return [result.accuracy for _, result in self.results]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.accuracies)

    @property
    def suspicious(self) -> list[tuple[Record, str]]:
        """Those worth a look, and why: by their own figures, or as they lose much more than others on changed images.

        So does who has learned the test set by heart.
        """
        drops: dict[str, list[float]] = {}
        for _, result in self.results:
            for how, accuracy in result.changed.items():
                drops.setdefault(how, []).append(result.changed[PLAIN] - accuracy)
        usual = {how: statistics.median(found) for how, found in drops.items()}
        return [
            (record, why) for record, result in self.results for why in result.doubts or _beside_others(result, usual)
        ]


def _beside_others(result: ModelResult, usual: Mapping[str, float]) -> Iterator[str]:
    """Say on which changed images a model loses much more than is usual."""
    for how, accuracy in result.changed.items():
        drop = result.changed[PLAIN] - accuracy
        if drop > usual[how] + DROP:
            yield f"loses {drop:.2f} of its accuracy when images are {how}, as against {usual[how]:.2f} in this class"
            return


class Classroom:
    """A class, as its page shows it; what could not be graded counts in no figure.

    Args:
        records: all of them, in the order of the page's table.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.graded = [record for record in records if record.state is State.GRADED]
        self.refused = [record for record in records if record.state is State.REFUSED]
        self.broken = [record for record in records if record.state is State.BROKEN]

    @property
    def title(self) -> str:
        """Of the assignment."""
        return next((record.card.title for record in self.records), "Nothing was handed in")

    @property
    def public(self) -> bool:
        """Whether anything was graded on cases that students know."""
        return any(not record.card.secret for record in self.graded)

    @property
    def max_cents(self) -> int:
        """Points to be had, in hundredths."""
        return max((record.sums[1] for record in self.records), default=0)

    @property
    def mean(self) -> int:
        """Of the marks, in hundredths of a point."""
        return round(statistics.mean(record.sums[0] for record in self.graded)) if self.graded else 0

    @property
    def median(self) -> int:
        """Of the marks, in hundredths of a point."""
        return round(statistics.median(record.sums[0] for record in self.graded)) if self.graded else 0

    @cached_property
    def bins(self) -> list[Bin]:
        """How many earned how much, in steps of ten percent."""
        counts = Counter(min(percent(record) * BINS // 100, BINS - 1) for record in self.graded)
        return [Bin(100 * n // BINS, 100 * (n + 1) // BINS, counts[n]) for n in range(BINS)]

    @cached_property
    def checks(self) -> list[Row]:
        """All checks, those that fewest passed first."""
        marks: dict[str, list[Mark]] = {}
        for record in self.graded:
            for mark in record.card.marks.values():
                marks.setdefault(mark.check, []).append(mark)
        rows = [Row(check, all[0].title, Counter(one.outcome for one in all)) for check, all in marks.items()]
        return sorted(rows, key=lambda row: row.passed / row.total)

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """What suspects have named, the most frequent first."""
        found: dict[str, Mistake] = {}
        for record in self.graded:
            for mark in record.card.marks.values():
                if mark.finding.suspect and mark.outcome in WRONG:
                    name = line(mark.finding.suspect).partition(EQUALS)[2] or line(mark.finding.suspect)
                    mistake = found.setdefault(name, Mistake(name))
                    mistake.checks[mark.check] = None
                    mistake.who[record.key] = record
        return sorted(found.values(), key=lambda mistake: -len(mistake.who))

    @cached_property
    def models(self) -> list[Model]:
        """Those of which there is at least one checkpoint."""
        results: dict[str, list[tuple[Record, ModelResult]]] = {}
        for record in self.graded:
            for name, result in record.card.models.items():
                results.setdefault(name, []).append((record, result))
        return [
            Model(name, sorted(found, key=lambda pair: -pair[1].accuracy)) for name, found in sorted(results.items())
        ]

    @property
    def slowest(self) -> list[tuple[Record, str, float]]:
        """Who took longest, and the longest check of each, with its seconds."""
        ranked = sorted(self.graded, key=lambda record: -record.seconds)[:SLOWEST]
        found = []
        for record in ranked:
            times = record.card.seconds or {"": 0.0}
            check = max(times, key=lambda name: times[name])
            found.append((record, check, times[check]))
        return found


def percent(record: Record) -> int:
    """The share of the points that was earned, rounded down: only full marks are 100."""
    got, most = record.sums
    return 100 * got // most if most else 0
