"""Wrong solutions by the hundred: every small change to a solution region of the reference, one at a time.

A mutant is what a slip of the hand makes of a right solution. The same reference always gives the same mutants, and of
them the same sample.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import random
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.authoring.auditing.mutations import MUTATIONS, Edit, Mutation, Page
from autograder.course import regions
from autograder.course.definition import Course
from autograder.course.regions import Region
from autograder.course.toml_files import complaint, read_table
from autograder.errors import RubricError

Files = Mapping[str, bytes]
Key = tuple[str, str, str, str]
Text = Annotated[str, Field(min_length=1)]
EQUIVALENT = "equivalent_mutants.toml"
SECOND = "equivalent_second.toml"  # of the second set, and of other solutions than the reference
CONTEXT = 2  # lines before and after a change, in a diff
TRIES = 20  # at two mutants that go together, for each pair


@dataclass(frozen=True)
class Mutant:
    """One change to one function.

    Attributes:
        file, todo, function: where it is.
        line: number of the first changed line.
        before, after: the changed lines without their common indent: what identifies a mutant, wherever its line is.
        source: the whole module, changed.
    """

    file: str
    todo: str
    function: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> Key:
        """What the file of the equivalent ones calls it by."""
        return self.file, self.function, self.before, self.after

    def apply(self, files: Files) -> dict[str, bytes]:
        """Make the whole wrong solution from the reference's files."""
        return {**files, self.file: self.source.encode()}

    def diff(self, files: Files) -> str:
        """Show the change as a unified diff of one hunk."""
        lines = files[self.file].decode().splitlines(), self.source.splitlines()
        hunk = list(difflib.unified_diff(*lines, n=CONTEXT, lineterm=""))[2:]
        return "\n".join([f"{self.file}:{self.line} {self.function}", *hunk])


