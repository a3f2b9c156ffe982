"""How long a class takes whose first part is right, and how busy the cores are meanwhile."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path

from autograder.bench.figures import Figure, timed
from autograder.bench.rescored_class import batch
from autograder.course.definition import Course
from autograder.sandbox import cores
from autograder.submission import packing

SIZE = 200
TICKS = 100  # of /proc/stat, a second (proc(5))


def measure(course: Course) -> dict[str, Figure]:
    """Seconds from the command to the last page, for code alone, and the share of that in which the cores worked.

    Expected values are there already, as for all of a class but its first.
    """
    with tempfile.TemporaryDirectory() as folder:
        grade(course, Path(folder), 1)
        seconds, busy = grade(course, Path(folder), SIZE)
    what = f"a class of {SIZE}, part {min(course.parts)} right, a process a core"
    return {what: Figure(seconds, "s", 1), f"{what}, cores busy": Figure(100 * busy, "%", 1)}


def grade(course: Course, folder: Path, size: int) -> tuple[float, float]:
    """Grade a class of that size in a folder named by it; seconds, and the share in which the cores worked."""
    first, only = min(course.parts), folder / "assignment.toml"
    text = (course.folder / only.name).read_text(encoding="utf-8")
    only.write_text(re.sub(rf"(?ms)^\[parts\.(?!{first}\]).*?(?=^\[)", "", text), encoding="utf-8")
    _hand_in(course, first, folder / str(size), size)
    before = _idle()
    seconds = timed(partial(batch, course, folder, str(size), "--assignment", str(only)))
    return seconds, 1 - (_idle() - before) / seconds / cores.available()


def _hand_in(course: Course, part: int, folder: Path, size: int) -> None:
    """No two alike: equal files are found, and told."""
    files = {name: content for name, content in course.files().items() if name.startswith(course.parts[part].folder)}
    folder.mkdir()
    for number in range(size):
        own = {name: content + f"\n# {number}\n".encode() for name, content in files.items() if name.endswith(".py")}
        packing.write_zip(folder / f"{number}.zip", files | own)


def _idle() -> float:
    """Seconds for which cores had nothing to do, since the machine began."""
    _, _, _, _, idle, waiting, *_ = Path("/proc/stat").read_text().split(maxsplit=6)
    return (int(idle) + int(waiting)) / TICKS
