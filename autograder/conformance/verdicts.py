"""What came of each row, and what a row that does not hold means for whoever grades here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.conformance.table import CLASSES as TABLE

CLASSES = {
    **TABLE,
    "zips": "zips that no honest program writes",
    "checkpoints": "files that torch.save never writes",
    "neighbours": "what one submission finds of another's",
}
MEANS = {
    "forge": "a submission can get a mark without an answer",
    "leak": "student code can read what is not its own",
    "escape": "student code can act outside its box",
    "dos": "one submission can take from others, or end the grader",
    "malformed": "a broken file can end the grader, or cost other checks their marks",
    "zips": "a zip can write where it should not, or fill the disk",
    "checkpoints": "a checkpoint can run code, or fill the memory",
    "neighbours": "submissions can pass on answers, or change each other's marks",
}
DO = {
    "namespaces": "run as root, or let ordinary users make namespaces (sysctl user.max_user_namespaces)",
    "landlock": "take a kernel of 5.13 or later that starts with landlock in lsm=",
    "own-user": "run as root: nobody else can give each worker a user of its own",
    "seccomp": "take a kernel, and a container runtime, that keeps system-call filters to the letter",
    "limits": "look at ulimit -a, and at whether the container lets limits be lowered",
    "deadline": "run it again when the machine has nothing else to do",
}
REPORT = "grade nothing with a secret seed here, and report it as SECURITY.md says: it is a hole in the grader"


class Result(StrEnum):
    """How a row ended."""

    HELD = "held"
    FAILED = "failed"
    NOT_PROMISED = "not promised"  # no mechanism of this level stops it


@dataclass(frozen=True)
class Row:
    """One conformance test.

    Attributes:
        stopped_by: what should stop it first.
        wrong: what did not hold.
        control: what was seen where its defence is off; empty where that cannot be shown on this machine.
    """

    kind: str
    name: str
    result: Result
    stopped_by: str = ""
    wrong: tuple[str, ...] = ()
    control: str = ""

    @property
    def means(self) -> str:
        """What it means that it did not hold."""
        return MEANS[self.kind] if self.result is Result.FAILED else ""

    @property
    def do(self) -> str:
        """What to do about it."""
        return DO.get(self.stopped_by, REPORT) if self.result is Result.FAILED else ""


@dataclass(frozen=True)
class Examination:
    """All rows that were run.

    Attributes:
        level: of isolation, found by trying.
        isolation: a sentence about it.
        complaint: why the controls show nothing; empty where they do.
    """

    level: str
    isolation: str
    rows: Sequence[Row]
    seconds: float
    complaint: str = ""
    classes: Sequence[str] = field(default_factory=lambda: tuple(CLASSES))

    @property
    def holds(self) -> bool:
        """Whether all that is promised at this level holds, and the level keeps secrets."""
        failed = any(row.result is Result.FAILED for row in self.rows)
        return not failed and not self.complaint and self.level != "C"

    def of(self, kind: str) -> list[Row]:
        """The rows of one class."""
        return [row for row in self.rows if row.kind == kind]

    def as_json(self) -> dict[str, object]:
        """Everything in plain values.

        Keys: holds, level, isolation, seconds, complaint; totals, and classes by name, with tried, held, failed,
        not_promised and with_control (how many were also seen to succeed where their defence is off); rows with class,
        name, result ("held", "failed", "not promised"), stopped_by, control, wrong, means, do.
        """
        return {
            "holds": self.holds,
            "level": self.level,
            "isolation": self.isolation,
            "seconds": round(self.seconds, 1),
            "complaint": self.complaint,
            "totals": counts(self.rows),
            "classes": {kind: counts(self.of(kind)) for kind in self.classes},
            "rows": [_plain(row) for row in self.rows],
        }


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Count rows by what became of them."""
    rows = list(rows)
    by = {result: sum(row.result is result for row in rows) for result in Result}
    return {
        "tried": len(rows) - by[Result.NOT_PROMISED],
        "held": by[Result.HELD],
        "failed": by[Result.FAILED],
        "not_promised": by[Result.NOT_PROMISED],
        "with_control": sum(bool(row.control) and row.result is not Result.NOT_PROMISED for row in rows),
    }


def _plain(row: Row) -> dict[str, object]:
    return {
        "class": row.kind, "name": row.name, "result": row.result.value, "stopped_by": row.stopped_by,
        "control": row.control, "wrong": list(row.wrong), "means": row.means, "do": row.do,
    }  # fmt: skip
