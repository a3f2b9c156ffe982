"""What the checks of a course see of its catalogued mistakes: worked out where the reference is, recorded elsewhere.

The mistaken reference is ours and runs in this process, with the cases of the check: on the trusted side, and never
near a student's modules, which have the same names and are put aside for that time.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from autograder.checking import suspected
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.checking.student import LocalStudent
from autograder.checking.suspected import Trace
from autograder.checking.suspects import no_suspects
from autograder.course.definition import Course
from autograder.course.skeleton import lay_out
from autograder.errors import CheckFailed, GraderError

FILE = "mistakes/recorded.npz"


def known(course: Course) -> Callable[[Check, int], Sequence[Trace]] | None:
    """Make what says which mistakes a check with the cases of a seed sees; nothing where there is none to be seen."""
    if course.base or course.asked == frozenset():
        return None
    whole = replace(course, asked=None)
    if (course.folder / FILE).exists():
        return lambda check, seed: _recorded(course.folder / FILE).get(check.id, ()) if seed == PUBLIC_SEED else ()
    if (course.folder / "reference").is_dir() and (course.folder / "mistakes").is_dir():
        return functools.partial(_seen, whole)
    return None


def record(course: Course, checks: Sequence[Check]) -> bytes:
    """Write down what checks see with the public cases."""
    arrays: dict[str, np.ndarray] = {}
    for check in checks:
        for number, trace in enumerate(_seen(replace(course, asked=None), check, PUBLIC_SEED)):
            arrays[f"{check.id}/{number}/value"] = trace.value
            arrays[f"{check.id}/{number}/words"] = np.array([trace.clause, trace.name, str(trace.step)])
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


@functools.cache
def _recorded(path: Path) -> Mapping[str, list[Trace]]:
    archive = np.load(path, allow_pickle=False)
    found: dict[str, list[Trace]] = {}
    for entry in archive.files:
        place, _, kind = entry.rpartition("/")
        if kind == "words":
            clause, name, step = map(str, archive[entry])
            found.setdefault(place.partition("/")[0], []).append(
                Trace(clause, int(step), name, archive[f"{place}/value"])
            )
    return found


@functools.cache
def _seen(course: Course, check: Check, seed: int) -> tuple[Trace, ...]:
    from autograder.course import mistakes  # only where there is a catalogue

    files, traces = course.files(), []
    folders = {part.folder for part in course.parts.values()}
    for mistake in mistakes.load(course):
        if mistake.suspect and check.id in (mistake.loses or [check.id]) and _is_of(mistake.file, check.todo, files):
            wrong = mistake.apply(files)
            if trace := _trace(check, seed, wrong, folders, mistake.suspect):
                traces.append(trace)
    return tuple(traces)


def _is_of(file: str, todo: str, files: Mapping[str, bytes]) -> bool:
    """Whether a file holds a TODO."""
    return f"TODO {todo}:".encode() in files[file]


def _trace(check: Check, seed: int, files: Mapping[str, bytes], folders: set[str], clause: str) -> Trace | None:
    with _apart(folders) as folder, suspected.following(None), no_suspects(), contextlib.redirect_stdout(io.StringIO()):
        lay_out(dict(files), folder)
        student = LocalStudent(folder)
        try:
            check.body(student, check.rng(seed))
        except CheckFailed:
            return suspected.latest(clause)
        except GraderError:
            return None
    return None


@contextlib.contextmanager
def _apart(packages: set[str]) -> Iterator[Path]:
    """Put the modules of these names aside, and import others from the folder that is made."""

    def own() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] in packages]

    kept, path = {name: sys.modules.pop(name) for name in own()}, [*sys.path]
    with tempfile.TemporaryDirectory(prefix="mistaken-") as folder:
        try:
            yield Path(folder)
        finally:
            for name in own():
                del sys.modules[name]
            sys.modules.update(kept)
            sys.path[:] = path
            importlib.invalidate_caches()
