"""The grader as pip installs it, in empty folders: no command needs the checkout, and none writes beside its code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest
from homework import COURSE, ROOT
from trees import tree

from autograder.authoring import release

pytestmark = pytest.mark.slow

Run = Callable[..., str]
BESIDE = ("pyproject.toml", "requirements.lock", "README.md", "LICENSE")
RUBBISH = ("build/lib/autograder/of_yesterday.py", "courses/convnets/__pycache__/a.pyc", "courses/convnets/.DS_Store")
TINY = Path(__file__).parent / "tiny"
FULL = "72.00 of 72.00"


def _kept(*folders: str) -> list[str]:
    """Name what git keeps below some folders, or would: a new file that is not to be ignored counts."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in {*listed} if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from what git keeps, with rubbish in between; no registry is asked."""
    source, house = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("house")
    for name in _kept():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for name in RUBBISH:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(house)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=source, check=True)
    (path,) = house.iterdir()
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install it into an environment that finds its libraries where they are: they are gigabytes."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--find-links", str(wheel.parent), "convnet-autograder"]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", *options], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    # The .pth files of that folder do not count here, the one of the checkout among them.
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["platlib"] + "\n")
    before = {*tree(packages)}
    yield python
    assert {name for name in {*tree(packages)} - before if "__pycache__" not in name} == set()


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    """Run a command line in a folder, which is an empty one if none is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AUTOGRADER"))}

    def command(*words: str | Path, folder: Path = tmp_path, status: int = 0) -> str:
        done = subprocess.run(
            [str(python.parent / str(words[0])), *map(str, words[1:])],
            cwd=folder, env={**kept, "COLUMNS": "200"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    return command


def _unpack(path: Path, folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_package_the_courses_and_nothing_else(wheel) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        about = BytesParser().parsebytes(next(archive.read(n) for n in archive.namelist() if n.endswith("/METADATA")))
    assert names == {*_kept("autograder"), *(f"autograder/project/{name}" for name in (*_kept("courses"), *BESIDE))}
    assert {"License-Expression", "License-File", "Author", "Classifier", "Requires-Python"} <= {*about.keys()}
    assert (about["License-Expression"], about["Author"], about["Project-URL"]) == ("MIT", "the contributors", None)


def test_the_demo_earns_everything(run, python, tmp_path) -> None:
    where = run("python", "-c", "import autograder; print(autograder.__file__)")
    assert Path(where.strip()).is_relative_to(python.parent.parent)
    assert FULL in run("autograder", "demo")
    assert {path.name for path in tmp_path.iterdir()} == {"build"}
    assert {"results.json", "report.html"} <= {path.name for path in (tmp_path / "build" / "demo").iterdir()}


def test_a_student_works_in_the_handout_that_it_packs(run, tmp_path) -> None:
    run("autograder", "handout")
    packed = _unpack(tmp_path / "dist" / "handout.zip", tmp_path / "home")
    assert {*packed} == {*release.handout(COURSE)}
    for start in (("autograder",), ("python", "-m", "autograder")):  # the one that is installed, and the handout's own
        said = run(*start, "test", folder=tmp_path / "home")
        assert "0.00 of 72.00" in said.replace("/", "of")
        assert "Next: Write TODO 1.1" in said
    assert "open: 1.1" in run("autograder", "submit", folder=tmp_path / "home")
    run("autograder", "grade", tmp_path / "home" / "submission.zip", "--out", "out", "--dataset", "shapes")
    rows = json.loads((tmp_path / "out" / "results.json").read_text())["tests"]
    assert sum(row.get("score", 0) for row in rows) == 0


def test_it_grades_a_class_and_writes_its_gradebook(run, reference, skeletons, tmp_path) -> None:
    (tmp_path / "class").mkdir()
    for student, files in (("ada", reference), ("bob", skeletons)):
        with zipfile.ZipFile(tmp_path / "class" / f"{student}.zip", "w") as archive:
            for name in sorted(name for name in reference if name.startswith("part1")):
                archive.writestr(name, files[name])
    run("autograder", "grade", "class/ada.zip", "--out", "ada", "--assignment", "hw2p1")
    assert json.loads((tmp_path / "ada" / "results.json").read_text())["score"] == 100
    run("autograder", "batch", "class", "--out", "graded", "--assignment", "hw2p1", "--jobs", "1")
    (tmp_path / "roster.csv").write_text("student,email\nada,ada@uni.edu\nbob,bob@uni.edu\n")
    command = ("gradebook", "--roster", "roster.csv", "--code", "graded", "--out", "grades", "--assignment", "hw2p1")
    assert "2 students" in run("autograder", *command)
    assert (tmp_path / "grades" / "canvas.csv").is_file()
    run("autograder", "similar", "class", "--out", "similar.html", "--assignment", "hw2p1")
    assert "<html" in (tmp_path / "similar.html").read_text()


def test_the_package_for_gradescope_is_the_same_as_from_the_checkout(run, tmp_path) -> None:
    run("autograder", "gradescope")
    packed = _unpack(tmp_path / "dist" / "gradescope.zip", tmp_path / "source")
    assert packed == release.gradescope(COURSE, "visible", tmp_path / "secret.key")
    assert "results.json" in run("python", "-m", "autograder", "grade", "--help", folder=tmp_path / "source")


def test_an_author_audits_a_course_of_her_own(run, tmp_path) -> None:
    shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("__pycache__"))
    run("autograder", "audit", "--course", "tiny", "--mutants", "3", "--jobs", "1", "--json", "audit.json")
    assert json.loads((tmp_path / "audit.json").read_text())["mistakes"] == {"total": 1, "caught": 1, "named": 1}
    run("autograder", "skeletons", "--course", "convnets")
    assert (tmp_path / "part1_numpy" / "conv2d.py").read_bytes() == (ROOT / "part1_numpy" / "conv2d.py").read_bytes()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="a box of level A, as root")
def test_its_box_holds_all_that_it_promises(run) -> None:
    found = json.loads(run("autograder", "doctor", "--full", "--json"))
    assert found["level"] == "A"
    assert found["totals"]["tried"] >= 270
    assert "of which succeeded: nothing" in run("autograder", "doctor")
