"""A course: a folder with all that is one homework, described by its `course.toml`.

    course.toml          this file: parts, what is collected of them, models
    assignment.toml      points, dates, limits; others in assignments/*.toml
    reference/           the solved files with marked regions, and checkpoints; `skeleton/` where it is not to be seen
    given/               the files of the parts without a TODO
    checks/ oracles/     what is graded, and the expected values
    mistakes/ unusual/   wrong solutions, and right ones that look odd

A course is found by the name of one that comes with the grader, by the path of its folder, or where a command runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.checking import rubric
from autograder.checking.rubric import Check
from autograder.course.layout import Layout
from autograder.errors import RubricError

PACKAGE = Path(__file__).resolve().parents[1]
# What lies beside the package: courses, the lock, texts. A wheel has it inside: what is beside it there is others'.
PROJECT = PACKAGE / "project" if (PACKAGE / "project").is_dir() else PACKAGE.parent
SHIPPED = PROJECT / "courses"
FILE = "course.toml"
TODO = re.compile(r"# TODO (\d+\.\d+)\b")

Files = dict[str, bytes]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartFiles(_Table):
    """The files of one part of the homework.

    Attributes:
        folder: the package that students write: "layers".
        libraries: what the box has beside the standard library; "torch" stands for NumPy as well.
        collect: which files of the folder are the student's: a pattern without a slash holds at any depth.
        editable: given files that are the student's to change; ours only where one is missing.
        builds_on: numbers of the parts whose code it imports.
    """

    folder: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    libraries: Literal["numpy", "torch"] = "torch"
    collect: tuple[str, ...] = ("*.py",)
    editable: tuple[str, ...] = ()
    builds_on: tuple[int, ...] = ()


class Model(_Table):
    """A network that students train: what makes one, to load the checkpoint into.

    Attributes:
        target: "networks.models:Net".
        arguments: of its constructor.
        classes: how many scores it gives each image.
        todo: that its checkpoint earns points for.
        advice: what to do where there is none: "run make train MODEL=net".
    """

    target: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    todo: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    arguments: tuple[int, ...] = ()
    classes: Annotated[int, Field(gt=1)] = 10
    advice: str = "train it"

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.target.partition(":")[2]


class Images(_Table):
    """Where the images that judge checkpoints are read.

    Attributes:
        package: of given files, with modules `data` and `shapes`.
    """

    package: str


class Definition(_Table):
    """All of `course.toml`.

    Attributes:
        default: whether it is meant where no course is named.
        models: by the name of the checkpoint.
        thresholds: by tier, where `assignment.toml` has none for a data set.
    """

    default: bool = False
    parts: dict[int, PartFiles]
    models: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], Model] = {}
    images: Images | None = None
    thresholds: dict[str, Share] = {}


@dataclass(frozen=True)
class Course:
    """A course by its folder; equal and hashed by it, so it travels to other processes as a path.

    Raises:
        RubricError: when `course.toml` is first asked for, and is not there or not as it should be.
    """

    folder: Path

    @property
    def name(self) -> str:
        """As in `--course`."""
        return self.folder.name

    @property
    def definition(self) -> Definition:
        """What `course.toml` says."""
        return _definition(self.folder / FILE)

    @property
    def parts(self) -> Mapping[int, PartFiles]:
        """By number, as the TODOs count them."""
        return self.definition.parts

    @property
    def models(self) -> Mapping[str, Model]:
        """By the name of the checkpoint."""
        return self.definition.models

    @property
    def solution(self) -> Path:
        """The folder of files with a TODO: solved ones, or, where those are not to be seen, the skeletons."""
        solved = self.folder / "reference"
        return solved if solved.is_dir() else self.folder / "skeleton"

    def files(self, dataset: str = "") -> Files:
        """Read the parts as the best student would hand them in, with the checkpoints for a data set, if any."""
        kind = dataset.partition(":")[0]
        weights = self.solution / "checkpoints" / ("cifar10" if kind == "images" else kind)
        found = sorted(weights.glob("*.pt")) if kind else []
        return self._given() | self._own() | {f"checkpoints/{path.name}": path.read_bytes() for path in found}

    @property
    def layout(self) -> Layout:
        """What a submission holds, and where."""
        return _layout(self)

    def given(self) -> Files:
        """Read the files without a TODO."""
        return {name: content for name, content in self.files().items() if not _has_todo(name, content)}

    def places(self) -> Mapping[str, str]:
        """Find the file that each TODO is in: "3.2" -> "layers/pooling.py"."""
        found: dict[str, str] = {}
        for name, content in self.files().items():
            for todo in TODO.findall(content.decode(errors="replace")) if name.endswith(".py") else ():
                found.setdefault(todo, name)
        return found

    def checks(self) -> tuple[Check, ...]:
        """Import its checks, in the order of the assignment; none where it has none."""
        if not (self.folder / "checks").is_dir():
            return ()
        self._expect_package()
        return rubric.load(f"{self.package}.checks")

    def module(self, name: str) -> ModuleType:
        """Import a module of the course: "oracles.pooling"."""
        self._expect_package()
        return importlib.import_module(f"{self.package}.{name}")

    @property
    def package(self) -> str:
        """The package that its modules are imported in; two courses of one name have two."""
        if self.folder.parent == SHIPPED:
            return f"courses.{self.name}"
        return f"courses.{self.name}_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    def _expect_package(self) -> None:
        """Let Python find the course, wherever its folder is."""
        for name, path in (("courses", SHIPPED), (self.package, self.folder)):
            if name not in sys.modules:
                sys.modules[name] = module = ModuleType(name)
                module.__path__ = [str(path)]

    def _own(self) -> Files:
        return dict(_below(self.solution, self.parts))

    def _given(self) -> Files:
        return dict(_below(self.folder / "given", self.parts))


def find(name: str | Path = "") -> Course:
    """Find a course by the name of one that comes with the grader, or by the path of its folder.

    Without a name it is the one in the folder where the command runs, or else the default.

    Raises:
        RubricError: if there is none.
    """
    here = Path(name).expanduser() if name else Path.cwd()
    for folder in (here, SHIPPED / name if name else here):
        if (folder / FILE).is_file():
            return Course(folder.resolve())
    shipped = [Course(path.parent) for path in sorted(SHIPPED.glob(f"*/{FILE}"))]
    if not name:
        default = [course for course in shipped if course.definition.default or len(shipped) == 1]
        if default:
            return default[0]
    names = ", ".join(course.name for course in shipped) or "none"
    raise RubricError(f"{name or here}: there is no {FILE}; courses by name are {names}")


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        RubricError: with the file, and where it is wrong.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"{path.name}: {error}") from None


def complaint(path: Path, error: ValidationError) -> RubricError:
    """Say what is wrong with a file, and where in it."""
    first = error.errors()[0]
    return RubricError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}")


@functools.cache
def _definition(path: Path) -> Definition:
    try:
        return Definition.model_validate(read_table(path))
    except ValidationError as error:
        raise complaint(path, error) from None


@functools.cache
def _layout(course: Course) -> Layout:
    work: dict[str, list[str]] = {part.folder: [] for part in course.parts.values()}
    given: dict[str, list[str]] = {part.folder: [] for part in course.parts.values()}
    for name, content in course.files().items():
        part, _, below = name.partition("/")
        (work if _has_todo(name, content) else given)[part].append(below)
    return Layout(
        work={part: tuple(names) for part, names in work.items()},
        given={part: tuple(names) for part, names in given.items()},
        collect={part.folder: part.collect for part in course.parts.values()},
        editable={part.folder: part.editable for part in course.parts.values()},
        models=tuple(f"{name}.pt" for name in course.models),
        trained={model.target.partition(".")[0] for model in course.models.values()},
    )


def _has_todo(name: str, content: bytes) -> bool:
    return name.endswith(".py") and bool(TODO.search(content.decode(errors="replace")))


def _below(folder: Path, parts: Mapping[int, PartFiles]) -> Iterator[tuple[str, bytes]]:
    for part in parts.values():
        for path in sorted((folder / part.folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path.read_bytes()