class Equivalent(BaseModel):
    """Mutants of one place that do what the reference does, as far as ASSIGNMENT.md asks for it.

    Attributes:
        file, function, before, after: as those of `Mutant`; all of `after` for the same reason. `before` is empty where
            a line is new.
        reason: why no input can tell them from the reference, or why none that the assignment allows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Text
    function: Text
    before: str
    after: Annotated[tuple[Text, ...], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=10)]

    @property
    def mutants(self) -> list[Key]:
        """Whom it speaks of."""
        return [(self.file, self.function, self.before, after) for after in self.after]


def of_part(files: Files, folder: str, changes: Sequence[Mutation] = MUTATIONS) -> list[Mutant]:
    """Make all mutants of one part of a solution, in the order of files and lines."""
    names = sorted(name for name in files if name.startswith(f"{folder}/") and name.endswith(".py"))
    return [mutant for name in names for mutant in of_module(files[name].decode(), name, changes)]


def of_module(source: str, file: str, changes: Sequence[Mutation] = MUTATIONS) -> list[Mutant]:
    """Make all mutants of one module, each once: they compile, and no two have the same syntax tree."""
    page = Page(source, file)
    mutants = [mutant for region in regions.find(source, file) for mutant in _of_region(page, file, region, changes)]
    return sorted(mutants, key=lambda mutant: mutant.line)


def pairs(singles: Sequence[Mutant], files: Files, count: int) -> list[Mutant]:
    """Put two mutants of one file together, `count` times, always the same: neither changes what the other does."""
    draw, found = random.Random(count), dict[Key, Mutant]()
    for one, other in (draw.sample(singles, 2) for _ in range(TRIES * count)):
        if one.file == other.file and (both := _both(files[one.file].decode(), one, other)):
            found.setdefault(both.key, both)
        if len(found) == count:
            break
    return sorted(found.values(), key=lambda mutant: (mutant.file, mutant.line))


def _both(source: str, one: Mutant, other: Mutant) -> Mutant | None:
    """Make both changes; None where they are not on lines of their own."""
    first, second = sorted((one, other), key=lambda mutant: mutant.line)
    lines, earlier, later = (text.splitlines() for text in (source, first.source, second.source))
    end = len(lines) - _alike(lines[first.line - 1 :][::-1], earlier[first.line - 1 :][::-1])  # of the first change
    if end >= second.line:
        return None
    merged = [*earlier[: end + len(earlier) - len(lines)], *later[end:]]
    text = "\n".join(merged) + "\n"
    try:
        ast.parse(text)
    except SyntaxError:
        return None
    at, before, after = _difference(lines, merged)
    return Mutant(one.file, first.todo, first.function, at + 1, before, after, text)


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines are equal from the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def reach(files: Files, folder: str) -> dict[str, tuple[str, ...]]:
    """Say for each module which TODOs a change in it can spoil: its own, and those of modules that import it."""
    names = [name for name in files if name.startswith(f"{folder}/") and name.endswith(".py")]
    todos = {name: {region.todo for region in regions.find(files[name].decode(), name)} for name in names}
    users = {name: {name} for name in names}
    for name in names:
        for imported in _imports(files[name], name).intersection(names):
            users[imported].add(name)
    for _ in names:  # as often as a chain of imports can be long
        users = {name: {far for near in users[name] for far in users[near]} for name in names}
    return {name: tuple(sorted({todo for user in users[name] for todo in todos[user]})) for name in names}


def sample(mutants: list[Mutant], count: int | None) -> list[Mutant]:
    """Choose `count` of them, always the same ones; all when None."""
    if count is None or count >= len(mutants):
        return mutants
    chosen = set(sorted((mutant.key for mutant in mutants), key=_hash)[:count])
    return [mutant for mutant in mutants if mutant.key in chosen]


def load_equivalent(course: Course, file: str = EQUIVALENT) -> dict[Key, str]:
    """Read a reviewed file: the reason by the mutant.

    Raises:
        RubricError: with the number of an entry that is malformed, or speaks of a mutant again.
    """
    reasons: dict[Key, str] = {}
    path = course.folder / file
    tables = read_table(path).get("equivalent", []) if path.exists() else []
    for number, table in enumerate(tables, start=1):
        try:
            entry = Equivalent.model_validate(table)
        except ValidationError as error:
            raise complaint(path, error, f"entry {number}") from None
        for key in entry.mutants:
            if key in reasons:
                raise RubricError(f"{path.name}: entry {number}: {key[3]!r} stands in an earlier entry")
            reasons[key] = entry.reason
    return reasons


def _imports(source: bytes, file: str) -> set[str]:
    """The modules of its own folder that a module imports."""
    statements = [node for node in ast.walk(ast.parse(source, file)) if isinstance(node, ast.ImportFrom) and node.level]
    modules = [*(node.module for node in statements), *(alias.name for node in statements for alias in node.names)]
    return {f"{file.partition('/')[0]}/{module}.py" for module in modules}


def _hash(key: tuple[str, ...]) -> bytes:
    return hashlib.sha256("\0".join(key).encode()).digest()


def _of_region(page: Page, file: str, region: Region, changes: Sequence[Mutation]) -> Iterator[Mutant]:
    lines = page.source.splitlines()
    seen = {_meaning(lines[region.first : region.last - 1])}
    for start, end, text in _edits(page, region, changes):
        changed = page.source[:start] + text + page.source[end:]
        now = changed.splitlines()
        meaning = _meaning(now[region.first : len(now) - len(lines) + region.last - 1])
        if meaning and meaning not in seen:
            seen.add(meaning)
            first, before, after = _difference(lines, now)
            yield Mutant(file, region.todo, region.function, first + 1, before, after, changed)


def _edits(page: Page, region: Region, changes: Sequence[Mutation]) -> Iterator[Edit]:
    for node in _walk(page.tree):
        if region.first < getattr(node, "lineno", 0) and getattr(node, "end_lineno", 0) < region.last:
            for mutation in changes:
                yield from mutation(page, node)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes in which a change can change a value: no annotation, no text of an error."""
    yield node
    for name, value in ast.iter_fields(node):
        children: Iterable[object] = value if isinstance(value, list) else [value]
        if name not in ("annotation", "returns", "exc"):
            for child in children:
                if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                    yield from _walk(child)


def _meaning(region: list[str]) -> str:
    """The tree of a region's lines as text, or nothing where they do not compile."""
    body = textwrap.indent(textwrap.dedent("\n".join(region)), "    ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1 is 2` and its like
            tree = ast.parse(f"def function():\n{body}")
            compile(tree, "mutant", "exec")
    except SyntaxError:
        return ""
    return ast.dump(tree)


def _difference(before: list[str], after: list[str]) -> tuple[int, str, str]:
    """Say where two texts begin to differ, and the lines of each that do."""
    first = next(index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    same = next(index for index, (old, new) in enumerate(zip(before[::-1], after[::-1], strict=False)) if old != new)
    same = min(same, len(before) - first - 1, len(after) - first - 1)
    old, new = before[first : len(before) - same], after[first : len(after) - same]
    return first, textwrap.dedent("\n".join(old)), textwrap.dedent("\n".join(new))
