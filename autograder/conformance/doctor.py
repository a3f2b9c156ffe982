"""`autograder doctor`: what this machine can do for the grader, and whether its versions are those of the lock."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course.assignment import Assignment
from autograder.course.definition import PROJECT

LOCK = PROJECT / "requirements.lock"
WATCHED = ("numpy", "torch", "torchvision")
WITHOUT = {
    "zygote-namespaces": "student code sees the machine's files and processes, as far as the others let it",
    "worker-namespaces": "two workers share network, queues and temporary folders",
    "descriptors": "what the grader has open stays open to student code",
    "landlock": "files that everyone may read stay readable",
    "limits": "one submission can take all memory",
    "own-user": "files and processes of the grader's user are in reach",
    "no-new-privileges": "set-uid programs work",
    "seccomp": "student code can start processes and open sockets",
}


def report(assignment: Assignment, console: Console) -> int:
    """Print everything; 0 if a class can be graded here, 1 if not."""
    from autograder.sandbox.box import Box  # students read versions where no sandbox can be imported

    checks = assignment.course.checks()
    assignment.cents(assignment.checks())
    console.print(f"assignment.toml: {assignment.title!r}, {len(checks)} checks, consistent", highlight=False)
    for line in version_differences():
        console.print(line, style="yellow", highlight=False)
    with Box(assignment.limits) as box:
        box.try_start(*assignment.libraries(checks))
        isolation = box.isolation
    table = Table("mechanism", "here", "without it")
    for name, why in isolation.mechanisms.items():
        table.add_row(
            name, f"not held: {why}" if why else "held", WITHOUT.get(name, ""), style="yellow" if why else None
        )
    console.print(table)
    kept = [name for name in isolation.tried if name not in isolation.reached]
    console.print(f"tried from inside: {', '.join(isolation.tried)}", highlight=False)
    reached = ", ".join(isolation.reached) or "nothing"
    console.print(f"of which succeeded: {reached} ({len(kept)} failed)", highlight=False)
    console.print(f"isolation {isolation.sentence()}", highlight=False)
    return 0 if isolation.keeps_secrets else 1


def examine(console: Console, as_json: bool) -> int:
    """Run every conformance test that this machine can, and print what came of it; 0 if all that is promised holds."""
    from autograder.conformance import examination
    from autograder.conformance import summary as table

    found = examination.examine()
    if as_json:
        console.print_json(data=found.as_json())
    else:
        table.show(found, console)
    return 0 if found.holds else 1


def version_differences(lock: Path = LOCK) -> list[str]:
    """Say which of the watched versions differ from those that the grader uses; empty when none do."""
    rows = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    locked = dict(reversed(rows))  # of several rows for one name, the first is for Python 3.11
    lines = []
    for name in WATCHED:
        try:
            here = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            here = "not installed"
        if name in locked and here != locked[name]:
            lines.append(f"{name} is {here} here, and {locked[name]} on the grader's machine")
    if platform.python_version_tuple()[:2] != ("3", "11"):
        lines.append(f"Python is {platform.python_version()} here, and 3.11 on the grader's machine")
    return lines
