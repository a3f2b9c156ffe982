"""A class whose grading is disturbed by all kinds of faults has the marks of one that is not."""

from __future__ import annotations

import subprocess
import sys

import load_class
import pytest
from faults import Disk
from homework import ROOT
from storm import Storm

from autograder.classroom.store import Store
from autograder.reports import files


@pytest.mark.slow
def test_a_storm_of_faults_loses_and_repeats_nothing(tmp_path) -> None:
    """`python tests/classes/storm.py build/storm` does the same with 1,000 submissions and 100 faults."""
    found = Storm(tmp_path, size=40, strikes=6, seed=1, patience=3).run()
    assert found.holds, found.table()
    assert sum(found.strikes.values()) >= 4, found.table()


def test_a_file_that_cannot_be_written_is_named_as_people_know_it(tmp_path) -> None:
    with pytest.raises(OSError, match=r"gradebook.csv'$"):
        files.replace(tmp_path / "gone" / "gradebook.csv", "")


def test_what_a_kill_left_half_written_goes_with_the_next_batch(tmp_path) -> None:
    store = Store(tmp_path / "out")
    with store.open():
        (store.out / ".class.html.77.partial").write_text("half")
        (store.students / ".partial-ada").mkdir()
    with store.open():
        assert list(store.out.iterdir()) == [store.students]
        assert not list(store.students.iterdir())


def test_a_full_disk_ends_a_batch_with_one_sentence_and_it_goes_on_from_there(tmp_path) -> None:
    assignment = load_class.course(tmp_path / "course")
    load_class.write(tmp_path / "class", 3)
    command = [sys.executable, "-m", "autograder", "batch", str(tmp_path / "class"), "--jobs", "1", "--seed", "7"]
    with Disk(tmp_path / "disk") as disk:
        if not disk.mounted:
            pytest.skip("no disk of its own can be had here")
        command += ["--out", str(disk.path / "out"), "--course", str(assignment.parent)]
        disk.fill()
        full = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert full.returncode == 2
        said = " ".join(full.stderr.split())
        assert said.endswith("cannot hold results: No space left on device; the same command goes on from here"), said
        disk.mend()
        again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert "3 submissions: 3 graded" in again.stdout, again.stdout + again.stderr
