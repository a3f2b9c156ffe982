"""Work that children of a process share: all of it is done, and what goes wrong there is told here."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import make_class
import pytest

from autograder.classroom import class_files, forks, origin
from autograder.classroom.store import Store
from autograder.errors import MachineUnfit
from autograder.sandbox import cores

SIZE = 3 * forks.WORTH


@pytest.fixture(autouse=True)
def two_cores(monkeypatch) -> None:
    monkeypatch.setenv(cores.VARIABLE, "2")
    if cores.available() == 1:
        pytest.skip("one core has no children")


def test_children_do_each_item_once_while_their_parent_does_its_own(tmp_path: Path) -> None:
    def do(number: int) -> None:
        with (tmp_path / str(os.getpid())).open("a") as file:
            file.write(f"{number}\n")

    done: list[int] = []
    forks.each(do, range(SIZE), lambda: done.append(os.getpid()))
    assert done == [os.getpid()]
    numbers = [line for path in tmp_path.iterdir() for line in path.read_text().split()]
    assert Counter(numbers) == Counter(map(str, range(SIZE)))
    assert not (tmp_path / str(os.getpid())).exists()


@pytest.mark.parametrize("ends", ["says", "dies"])
def test_what_ends_a_child_is_one_sentence_here(ends: str) -> None:
    def do(number: int) -> None:
        if number == SIZE - 1 and ends == "says":
            raise MachineUnfit("out cannot hold results: No space left on device")
        if number == SIZE - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(MachineUnfit, match="No space left" if ends == "says" else "was killed; the same command"):
        forks.each(do, range(SIZE), lambda: None)


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
