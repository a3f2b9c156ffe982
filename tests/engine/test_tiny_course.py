"""A second course, of one part and two TODOs, through every command: the engine knows no homework."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from homework import NO_PLUGINS, ROOT

TINY = Path(__file__).parent / "tiny"
FILTERS = "signals/filters.py"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The course in a folder of its own, with a trained network."""
    folder = tmp_path_factory.mktemp("courses") / "tiny"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    weights = folder / "reference" / "checkpoints" / "shapes" / "net.pt"
    weights.parent.mkdir(parents=True)
    torch.save(
        {"scores.weight": torch.tensor([[1.0, 0, -1], [-1, 0, 1]]), "scores.bias": torch.zeros(2)},
        weights,
    )
    return folder


def run(folder: Path, *arguments: str | Path, path: Path = ROOT, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(path), "COLUMNS": "120", **NO_PLUGINS},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def results(out: Path) -> dict[str, float]:
    tests = json.loads((out / "results.json").read_text())["tests"]
    return {test["number"]: test["score"] for test in tests if test.get("max_score")}


def test_the_solution_earns_everything(course, tmp_path) -> None:
    assert "10.00 of 10.00" in run(tmp_path, "demo", "--course", course)
    assert sum(results(tmp_path / "build" / "demo").values()) == 10


def test_the_skeletons_earn_nothing_and_lie_where_the_command_runs(course, tmp_path) -> None:
    assert FILTERS in run(tmp_path, "skeletons", "--course", course)
    assert 'raise NotImplementedError("TODO 1.1: smooth")' in (tmp_path / FILTERS).read_text()
    run(tmp_path, "grade", tmp_path, "--out", tmp_path / "out", "--course", course)
    assert set(results(tmp_path / "out").values()) == {0}


def test_a_student_is_tested_and_graded_with_the_handout_alone(course, tmp_path) -> None:
    run(tmp_path, "handout", "--course", course)
    home = tmp_path / "home"
    with zipfile.ZipFile(tmp_path / "dist" / "handout.zip") as archive:
        archive.extractall(home)
    assert "Next: Write TODO 1.1 in signals/filters.py: smooth" in run(home, "test", path=home)
    text = (course / "reference" / FILTERS).read_text()
    (home / FILTERS).write_text(text.replace(") / 2", ")"))
    assert "y equals what you get when the sum takes the place of the mean" in run(home, "test", path=home, status=1)
    (home / FILTERS).write_text(text)
    assert "4.00 of 10.00" in run(home, "test", path=home).replace("/", "of")
    said = run(home, "submit", path=home)
    assert "1 of 1 pass" in said
    run(tmp_path, "grade", home / "submission.zip", "--out", tmp_path / "out", "--course", course)
    assert sum(results(tmp_path / "out").values()) == 4


def test_a_class_is_graded_by_a_secret_key(course, tmp_path) -> None:
    files = {name: (course / "reference" / name).read_bytes() for name in (FILTERS, "signals/net.py")}
    for student, content in (("ada", files[FILTERS]), ("bob", b"def smooth(x): return x\n")):
        (tmp_path / "class").mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / "class" / f"{student}.zip", "w") as archive:
            archive.writestr(FILTERS, content)
            archive.writestr("signals/net.py", files["signals/net.py"])
            archive.write(course / "reference/checkpoints/shapes/net.pt", "checkpoints/net.pt")
    (tmp_path / "secret.key").write_text("k" * 64)
    run(tmp_path, "batch", "class", "--out", "out", "--jobs", "1", "--key", "secret.key", "--course", course)
    rows = (tmp_path / "out" / "gradebook.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["ada", "bob"]
    assert "accuracy net" in rows[0]
    assert [results(tmp_path / "out" / "students" / name) for name in ("ada", "bob")] == [
        {"1.1.1": 4, "1.2.1": 6},
        {"1.1.1": 0, "1.2.1": 6},
    ]
    (tmp_path / "roster.csv").write_text("student,email\nada,ada@uni.edu\nbob,bob@uni.edu\n")
    run(tmp_path, "gradebook", "--roster", "roster.csv", "--code", "out", "--out", "grades", "--course", course)
    assert "ada@uni.edu" in (tmp_path / "grades" / "grades.csv").read_text()
    run(tmp_path, "similar", "class", "--out", "similar.html", "--course", course)
    assert "net.pt" in (tmp_path / "similar.html").read_text()  # the same weights
    run(tmp_path, "show", "bob", "1.1", "--class", "class", "--key", "secret.key", "--out", "cases", "--course", course)
    assert "filters.smooth(" in (tmp_path / "cases" / "1.1-smooth" / "repeat.py").read_text()


def test_its_author_learns_what_the_checks_catch(course, tmp_path) -> None:
    assert "3 graded, 0 not as they should be" in run(tmp_path, "reference", "--jobs", "1", "--course", course)
    assert "smooth adds without dividing" in (course / "mistakes.md").read_text()
    run(tmp_path, "audit", "--jobs", "1", "--json", "audit.json", "--course", course)
    found = json.loads((tmp_path / "audit.json").read_text())
    assert found["mistakes"] == {"total": 1, "caught": 1, "named": 1}
    assert found["mutants"]["caught"] == found["mutants"]["total"] - found["mutants"]["equivalent"] > 5


def test_what_goes_to_gradescope_grades_without_the_checkout(course, tmp_path) -> None:
    run(tmp_path, "gradescope", "--course", course)
    with zipfile.ZipFile(tmp_path / "dist" / "gradescope.zip") as archive:
        archive.extractall(tmp_path / "source")
    for name, source in (("signals", "signals"), ("checkpoints", "checkpoints/shapes")):
        shutil.copytree(course / "reference" / source, tmp_path / "submission" / name)
    command = ("grade", tmp_path / "submission", "--out", tmp_path / "out", "--key", "secret.key", "--course", "tiny")
    run(tmp_path / "source", *command, path=tmp_path / "source")
    assert results(tmp_path / "out") == {"1.1.1": 4, "1.2.1": 6}


def test_a_course_without_a_written_report_needs_no_rubric(tmp_path) -> None:
    (tmp_path / "roster.csv").write_text("student,email\nada,ada@a.edu\n")
    (tmp_path / "code.csv").write_text("student,score\nada,7\n")
    command = [sys.executable, "-m", "autograder", "gradebook", "--course", str(TINY)]
    command += ["--roster", "roster.csv", "--code", "code.csv", "--out", "grades"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ",7.00," in (tmp_path / "grades" / "grades.csv").read_text()
    ended = subprocess.run([*command, "--report", "code.csv"], cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (2, "report/rubric.toml: No such file or directory\n")
