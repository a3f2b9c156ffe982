"""The list of all checks: what a check is, how one is declared, and what must be true of them together.

A check is a short function in the folder `checks/` of a course. Its docstring is what the student reads: the first
line is the title of its row, the rest is shown when it fails.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
import traceback
from collections.abc import Callable, Collection, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from autograder.checking import minor
from autograder.checking.oracles import clock
from autograder.checking.student import Student
from autograder.diagnosis.known_mistakes import following
from autograder.diagnosis.suspects import leaving_out, reviewing, unexplained
from autograder.errors import CheckFailed, GraderError, RubricError

PUBLIC_SEED = 0
ID = re.compile(r"\d+\.\d+-[\w-]+")
SECONDS = 10.0  # of a check that does not say how long it may take
SECONDS_AGAIN = SECONDS  # that a failing check may take, the second time that it is asked included, if its clock allows
OTHERWISE = "asked the same again, it gives something else: is anything random, or left over from an earlier call?"
Body = Callable[..., None]


class Exam(Protocol):
    """What a check of a trained model asks: a score above a threshold, whoever has the images."""

    def expect_above(self, student: Student, rng: np.random.Generator, model: str, tier: str) -> None:
        """Pass a model whose accuracy exceeds the threshold of that name in `assignment.toml`.

        Raises:
            GraderError: where it does not, or cannot be graded.
        """


@dataclass(frozen=True)
class Check:
    """One row of the score table.

    Attributes:
        id: "3.2-overlap": the TODO, a dash, and a name of its own.
        weight: its share of the TODO's points, relative to the TODO's other checks.
        needs: ids of checks whose failure this one may only repeat.
        seconds: wall-clock limit of all that it asks of the student's code, imports not counted.
        alone: whether passing it means something while a check that it needs has not passed.
        exam: whether its body gets, besides the student and a random generator, the `Exam` of the checkpoints, which
            has a clock of its own.
        title, help: the docstring's first line, and the rest of it.
    """

    id: str
    weight: int
    needs: tuple[str, ...]
    seconds: float
    title: str
    help: str
    body: Body
    exam: bool = False
    alone: bool = True

    @property
    def todo(self) -> str:
        """The TODO it belongs to: "1.7"."""
        return self.id.partition("-")[0]

    @property
    def part(self) -> int:
        """The part of the assignment: 1, 2 or 3."""
        return int(self.todo.partition(".")[0])

    @property
    def slow(self) -> bool:
        """Whether it asks for training, which is done once."""
        return self.exam or self.seconds > SECONDS

    def rng(self, seed: int) -> np.random.Generator:
        """The generator that draws its cases: the same for every student, different from every other check's."""
        digest = hashlib.sha256(f"{seed}/{self.id}".encode()).digest()
        return np.random.default_rng(np.frombuffer(digest[:16], dtype="<u4"))

    def run(self, student: Student, seed: int, exam: Exam | None) -> None:
        """Ask the student's code, and raise what is wrong with the answers."""
        student.explains = seed == PUBLIC_SEED
        began = clock() - student.explaining
        try:
            self._ask(student, seed, exam)
        except CheckFailed as error:
            if not student.explains or clock() - student.explaining - began > SECONDS_AGAIN:
                raise
            if error.fitting is None:
                # Of a slow one, the clock would decide whether it is asked again.
                if not error.finding.cause and not self.slow and self._otherwise(str(error), student, seed, exam):
                    error.args = (f"{error}; {OTHERWISE}",)
                raise
            refuted = self._refuted(error.fitting, student, seed, exam)
            if not refuted:
                raise
            with leaving_out(refuted):
                self._ask(student, seed, exam)
            raise  # it passed this time: what was seen at first stands

    def ask(self, student: Student, rng: np.random.Generator, exam: Exam | None) -> None:
        """Run the body to its end; a minor failure is raised only where there is no other."""
        try:
            with minor.waiting() as waiting:
                self.body(student, rng, *([exam] if self.exam else []))
                student.finish()
        finally:
            student.forget()
        if waiting:
            raise waiting[0]

    def _ask(self, student: Student, seed: int, exam: Exam | None) -> None:
        known, slips = student.mistakes, student.slips
        with following(known and partial(known, self, seed), slips and partial(slips, self, seed)):
            self.ask(student, self.rng(seed), exam)

    def _otherwise(self, before: str, student: Student, seed: int, exam: Exam | None) -> bool:
        """Say whether the same check comes to another end when it is asked again."""
        try:
            with student.within(SECONDS_AGAIN), unexplained():
                self._ask(student, seed, exam)
        except CheckFailed as error:
            return str(error).partition("; works")[0] != before.partition("; works")[0]
        except GraderError:
            return False
        return True

    def _refuted(
        self, fitting: tuple[Hashable, tuple[str, ...]], student: Student, seed: int, exam: Exam | None
    ) -> set[str]:
        """Say which suspects that fit one value do not fit all that the check sees; none where that cannot be told."""
        # Behind a value that is wrong a check may go astray itself: what was seen until then stands.
        with reviewing(*fitting) as review, suppress(Exception), student.within(SECONDS_AGAIN):
            self._ask(student, seed, exam)
        return review.refuted


