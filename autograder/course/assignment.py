"""`assignment.toml` of a course: what an instructor edits, checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from autograder.checking.rubric import Check
from autograder.course import datasets
from autograder.course.course_file import Share
from autograder.course.datasets import TestSet
from autograder.course.definition import Course
from autograder.course.lateness import Deadlines
from autograder.course.toml_files import complaint, form, named, read_table
from autograder.errors import RubricError, TableError

FILE = "assignment.toml"
DATASETS = r"^(cifar10|images:.+|shapes(:[1-9]\d{0,5})?)$"  # shapes:COUNT makes fewer images

Points = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]


def _expect_zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError) as error:
            raise ValueError(f"there is no zone {name}") from error
    return name


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Table):
    """What one submission may use; megabytes are 10**6 bytes for files and 2**20 for memory.

    Attributes:
        zip_megabytes: of the upload.
        total_seconds: for all checks; when they are over, what was not asked is lost, and what was earned stays.
        reserve_seconds: of which kept for writing results.
        import_seconds: for the modules of one part.
        checkpoint_seconds: for all test images of one model.
        memory_megabytes: of all processes of the submission.
        scratch_megabytes: that its code may write, for as long as its box lives.
        scratch_files: that it may write there.
        threads: of one box, if the machine has as many cores.
        cpus: that the machine gives which grades, 0.5 on Gradescope by default: `make submit` tells the time by it.
    """

    zip_megabytes: Count = 100
    total_seconds: Count = 600
    reserve_seconds: Count = 60
    import_seconds: Count = 20
    checkpoint_seconds: Count = 300
    memory_megabytes: Count = 4096
    scratch_megabytes: Count = 256
    scratch_files: Count = 20_000
    threads: Count = 2
    cpus: Annotated[float, Field(gt=0, le=1024)] = 0.5


class Policies(_Table):
    """What students are told.

    Attributes:
        place: whether `make test` looks for the line on which a check fails; no line is ever repaired.
    """

    place: bool = True


class LateDays(_Table):
    """Days after grace that cost a student nothing, from a bank for the whole term.

    Attributes:
        per_term: days that each student has.
        per_assignment: days that may be spent on one.
        unit: what is counted: a day, half day or hour that has begun is spent whole.
    """

    per_term: Annotated[float, Field(ge=0, le=366)]
    per_assignment: Annotated[float, Field(ge=0, le=366)]
    unit: Literal["day", "half day", "hour"] = "day"


class Part(_Table):
    """One part of the assignment: its points, and how its TODOs share them.

    Attributes:
        title: as results and pages name it.
        points: of the part; where the sum of `todos` is another one, they are scaled to it.
        todos: points of each, by number, "1.6"; one that is not named is not asked.
        checks: those that have points of their own, by id, apart from their TODO's.
    """

    title: str
    points: Points
    todos: dict[str, Points]
    checks: dict[str, Points] = {}


class Report(_Table):
    """The written report, marked by hand.

    Attributes:
        points: of all its lines together; 0 where there is none.
    """

    points: Points


class Assignment(_Table):
    """All of `assignment.toml`.

    Attributes:
        course: whose it is, as far as it is asked for here.
        path: where it was read.
        title: as results, pages and gradebooks name the assignment.
        due: when to hand in, with the offset of its zone: `2027-02-19T23:59:00-05:00`.
        grace: until when a late submission loses nothing.
        late_per_day: share of the points lost with each day begun after grace; with 1 nothing counts from then on.
        zone: of times that name none, "America/New_York"; the one of `due` where it is empty.
        report: the written report.
        parts: by number.
        limits: of one submission.
        policies: what students are told.
        dataset: judges checkpoints: "cifar10", "images:PATH" (a folder or tar archive) or "shapes".
        blocked: what becomes of a check while one that it needs has not passed: "ask" it, and let it earn what it shows
            on its own, or "lose" it unasked.
        late_days: a bank of them, if there is one; what a submission loses counts from when they are spent.
        not_handed_in: what who has handed in nothing at all gets: no mark, "blank", or 0, "zero".
        thresholds: the accuracy that a checkpoint must exceed, a share of the test images, by data set and tier.
    """

    course: Annotated[Course, Field(exclude=True)]
    path: Annotated[Path, Field(exclude=True)] = Path(FILE)
    title: str
    due: AwareDatetime
    grace: AwareDatetime
    late_per_day: Annotated[float, Field(ge=0, le=1)] = 1.0
    late_days: LateDays | None = None
    not_handed_in: Literal["blank", "zero"] = "blank"
    zone: Annotated[str, AfterValidator(_expect_zone)] = ""
    report: Report
    parts: dict[int, Part]
    limits: Limits = Limits()
    policies: Policies = Policies()
    dataset: Annotated[str, form(DATASETS, "cifar10, images:PATH or shapes")] = "cifar10"
    blocked: Literal["ask", "lose"] = "ask"
    thresholds: dict[Literal["cifar10", "images", "shapes"], dict[str, Share]] = {}

    def on(self, dataset: str) -> Assignment:
        """Return the same assignment with another data set, as `--dataset` asks for.

        Raises:
            RubricError: if there is no such data set.
        """
        if not re.match(DATASETS, dataset):
            raise RubricError(f"there is no data set {dataset!r}: use cifar10, images:PATH or shapes")
        return self.model_copy(update={"dataset": dataset})

    @property
    def clock(self) -> tzinfo:
        """The zone of times that name none."""
        return ZoneInfo(self.zone) if self.zone else self.due.tzinfo or UTC

    @property
    def deadlines(self) -> Deadlines:
        """The lateness rule that holds for everyone without an extension."""
        return Deadlines(self.due, self.grace, Fraction(str(self.late_per_day)))

    def images(self) -> TestSet:
        """The test images that checkpoints are judged by.

        Raises:
            DataMissing: if they are not on this machine.
        """
        return datasets.load(self.course, self.dataset)

    def threshold(self, tier: str) -> float:
        """The accuracy to exceed on the assignment's data set.

        Raises:
            RubricError: if there is no such tier.
        """
        found = self.tiers()
        if tier not in found:
            kind = self.dataset.partition(":")[0]
            raise RubricError(f"there is no threshold {tier} for {kind} in {named(self.path)}, and none in course.toml")
        return found[tier]

    def tiers(self) -> dict[str, float]:
        """The accuracies to exceed on the assignment's data set, by the name of the tier."""
        kind = self.dataset.partition(":")[0]
        own = next((table for name, table in self.thresholds.items() if name == kind), {})
        return self.course.definition.thresholds | own

    def checks(self) -> tuple[Check, ...]:
        """The checks of what it asks for."""
        return tuple(check for check in self.course.checks() if check.part in self.parts)

    def libraries(self, checks: Iterable[Check]) -> list[str]:
        """What code that is asked by these checks may import: "numpy", "torch"."""
        return sorted({self.course.parts[check.part].libraries for check in checks})

    def cents(self, checks: Iterable[Check]) -> dict[str, int]:
        """Give each check its points in hundredths; those of a TODO, and of a part, sum exactly.

        Raises:
            RubricError: if points belong to no check.
        """
        own, file = {check for part in self.parts.values() for check in part.checks}, named(self.path)
        by_todo: dict[str, dict[str, int]] = {}
        for check in checks:
            key = check.id if check.id in own else check.todo
            by_todo.setdefault(key, {})[check.id] = 1 if check.id in own else check.weight
        result: dict[str, int] = {}
        for number, part in self.parts.items():
            total = round(part.points * 100)
            for key, cents in share(total, part.todos | part.checks).items():
                weights = by_todo.get(key, {})
                if not weights or (cents and not any(weights.values())):
                    what = "check" if key in part.checks else "TODO"
                    raise RubricError(f"{file}: {what} {key}: {cents / 100:.2f} points and no check")
                result |= share(cents, weights)
            if sum(result[id] for id in result if id.startswith(f"{number}.")) != total:
                raise RubricError(f"{file}: part {number}: its checks do not sum to {part.points} points")
        return result


