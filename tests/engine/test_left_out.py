"""What an assignment leaves out vanishes for students and graders alike, and what the rest needs of it is given."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from homework import COURSE
from test_tiny_course import FILTERS, TINY, run

from autograder.authoring import handout_text, release
from autograder.course import assignment as assignments
from autograder.course import report_rubric, selection, skeleton
from autograder.course.definition import Course
from autograder.errors import RubricError

NET = "signals/net.py"
TODOS = sorted(COURSE.todos, key=lambda todo: [*map(int, todo.split("."))])


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The tiny course, with a third TODO that builds on the first, and presets without one of them."""
    folder = tmp_path_factory.mktemp("short") / "tiny"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    weights = folder / "reference/checkpoints/shapes/net.pt"
    weights.parent.mkdir(parents=True)
    state = {"scores.weight": torch.tensor([[1.0, 0, -1], [-1, 0, 1]]), "scores.bias": torch.zeros(2)}
    torch.save(state, weights)
    (folder / "reference/signals/twice.py").write_text(
        "from .filters import smooth\n\n\ndef twice(x):\n    # TODO 1.3: smooth, and again.\n"
        "    # >>> solution\n    return smooth(smooth(x))\n    # <<< solution\n"
    )
    (folder / "checks/twice.py").write_text(
        "import numpy as np\n\nfrom autograder.checking.expect import expect_close\n"
        "from autograder.checking.rubric import check\n\nfrom ..oracles.filters import smoothed\n\n\n"
        '@check("1.3-twice", needs=("1.1-smooth",))\ndef twice_smooths_twice(student, rng):\n'
        '    """twice takes the mean of means."""\n    x = rng.normal(size=5)\n'
        '    expect_close(student.call("signals.twice:twice", x), smoothed(smoothed(x)), "y")\n'
    )
    text = (folder / "assignment.toml").read_text()
    every = {"1.1": 4, "1.2": 6, "1.3": 2}
    (folder / "assignments").mkdir()
    for gone in ("none", *every):
        left = {todo: points for todo, points in every.items() if todo != gone}
        todos = ", ".join(f'"{todo}" = {points}' for todo, points in left.items())
        text = "\n".join(f"todos = {{ {todos} }}" if row.startswith("todos") else row for row in text.splitlines())
        path = folder / ("assignment.toml" if gone == "none" else f"assignments/without-{gone}.toml")
        path.write_text(text + "\n")
    return folder


@pytest.mark.parametrize(
    ("gone", "solved", "absent"),
    [
        ("1.1", {FILTERS}, set()),
        pytest.param("1.2", set(), {NET}, marks=pytest.mark.slow),
        pytest.param("1.3", set(), {"signals/twice.py"}, marks=pytest.mark.slow),
    ],
)
def test_a_todo_left_out_is_nowhere_on_the_way_to_full_marks(course, tmp_path, gone, solved, absent) -> None:
    preset = ("--course", course, "--assignment", f"without-{gone}")
    run(tmp_path, "handout", *preset)
    home = tmp_path / "home"
    with zipfile.ZipFile(tmp_path / "dist/handout.zip") as archive:
        archive.extractall(home)
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".py", ".md"))}
    texts = {name: text for name, text in texts.items() if not name.startswith("autograder/")}
    assert not [name for name, text in texts.items() if f"TODO {gone}" in text or f"| {gone} " in text]
    assert {name for name in (FILTERS, NET, "signals/twice.py") if not (home / name).exists()} == absent
    files = {name: (course / "reference" / name).read_bytes() for name in (FILTERS, NET, "signals/twice.py")}
    assert all(b"return (x[:-1] + x[1:]) / 2" in (home / name).read_bytes() for name in solved)
    assert not re.search(rf"\b{re.escape(gone)}\b", run(home, "test", path=home))  # it may take 1.12 s
    for name in {*files} - solved - absent:
        (home / name).write_bytes(files[name])
    if NET not in absent:
        (home / "checkpoints").mkdir(exist_ok=True)
        shutil.copy(course / "reference/checkpoints/shapes/net.pt", home / "checkpoints")
    assert "10.00 of 10.00" in run(home, "test", path=home).replace("/", "of")
    assert "open" not in run(home, "submit", path=home).replace("none is open", "")
    run(tmp_path, "grade", home / "submission.zip", "--out", "out", *preset)
    rows = json.loads((tmp_path / "out/results.json").read_text())["tests"]
    assert sum(row["score"] for row in rows if row.get("max_score")) == 10
    assert not [row for row in rows if gone in row["name"] or row["number"].startswith(f"{gone}.")]
    assert f"TODO {gone}" not in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize("gone", ["1.1", "1.10", "2.2", "2.6", "3.3"])
