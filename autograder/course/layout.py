"""What a submission of a course holds, and where: the names that the grader reads."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Layout:
    """Names by the folder of the part, below which they lie.

    Attributes:
        work: the student's: files with a TODO.
        given: ours in every submission: a student's version is replaced, a missing one added.
        collect: patterns of the files that count; one without a slash holds at any depth.
        editable: patterns of given files that are the student's to edit; ours only where one is missing.
        models: files in CHECKPOINTS.
        trained: folders whose code makes the models.
        known: of another handout, the files by which it is told; each with all the names that it may have.
    """

    work: Mapping[str, tuple[str, ...]]
    given: Mapping[str, tuple[str, ...]]
    collect: Mapping[str, tuple[str, ...]]
    editable: Mapping[str, tuple[str, ...]]
    models: tuple[str, ...]
    trained: Set[str]
    known: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders of the parts."""
        return tuple(self.work)

    @property
    def folders(self) -> tuple[str, ...]:
        """All folders of a submission."""
        return (*self.parts, CHECKPOINTS) if self.models else self.parts

    def names(self, part: str) -> tuple[str, ...]:
        """All files of a part that we know by name."""
        return (*self.given[part], *self.work[part])

    def keeps(self, name: str) -> bool:
        """Whether the grader reads a file of this name: "layers/pooling.py"."""
        folder, _, below = name.partition("/")
        if folder == CHECKPOINTS:
            return below in self.models
        return bool(below) and _fits(below, self.collect.get(folder, ()))

    def is_editable(self, part: str, below: str) -> bool:
        """Whether a given file may be the student's own."""
        return _fits(below, self.editable.get(part, ()))


def _fits(below: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path below a part fits a pattern: by its last name, or name by name where there is a slash."""
    names = below.split("/")
    for pattern in patterns:
        wanted = pattern.split("/")
        seen = names[-1:] if len(wanted) == 1 else names
        if len(seen) == len(wanted) and all(map(fnmatchcase, seen, wanted)):
            return True
    return False
