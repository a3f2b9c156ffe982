"""A course: a folder with all that is one homework, described by its `course.toml`.

    course.toml          this file: parts, what is collected of them, models
    assignment.toml      points, dates, limits; others in assignments/*.toml
    reference/           the solved files with marked regions, and checkpoints; `skeleton/` where it is not to be seen
    given/               the files of the parts without a TODO
    checks/ oracles/     what is graded, and the expected values
    mistakes/ unusual/   wrong solutions, and right ones that look odd

Or, where the homework is that of others and the checks those of another course (`course.handouts`):

    adapter.toml         which of their names stand for which of ours; checks/ only for what they alone ask
    standin/             their interface in front of the other course's reference, in place of reference/

A course is found by the name of one that comes with the grader, by the path of its folder, or where a command runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from autograder.checking import deferred, rubric
from autograder.checking.adaptation import Adaptation
from autograder.checking.rubric import Check
from autograder.course import course_file, handouts, selection
from autograder.course.course_file import Definition, Model, PartFiles
from autograder.course.handouts import Handout
from autograder.course.layout import Layout
from autograder.course.regions import TODO
from autograder.errors import RubricError, SetupError

PACKAGE = Path(__file__).resolve().parents[1]
# What lies beside the package: courses, the lock, texts. A wheel has it inside: what is beside it there is others'.
PROJECT = PACKAGE / "project" if (PACKAGE / "project").is_dir() else PACKAGE.parent
SHIPPED = PROJECT / "courses"
FILE = "course.toml"

Files = dict[str, bytes]


@dataclass(frozen=True)
class Course:
    """A course by its folder, all of it or as an assignment has it; it travels to other processes as little as that.

    Attributes:
        asked: the TODOs, and single checks with points of their own, that an assignment asks for; None is all of them.

    Raises:
        RubricError: when `course.toml` is first asked for, and is not there or not as it should be.
    """

    folder: Path
    asked: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """As in `--course`."""
        return self.folder.name

    @property
    def definition(self) -> Definition:
        """What `course.toml` says."""
        return course_file.read(self.folder / FILE)

    @property
    def parts(self) -> Mapping[int, PartFiles]:
        """By number, as the TODOs count them: those that are asked for, and what they build on."""
        every = self.definition.parts
        own = [*every] if self.asked is None else [int(todo.partition(".")[0]) for todo in self.todos]
        kept = {*own, *(base for number in own if number in every for base in every[number].builds_on)}
        return {number: part for number, part in every.items() if number in kept}

    def part(self, number: int) -> PartFiles:
        """One of the parts.

        Raises:
            SetupError: if there is none of that number.
        """
        if number not in self.parts:
            raise SetupError(f"{self.name} has no part {number}, its parts are {', '.join(map(str, self.parts))}")
        return self.parts[number]

    @property
    def todos(self) -> frozenset[str]:
        """Those that are asked for."""
        return frozenset(self.places()) if self.asked is None else selection.todos_of(self.asked)

    @property
    def left_out(self) -> frozenset[str]:
        """The TODOs that are not asked for."""
        return frozenset(replace(self, asked=None).places()) - self.todos

    @property
    def models(self) -> Mapping[str, Model]:
        """By the name of the checkpoint, those whose TODO is asked for."""
        every = self.definition.models
        return every if self.asked is None else {key: one for key, one in every.items() if one.todo in self.todos}

    @property
    def base(self) -> Course | None:
        """The course whose checks grade it, where it has none of its own."""
        return find(self.definition.checks) if self.definition.checks else None

    @property
    def handout(self) -> Handout | None:
        """How the checks of that course are asked here."""
        return handouts.read(self.folder) if self.definition.checks else None

    @property
    def folders(self) -> dict[int, str]:
        """The folder of each part."""
        return {number: part.folder for number, part in self.parts.items()}

    def adaptation(self, part: int, home: Path, below: str = "") -> Adaptation | None:
        """Prepare for a student's files of one part, where they are of another handout; see `Handout.adaptation`."""
        return self.handout.adaptation(part, self.folders, home, below) if self.handout else None

    @property
    def solution(self) -> Path:
        """The folder of files with a TODO: solved ones, or, where those are not to be seen, the skeletons."""
        solved = self.folder / "reference"
        return solved if solved.is_dir() else self.folder / "skeleton"

    def files(self, dataset: str = "") -> Files:
        """Read the parts as the best student would hand them in, with the checkpoints for a data set, if any."""
        if self.base and self.handout:
            own = self._given() | selection.read(self.folder / "standin", dict.fromkeys(self.folders.values()))
            return own | self.handout.standins(self.base.files(dataset), self.folders.values()) | self._weights(dataset)
        return self._code() | self._weights(dataset)

    @property
    def layout(self) -> Layout:
        """What a submission holds, and where."""
        return _layout(self)

    def given(self) -> Files:
        """Read the files without a TODO."""
        if self.handout:
            return self._given()
        return {name: content for name, content in self.files().items() if not _has_todo(name, content)}

    def places(self) -> Mapping[str, str]:
        """Find the file that each TODO is in: "3.2" -> "layers/pooling.py"."""
        if self.handout:
            return self.handout.places()
        found: dict[str, str] = {}
        for name, content in self.files().items():
            for todo in TODO.findall(content.decode(errors="replace")) if name.endswith(".py") else ():
                found.setdefault(todo, name)
        return found

    def checks(self) -> tuple[Check, ...]:
        """Import its checks, in the order of the assignment; none where it has none."""
        if self.base:
            return rubric.asked_for(_adapted_checks(replace(self, asked=None)), self.asked)
        if not (self.folder / "checks").is_dir():
            return ()
        self._expect_package()
        return rubric.load(f"{self.package}.checks", self.asked)

    def module(self, name: str) -> ModuleType:
        """Import a module of the course: "oracles.pooling"; of the one whose checks it takes where it takes them."""
        if self.base:
            return self.base.module(name)
        self._expect_package()
        return importlib.import_module(f"{self.package}.{name}")

    @property
    def package(self) -> str:
        """The package that its modules are imported in; two courses of one name have two."""
        if self.folder.parent == SHIPPED:
            return f"courses.{self.name}"
        return f"courses.{self.name}_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    def _expect_package(self) -> None:
        """Let Python find the course, wherever its folder is; its oracles, once they are needed."""
        deferred.defer()
        for name, path in (("courses", SHIPPED), (self.package, self.folder)):
            if name not in sys.modules:
                sys.modules[name] = module = ModuleType(name)
                module.__path__ = [str(path)]

    def _weights(self, dataset: str) -> Files:
        """Read the checkpoints; those of the other course, for the same networks, where its reference stands in."""
        kind = dataset.partition(":")[0]
        weights = (self.base or self).solution / "checkpoints" / ("cifar10" if kind == "images" else kind)
        paths = {name: weights / f"{model.base or name}.pt" for name, model in self.models.items()}
        there = {name: path for name, path in paths.items() if kind and path.is_file()}
        return {f"checkpoints/{name}{self.definition.weights}": path.read_bytes() for name, path in there.items()}

    def _given(self) -> Files:
        return selection.read(self.folder / "given", dict.fromkeys(self.folders.values()))

    def _code(self) -> Files:
        """The files of the parts, as far as they are asked for or needed."""
        return _everything(self) if self.asked is None else dict(_narrowed(self))


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


