"""What of a course is left when an assignment leaves TODOs out of it, or a whole part.

A file that holds nothing else goes, with all that is in it. It stays, with the solution as given code, where the rest
of the homework imports it or speaks of what is in it: nobody can write a layer on top of one that is missing, and a
hint that names a function which is not there costs an hour. A file that holds other TODOs too keeps all its functions,
those that are left out solved.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from autograder.course.regions import TODO, solve

Files = Mapping[str, bytes]
ID = re.compile(r"""["'](\d+\.\d+)(?:-[\w-]*)?["'{]""")  # of a check or a TODO, where a check is declared
NEEDS = re.compile(r"needs=[(\[][^)\]]*")
LISTED = re.compile(r"^[\s|*-]*(\d+\.\d+)(?: {2,}|\s*\|).*\n", re.M)  # a line of a table of TODOs
TARGET = re.compile(r"""["']([A-Za-z]\w*(?:\.\w+)+):\w""")  # "layers.pooling:Pool", as a check asks for it


def todos_of(ids: Iterable[str]) -> frozenset[str]:
    """Name the TODOs of some TODOs and checks: "1.2" of "1.2-overlap"."""
    return frozenset(id.partition("-")[0] for id in ids)


def narrow(
    files: Files, checks: Files, asked: Collection[str], parts: Collection[str], targets: Iterable[str]
) -> Files:
    """Leave of the files what an assignment asks for, and what that needs.

    Args:
        files: all of the parts, solved or as skeletons.
        checks: those of the folders `checks` and `oracles`.
        asked: TODOs.
        parts: folders of the parts that are asked for, or built on.
        targets: of the networks that are trained: "networks.models:Net".
    """
    todos = {name: _todos(name, content) for name, content in files.items()}
    left = {todo for own in todos.values() for todo in own}.difference(asked)
    if not left and all(name.partition("/")[0] in parts for name in files):
        return files
    files = {name: unlisted(content, left) for name, content in files.items()}
    solved = {name: _solved(name, content, left) if left & todos[name] else content for name, content in files.items()}
    roots = [name for name in files if (todos[name] & {*asked} if todos[name] else name.partition("/")[0] in parts)]
    roots += [f"{target.partition(':')[0].replace('.', '/')}.py" for target in targets]
    needed = follow({**checks, **files}, [*roots, *of_checks(checks, asked)], spoken_of(files))
    return {name: content for name, content in solved.items() if name in needed}


def of_checks(checks: Files, asked: Collection[str]) -> list[str]:
    """Name the modules that declare a check of an asked TODO."""
    return [name for name, content in checks.items() if todos_of(_ids(content)) & {*asked}]


def unlisted(content: bytes, todos: Collection[str]) -> bytes:
    """Leave out the lines of a table of TODOs that begin with one of these."""
    if b"\0" in content:
        return content
    text = content.decode(errors="surrogateescape")
    return LISTED.sub(lambda row: "" if row[1] in todos else row[0], text).encode(errors="surrogateescape")


def follow(files: Files, roots: Iterable[str], words: Mapping[str, str] | None = None) -> set[str]:
    """Name the roots and all files that those need, in turn.

    Args:
        files: among which they look for what they import.
        roots: where to begin; those that are no file are left out.
        words: files by the names that, where a file of the same folder speaks of them, need that file.
    """
    found: set[str] = set()
    queue = [name for name in roots if name in files]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        found.add(name)
        if name.endswith(".py"):
            text = files[name].decode(errors="replace")
            near = {
                file
                for word in set(re.findall(r"\w+", text))
                if (file := (words or {}).get(f"{name.partition('/')[0]}/{word}"))
            }
            queue += [other for other in {*imported(text, name), *near} if other in files]
    return found


def imported(text: str, file: str) -> Iterator[str]:
    """Yield the files that a module may mean where it imports, or names a target; not all of them are there."""
    folder = PurePosixPath(file).parent.parts
    for node in _statements(ast.parse(text, file)):
        if isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) + 1 - node.level] if node.level else ()
            place = (*base, *(node.module.split(".") if node.module else ()))
            yield from _modules("/".join(place))
            for alias in node.names:
                yield from _modules("/".join((*place, alias.name)))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _modules(alias.name.replace(".", "/"))
    for target in TARGET.findall(text):
        yield from _modules(target.replace(".", "/"))
    yield from (f"{'/'.join(folder[:depth])}/__init__.py" for depth in range(1, len(folder) + 1))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements in a node: a small part of all nodes, and no import is anywhere else."""
    for place in ("body", "orelse", "finalbody", "handlers", "cases"):
        for one in getattr(node, place, ()):
            if isinstance(one, ast.stmt):
                yield one
            yield from _statements(one)


def spoken_of(files: Files) -> dict[str, str]:
    """Find the file of each function and class, by the folder of its part and its name: "layers/Pool"."""
    found = {}
    for name, content in files.items():
        for node in ast.parse(content, name).body if name.endswith(".py") else ():
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found[f"{name.partition('/')[0]}/{node.name}"] = name
    return found


def _modules(place: str) -> Iterator[str]:
    if place:
        yield f"{place}.py"
        yield f"{place}/__init__.py"


def _ids(content: bytes) -> Iterator[str]:
    yield from ID.findall(NEEDS.sub("", content.decode(errors="replace")))


@functools.cache
def _todos(name: str, content: bytes) -> frozenset[str]:
    return frozenset(TODO.findall(content.decode(errors="replace"))) if name.endswith(".py") else frozenset()


def _solved(name: str, content: bytes, todos: Collection[str]) -> bytes:
    """Solve the TODOs of a file that are left out; a skeleton has no solution, and stays as it is."""
    return solve(content.decode(), name, todos).encode()


def read(folder: Path, below: Iterable[str]) -> dict[str, bytes]:
    """Read the files of some folders in a folder."""
    paths = [path for name in below for path in sorted((folder / name).rglob("*"))]
    kept = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}
