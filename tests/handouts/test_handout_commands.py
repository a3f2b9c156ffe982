"""What instructors and students run, for a published handout."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from homework import ROOT
from published import COURSE, PART, solved, tarred, zipped

from autograder.authoring import release
from autograder.classroom import exports
from autograder.classroom.copies import identical_files
from autograder.course import assignment as assignments


def run(folder, *arguments) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_part_that_is_handed_in_by_itself_has_an_assignment_of_its_own() -> None:
    for name, folders in (("part1", {PART}), ("part2", {"part2-pytorch"})):
        narrowed = assignments.load(COURSE, name)
        assert set(narrowed.course.layout.parts) == folders
        assert {check.part for check in narrowed.checks()} == set(narrowed.parts)
        assert sum(narrowed.cents(narrowed.checks()).values()) == 3000


@pytest.mark.slow
def test_a_student_tests_in_a_folder_of_the_handout(tmp_path) -> None:
    for name, content in {**solved(PART), **COURSE.given()}.items():
        if name.startswith(f"{PART}/"):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.replace(b"self.reference.db\n", b"self.reference.db * 0\n"))
    source = (tmp_path / PART / "modules" / "linear.py").read_text()
    line = source[: source.index("self.reference.db * 0")].count("\n") + 1
    for folder in (tmp_path, tmp_path / PART):
        said = run(folder, "test", "--course", COURSE.name, "--todo", "1.1")
        assert "Linear.backward, modules/linear.py: db[0] is 0, expected" in said, said
        assert f"look at line {line} of linear.py (Linear.backward): " in said, said


@pytest.mark.parametrize("command", ["handout", "author", "new todo --part 1 --name a --title A --points 1"])
def test_what_needs_solutions_says_that_a_handout_of_others_has_none(tmp_path, command) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *command.split(), "--course", COURSE.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    sentence = f"{COURSE.name} is a handout of others, graded by the checks of convnets: it has no solutions of its own"
    assert done.stderr.splitlines() == [sentence]
    assert not any(tmp_path.iterdir())


def test_files_that_a_handout_gives_are_no_copies_and_weights_are(tmp_path) -> None:
    given = {name: content * 9 for name, content in COURSE.given().items()}
    weights = {"part2-pytorch/checkpoints/mymodel.pth": bytes(range(256)) * 9}
    for name in ("ada", "bob"):
        zipped(tmp_path / f"{name}.zip", {**given, **weights, f"{PART}/modules/linear.py": name.encode() * 99})
    found = identical_files.find(exports.find(tmp_path, COURSE.layout).handed, COURSE)
    assert [(alike.what, alike.who) for alike in found] == [("part2-pytorch/checkpoints/mymodel.pth", ("ada", "bob"))]


def test_the_package_for_gradescope_holds_both_courses_and_no_answer(tmp_path) -> None:
    files = release.gradescope(COURSE, key=tmp_path / "secret.key")
    assert {f"courses/{COURSE.name}/adapter.toml", "courses/convnets/checks/part1/conv2d.py"} <= {*files}
    assert not [name for name in files if "/standin/" in name or "/reference/" in name]
    assert f"--course {COURSE.name} ".encode() in files["run_autograder"]


@pytest.mark.slow
def test_a_class_with_zips_and_tars_is_graded(tmp_path) -> None:
    files = solved(PART)
    (tmp_path / "class").mkdir()
    zipped(tmp_path / "class" / "ada.zip", files)
    tarred(tmp_path / "class" / "bob.tar", files, "w")
    tarred(tmp_path / "class" / "eve.tar.gz", files, "w:gz")
    run(tmp_path, "batch", "class", "--out", "out", "--jobs", "1", "--course", COURSE.name, "--assignment", "part1")
    rows = (tmp_path / "out" / "gradebook.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:] if "30.00,30.00" in row] == ["ada", "bob", "eve"]