@functools.cache
def _layout(course: Course) -> Layout:
    models = tuple(f"{name}{course.definition.weights}" for name in course.models)
    if course.handout:
        return _layout_of(course, course.handout, models)
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
        models=models,
        trained={model.target.partition(".")[0] for model in course.models.values()},
    )


def _layout_of(course: Course, handout: Handout, models: tuple[str, ...]) -> Layout:
    """The layout of another handout: it is known by its files, whatever the folders around them are called."""
    parts = {part.folder: part for part in course.parts.values()}
    known = {folder: handout.files(folder, course.folders) for folder in parts}
    given: dict[str, list[str]] = {folder: [] for folder in parts}
    for name in course.given():
        given[name.partition("/")[0]].append(name.partition("/")[2])
    return Layout(
        work={folder: tuple(names[0] for names in files) for folder, files in known.items()},
        given={folder: tuple(names) for folder, names in given.items()},
        collect={folder: part.collect for folder, part in parts.items()},
        editable={folder: part.editable for folder, part in parts.items()},
        models=models,
        trained={part.folder for part in course.parts.values() if part.libraries == "torch"} if models else set(),
        known=known,
    )


@functools.cache
def _adapted_checks(course: Course) -> tuple[Check, ...]:
    base, handout = course.base, course.handout
    if base is None or handout is None:
        return ()
    ours, own = base.checks(), (course.folder / "checks").is_dir()
    course._expect_package()
    return handout.checks(ours, rubric.load(f"{course.package}.checks") if own else ())


def _has_todo(name: str, content: bytes) -> bool:
    return name.endswith(".py") and bool(TODO.search(content.decode(errors="replace")))


def _everything(course: Course) -> Files:
    """Read all files of all parts, given ones and those with a TODO."""
    folders = [part.folder for part in course.definition.parts.values()]
    return selection.read(course.folder / "given", folders) | selection.read(course.solution, folders)


@functools.cache
def _narrowed(course: Course) -> Mapping[str, bytes]:
    targets = [model.target for model in course.models.values()]
    checks = selection.read(course.folder, ("checks", "oracles"))
    return selection.narrow(_everything(course), checks, course.todos, course.folders.values(), targets)
