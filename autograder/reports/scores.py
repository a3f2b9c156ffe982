"""What became of each check, and what it earned: all that reports know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.errors import NOTHING, Finding

PLAIN = "as they are"  # of ModelResult.changed
DROP = 0.3  # of accuracy, on changed images: honest networks lost 0.2 at most, an index of the images 0.4 at least
KEPT = 2**16  # marks, and texts made of one, that are kept for a class: most of them are those of many students
STEADY = 0.01  # of images may change their class between two answers


class Outcome(StrEnum):
    """How a check ended."""

    PENDING = "pending"  # not reached yet
    PASSED = "passed"
    FAILED = "failed"  # ran, and the answer is wrong
    UNFINISHED = "unfinished"  # NotImplementedError: the TODO is open
    RAISED = "raised"
    LOST = "lost"  # out of time or memory, or the process died
    SKIPPED = "skipped"  # a check that it needs did not pass
    BROKEN = "broken"  # a fault of the grader: to be graded again, never a zero in silence


@dataclass(frozen=True)
class Mark:
    """One row of the score table. Points are in hundredths, so that sums are exact.

    Attributes:
        check, todo, title: who it is about.
        message: one sentence for the student; empty when passed.
        finding: the suspect and the picture of a wrong array.
        help: shown when not passed.
        printed: what the student's code printed during the check, cut.
        blocker: id of the check whose failure this one repeats, or would, where it was skipped for that.
    """

    check: str
    todo: str
    title: str
    max_cents: int
    outcome: Outcome = Outcome.PENDING
    message: str = "not reached yet"
    finding: Finding = NOTHING
    help: str = ""
    printed: str = ""
    blocker: str = ""

    def __hash__(self) -> int:
        """Hash what tells most marks apart, fast: tables of what is made of a mark are asked often."""
        return hash((self.check, self.message, self.max_cents))

    @property
    def cents(self) -> int:
        """What it earned, in hundredths of a point: everything or nothing."""
        return self.max_cents if self.outcome is Outcome.PASSED else 0

    @property
    def part(self) -> int:
        """The part of the assignment."""
        return int(self.todo.partition(".")[0])


@dataclass(frozen=True)
class ModelResult:
    """What a checkpoint scores on the test images.

    Attributes:
        model: name of the checkpoint.
        dataset: whose test images they are.
        confusion: how many images of each true class (row) were taken for each class (column).
        parameters: numbers in the checkpoint's state_dict, buffers as well; those that several names share count once.
        seconds: for all images, in the box.
        changed: accuracy on a part of the images, PLAIN and changed in ways that keep their classes. Never shown to
            students, nor are `again` and `doubts`.
        again: share of the same images that got another class when they were asked once more, among other images and
            in batches of other sizes; None where that was not asked, or not answered.
        silent: whether it gave no answers when it was asked again.
        private: whether the images are the instructor's own. A model can write what it has seen of them into the
            counts of the confusion matrix and into its seconds, so students see neither of them.
    """

    model: str
    dataset: str
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    parameters: int
    file_bytes: int
    seconds: float
    changed: Mapping[str, float] = field(default_factory=dict)
    again: float | None = None
    silent: bool = False
    private: bool = False

    @property
    def images(self) -> int:
        """How many images there were."""
        return sum(map(sum, self.confusion))

    @property
    def correct(self) -> int:
        """How many of them got their true class."""
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of images that got their true class."""
        return self.correct / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy on all images of this kind lies with 95 % confidence (Wilson 1927)."""
        n, z2 = self.images, 1.959964**2
        middle = (self.correct + z2 / 2) / (n + z2)
        half = math.sqrt(z2) / (n + z2) * math.sqrt(self.correct * (n - self.correct) / n + z2 / 4)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What instructors may want to look into, each the end of a sentence about the model; no proof, and no mark."""
        found = []
        plain = self.changed.get(PLAIN, 0.0)
        low, how = min(((value, name) for name, value in self.changed.items()), default=(plain, PLAIN))
        if plain - low > DROP:
            found.append(
                f"is right about {100 * plain:.0f} % of images, and about {100 * low:.0f} % when they are {how}"
            )
        if self.again is not None and self.again > STEADY:
            found.append(f"gave {100 * self.again:.1f} % of images another class when they came with other images")
        if self.silent:
            found.append("gave no answers when it was asked again, with other images beside those that it knew")
        return tuple(found)

    @property
    def per_class(self) -> tuple[float | None, ...]:
        """The same share for each class; None where there are no images of one."""
        return tuple(row[index] / sum(row) if sum(row) else None for index, row in enumerate(self.confusion))


