"""`report/rubric.toml`: the lines by which a written report is marked."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autograder.course.toml_files import TODO, complaint, form, read_table

FILE = "rubric.toml"


class Line(BaseModel):
    """One mark, entered by hand.

    Attributes:
        id: the column of the CSV with the marks.
        number: of the heading in the report: "3.2".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, form(r"^[a-z][a-z0-9-]*$", "small letters, digits and -, a letter first")]
    number: Annotated[str, TODO]
    title: Annotated[str, Field(min_length=1)]
    points: Annotated[float, Field(gt=0, le=1000)]


class Criteria(BaseModel):
    """All lines, and the titles of the sections that they belong to by the first part of their number.

    Attributes:
        made_by: what writes the tables and figures whose names begin like this, as advice to students.
        parts: the part of the assignment that a section is about, and goes with where that is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sections: dict[str, str]
    line: tuple[Line, ...]
    made_by: dict[str, str] = {}
    parts: dict[str, int] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Criteria:
        for name in ("id", "number"):
            values = [getattr(line, name) for line in self.line]
            if double := next((value for value in values if values.count(value) > 1), None):
                raise ValueError(f"two lines have the {name} {double}")
        for line in self.line:
            if line.number.partition(".")[0] not in self.sections:
                raise ValueError(f"line {line.id}: there is no section {line.number.partition('.')[0]}")
        return self

    @property
    def points(self) -> float:
        """What all lines are worth together."""
        return sum(line.points for line in self.line)

    def left_out(self, parts: Collection[int]) -> list[str]:
        """Name the sections about other parts than these."""
        return [section for section, part in self.parts.items() if part not in parts]

    def asked(self, parts: Collection[int]) -> Criteria:
        """Leave of the lines those about these parts, and about none."""
        gone = self.left_out(parts)
        lines = tuple(line for line in self.line if line.number.partition(".")[0] not in gone)
        return self.model_copy(update={"line": lines})

    def section_points(self, section: str) -> float:
        """What the lines of one section are worth."""
        return sum(line.points for line in self.line if line.number.startswith(f"{section}."))


NONE = Criteria(sections={}, line=())


def load(path: Path) -> Criteria:
    """Read a rubric.

    Raises:
        RubricError: with the file, the place and what is wrong.
    """
    try:
        return Criteria.model_validate(read_table(path))
    except ValidationError as error:
        raise complaint(path, error) from None
