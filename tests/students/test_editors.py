"""Where students work: plain pytest and what builds on it, the workflow of the handout, its notebook."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from autograder.authoring import variants

Run = Callable[..., subprocess.CompletedProcess[str]]
# Stands for the Python of a hosted machine: what it would install is there already.
PYTHON = """#!/bin/sh
[ "$1 $2" = "-m pip" ] && echo "$@" >> "$INSTALLED" && exit 0
exec {python} "$@"
"""


@pytest.fixture
def run(tmp_path: Path, handout: Mapping[str, bytes]) -> Run:
    """Run a command of the shell in an unpacked handout, where `files` replace others."""

    def command(files: Mapping[str, bytes], line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        folder, machine = tmp_path / "handout", tmp_path / "machine"
        variants.write(folder, {**handout, **files})
        machine.mkdir(exist_ok=True)
        (machine / "python").write_text(PYTHON.format(python=shlex.quote(sys.executable)))
        (machine / "python").chmod(0o755)
        where = {
            "PATH": f"{machine}:{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "COLUMNS": "200",
            "GITHUB_ACTIONS": "",
        }
        own = os.environ | where | {"INSTALLED": str(tmp_path / "installed")} | environment
        return subprocess.run(
            ["bash", "-e", "-c", line], cwd=folder, env=own, capture_output=True, text=True, check=False
        )

    return command


@pytest.fixture
def wrong(handout: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """A wrong value in TODO 1.2, an exception in TODO 1.3."""
    linear, activations = handout["part1_numpy/linear.py"].decode(), handout["part1_numpy/activations.py"].decode()
    value = re.sub(r"raise NotImplementedError\(.TODO 1.2: Linear.forward.\)", "return x @ self.weight", linear)
    error = re.sub(r"raise NotImplementedError\(.TODO 1.3: ReLU.forward.\)", 'raise KeyError("oh")', activations)
    assert value != linear
    assert error != activations
    return {"part1_numpy/linear.py": value.encode(), "part1_numpy/activations.py": error.encode()}


def _line(files: Mapping[str, bytes], name: str, text: str) -> int:
    """The number of the line that holds a text, from 1."""
    return next(number for number, line in enumerate(files[name].decode().splitlines(), 1) if text in line)


def test_plain_pytest_has_a_case_for_each_check_at_its_todo(run, wrong, handout) -> None:
    listed = run({}, "python -m pytest --collect-only -q part1_numpy/linear.py part1_numpy/optim.py").stdout
    assert "part1_numpy/linear.py::1.2-forward" in listed
    assert "part1_numpy/optim.py::1.13-" in listed
    done = run(wrong, "python -m pytest part1_numpy/linear.py part1_numpy/activations.py --junitxml=x.xml || cat x.xml")
    assert re.search(r"y\[0, 0\] is [-.\d]+, expected ", done.stdout)
    raised = _line(wrong, "part1_numpy/activations.py", "KeyError")
    assert f"part1_numpy/activations.py:{raised}: in forward" in done.stdout
    assert "autograder/" not in done.stdout.partition("<?xml")[0]
    xml = ElementTree.fromstring(done.stdout[done.stdout.index("<?xml") :])
    failed = {case.get("name") for case in xml.iter("testcase") if case.find("failure") is not None}
    assert failed >= {"1.2-forward", "1.3-relu"}


def test_the_score_table_comes_with_the_cases_for_other_programs(run, wrong) -> None:
    done = run(wrong, "python -m autograder test --todo 1.2 --junitxml cases.xml || cat cases.xml")
    assert "1.2" in done.stdout
    xml = ElementTree.fromstring(done.stdout[done.stdout.index("<?xml") :])
    assert next(xml.iter("testcase")).get("name").endswith("1.2-forward]")


def test_each_push_to_a_student_s_repository_annotates_the_lines_and_knows_no_hidden_case(run, wrong, handout) -> None:
    workflow = yaml.safe_load(handout[".github/workflows/checks.yml"])
    steps = [step["run"] for step in workflow["jobs"]["checks"]["steps"] if "run" in step]
    install, annotate, score = steps
    files = {**wrong, "pytest.ini": handout["pytest.ini"].replace(b"part2_pytorch part3_imbalance", b"")}
    assert run(files, install, GITHUB_ACTIONS="true").returncode == 0
    done = run(files, annotate, GITHUB_ACTIONS="true")
    assert done.returncode == 0, done.stdout
    todo = _line(wrong, "part1_numpy/linear.py", "TODO 1.2")
    raised = _line(wrong, "part1_numpy/activations.py", "KeyError")
    assert f"::error file=part1_numpy/linear.py,line={todo}::1.2-forward" in done.stderr
    assert f"::error file=part1_numpy/activations.py,line={raised}::1.3-relu" in done.stderr
    assert score == "python -m autograder test"
    assert not any("key" in step or "seed" in step for step in steps)


@pytest.mark.slow
def test_the_notebook_runs_from_the_first_cell_to_the_last(run, handout) -> None:
    script = (
        "import nbformat, nbclient\n"
        "book = nbformat.read('first_todo.ipynb', 4)\n"
        "nbclient.NotebookClient(book, timeout=300).execute()\n"
        "print([out.get('text', '') for cell in book.cells for out in cell.get('outputs', [])])"
    )
    done = run({}, f"python -c {shlex.quote(script)}")
    assert done.returncode == 0, done.stderr
    assert "TODO 1.1: sliding_windows" in done.stdout
    assert "0.00" in done.stdout


def test_an_editor_is_told_to_run_pytest(handout) -> None:
    container = json.loads(handout[".devcontainer/devcontainer.json"])
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.testing.pytestEnabled"]
    made = container["postCreateCommand"].removeprefix("make ")  # one environment for make, pytest and the editor
    assert settings["python.defaultInterpreterPath"] == f"${{containerWorkspaceFolder}}/{Path(made).parent}/bin/python"
    rule = re.search(rf"^{re.escape(made)}:.*\n(\t.*\n)+", handout["Makefile"].decode(), re.MULTILINE)
    assert "--constraint requirements.lock" in rule[0]


def test_the_shell_completes_commands_once_it_is_told_how(tmp_path) -> None:
    home = {**os.environ, "HOME": str(tmp_path)}
    typed = f"{Path(sys.executable).with_name('autograder')} --install-completion; exit $?"
    done = subprocess.run(["bash", "-c", typed], env=home, capture_output=True, check=False)  # asks who has started it
    assert done.returncode == 0, done.stdout + done.stderr
    (script,) = (tmp_path / ".bash_completions").iterdir()
    typed = "COMP_WORDS=(autograder gra); COMP_CWORD=1; _autograder_completion autograder; echo ${COMPREPLY[*]}"
    home["PATH"] = f"{Path(sys.executable).parent}:{home['PATH']}"
    command = ["bash", "-c", f"source {script}; {typed}"]
    told = subprocess.run(command, env=home, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["grade", "gradebook", "gradescope"]