def test_what_is_left_of_the_homework_imports_what_is_there(gone) -> None:
    course = replace(COURSE, asked=frozenset(TODOS) - {gone})
    files, every = skeleton.generate(course), COURSE.files()
    assert not [name for name, content in files.items() if f"TODO {gone}:".encode() in content]
    for name, content in files.items():
        if name.endswith(".py"):
            wanted = {other for other in selection.imported(content.decode(), name) if other in every}
            assert wanted <= {*files}, name
    assert ("part1_numpy/toeplitz.py" in files) == (gone != "1.10")
    assert bool(course.models) == (gone != "2.6")


def test_a_part_left_out_goes_unless_another_builds_on_it() -> None:
    def without(part: int) -> Course:
        return replace(COURSE, asked=frozenset(todo for todo in TODOS if not todo.startswith(f"{part}.")))

    assert {*without(3).parts} == {1, 2}
    assert not [name for name in without(3).files() if name.startswith("part3")]
    assert b"# TODO" not in without(2).files()["part2_pytorch/train.py"]
    assert without(2).layout.work["part2_pytorch"] == ()
    assert {*without(1).layout.parts} == {"part2_pytorch", "part3_imbalance"}


def test_the_readme_says_what_the_assignment_says() -> None:
    readme = handout_text.write(assignments.load(COURSE))["README.md"].decode()
    for words in (
        "# Convolutional networks: layers, training, imbalance",
        "**Due 2027-02-19 23:59 UTC-05:00.** Until 2027-02-21 23:59 UTC-05:00 that costs nothing; after that nothing",
        "| 1.7 | `part1_numpy/pooling.py` | `MaxPool2d`, `AvgPool2d` | 4 |",
        "| | | **in all** | **110** |",
        "`my_model` 0.50, `my_model_high` 0.80",
    ):
        assert words in readme
    short = handout_text.write(assignments.load(COURSE, "hw2p1"))
    assert not [word for word in ("part2", "part3", "make train", "make report") if word in short["README.md"].decode()]
    assert b"part2" not in short["Makefile"]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"1.1" = 4', '"1.9" = 4', "assignments/odd.toml: TODO 1.9: 3.33 points and no check"),
        ('"1.1" = 4', '"2.1" = 4', "assignments/odd.toml: parts.1: 2.1 belongs to another part"),
        ('"1.1" = 4', '"1.1" = -4', "assignments/odd.toml: parts.1.todos.1.1: input should be greater"),
        ("title = ", "title ", "assignments/odd.toml: Expected '='"),
    ],
)
def test_an_error_names_the_file_that_it_comes_from(course, before, after, sentence) -> None:
    text = (course / "assignment.toml").read_text()
    (course / "assignments/odd.toml").write_text(text.replace(before, after))
    with pytest.raises(RubricError) as caught:
        release.handout(Course(course), "odd")
    assert str(caught.value).startswith(sentence)


def test_a_template_that_cannot_be_filled_in_is_named_with_its_line(course, tmp_path) -> None:
    shutil.copytree(course, tmp_path / "tiny")
    (tmp_path / "tiny/handout/README.md").write_text("# Signals\n{% if 2 in parts %}\n")
    with pytest.raises(RubricError, match=r"handout/README.md:\d: .*endif"):
        handout_text.write(assignments.load(Course(tmp_path / "tiny")))


def test_a_section_of_the_written_report_goes_with_its_part() -> None:
    assignment = assignments.load(COURSE, "hw2-2024")
    files = {name: text.decode() for name, text in handout_text.report(assignment).items()}
    assert {*files} == {"report/rubric.toml", "report/template.md"}
    assert not [
        text for text in files.values() if "imbalance-" in text or "Class imbalance" in text or "### 3." in text
    ]
    assert "# 4 Paper review" in files["report/template.md"]
    left = report_rubric.load(COURSE.folder / "report/rubric.toml").asked(assignment.parts)
    assert {line.id for line in left.line} == {
        line["id"] for line in tomllib.loads(files["report/rubric.toml"])["line"]
    }
    assert left.points == 28
