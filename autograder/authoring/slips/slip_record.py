"""Makes every slip in the reference, asks the checks of its TODO, and records what they see, in `slips.npz`."""

from __future__ import annotations

import re
import resource
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from autograder.authoring.auditing import forked, mutants
from autograder.authoring.auditing.audited import judged_by_images
from autograder.authoring.auditing.mutants import Mutant
from autograder.authoring.slips.slip_changes import SLIPS
from autograder.authoring.slips.slip_words import describe
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.checking.student import Student
from autograder.course import recorded_slips, regions
from autograder.course.definition import Course, Files
from autograder.diagnosis import known_mistakes
from autograder.diagnosis.fingerprints import Slip, fingerprint, telling
from autograder.diagnosis.suspects import no_suspects, reviewing

BYTES, SECONDS = 8 << 30, 30.0  # that a changed solution may take
Found = Mapping[str, list[Slip]]


def write(course: Course, parts: Collection[int], todos: Collection[str], jobs: int) -> Path:
    """Write the file of a course anew, for some parts or TODOs."""
    path = course.folder / recorded_slips.FILE
    path.write_bytes(record(course, parts, todos, jobs))
    recorded_slips.read.cache_clear()
    return path


def record(course: Course, parts: Collection[int], todos: Collection[str], jobs: int) -> bytes:
    """Make the file anew for some parts, or TODOs of them; what it has of others stays."""
    files, path = course.files(), course.folder / recorded_slips.FILE
    every = {check: [*own] for check, own in (recorded_slips.read(path) if path.is_file() else {}).items()}
    for part in parts:
        chosen = [check for check in course.checks() if check.part == part and not check.exam]
        chosen = [check for check in chosen if not todos or check.todo in todos]
        own = [one for one in told(course, files, part) if one[0].todo in {check.todo for check in chosen}]
        ask = partial(_ask, files, chosen)
        nothing: Found = {}
        seen: dict[str, list[Slip]] = {check.id: [] for check in chosen}
        for found in forked.each(course, chosen, jobs, ask, own, nothing, SECONDS):
            for id, slips in found.items():
                seen[id] += slips
        every |= seen
    return recorded_slips.write(every)


def told(course: Course, files: Files, part: int) -> Sequence[tuple[Mutant, str]]:
    """The slips of a part that have words, with these."""
    free, found = judged_by_images(course), list[tuple[Mutant, str]]()
    for one in mutants.of_part(files, course.part(part).folder, SLIPS):
        source = files[one.file].decode()
        if one.todo not in free:
            public = frozenset(re.findall(r"\w+", regions.strip(source, one.file)))
            found.append((one, describe(source, one.source, one.function, public)))
    return [pair for pair in found if pair[1]]


def _ask(files: Files, checks: Sequence[Check], pair: tuple[Mutant, str]) -> Found:
    """Let the checks of its TODO see a slip."""
    mutant, clause = pair
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    with forked.laid_out(mutant.apply(files)) as student:
        found, lost = dict[str, list[Slip]](), set[str]()
        for check in (check for check in checks if check.todo == mutant.todo):
            wrong, slips = seen(check, student, clause)
            if lost.intersection(check.needs):  # a student who is asked this has passed those: the slip is not made
                lost.add(check.id)
            elif wrong:
                lost.add(check.id)
                found |= {check.id: slips} if slips else {}
        return found


def seen(check: Check, student: Student, clause: str) -> tuple[bool, list[Slip]]:
    """Whether one check sees one slip, and what of it."""
    with known_mistakes.following(None), no_suspects(), reviewing("", ()):
        with suppress(Exception):  # a check may go astray behind a value that is wrong
            check.ask(student, check.rng(PUBLIC_SEED), None)
        values = known_mistakes.first_wrong()
    if not telling([one.value for one in values if one.wrong], max((one.tolerance for one in values), default=1.0)):
        return bool(values), []
    slips = []
    for one in values:
        right, wrong = fingerprint(one.right), fingerprint(one.value)
        if one.wrong and right is not None and wrong is not None:
            slips.append(Slip(clause, one.name, right, wrong, one is values[0]))
    return bool(values), slips