@dataclass
class Scorecard:
    """All marks of one submission, in the order of the assignment, and how they came about.

    Attributes:
        marks: by the check's id.
        seconds: wall-clock time by the check's id; kept apart, so that equal runs give equal marks.
        notes: sentences about the submission as a whole: files replaced or ignored, what the grader's machine lacks.
        isolation: the level, and a sentence for each mechanism: what held and what did not.
        graded_with: the versions of Python, the libraries and the grader.
        refusal: why nothing could be graded, or empty.
        fault: what went wrong on our side, or empty.
        places: the file to open, by TODO: "layers/pooling.py"; reports name the part where it is missing.
        models: what the checkpoints score, by the model's name.
        late_cents: what the submission as a whole loses for being late, in hundredths; no mark says so.
        secret: whether the cases were drawn from a secret seed: then times, too, tell what student code has seen, and
            stay with the instructor.
        for_staff: sentences that students do not get to see, such as dates that contradict each other.
        attempts: what the code tried that no homework needs, by class ("leak: to open /etc/passwd"), and how often: an
            observation for staff, no accusation, and never shown to students.
    """

    title: str
    marks: dict[str, Mark]
    part_titles: dict[int, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    isolation: str = ""
    mechanisms: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    fault: str = ""
    places: dict[str, str] = field(default_factory=dict)
    models: dict[str, ModelResult] = field(default_factory=dict)
    late_cents: int = 0
    secret: bool = False
    for_staff: list[str] = field(default_factory=list)
    graded_with: str = ""
    attempts: dict[str, int] = field(default_factory=dict)

    @property
    def cents(self) -> int:
        """Points earned, in hundredths."""
        return earned(self.marks.values())[0]

    @property
    def max_cents(self) -> int:
        """Points to be had, in hundredths."""
        return earned(self.marks.values())[1]

    @property
    def tried(self) -> str:
        """What staff read of the attempts, in one line; empty where there were none."""
        return ", ".join(f"{what} ({count}x)" for what, count in sorted(self.attempts.items()))

    @property
    def broken(self) -> bool:
        """Whether any of it must be graded again because of a fault of ours."""
        return bool(self.fault) or any(mark.outcome is Outcome.BROKEN for mark in self.marks.values())

    def todos(self) -> dict[str, list[Mark]]:
        """Group the marks by TODO, in order."""
        groups: dict[str, list[Mark]] = {}
        for mark in self.marks.values():
            groups.setdefault(mark.todo, []).append(mark)
        return groups

    def parts(self) -> dict[int, dict[str, list[Mark]]]:
        """Group the marks by part and TODO, in order."""
        groups: dict[int, dict[str, list[Mark]]] = {}
        for todo, marks in self.todos().items():
            groups.setdefault(marks[0].part, {})[todo] = marks
        return groups


def points(cents: int) -> str:
    """Write hundredths as points, with two digits: 350 -> "3.50"."""
    return f"{cents // 100}.{cents % 100:02d}"


def earned(marks: Iterable[Mark]) -> tuple[int, int]:
    """Sum up marks: hundredths earned, hundredths to be had."""
    got = most = 0
    for mark in marks:  # of a whole class, often: a property for each would take several times as long
        most += mark.max_cents
        if mark.outcome is Outcome.PASSED:
            got += mark.max_cents
    return got, most


def parts_of(cards: Iterable[Scorecard]) -> list[int]:
    """Number the parts of which there are marks."""
    todos = {mark.todo for card in cards for mark in card.marks.values()}
    return sorted({int(todo.partition(".")[0]) for todo in todos})
