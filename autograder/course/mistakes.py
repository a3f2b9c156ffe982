"""The catalogue of plausible wrong solutions, `mistakes/**/*.toml` of a course: small changes to the reference.

Each says which checks it must lose, and what the student must read. `make reference` and `autograder audit` run them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autograder.checking.expect import OF_INPUTS
from autograder.checking.translation import translated
from autograder.course.definition import Course, Files
from autograder.course.handouts import Handout
from autograder.course.regions import fill, find
from autograder.course.toml_files import complaint, named, read_table
from autograder.errors import RubricError

Text = Annotated[str, Field(min_length=1)]


class Mistake(BaseModel):
    """One wrong solution.

    Attributes:
        name: a clause that says what went wrong: "the later of two overlapping windows overwrites the earlier".
        file: the module that it changes, below `reference/`.
        function, body: the function whose solution region is replaced, and by what (from column 0) ...
        replace, by: ... or a text that occurs exactly once in the file, and its replacement.
        loses: exactly the checks that fail; those that need them are skipped.
        says: a part of what the student reads at one of them; the suspect's clause where there is one.
        suspect: the clause that a student reads; the mistaken reference is then its own suspect, see
            `autograder.course.mistaken`, and `name`, `loses` (any check) and `says` need not be given.
        seen: the checks that tell it; those that it loses, or all of its TODO, where none is named.
        named: whether `says` names the mistake, as a suspect or a message of its own does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    file: Text
    function: str = ""
    body: str = ""
    replace: str = ""
    by: str = ""
    loses: tuple[str, ...]
    says: Text
    suspect: str = ""
    seen: tuple[str, ...] = ()
    named: bool = True

    @model_validator(mode="before")
    @classmethod
    def _said_once(cls, table: dict[str, Any]) -> dict[str, Any]:
        clause = table.get("suspect")
        return {"name": clause, "says": clause, "loses": ()} | table if clause else table

    @model_validator(mode="after")
    def _one_form(self) -> Mistake:
        if bool(self.function and self.body) == bool(self.replace):
            raise ValueError("give function and body, or replace and by")
        if not self.loses and not self.suspect:
            raise ValueError("give the checks that it loses, or a suspect")
        return self

    def apply(self, files: Mapping[str, bytes]) -> Files:
        """Make the wrong solution from the reference's files.

        Raises:
            RubricError: if it does not fit the reference.
        """
        if self.file not in files:
            raise RubricError(f"{self.name}: there is no {self.file} in reference/")
        source = files[self.file].decode().replace("\r\n", "\n")  # a clone on Windows has other ends of lines
        if self.function:
            changed = fill(source, self.file, self.function, self.body)
        elif source.count(self.replace) == 1:
            changed = source.replace(self.replace, self.by)
        else:
            times = source.count(self.replace)
            raise RubricError(f"{self.name}: its text occurs {times} times in {self.file}, expected 1")
        return {**files, self.file: changed.encode()}

    def todo(self, files: Mapping[str, bytes]) -> str:
        """Say whose solution it changes; nothing where that is the solution of no single TODO."""
        source = files[self.file].decode().replace("\r\n", "\n")
        if self.function:
            return next(region.todo for region in find(source, self.file) if region.function == self.function)
        start = source.index(self.replace)
        first, last = (source.count("\n", 0, start + len(one)) + 1 for one in _margins(self.replace))
        return "".join(region.todo for region in find(source, self.file) if region.first < first <= last < region.last)


def _margins(text: str) -> tuple[str, str]:
    """What stands before the first line of a text that is not blank, and all up to its last one."""
    return text[: len(text) - len(text.lstrip())], text.rstrip()


def load(course: Course) -> tuple[Mistake, ...]:
    """Read the whole catalogue; of a handout of others, that of the course whose checks it takes, as far as it asks.

    Raises:
        RubricError: with file and entry, where one is malformed or two have one name.
    """
    if course.base and course.handout:
        return tuple(_adapted(course.handout, course.base))
    mistakes: dict[str, Mistake] = {}
    for path in sorted((course.folder / "mistakes").rglob("*.toml")):
        for number, table in enumerate(_tables(path), start=1):
            try:
                mistake = Mistake.model_validate(table)
            except ValidationError as error:
                raise complaint(path, error, f"mistake {number}") from None
            if mistake.name in mistakes:
                raise RubricError(f"{named(path)}: two mistakes are called {mistake.name!r}")
            mistakes[mistake.name] = mistake
    if course.asked is None:
        return tuple(mistakes.values())
    files = course.files()
    return tuple(mistake for mistake in mistakes.values() if mistake.file in files)


def _tables(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a file; those of `slips` are short: by file, what a student reads = [text, replacement].

    Or several such pairs, where it can be made in several places. Those that one check alone sees stand in a table of
    its own, `[slips."layers/pooling.py"."7.2-values"]`: no other is asked about them.
    """
    content = read_table(path)
    own, slips = content.get("mistake", []), content.get("slips", {})
    astray = sorted(content.keys() - {"mistake", "slips"}) or ["mistake"] * (not isinstance(own, list))
    if astray or not all(isinstance(table, dict) for table in slips.values()):
        raise RubricError(f'{named(path)}: {(*astray, "slips")[0]}: expected [[mistake]], or [slips."layers/file.py"]')
    yield from own
    for file, clauses in slips.items():
        for check, pairs_of in {"": clauses, **clauses}.items():
            for clause, pairs in pairs_of.items() if isinstance(pairs_of, dict) else ():
                if isinstance(pairs, dict):
                    continue
                several = pairs if isinstance(pairs, list) and pairs and isinstance(pairs[0], list) else [pairs]
                if not all(isinstance(pair, list) and len(pair) == 2 for pair in several):
                    raise RubricError(
                        f'{named(path)}: slips: {clause!r} is {pairs!r}, expected ["text", "replacement"]'
                    )
                for number, (replace, by) in enumerate(several, start=1):
                    name = f"{PurePath(file).stem}: {clause}" + (f" ({number})" if number > 1 else "")
                    name = f"{check}, {name}" if check else name
                    seen = {"seen": (check,)} if check else {}
                    yield {"name": name, "suspect": clause, "file": file, "replace": replace, "by": by, **seen}


def _adapted(handout: Handout, base: Course) -> Iterator[Mistake]:
    """Yield the mistakes of another course that lose a check of this handout, as they are there."""
    here = handout.lost(base.checks())
    for mistake in load(base):
        lost = tuple(dict.fromkeys(here[check] for check in mistake.loses if check in here))
        places = handout.behind(mistake.file)
        free = OF_INPUTS in mistake.says and not handout.same_dtypes
        if lost and places and not free and mistake.name not in handout.allowed:
            words = handout.words | handout.todos[lost[0].partition("-")[0]].words
            told = {"file": places[-1], "loses": lost, "says": translated(mistake.says, words)}
            yield mistake.model_copy(update=told)