def share(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Divide a whole number by weights so that the parts sum to it, by largest remainder; ties go to the first.

    >>> share(100, {"a": 1, "b": 1, "c": 1})
    {'a': 34, 'b': 33, 'c': 33}
    """
    exact = {key: Fraction(weight) for key, weight in weights.items()}
    whole = sum(exact.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    shares = {key: total * weight / whole for key, weight in exact.items()}
    result = {key: int(value) for key, value in shares.items()}
    by_remainder = sorted(shares, key=lambda key: result[key] - shares[key])
    for key in by_remainder[: total - sum(result.values())]:
        result[key] += 1
    return result


def load(course: Course, path: str | Path = "") -> Assignment:
    """Read and check the assignment file of a course, one of its presets by name (`hw2-2024`), or another file.

    Raises:
        RubricError: with the file, the key and what is wrong with it.
    """
    file, course = _file(course, path), replace(course, asked=None)
    values: dict[str, Any] = {**read_table(file), "course": course, "path": file}
    try:
        assignment = Assignment.model_validate(values)
        _ = assignment.deadlines  # refuses dates that contradict each other
    except ValidationError as error:
        raise complaint(file, error) from None
    except TableError as error:
        raise RubricError(f"{named(file)}: {error}") from None
    asked: set[str] = set()
    for number, part in assignment.parts.items():
        if number not in course.definition.parts:
            raise RubricError(f"{named(file)}: parts.{number}: course.toml has no such part")
        for id in (*part.todos, *part.checks):
            if id.partition(".")[0] != str(number):
                raise RubricError(f"{named(file)}: parts.{number}: {id} belongs to another part")
        asked.update(part.todos, part.checks)
    return assignment.model_copy(update={"course": replace(course, asked=frozenset(asked))})


def _file(course: Course, path: str | Path) -> Path:
    if not path:
        return course.folder / FILE
    own = course.folder / "assignments"
    preset = own / f"{str(path).removesuffix('.toml')}.toml"
    if Path(path).exists() or Path(path).name != str(path):
        return Path(path)
    if not preset.exists():
        there = ", ".join(sorted(file.stem for file in own.glob("*.toml"))) or "none"
        raise RubricError(f"{path}: there is no such file, and no preset of that name; presets are {there}")
    return preset
