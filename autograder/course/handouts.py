"""`adapter.toml` of a course: the handout of others, graded as it is by the checks of another course.

`adapter.py` beside it holds the few lines of code that a table cannot say, see `inside.adapted`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.checking.adaptation import Adaptation, Theirs
from autograder.checking.rubric import Check
from autograder.checking.translation import adapted
from autograder.course.toml_files import TARGET, TODO, complaint, form, read_table
from autograder.errors import RubricError

FILE, CODE = "adapter.toml", "adapter.py"

Number = Annotated[str, TODO]
Place = Annotated[str, form(r"^[\w./-]+\.py:\w+$", "a file and a name in it, like layers/linear.py:Linear")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Table):
    """What stands for one target of our checks; the rest is as `inside.adapted` says.

    Attributes:
        at: candidates, "modules/pooling.py:Pool", below the folder of the part; the first that is there counts.
        part: whose folder it lies in.
        takes: parameters as our checks give them, "a, b=1"; those of ours if not given.
        gives: what is handed on of them, "b, first=a"; all if not given.
        methods: their names, by ours.
        attributes: their names, by ours; dots lead deeper, "inner.W".
        results: of methods that return nothing, by our name: the attribute that holds the result.
        transposed: attributes that are kept so there.
        columns: attributes that are kept as columns there, (N, 1) for our (N,).
        outside: a parameter that their class may lack, as padding: the input is padded here, and dx cut.
        wrap: a class or function of `adapter.py` that says what no table can.
    """

    at: Annotated[tuple[Place, ...], Field(min_length=1)]
    part: int = 1
    takes: str | None = None
    gives: str | None = None
    methods: dict[str, str] = {}
    attributes: dict[str, str] = {}
    results: dict[str, str] = {}
    transposed: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    outside: str = ""
    wrap: str = ""

    def found(self, home: Path) -> tuple[str, str]:
        """Say which candidate counts: the first whose file has the name in it, or is there at all, or the first."""
        there: list[tuple[str, str]] = []
        for place in self.at:
            file, name = _split(place)
            if (home / file).is_file():
                there.append((file, name))
                if re.search(rf"\b{name}\b", (home / file).read_text(encoding="utf-8", errors="replace")):
                    return file, name
        return there[0] if there else _split(self.at[0])

    def rule(self, file: str, name: str) -> dict[str, Any]:
        """What the student's side is told."""
        told = self.model_dump(exclude={"at", "part"}, exclude_defaults=True, mode="json")
        return {**told, "file": file, "name": name}


class Todo(_Table):
    """One TODO of the handout.

    Attributes:
        title: as students read it.
        of: our checks, by id, or all of one of our TODOs, by number; none where it has checks of its own only.
        without: those that the handout does not ask for.
        mistakes: one of our TODOs that its own checks are about: what goes wrong there goes wrong here.
        titles: of checks whose own cannot be turned by words, by what follows the dash.
        words: of this TODO, beside those of all.
        instead: targets that its checks ask, by those that they name.
    """

    title: str
    of: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    mistakes: str = ""
    titles: dict[str, str] = {}
    words: dict[str, str] = {}
    instead: dict[str, str] = {}


