"""What a machine lacks is said in one sentence, before anything runs: real interpreters, real metadata of packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from homework import ROOT

from autograder.students import environment, newer_python

PYTHONS = {
    path.parent.parent.name: path
    for path in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    if path.exists()
}
OLD = [version for version in PYTHONS if 7 <= int(version.split(".")[1]) < 11]


def _run(python: str | Path, *arguments: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    return subprocess.run([python, *arguments], env=variables, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not OLD, reason="no older Python is installed here")
@pytest.mark.parametrize("version", OLD)
def test_an_older_python_is_told_which_one_is_expected(version) -> None:
    done = _run(PYTHONS[version], "-m", "autograder", "test")
    expected = f"Python is {version} here, expected 3.11 or newer: install that, and start this with it"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{expected}\n")
    done = _run(PYTHONS[version], str(ROOT / "autograder/students/environment.py"))
    assert (done.returncode, done.stderr) == (2, f"{expected}, as in make PYTHON=python3.11\n")


def _install(folder: Path, name: str, version: str) -> None:
    """Leave what pip leaves of a package, as far as its version is asked for."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_an_older_numpy_is_told_which_one_is_expected_and_how_to_get_it(tmp_path) -> None:
    _install(tmp_path, "numpy", "1.26.4")
    done = _run(sys.executable, "-m", "autograder", "test", path=tmp_path)
    python = Path(sys.executable).name
    said = f'numpy is 1.26.4 here, expected 2.0 or newer: {python} -m pip install "numpy>=2.0"\n'
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize(("version", "fits"), [("2.0.0", True), ("2.0", True), ("10.1rc1", True), ("1.9", False)])
def test_versions_are_compared_as_numbers(tmp_path, version, fits) -> None:
    _install(tmp_path, "numpy", version)
    done = _run(
        sys.executable, "-c", "from autograder.students.environment import *; print(complaint())", path=tmp_path
    )
    assert (done.stdout == "\n") is fits, done.stdout + done.stderr


def test_a_package_whose_installation_was_interrupted_is_named(tmp_path) -> None:
    (tmp_path / "rich-14.0.0.dist-info").mkdir()
    (tmp_path / "rich-14.0.0.dist-info" / "METADATA").write_text("")
    done = _run(sys.executable, "-m", "autograder", "test", path=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("rich is half installed: ")
    assert "Traceback" not in done.stderr


def test_packages_that_are_missing_are_named_together(tmp_path) -> None:
    for name, version in (("numpy", "2.1.0"), ("rich", "14.0.0")):
        _install(tmp_path, name, version)
    here = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from autograder.students.environment import complaint; print(complaint())"
    )
    done = _run(sys.executable, "-S", "-E", "-c", here, str(ROOT), str(tmp_path))
    python = Path(sys.executable).name
    missing = {"torch": "2.10", "pytest": "8.3", "typer": "0.15", "pydantic": "2.10"}
    install = " ".join(f'"{name}>={least}"' for name, least in missing.items())
    assert (
        done.stdout
        == f"{', '.join(f'{name} is not installed' for name in missing)}: {python} -m pip install {install}\n"
    )


def test_nothing_is_missing_here() -> None:
    assert environment.complaint() == ""
    assert environment.python_of_grader() == (3, 11)


YOUNG = {
    "def f[T](x: T) -> T: return x": "Type parameter lists are only supported in Python 3.12",
    "from itertools import batched": "itertools.batched is not there",
    "import itertools\nitertools.batched": "itertools.batched is not there",
    "from typing import override": "typing.override is not there",
    "from string.templatelib import Template": "string.templatelib is not there",
}
QUOTES = {
    'x = f"{d["a"]}"': 'f-string: " within "',
    "x = f'{d['a']}'": "f-string: ' within '",
    "x = f\"{'\\n'.join(d)}\"": "f-string: a backslash within braces",
}
OLD_ENOUGH = (
    "x = f\"{d['a']}\"; y = f'''{d['a']}'''; z = f'{x}' '{y}'\nfrom itertools import pairwise\nmatch x:\n  case 1: pass"
)


@pytest.mark.parametrize("text", YOUNG)
def test_what_the_older_python_of_the_grader_lacks_is_told_with_its_line(text) -> None:
    if text.startswith("def") and sys.version_info < (3, 12):
        pytest.skip("this Python does not understand it either")
    with pytest.raises(SyntaxError, match=rf"{YOUNG[text]}.*, graded with Python 3\.11") as caught:
        newer_python.expect_old(f"\n{text}\n", "m.py", (3, 11))
    assert (caught.value.lineno or 0) >= 2


def test_what_it_has_passes() -> None:
    newer_python.expect_old(OLD_ENOUGH, "m.py", (3, 11))


@pytest.mark.skipif("3.13.0" not in PYTHONS, reason="no newer Python is installed here")
def test_a_newer_python_reads_what_it_alone_understands_as_the_grader_does() -> None:
    """In that Python itself, which has no packages: the module needs the standard library only."""
    script = "import sys; from autograder.students.newer_python import expect_old\nfor text in sys.argv[1:]:\n"
    script += " try: expect_old(text, 'm.py', (3, 11)); print('passes')\n except SyntaxError as error: print(error.msg)"
    cases = {**YOUNG, **QUOTES, OLD_ENOUGH: "passes"}
    done = _run(PYTHONS["3.13.0"], "-c", script, *cases)
    assert done.returncode == 0, done.stderr
    for line, (text, says) in zip(done.stdout.splitlines(), cases.items(), strict=True):
        assert line.startswith(says), text
        assert says == "passes" or line.endswith(", graded with Python 3.11"), text


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python understands all of it")
@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b'd = {"a": 1}\nx = f"{d["a"]}"\n', "SyntaxError: f-string: "),
        (b"def f[T](x): pass\n", "SyntaxError: expected '('"),
        (b"from itertools import batched\n", "ImportError: cannot import name 'batched' from 'itertools'"),
    ],
    ids=["quotes", "type parameters", "library"],
)
def test_grading_names_its_python_beside_what_a_newer_one_understands(grade, reference, source, says) -> None:
    card = grade({**reference, "part1_numpy/linear.py": source}, todos=("1.2",))
    said = card.marks["1.2-forward"].message
    assert says in said
    assert said.endswith(f", graded with Python {sys.version_info[0]}.{sys.version_info[1]}")
