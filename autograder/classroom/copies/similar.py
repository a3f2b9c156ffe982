"""`autograder similar`: what is alike in a class beyond the handout: code, weights, and files byte by byte.

Nothing of a student's is run, imported or unpickled. What is found goes to a page for staff, as a place to look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rich.console import Console

from autograder.classroom import exports
from autograder.classroom.copies import code_overlap, identical_files, weight_match
from autograder.classroom.copies.weight_match import Model
from autograder.classroom.copies.winnowing import MAX_BYTES, Place
from autograder.classroom.exports import HandedIn
from autograder.course import skeleton
from autograder.course.assignment import Assignment
from autograder.course.definition import Course
from autograder.course.layout import Layout
from autograder.errors import GraderError, SetupError, SubmissionError
from autograder.reports import similar_page
from autograder.reports.likeness import Code, Crowd, LayerFound, Likeness, Side, Weights
from autograder.reports.records import LeftOut
from autograder.sandbox.temporary import TemporaryFolder
from autograder.submission import folders, tensors
from autograder.submission.collect import choose
from autograder.submission.unpack import open_zip

SURE = 1e-6  # chance below which two models are not from two trainings
SHOWN = 5  # passages of a pair
MAX_LINES = 60  # of a passage
CROWD = 4, 0.1  # submissions, and share of those with such a file: more than that are no copies


@dataclass(frozen=True)
class Work:
    """What of a submission is compared: its code by file, and its models by file."""

    handed: HandedIn
    code: dict[str, str]
    models: dict[str, Model]

    @property
    def name(self) -> str:
        """Who, on one line."""
        return ", ".join(person.name for person in self.handed.people)


def run(folder: Path, out: Path, assignment: Assignment, console: Console) -> None:
    """Compare the submissions of a class, and write the page and the table beside it.

    Args:
        folder: zips, or an export, which may be a zip itself.
        out: the page, with a name that ends in .html.

    Raises:
        GraderError: if there is no class, or the page has the name of the table.
    """
    if out.suffix == similar_page.TABLE:
        raise SetupError(f"{out} is what the table is called, expected a page: {out.with_suffix('.html')}")
    with exports.opened(folder, assignment.course.layout) as found:
        likeness = compare(found.handed, assignment)
    likeness.left_out += found.left_out
    out.parent.mkdir(parents=True, exist_ok=True)
    paths = similar_page.write(out.parent, out.name, likeness)
    pairs = f"pairs with code in common: {len(likeness.code)}, with weights: {len(likeness.weights)}"
    said = f"{likeness.submissions} submissions, {likeness.models} checkpoints: {pairs}; places to look, no findings"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    console.print("   ".join(map(str, paths)), markup=False, highlight=False, soft_wrap=True)


def compare(handed: Sequence[HandedIn], assignment: Assignment) -> Likeness:
    """Find what is alike beyond what everyone got."""
    course = assignment.course
    likeness = Likeness(assignment.title)
    works: dict[str, Work] = {}
    for one in handed:
        try:
            works[one.key] = _work(one, course.layout, assignment.limits.zip_megabytes, likeness.left_out)
        except (SubmissionError, OSError) as error:
            name = ", ".join(person.name for person in one.people)
            why = str(error) if isinstance(error, SubmissionError) else f"cannot be read: {error.strerror}"
            likeness.left_out.append(LeftOut(name, why))
    likeness.submissions, likeness.models = len(works), sum(len(work.models) for work in works.values())
    likeness.code = list(_code(works, course))
    _weights(list(works.values()), likeness)
    likeness.identical = identical_files.find(handed, course)
    return likeness


def _work(one: HandedIn, layout: Layout, max_megabytes: int, left_out: list[LeftOut]) -> Work:
    """Read what counts of a submission.

    Raises:
        SubmissionError: if it cannot be graded either.
    """
    if one.refused:
        raise SubmissionError(one.refused)
    work = Work(one, {}, {})
    room = TemporaryFolder("similar")
    try:
        path = folders.as_zip(one.path, room.path / "all.zip", layout, packed=False) if one.path.is_dir() else one.path
        with open_zip(path, max_megabytes, layout) as archive:
            for name, entry in choose(archive.entries, layout).kept.items():
                part, _, rest = name.partition("/")
                if name.endswith(".py") and entry.size > MAX_BYTES:
                    left_out.append(LeftOut(work.name, f"{name} is too large to compare"))
                elif name.endswith(".py") and rest not in layout.given.get(part, ()):
                    work.code[name] = b"".join(archive.chunks(entry)).decode("utf-8", "replace")
                elif name.endswith(".pt"):
                    content = room.path / "model.pt"
                    content.write_bytes(b"".join(archive.chunks(entry)))
                    try:
                        work.models[name] = weight_match.model(tensors.read(content, name, max_megabytes))
                    except GraderError as error:
                        left_out.append(LeftOut(work.name, str(error)))
    finally:
        room.remove()
    return work


def _strangers(first: Work, second: Work) -> bool:
    return not {*first.handed.people} & {*second.handed.people}


def _code(works: dict[str, Work], course: Course) -> Iterator[Code]:
    ours = skeleton.generate(course)
    handout = [content.decode("utf-8") for name, content in sorted(ours.items()) if name.endswith(".py")]
    found = code_overlap.find({key: work.code for key, work in works.items()}, handout)
    for one in code_overlap.unusual(found, len(works)):
        first, second = works[one.first], works[one.second]
        if _strangers(first, second):
            passages = one.pieces
            shown = [(_side(first, some.first), _side(second, some.second)) for some in passages[:SHOWN]]
            more = max(0, len(passages) - SHOWN)
            yield Code((first.name, second.name), one.share, one.weight, shown, more)


def _side(work: Work, place: Place) -> Side:
    name, first, last = place
    lines = work.code[name].split("\n")[first - 1 : min(last, first - 1 + MAX_LINES)]
    return Side(name, first, "\n".join(lines))


def _weights(works: Sequence[Work], likeness: Likeness) -> None:
    """Compare all models with each other, and sort what is alike into pairs and crowds."""
    models = [(work, name, model) for work in works for name, model in work.models.items()]
    found: dict[tuple[str, str], list[tuple[str, str, Weights]]] = defaultdict(list)
    for (one, name, a), (other, its_name, b) in combinations(models, 2):
        if not _strangers(one, other) or (match := weight_match.match(a, b)) is None:
            continue
        likeness.pairs += 1
        if match.p < SURE:
            layers = [LayerFound(each.layer, each.units, each.twins, each.moved, each.angle) for each in match.counted]
            signs = weight_match.signs(a, b, match)
            weights = Weights((one.name, other.name), (name, its_name), match.p, layers, signs)
            found[name, its_name].append((one.handed.key, other.handed.key, weights))
    names = {work.handed.key: work.name for work in works}
    for (name, its_name), pairs in found.items():
        having = sum(name in work.models for work in works)
        crowds = [group for group in _groups(pairs) if len(group) > max(CROWD[0], CROWD[1] * having)]
        likeness.crowds += [Crowd(name, [names[key] for key in sorted(group)]) for group in crowds if name == its_name]
        likeness.weights += [pair for first, _, pair in pairs if not any(first in group for group in crowds)]
    likeness.weights.sort(key=lambda one: (one.p, one.who))


def _groups(pairs: Sequence[tuple[str, str, Weights]]) -> list[set[str]]:
    """Put together whoever is linked by pairs."""
    groups: list[set[str]] = []
    for first, second, _ in pairs:
        linked = [group for group in groups if first in group or second in group]
        groups = [group for group in groups if group not in linked] + [{first, second}.union(*linked)]
    return groups
