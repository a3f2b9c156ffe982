"""The project's own workflow, run by a stand-in for the hosted machine: we are root, and Debian's packages are there.

Everything up to the tests is real: the steps of the workflow, `.ci/run`, the Makefile, ruff, mypy, and what pytest
makes of its command lines. The tests themselves are collected from one file and not run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml
from homework import ROOT

STEPS = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())["jobs"]["check"]["steps"]
ACTIONS = {"actions/checkout@v4": set(), "actions/setup-python@v5": {"python-version"}}  # with what each is told
SUDO = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""
NOTED = """#!/bin/sh
echo "$(basename "$0") $*" >> "$NOTED"
"""
SAMPLE = "tests/students/test_editors.py"  # has tests of both kinds


# A Python that finds a fault of types, and nothing else.
MISTYPED = """#!/bin/sh
echo "$*"
[ "$2" != mypy ]
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path) -> Run:
    """Run the steps of the workflow, up to one that fails, with this Python in the place of the one of `.venv`."""
    for name, text in {"sudo": SUDO, "dpkg": NOTED, "apt-get": NOTED, "mistyped": MISTYPED}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def steps(python: str) -> subprocess.CompletedProcess[str]:
        # `make check` runs this test: what it hands to a make below it (MAKELEVEL ...) would change what is printed.
        around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE"))}
        environment = around | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "NOTED": str(tmp_path / "noted"),
            "MAKEFLAGS": f"--old-file=.venv/ready -- PY={python}",  # what it would install is here
            "PYTEST_ADDOPTS": f"--collect-only -q -p no:cacheprovider {SAMPLE}",
        }
        line = ["bash", "-e", "-c", "\n".join(step["run"] for step in STEPS if "run" in step)]
        return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return steps


@pytest.mark.slow
def test_the_workflow_runs_every_command_that_it_names(run, tmp_path) -> None:
    done = run(sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    for test in ("the_notebook_runs", "plain_pytest_has_a_case"):  # of `make check-slow`, of `make check`
        assert f"{SAMPLE}::test_{test}" in done.stdout
    debian = (tmp_path / "noted").read_text()
    assert "chromium chromium-driver debootstrap" in debian
    assert "apt-get" not in debian, "what is there is installed again"


def test_a_fault_of_types_ends_the_workflow_before_the_tests(run) -> None:
    done = run("mistyped")
    assert done.returncode != 0
    ran = [line.split()[1] + " " + line.rpartition(" -")[2] for line in done.stdout.splitlines()]
    assert ran == ["pytest m slow", "ruff -quiet .", "mypy -no-error-summary"]


def test_an_action_is_told_only_what_it_knows() -> None:
    used = {step["uses"]: set(step.get("with", ())) for step in STEPS if "uses" in step}
    assert used == ACTIONS


def test_the_script_of_the_workflow_may_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