_declared: dict[tuple[str, str], Check] = {}  # by the package of the course, and its id
_places: dict[tuple[str, str], str] = {}  # the file of each


def check(
    id: str,
    *,
    points: int = 1,
    needs: Sequence[str] = (),
    seconds: float = SECONDS,
    exam: bool = False,
    alone: bool = True,
) -> Callable[[Body], Body]:
    """Declare a check.

    Args:
        points: its weight within its TODO, 0 for one that only informs.
        alone: False where code that does nothing passes it: then it is asked only after all that it needs has passed.
    """

    def declare(body: Body) -> Body:
        title, _, rest = (body.__doc__ or "").strip().partition("\n")
        help_text = "\n".join(line.strip() for line in rest.strip().splitlines())
        file = body.__code__.co_filename
        register(Check(id, points, tuple(needs), seconds, title, help_text, body, exam, alone), body.__module__, file)
        return body

    return declare


def register(check: Check, module: str, file: str) -> None:
    """Add a check to those of the course that a module belongs to.

    Raises:
        RubricError: if it is malformed, or another file has a check of this id.
    """
    key = module.partition(".checks")[0], check.id
    if not ID.fullmatch(check.id):
        raise RubricError(f"{Path(file).name}: a check is called {check.id!r}, expected a TODO and a word: 1.2-values")
    if _places.setdefault(key, file) != file:
        raise RubricError(f"{check.id}: two checks have this id")
    if not check.title.endswith("."):
        raise RubricError(f"{check.id}: its docstring must begin with a sentence on one line")
    if check.weight < 0:
        raise RubricError(f"{check.id}: {check.weight} points, expected at least 0")
    _declared[key] = check


def load(package: str, asked: Collection[str] | None = None) -> tuple[Check, ...]:
    """Import every module of a package `checks` and return its checks in the order of the assignment.

    Each needs what those need that it needs.

    Args:
        package: "courses.convnets.checks".
        asked: TODOs, and ids of single checks, that alone are asked for; what the others find out nobody needs.

    Raises:
        RubricError: if a check needs one that does not exist or comes later, with both ids.
    """
    folder = importlib.import_module(package)
    for module in pkgutil.walk_packages(folder.__path__, f"{package}."):
        _import(module.name)
    found = [check for (course, _), check in _declared.items() if package == f"{course}.checks"]
    checks = sorted(found, key=lambda check: [int(number) for number in check.todo.split(".")])
    checks = list(asked_for(checks, asked))
    seen: dict[str, Check] = {}
    for one in checks:
        if missing := [need for need in one.needs if need not in seen]:
            raise RubricError(f"{one.id}: needs {missing[0]}, which is no earlier check")
        needs = dict.fromkeys(far for near in one.needs for far in (*seen[near].needs, near))
        seen[one.id] = replace(one, needs=tuple(needs))
    return tuple(seen.values())


def _import(module: str) -> None:
    """Import a module of checks.

    Raises:
        RubricError: if it cannot be, with its file and the line.
    """
    try:
        importlib.import_module(module)
    except GraderError:
        raise
    except Exception as error:  # whatever an author has written
        file = f"checks/{module.partition('.checks.')[2].replace('.', '/')}.py"
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename.endswith(file)]
        here = isinstance(error, SyntaxError) and str(error.filename).endswith(file)
        line = error.lineno if isinstance(error, SyntaxError) and here else lines[-1] if lines else None
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        raise RubricError(f"{file}{f':{line}' if line else ''}: {type(error).__name__}: {text}") from error


def asked_for(checks: Sequence[Check], asked: Collection[str] | None) -> tuple[Check, ...]:
    """Leave of the checks those of some TODOs, and single ones by id; what the others find out nobody needs.

    Args:
        asked: TODOs and ids; None for all.
    """
    if asked is None:
        return tuple(checks)
    return tuple(
        replace(check, needs=tuple(need for need in check.needs if _asked(need, asked)))
        for check in checks
        if _asked(check.id, asked)
    )


def _asked(id: str, asked: Collection[str]) -> bool:
    return id in asked or id.partition("-")[0] in asked
