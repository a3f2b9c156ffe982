"""The handout in an empty folder, by its README alone: make builds an environment from nothing, tests, and hands in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from homework import COURSE, points

from autograder.authoring import release
from autograder.authoring import variants as trials

INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple/")
INHERITED = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")  # of the tests that run this one


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_brings_a_student_from_the_handout_to_a_zip(assignment, reference, checkpoints, tmp_path) -> None:
    try:
        urllib.request.urlopen(INDEX, timeout=20).close()
    except OSError as error:
        pytest.skip(f"{INDEX} cannot be reached: {error}")
    trials.write(tmp_path, release.handout(COURSE))
    variables = {name: value for name, value in os.environ.items() if name not in INHERITED}

    def make(*words: str) -> str:
        done = subprocess.run(
            ["make", *words],
            cwd=tmp_path,
            env={**variables, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout

    try:
        said = make("test", f"PYTHON={sys.executable}")
        assert re.search(rf"\b0\.00 of {points()}", said), said
        assert "Next: Write TODO 1.1" in said
        assert Path(tmp_path, ".venv", "bin", "python").is_file()
        trials.write(tmp_path, {**reference, **checkpoints})
        said = make("test", f"DATASET={trials.DATASET}")
        assert f"{points()} of {points()}" in said, said
        said = make("submit")
        checks = sum(not check.exam for check in assignment.checks())
        assert f"{checks} of {checks} pass" in said, said
        assert Path(tmp_path, "submission.zip").is_file()
    finally:
        shutil.rmtree(tmp_path / ".venv", ignore_errors=True)  # gigabytes, and pytest would keep them
