"""What a slip of the hand in the reference makes of the public cases, `slips.npz` of a course, one row a value.

Recorded once, by `autograder slips`, as it takes minutes; read where grading finds a wrong value that nothing else
explains. Holds no value and no code: fingerprints, and sentences in the order of the alphabet.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.definition import Course
from autograder.diagnosis.fingerprints import Slip, Slips

FILE = "slips.npz"


def known(course: Course) -> Callable[[Check, int], Slips] | None:
    """Make what says what a check sees of slips with the cases of a seed; nothing where none is recorded."""
    path = course.folder / FILE
    if not path.is_file():
        return None
    return lambda check, seed: read(path).get(check.id, ()) if seed == PUBLIC_SEED else ()


@functools.cache
def read(path: Path) -> Mapping[str, Slips]:
    """Read a file: the slips by the check that sees them."""
    with np.load(path, allow_pickle=False) as archive:
        table = {name: archive[name] for name in archive.files}
    found: dict[str, list[Slip]] = {}
    words = {name: [str(word) for word in table[f"{name}s"]] for name in ("check", "clause", "name")}
    for row, (check, clause, name, first) in enumerate(table["rows"].tolist()):
        slip = Slip(words["clause"][clause], words["name"][name], table["right"][row], table["wrong"][row], bool(first))
        found.setdefault(words["check"][check], []).append(slip)
    return found


def of(course: Course) -> bytes:
    """Write the file that a package of a course gets: of the checks that it has."""
    found = read(course.folder / FILE)
    return write({check.id: found.get(check.id, ()) for check in course.checks()})


def write(slips: Mapping[str, Sequence[Slip]]) -> bytes:
    """Write a file; equal slips make equal files."""
    every = sorted(
        {
            ((check, slip.clause, slip.name), slip.first, slip.right.tobytes(), slip.wrong.tobytes())
            for check, own in slips.items()
            for slip in own
        }
    )
    columns = [sorted({row[0][place] for row in every}) for place in range(3)]
    places = [{word: at for at, word in enumerate(column)} for column in columns]
    rows = [[*(place[word] for place, word in zip(places, row[0], strict=True)), int(row[1])] for row in every]
    right, wrong = b"".join(row[2] for row in every), b"".join(row[3] for row in every)
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        allow_pickle=False,
        checks=np.array(columns[0]),
        clauses=np.array(columns[1]),
        names=np.array(columns[2]),
        rows=np.array(rows, dtype=np.int32).reshape(len(every), 4),
        right=np.frombuffer(right, np.float32).reshape(len(every), -1),
        wrong=np.frombuffer(wrong, np.float32).reshape(len(every), -1),
    )
    return stream.getvalue()
