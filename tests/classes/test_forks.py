"""Work that children of a process share: all of it is done, and what goes wrong there is told here."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import make_class
import pytest

from autograder.classroom import class_files, forks, origin
from autograder.classroom.store import Store
from autograder.sandbox import cores

SIZE = 3 * forks.WORTH
HEAD = "import os, signal\nfrom autograder.classroom import forks\nfrom autograder.errors import MachineUnfit\n"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch) -> None:
    monkeypatch.setenv(cores.VARIABLE, "2")
    if cores.available() == 1:
        pytest.skip("one core has no children")


def alone(program: str, folder: Path) -> str:
    """Run a program in a process that has no other threads, unlike this one at times; what it prints."""
    command = [sys.executable, "-c", HEAD + program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout


def test_children_do_each_item_once_while_their_parent_does_its_own(tmp_path: Path) -> None:
    parent = alone(
        "def do(number):\n"
        "    with open(str(os.getpid()), 'a') as file: file.write(f'{number}\\n')\n"
        "forks.each(do, range(3 * forks.WORTH), lambda: print(os.getpid()))\n",
        tmp_path,
    )
    numbers = [line for path in tmp_path.iterdir() for line in path.read_text().split()]
    assert Counter(numbers) == Counter(map(str, range(SIZE)))
    assert len([*tmp_path.iterdir()]) == 2
    assert not (tmp_path / parent.strip()).exists()


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ("raise MachineUnfit('out cannot hold results: No space left')", "out cannot hold results: No space left\n"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "a process that wrote pages was killed; the same command goes on from here\n",
        ),
    ],
)
def test_what_ends_a_child_is_one_sentence_here(ends: str, sentence: str, tmp_path: Path) -> None:
    told = alone(
        f"def do(number):\n    if number == 3 * forks.WORTH - 1: {ends}\n"
        "try: forks.each(do, range(3 * forks.WORTH), lambda: None)\n"
        "except MachineUnfit as error: print(error)\n",
        tmp_path,
    )
    assert told == sentence


def test_a_large_class_gets_other_points_in_the_pages_that_one_process_writes(
    grade_class, folder, small, tmp_path
) -> None:
    first, _, _ = grade_class(folder)
    graded = [first[key] for key in ("ada", "blank", "cut")]
    store = Store(tmp_path / "out")
    for number in range(SIZE):
        record, key = graded[number % 3], f"s{number}"
        (folder / f"{key}.zip").write_bytes((folder / f"{record.key}.zip").read_bytes())
        people = (replace(record.people[0], name=key),)
        store.save(replace(record, key=key, people=people), class_files.pages(record))
    part = small.parts[3].model_copy(update={"points": 32.0})
    records, asked, _ = grade_class(folder, assignment=small.model_copy(update={"parts": {3: part}}))
    assert asked == 0
    assert len(records) == len(make_class.gradebook(tmp_path / "out")) == SIZE + 3
    assert records["s0"].card.cents == 2 * sum(records["s0"].before.values()) == 3200
    for key, record in records.items():
        kept = {name: (tmp_path / "out/students" / key / name).read_text() for name in class_files.pages(record)}
        assert kept == class_files.pages(record)
    assert len({record.origin[origin.ASSIGNMENT] for record in records.values()}) == 1
