"""`autograder new` in an empty folder: a course, and a second TODO of it, through every command to a graded zip."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from homework import COURSE
from test_tiny_course import run
from trees import tree

from autograder.authoring import new, oversights
from autograder.course.definition import Course
from autograder.errors import SetupError

FLAGS = ("--title", "Vectors", "--part", "layers", "--name", "energy", "--points", "10")


@pytest.mark.slow
def test_a_new_course_and_a_new_todo_go_through_every_command_to_a_graded_zip(tmp_path) -> None:
    said = run(tmp_path, "new", "course", "vectors", *FLAGS)
    assert said.splitlines()[-3:] == [
        "  autograder demo --course vectors",
        "  autograder author --todo 1.1 --course vectors",
        "  autograder handout --course vectors",
    ]
    home = tmp_path / "vectors"
    run(home, "new", "todo", "--part", "1", "--name", "power", "--title", "Power", "--points", "5")
    assert tomllib.loads((home / "assignment.toml").read_text())["parts"]["1"]["todos"] == {"1.1": 10, "1.2": 5}
    assert "15.00 of 15.00" in run(home, "demo")
    assert "nothing is forgotten" in run(home, "author", "--jobs", "1")
    run(home, "handout")
    student = tmp_path / "student"
    with zipfile.ZipFile(home / "dist/handout.zip") as archive:
        archive.extractall(student)
    assert "| 1.2 | `layers/power.py` | `power` | 5 |" in (student / "README.md").read_text()
    assert "Next: Write TODO 1.1 in layers/energy.py: energy" in run(student, "test", path=student)
    mistaken = (home / "reference/layers/energy.py").read_text().replace(".mean(axis=1)", ".sum(axis=1)")
    (student / "layers/energy.py").write_text(mistaken)
    assert "y equals what you get when it is multiplied by D" in run(student, "test", path=student, status=1)
    (student / "layers/power.py").write_bytes((home / "reference/layers/power.py").read_bytes())
    run(student, "submit", path=student)
    run(home, "grade", student / "submission.zip", "--out", "out")
    rows = json.loads((home / "out/results.json").read_text())["tests"]
    assert sum(row["score"] for row in rows if row.get("max_score")) == 5


def test_it_asks_for_what_is_not_given_and_takes_what_it_offers(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "new", "course", "my-vectors"],
        cwd=tmp_path, input="\n\nlength\n3\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.findall(r"(\w[\w ]*) \[(.+?)\]:", done.stdout) == [
        ("Title", "My vectors"),
        ("Package that students write", "layers"),
        ("First function", "energy"),
        ("Points", "10"),
    ]
    assert (tmp_path / "my-vectors/reference/layers/length.py").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("course", ".", *FLAGS), "is not empty, expected a new folder or an empty one: nothing was written"),
        (
            ("course", "other", *FLAGS[:4], "--name", "class", "--points", "1"),
            "'class' is no name for a module",
        ),
        (("course", "other", "--title", 'a "b"', *FLAGS[2:]), "is no title, expected one line without quotation marks"),
        (
            ("course", "other", *FLAGS[:2], "--part", "json", *FLAGS[4:]),
            "json is a package that everybody imports, expected a name of its own",
        ),
        (
            ("todo", *FLAGS[:2], "--part", "3", *FLAGS[4:]),
            "has no part 3, its parts are 1: a further one is a table of course.toml, [parts.N] with its folder",
        ),
        (
            ("todo", *FLAGS[:2], "--part", "1", *FLAGS[4:]),
            "reference/layers/energy.py is there already, expected",
        ),
    ],
)
def test_nothing_is_overwritten_and_one_sentence_says_why(tmp_path, arguments, sentence) -> None:
    new.course(tmp_path, "Vectors", "layers", "energy", 10)
    before = tree(tmp_path)
    command = [sys.executable, "-m", "autograder", "new", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert tree(tmp_path) == before


def test_the_first_todo_of_a_further_part_brings_its_package_and_its_points(tmp_path) -> None:
    new.course(tmp_path, "Vectors", "layers", "energy", 10)
    with (tmp_path / "course.toml").open("a") as file:
        file.write('\n[parts.2]\nfolder = "blocks"\n')
    new.todo(Course(tmp_path), "2", "Powers", "power", 5)
    new.todo(Course(tmp_path), "2", "Roots", "root", 2)
    part = tomllib.loads((tmp_path / "assignment.toml").read_text())["parts"]["2"]
    assert part == {"title": "Powers", "points": 7, "todos": {"2.1": 5, "2.2": 2}}
    assert (tmp_path / "given/blocks/__init__.py").is_file()
    assert [*oversights.find(Course(tmp_path))] == []


def test_points_are_added_and_comments_stay() -> None:
    text = (COURSE.folder / "assignment.toml").read_text()
    changed = new.with_points(text, 2, "2.7", 3)
    part = tomllib.loads(changed)["parts"]["2"]
    assert (part["points"], part["todos"]["2.7"]) == (23, 3)
    assert re.findall("#.*", changed) == re.findall("#.*", text)
    assert new.with_points(changed, 2, "2.7", 3) == changed
    with pytest.raises(SetupError, match=r'assignment.toml is laid out .* write "1.2" = 4 among the todos of part 1'):
        new.with_points('[parts.1]\npoints = 1\n[parts.1.todos]\n"1.1" = 1\n', 1, "1.2", 4)