class Handout(_Table):
    """All of `adapter.toml`, and the code beside it.

    Attributes:
        words: their names by ours, for all that is read: whole words, the longest first.
        paths: by part, folders that modules are imported from, below that of the part.
        targets: by what our checks ask for, "layers:Pool": which class or function of theirs stands for it.
        todos: theirs, by number; a check of ours that none names is not asked.
        standin: by folder here, parts of the other course whose reference stands in for a student.
        same_dtypes: whether results must have the dtype of the inputs.
        missing: modules that files of the handout import and no check needs: they may be missing.
        allowed: mistakes of the other course, by name, that are none here.
        code: of `adapter.py`.
    """

    words: dict[str, str] = {}
    paths: dict[int, tuple[str, ...]] = {}
    targets: dict[Annotated[str, TARGET], Target]
    todos: dict[Number, Todo]
    standin: dict[str, tuple[str, ...]] = {}
    same_dtypes: bool = False
    missing: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    code: Annotated[str, Field(exclude=True)] = ""

    def checks(self, ours: Sequence[Check], own: Sequence[Check] = ()) -> tuple[Check, ...]:
        """Make the checks of the handout, in the order of its TODOs.

        Args:
            ours: of the other course.
            own: of this one, under the ids that they have here.

        Raises:
            RubricError: if one is asked for that is not there, or twice.
        """
        renamed = self.renamed(ours)
        by_id = {check.id: check for check in ours}
        made: list[Check] = []
        for old, new in renamed.items():
            todo = self.todos[new.partition("-")[0]]
            earlier = {check.id for check in made}  # one that comes later, or never, is not waited for
            needs = [renamed[need] for need in by_id[old].needs if renamed.get(need) in earlier]
            title = todo.titles.get(new.partition("-")[2], "")
            made.append(self._adapted(by_id[old], new, needs, todo, title))
        for check in own:
            if check.todo not in self.todos or check.id in renamed.values():
                raise RubricError(f"{FILE}: {check.id}: no TODO for it, or another check of this id")
            todo = self.todos[check.todo]
            made.append(self._adapted(check, check.id, check.needs, todo))
        return tuple(sorted(made, key=lambda check: [*map(int, check.todo.split("."))]))

    def _adapted(self, check: Check, id: str, needs: Sequence[str], todo: Todo, title: str = "") -> Check:
        words = self.words | todo.words
        return adapted(check, id, needs, words, title, todo.instead, free_dtypes=not self.same_dtypes)

    def renamed(self, ours: Sequence[Check]) -> dict[str, str]:
        """Say what our checks are called in the handout, those that it has."""
        return dict(self._renamed(ours))

    def _renamed(self, ours: Sequence[Check]) -> Iterator[tuple[str, str]]:
        known = {check.id for check in ours} | {check.todo for check in ours}
        seen: dict[str, str] = {}
        for number, todo in sorted(self.todos.items(), key=lambda item: [*map(int, item[0].split("."))]):
            if stray := [name for name in (*todo.of, *todo.without, todo.mistakes) if name and name not in known]:
                raise RubricError(f"{FILE}: todos.{number}: there is no check {stray[0]}")
            for check in ours:
                if not {check.id, check.todo} & {*todo.of} or check.id in todo.without:
                    continue
                new = f"{number}-{check.id.partition('-')[2]}"
                if check.id in seen or new in seen.values():
                    raise RubricError(f"{FILE}: todos.{number}: {check.id} is asked for twice")
                seen[check.id] = new
                yield check.id, new

    def lost(self, ours: Sequence[Check]) -> dict[str, str]:
        """By our check, what is lost here by a mistake that loses it: that check, or a TODO with checks of its own."""
        own = {todo.mistakes: number for number, todo in self.todos.items() if todo.mistakes}
        return {check.id: own[check.todo] for check in ours if check.todo in own} | self.renamed(ours)

    def places(self) -> dict[str, str]:
        """Find the file that each TODO is in, from the words of its title: "Pool" in "modules/pool.py:Pool"."""
        found: dict[str, str] = {}
        for number, todo in self.todos.items():
            for file, name in [_split(place) for target in self.targets.values() for place in target.at]:
                if re.search(rf"\b{name}\b", todo.title):
                    found.setdefault(number, file)
        return found

    def files(self, folder: str, parts: Mapping[int, str]) -> tuple[tuple[str, ...], ...]:
        """Of each file that targets of a folder lie in, the names that it may have."""
        those = [target for target in self.targets.values() if parts.get(target.part) == folder]
        return tuple(dict.fromkeys(tuple(dict.fromkeys(_split(at)[0] for at in target.at)) for target in those))

    def standins(self, files: Mapping[str, bytes], parts: Collection[str]) -> dict[str, bytes]:
        """Lay the reference of the other course where its interface in front of it finds it, in folders of parts."""
        return {
            f"{folder}/{name}": content
            for folder, tops in self.standin.items()
            if folder in parts
            for name, content in files.items()
            if name.partition("/")[0] in tops
        }

    def behind(self, file: str) -> list[str]:
        """Say where a file of the other course's reference lies, as `standins` lays it."""
        return [f"{folder}/{file}" for folder, tops in self.standin.items() if file.partition("/")[0] in tops]

    def adaptation(self, part: int, parts: Mapping[int, str], home: Path, below: str = "") -> Adaptation:
        """Prepare for the files of one part of one submission.

        Args:
            part: whose checks are asked.
            parts: their folders, by number.
            home: folder of the part.
            below: the same, as the student's side is to find it in its own folder.
        """
        table, named = {}, {}
        for key, target in self.targets.items():
            if parts.get(target.part) != parts[part]:
                continue
            file, name = target.found(home)
            table[key] = target.rule(file, name)
            named[key] = Theirs(name, file, target.methods, target.transposed, [*target.results])
        request = {"do": "adapt", "home": below, "paths": list(self.paths.get(part, (".",)))}
        return Adaptation({**request, "table": table, "code": self.code, "missing": [*self.missing]}, named)


@functools.cache
def read(folder: Path) -> Handout:
    """Read the adapter of a course.

    Raises:
        RubricError: with the file, the key and what is wrong with it.
    """
    code = folder / CODE
    values = {**read_table(folder / FILE), "code": code.read_text(encoding="utf-8") if code.is_file() else ""}
    try:
        return Handout.model_validate(values)
    except ValidationError as error:
        raise complaint(folder / FILE, error) from None


def _split(place: str) -> tuple[str, str]:
    file, _, name = place.partition(":")
    return file, name
