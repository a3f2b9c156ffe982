"""Right solutions that look like nobody's, `unusual/*.toml` of a course: each is the reference with some changes.

A change names a `file`, and has one of: `function` and `body`, as in the catalogue of mistakes; `replace`, a text that
occurs once, and `by`; or the `content` of the whole file, which may be new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.course.definition import Course, Files
from autograder.course.regions import CLOSE, OPEN, fill
from autograder.course.toml_files import read_table
from autograder.errors import RubricError


def load(course: Course, *, marked: bool = False) -> dict[str, Files]:
    """Make every one, by its name.

    Args:
        course: whose they are.
        marked: whether what stands in the place of a solution region is marked as one.

    Raises:
        RubricError: if a change does not fit the reference.
    """
    files = course.files()
    tables = {path.stem: read_table(path) for path in sorted((course.folder / "unusual").glob("*.toml"))}
    return {name: changed(files, table["change"], marked=marked) for name, table in tables.items()}


def changed(files: Mapping[str, bytes], changes: Iterable[Mapping[str, str]], *, marked: bool = False) -> Files:
    """Apply the changes of one solution to the reference, in their order.

    Raises:
        RubricError: if one is of no known form, or does not fit.
    """
    new = dict(files)
    for change in changes:
        match change:
            case {"file": file, "function": function, "body": body}:
                region = f"{OPEN}\n{body.strip(chr(10))}\n{CLOSE}" if marked else body
                new[file] = fill(new[file].decode(), file, function, region).encode()
            case {"file": file, "replace": old, "by": by}:
                source = new[file].decode()
                if source.count(old) != 1:
                    raise RubricError(f"{file}: {old!r} occurs {source.count(old)} times, expected 1")
                new[file] = source.replace(old, by).encode()
            case {"file": file, "content": content}:
                new[file] = content.encode()
            case _:
                raise RubricError(f"a change of {change.get('file', 'no file')} is of no known form")
    return new
