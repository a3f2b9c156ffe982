"""A class graded as an instructor does it: resumed, graded again, with bad submissions and processes that die."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import make_class
import pytest
from rich.console import Console

from autograder import assignment as assignments
from autograder import batch, crew, exports, rubric, warm
from autograder.assignment import ROOT, Assignment
from autograder.errors import SetupError
from autograder.records import Record, State
from autograder.store import Store
from autograder.warm import Order


@pytest.fixture(scope="session")
def small() -> Assignment:
    """Part 3 alone: its checks are the fastest."""
    whole = assignments.load()
    return whole.model_copy(update={"parts": {3: whole.parts[3]}})


@pytest.fixture(scope="session")
def right(reference: Mapping[str, bytes]) -> bytes:
    return make_class.packed(reference)


@pytest.fixture
def folder(tmp_path: Path, right: bytes, skeletons: Mapping[str, bytes]) -> Path:
    """A class of three: one right, one who has written nothing, and one whose file is no zip."""
    made = tmp_path / "class"
    made.mkdir()
    (made / "ada.zip").write_bytes(right)
    (made / "blank.zip").write_bytes(make_class.packed(skeletons))
    (made / "cut.zip").write_bytes(right[:1000])
    return made


class Watched(ThreadPoolExecutor):
    """Threads that grade in this process, and remember what they were asked to grade."""

    asked: list[bytes]

    def submit(self, function: Callable, /, *args, **kwargs) -> Future:
        self.asked.append(args[0].content)
        return super().submit(function, *args, **kwargs)


@pytest.fixture(scope="module", autouse=True)
def no_box_is_left() -> Iterator[None]:
    yield
    warm.close()


@pytest.fixture
def grade_class(small: Assignment, tmp_path: Path) -> Callable:
    """Run a batch in this process; returns the records, what was graded, and what the terminal said."""

    def run(folder: Path, *, assignment: Assignment = small, seed: int = rubric.PUBLIC_SEED, regrade: bool = False):
        asked: list[bytes] = []
        console = Console(file=io.StringIO(), width=160)

        def make() -> Executor:
            executor = Watched(1)
            executor.asked = asked
            return executor

        out = tmp_path / "out"
        batch.run(folder, out, assignment, seed, crew.of(make, 2), console, regrade=regrade)
        records = Store(out).load(one.key for one in exports.find(folder).handed)
        return records, len(asked), console.file.getvalue()

    return run


def _rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_a_bad_submission_costs_only_itself(grade_class, folder, tmp_path) -> None:
    records, _, said = grade_class(folder)
    assert {key: record.state for key, record in records.items()} == {
        "ada": State.GRADED,
        "blank": State.GRADED,
        "cut": State.REFUSED,
    }
    rows = _rows(tmp_path / "out")
    assert [rows[name]["points"] for name in ("ada", "blank", "cut")] == ["16.00", "0.00", "0.00"]
    assert "damaged" in rows["cut"]["why"]
    assert "3 submissions: 3 graded" in said
    for key in records:
        names = {path.name for path in (tmp_path / "out" / "students" / key).iterdir()}
        assert names == {"card.json", "results.json", "report.html"}


def test_what_is_not_graded_or_alike_is_said_on_the_terminal_and_the_page(grade_class, folder, tmp_path) -> None:
    (folder / "bell.zip").write_bytes((folder / "ada.zip").read_bytes())
    (folder / "curie.zip").symlink_to(folder / "ada.zip")
    (folder / "notes.txt").write_text("who is who")
    records, asked, said = grade_class(folder)
    assert asked == 4
    assert records["curie"].card.refusal == "curie.zip is a link, expected the file itself"
    page = (tmp_path / "out" / "class.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert "notes.txt" in text
        assert "no zip, no folder, and no name that a platform gives" in text
        assert "ada, bell" in text
        assert "the whole zip" in text
    assert "ada, bell, curie" not in said + page
    assert grade_class(folder)[2].count("the whole zip") == 1  # also when nothing is graded


def test_only_what_has_changed_is_graded_again(grade_class, folder, small, right) -> None:
    assert grade_class(folder)[1] == 3
    assert grade_class(folder)[1] == 0
    (folder / "blank.zip").write_bytes(right)
    records, asked, said = grade_class(folder)
    assert asked == 1
    assert records["blank"].card.cents == 1600
    assert "marks that changed" in said
    assert grade_class(folder, seed=7)[1] == 3
    fewer = small.model_copy(update={"title": "Another title"})
    assert grade_class(folder, seed=7, assignment=fewer)[1] == 3


def test_a_regrading_shows_old_marks_beside_new_ones(grade_class, folder, small, tmp_path) -> None:
    grade_class(folder)
    records, asked, said = grade_class(folder, regrade=True)
    assert asked == 3
    assert "marks that changed" not in said
    assert records["ada"].before == records["ada"].points
    halved = small.parts[3].model_copy(update={"points": 8.0})
    records, _, said = grade_class(folder, assignment=small.model_copy(update={"parts": {3: halved}}), regrade=True)
    assert "16.00" in said
    assert "8.00" in said
    assert _rows(tmp_path / "out")["ada"]["before"] == "16.00"


def test_a_regrading_that_was_killed_goes_on_where_it_was(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    grade_class(folder, regrade=True)
    records = Store(tmp_path / "out").load(["ada"])
    assert records["ada"].run
    (tmp_path / "out" / batch.REGRADING).write_text(records["ada"].run)  # as if the end had not been reached
    (folder / "new.zip").write_bytes((folder / "blank.zip").read_bytes())
    assert grade_class(folder, regrade=True)[1] == 1
    assert not (tmp_path / "out" / batch.REGRADING).exists()


def test_pages_are_written_again_without_grading_when_their_code_has_changed(grade_class, folder, tmp_path) -> None:
    records, _, _ = grade_class(folder)
    store = Store(tmp_path / "out")
    old = Record(**{**vars(records["ada"]), "pages": "of another version"})
    with store.open():
        store.save(old, {"report.html": "old"})
    assert grade_class(folder)[1] == 0
    assert "<!doctype html>" in (tmp_path / "out/students/ada/report.html").read_text(encoding="utf-8")


@pytest.fixture
def no_images(small: Assignment) -> Assignment:
    """Part 2, judged by images that this machine does not have: a fault of ours."""
    part = assignments.load().parts[2]
    return small.model_copy(update={"parts": {2: part}, "dataset": "images:/no/such/folder"})


@pytest.fixture
def unlucky(tmp_path: Path, reference, skeletons, checkpoints) -> Path:
    """A class of one, who has a checkpoint and little else."""
    models, weights = "part2_pytorch/models.py", "checkpoints/two_layer.pt"
    files = {**skeletons, models: reference[models], weights: checkpoints[weights]}
    (tmp_path / "unlucky").mkdir()
    (tmp_path / "unlucky" / "ada.zip").write_bytes(make_class.packed(files))
    return tmp_path / "unlucky"


def test_what_is_broken_is_tried_twice_and_again_the_next_time(grade_class, tmp_path, unlucky, no_images) -> None:
    records, asked, said = grade_class(unlucky, assignment=no_images)
    assert (asked, records["ada"].state) == (2, State.BROKEN)
    assert "ada: to grade again: 2.6" in said
    assert _rows(tmp_path / "out")["ada"]["points"] == ""  # no silent zero
    assert grade_class(unlucky, assignment=no_images)[1] == 2


def test_a_fault_that_all_have_stops_the_batch_in_one_sentence(grade_class, tmp_path, unlucky, no_images) -> None:
    for name in "abcdefg":
        (unlucky / f"{name}.zip").write_bytes((unlucky / "ada.zip").read_bytes())
    with pytest.raises(SetupError, match=r"stopped after 5 faults in a row: .*: 2.6-two-layer: there is no folder"):
        grade_class(unlucky, assignment=no_images)
    assert len(_rows(tmp_path / "out")) == 5


def test_what_a_kill_leaves_half_written_is_put_in_order(grade_class, folder, tmp_path) -> None:
    grade_class(folder)
    students = tmp_path / "out" / "students"
    (students / "ada").rename(students / ".old-ada")  # between the two steps of a replacement
    (students / ".partial-blank").mkdir()
    (students / "cut" / "card.json").write_text('{"key": "cut"')
    _, asked, _ = grade_class(folder)
    assert asked == 1
    assert sorted(path.name for path in students.iterdir()) == ["ada", "blank", "cut"]


def test_two_batches_never_write_to_one_folder(tmp_path) -> None:
    with Store(tmp_path).open(), pytest.raises(SetupError, match="another batch is writing to"), Store(tmp_path).open():
        pass


def test_results_are_for_their_owner_alone(tmp_path) -> None:
    with Store(tmp_path / "out").open():
        assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_another_version_of_the_grader_grades_nothing(small, right) -> None:
    graded = warm.grade(Order(right, small, 0, "another version"))
    assert b"another version of the grader" in graded.card


def die_or_answer(order: str) -> str:
    if order == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return order


def test_a_process_that_dies_is_blamed_on_the_one_that_it_graded_alone() -> None:
    tasks = deque(["a", "b", "deadly", "c", "d"])
    outcomes = dict(crew.work(crew.of(lambda: warm.pool(2), 3), tasks, lambda task: task, die_or_answer))
    assert {task: outcomes[task] for task in "abcd"} == {task: task for task in "abcd"}
    assert "died" in str(outcomes["deadly"])


def test_a_cluster_that_does_not_answer_is_one_sentence(monkeypatch) -> None:
    monkeypatch.setattr(crew, "DASK_SECONDS", 1)
    address = "tcp://127.0.0.1:9"
    with pytest.raises(SetupError, match=f"no Dask scheduler answers at {address}"), crew.dask(address)():
        pass


def _command(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "batch", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_class_is_graded_from_the_command_line(folder, tmp_path) -> None:
    preset = ROOT / "autograder" / "presets" / "hw2p1.toml"
    done = _command(folder, "--out", tmp_path / "out", "--assignment", preset, "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 submissions: 3 graded" in done.stdout
    assert [row["points"] for row in _rows(tmp_path / "out").values()] == ["100.00", "0.00", "0.00"]


def test_a_class_that_is_not_there_is_one_sentence_and_status_2(tmp_path) -> None:
    done = _command(tmp_path / "missing", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "is no folder" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_class_of_one_size_is_always_the_same() -> None:
    first, second = (list(make_class.contents(6)) for _ in range(2))
    assert first == second
    assert len({kind for kind, _ in first}) == 6
