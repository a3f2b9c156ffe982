"""What the checks of a course see of its catalogued mistakes: worked out where the reference is, recorded elsewhere.

The mistaken reference is ours and runs in this process, with the cases of the check: on the trusted side, and never
near a student's modules, which have the same names and are put aside for that time.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.definition import Course, Files
from autograder.course.skeleton import lay_out
from autograder.diagnosis import known_mistakes
from autograder.diagnosis.known_mistakes import Trace
from autograder.diagnosis.suspects import no_suspects, reviewing
from autograder.errors import GraderError

if TYPE_CHECKING:
    from autograder.course.mistakes import Mistake

FILE = "oracles/traces.npz"  # in a handout, and in what a platform gets


def known(course: Course) -> Callable[[Check, int], Sequence[Trace]] | None:
    """Make what says what a check sees of mistakes with the cases of a seed; nothing where there is none to be seen.

    A handout of others takes checks of another course, whose mistakes are made in the reference of that course.
    """
    if course.asked == frozenset():
        return None
    whole = replace(course.base or course, asked=None)
    if (whole.folder / FILE).exists():
        return lambda check, seed: _recorded(whole.folder / FILE).get(check.id, ()) if seed == PUBLIC_SEED else ()
    if not (whole.folder / "reference").is_dir() or not (whole.folder / "mistakes").is_dir():
        return None
    if course.base and course.handout:
        ours = {new: old for old, new in course.handout.renamed(whole.checks()).items()}
        own = {number: todo.mistakes for number, todo in course.handout.todos.items()}

        def of_ours(check: Check, seed: int) -> Sequence[Trace]:
            id = ours.get(check.id) or own[check.todo]
            return _seen(whole, check, seed, id, False) if id else ()

        return of_ours
    return lambda check, seed: _seen(whole, check, seed, check.id)


def record(course: Course, checks: Sequence[Check]) -> bytes:
    """Write down what checks see with the public cases."""
    arrays: dict[str, np.ndarray] = {}
    for check in checks:
        for number, trace in enumerate(_seen(replace(course, asked=None), check, PUBLIC_SEED, check.id)):
            arrays[f"{check.id}/{number}/value"] = trace.value
            arrays[f"{check.id}/{number}/words"] = np.array(
                [trace.clause, trace.name, str(trace.step), str(trace.first)]
            )
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
            clause, name, step, first = map(str, archive[entry])
            trace = Trace(clause, int(step), name, archive[f"{place}/value"], first == "True")
            found.setdefault(place.partition("/")[0], []).append(trace)
    return found


@functools.cache
def _seen(course: Course, check: Check, seed: int, id: str, told: bool = True) -> tuple[Trace, ...]:
    """Ask a check about each mistake that it may see.

    Args:
        id: of the check, in the course whose mistakes these are.
        told: whether the catalogue tells which checks a mistake loses, as it does not for another handout.
    """
    files, traces = _files(course), list[Trace]()
    known = [one for one in _suspects(course) if not told or id in (one.seen or one.loses or [id])]
    own = [one for one in known if _is_of(one, id, files)]
    folders = {part.folder for part in course.parts.values()}
    with _apart(folders) as folder:
        for number, mistake in enumerate(own):
            for name in lay_out(mistake.apply(files), folder):
                os.utime(folder / name, (number, number))  # otherwise its bytecode is taken for that of the one before
            traces += _traces(check, seed, folder, mistake.suspect)
            _forget(folders)
    return tuple(traces)


@functools.cache
def _suspects(course: Course) -> tuple[Mistake, ...]:
    from autograder.course import mistakes  # only where there is a catalogue

    return tuple(mistake for mistake in mistakes.load(course) if mistake.suspect)


@functools.cache
def _files(course: Course) -> Files:
    return course.files()


def _is_of(mistake: Mistake, id: str, files: Mapping[str, bytes]) -> bool:
    """Whether a file holds the TODO of a check, and a slip changes that one; what else loses is told by name."""
    todo = id.partition("-")[0]
    if f"TODO {todo}:".encode() not in files[mistake.file]:
        return False
    return bool(mistake.loses) or mistake.todo(files) in ("", todo)


def _traces(check: Check, seed: int, folder: Path, clause: str) -> list[Trace]:
    quiet = contextlib.redirect_stdout(io.StringIO())
    with known_mistakes.following(None):
        with no_suspects(), reviewing("", ()), contextlib.suppress(GraderError), quiet:
            check.body(LocalStudent(folder), check.rng(seed))
        return known_mistakes.traces(clause)


@contextlib.contextmanager
def _apart(packages: set[str]) -> Iterator[Path]:
    """Put the modules of these names aside, and import others from the folder that is made."""
    kept = {name: sys.modules[name] for name in _modules(packages)}
    path = [*sys.path]
    _forget(packages)
    with tempfile.TemporaryDirectory(prefix="mistaken-") as folder:
        try:
            yield Path(folder)
        finally:
            _forget(packages)
            sys.modules.update(kept)
            sys.path[:] = path
            importlib.invalidate_caches()


def _modules(packages: set[str]) -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in packages]


def _forget(packages: set[str]) -> None:
    for name in _modules(packages):
        del sys.modules[name]
