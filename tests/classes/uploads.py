"""What Gradescope gives to a grader and takes from it: five uploads, their metadata, and the schema of results.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from homework import COURSE, points
from pydantic import BaseModel, ConfigDict, Field

from autograder.authoring import variants as trials
from autograder.course import mistakes as catalogue
from autograder.course import skeleton

Format = Literal["text", "html", "simple_format", "md", "ansi"]
Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
ASSIGNMENT = "courses/convnets/assignment.toml"  # in the package
DUE = datetime.fromisoformat("2027-02-19T23:59:00-05:00")  # of assignment.toml; grace is two days
# Would end its process with another status if it could read a file of the grader: ROOT is the folder of all of them.
THIEF = """
import os, pathlib
found = []
for name in ["source/secret.key", "results/results.json", "source/courses/convnets/oracles/pooling.py"]:
    try:
        found.append(pathlib.Path("ROOT", name).read_text())
    except OSError:
        pass
if found:
    os._exit(3)
"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Row(_Strict):
    """One of `tests` in https://gradescope-autograders.readthedocs.io/en/latest/specs/."""

    score: Finite
    max_score: Finite
    status: Literal["passed", "failed"]
    name: str
    name_format: Format
    number: str
    output: str
    output_format: Format
    tags: list[str]
    visibility: Visibility
    extra_data: dict[str, Any]


class Results(_Strict):
    """The whole of results.json there; what we never write is left out."""

    score: Finite
    execution_time: Finite | None = None  # not told where the cases are secret
    output: str
    output_format: Format
    visibility: Visibility
    stdout_visibility: Visibility
    extra_data: dict[str, Any]
    tests: list[Row]


@dataclass(frozen=True)
class Upload:
    """What a student hands in, and what comes of it.

    Attributes:
        points: None where only some of them are lost.
        loses: checks.
        says: a part of what stands above the table.
    """

    files: Mapping[str, bytes]
    points: float | None
    loses: tuple[str, ...] = ()
    says: str = ""


UPLOADS = ("reference", "skeleton", "mistake", "thief", "refused")


def upload(kind: str, root: Path) -> Upload:
    """Make one of UPLOADS.

    Args:
        kind: which.
        root: the folder `/autograder` in which it is graded.
    """
    reference = COURSE.files(trials.DATASET)
    mistake = next(one for one in catalogue.load(COURSE) if one.loses and one.loses[0].startswith("1.7"))
    linear = reference["part1_numpy/linear.py"].replace(b"from __future__ import annotations\n", b"")
    thief = {**reference, "part1_numpy/linear.py": THIEF.replace("ROOT", str(root)).encode() + linear}
    half = b"PK\3\4" + os.urandom(500)
    return {
        "reference": Upload(reference, float(points())),
        "skeleton": Upload(skeleton.generate(COURSE), 0.0),
        "mistake": Upload(mistake.apply(reference), None, mistake.loses),
        "thief": Upload(thief, float(points())),
        "refused": Upload({"submission.zip": half}, 0.0, says="is damaged or packed in an unusual way"),
    }[kind]


def metadata(after: timedelta, **more: Any) -> bytes:
    """Write submission_metadata.json of what was handed in so long after it was due."""
    created = {"created_at": (DUE + after).isoformat(), "id": 7, "assignment": {"due_date": DUE.isoformat()}}
    return json.dumps({**created, "users": [], "previous_submissions": [], **more}).encode()


def expect(found: Results, given: Upload) -> None:
    """See that results are those of an upload, graded on time in a container."""
    assert given.points is None or found.score == given.points, found.output
    assert given.says in found.output
    lost = {row.extra_data["check"] for row in found.tests if row.status == "failed"}
    assert set(given.loses) <= lost
    if given.says:  # refused
        assert found.tests == []
        return
    assert "Isolation: level B: " in found.output
    assert "handed in on time" in found.output
    if given.points is None:
        assert 0 < found.score < float(points())
