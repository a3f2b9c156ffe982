"""Everything the grader raises on purpose.

GraderError
├── SubmissionError   the zip cannot be graded as it is       the student's to fix
├── CheckFailed       the code ran and the answer is wrong    the student's to fix
│   ├── BelowThreshold    an accuracy is too low                  the student's to fix
│   └── BadCheckpoint     a file of weights is something else     the student's to fix
├── StudentRaised     the student's code raised               the student's to fix
│   └── Unfinished    it raised NotImplementedError           the student's to write
│       └── NoCheckpoint  a file of weights is missing            the student's to train
├── WorkerLost        out of time or memory, or it died       the student's to fix
│   ├── OutOfTime     no answer before the deadline           the student's to fix
│   ├── OutOfMemory   more memory than the limit              the student's to fix
│   └── ProcessEnded  it ended, or sent what is no answer     the student's to fix, if it comes ENDS times
├── SetupError        the folder or the machine is not ready  whoever runs the command
│   ├── DataMissing       the test images are not there           whoever runs the command
│   ├── NotRecorded       the handout does not know this case     whoever runs the command
│   └── MachineUnfit      nothing can be graded here                  whoever runs the command
├── TableError        a row or column of a table is wrong     whoever wrote the table
└── RubricError       the rubric or a check is malformed      ours to fix
    └── NotAsked          a check asks for what a handout has not     ours to fix

BelowThreshold, BadCheckpoint and NoCheckpoint are OwnWords as well.

Any other exception is a fault of ours: it is reported as BROKEN, never as a zero.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is known about a failure beyond the sentence.

    Attributes:
        suspect: "dx equals what you get when ...", or empty.
        picture: |error| over the last two axes, the largest over all others; rows of whole numbers from 0 to 255.
        place: "look at line 57 of ...", on the student's own machine, or empty.
        kind: what is wrong: "value", "shape", "dtype" and the like; empty where the sentence alone says it.
        cause: why, as far as that is known: the same for failures of one cause, in whatever check they show.
    """

    suspect: str = ""
    picture: tuple[tuple[int, ...], ...] = ()
    place: str = ""
    kind: str = ""
    cause: str = ""


NOTHING = Finding()


class GraderError(Exception):
    """The base of all of them; its text is one sentence that a reader can act on."""


class SubmissionError(GraderError):
    """The zip is refused: nothing of it is graded, and the sentence says what to change."""


class OwnWords(GraderError):
    """Its sentence is made on this side, of a file or a score; nothing that student code has said is in it."""


class CheckFailed(GraderError):
    """The student's code ran, and what it returned is not what it should be.

    Attributes:
        fitting: what the value is, and the clauses of the suspects that equal it; None where none does.
    """

    def __init__(
        self, message: str, finding: Finding = NOTHING, fitting: tuple[Hashable, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(message)
        self.finding = finding
        self.fitting = fitting


class BelowThreshold(CheckFailed, OwnWords):
    """A model's accuracy does not exceed the threshold."""


class BadCheckpoint(CheckFailed, OwnWords):
    """A checkpoint is not what torch.save writes of a state_dict, judged before anything is loaded."""


class StudentRaised(GraderError):
    """The student's code raised an exception; the text names its type, message, file and line.

    Attributes:
        whatever: whether it would raise that whatever it is asked, as where a module cannot be imported.
        cause: type and place, the same for one line that raises on several occasions.
    """

    def __init__(self, message: str, whatever: bool = False, cause: str = "") -> None:
        super().__init__(message)
        self.whatever = whatever
        self.cause = cause or message


class Unfinished(StudentRaised):
    """The student's code raised NotImplementedError: a TODO is still open."""


class NoCheckpoint(Unfinished, OwnWords):
    """There is no checkpoint in the submission."""


class WorkerLost(GraderError):
    """The student's process gave no usable answer: it ran out of time or memory, or it ended."""


class OutOfTime(WorkerLost):
    """The student's process gave no answer in time, and was ended."""


class OutOfMemory(WorkerLost):
    """The student's code asked for more memory than it may have."""


ENDS = 3  # a machine hardly kills the processes of one check so often: the code ends them


class ProcessEnded(WorkerLost):
    """The student's process ended, or sent what is no answer; something outside of it may have ended it."""


class SetupError(GraderError):
    """The command cannot run here: a folder, a data set or a mechanism is missing."""


class DataMissing(SetupError):
    """The data set that judges checkpoints is not on this machine; the sentence says how to get it."""


class NotRecorded(SetupError):
    """The handout holds no expected value for a case: it was drawn by another NumPy than when they were recorded."""


class MachineUnfit(SetupError):
    """Nothing can be graded here, whatever is handed in: no box, no data, no place to write."""


class TableError(GraderError):
    """A table of an instructor, CSV or TOML, cannot be used; each line of the text names file, row and column."""


class RubricError(GraderError):
    """A check or `assignment.toml` contradicts itself."""


class NotAsked(RubricError):
    """A check of another course asks for what this handout has not; what it has asked before counts."""
