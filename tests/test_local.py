"""`make test` as a student runs it, in a folder of its own."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from autograder import catalogue, local, rubric, trials
from autograder.assignment import ROOT
from autograder.scores import Outcome
from autograder.student import Student

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_tests(files: Mapping[str, bytes], *options: str) -> subprocess.CompletedProcess[str]:
        trials.write(tmp_path, files)
        for name in ("assignment.toml", "pyproject.toml"):
            shutil.copy(ROOT / name, tmp_path)
        return subprocess.run(
            [sys.executable, "-m", "autograder", "test", "--part", "1", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run_tests


def test_an_untouched_checkout_scores_nothing_and_says_what_to_do_first(run, skeletons) -> None:
    done = run(skeletons)
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(r"0\.00 (of|/) 36", done.stdout), done.stdout
    assert "1.1" in done.stdout
    assert "open" in done.stdout
    assert " failed" not in done.stdout


def test_the_reference_scores_everything(run, reference) -> None:
    done = run(reference)
    assert done.returncode == 0, done.stdout
    assert re.search(r"36\.00 (of|/) 36", done.stdout), done.stdout


def test_a_wrong_value_is_told_in_a_sentence_without_a_traceback(run, reference) -> None:
    mistake = next(one for one in catalogue.load() if one.loses[0].startswith("1.7"))
    done = run(mistake.apply(reference), "--todo", "1.7")
    assert done.returncode == 1
    assert mistake.says.split()[0] in done.stdout
    assert not re.search("Traceback|During handling|full-trace|autograder/", done.stdout), done.stdout


def test_an_exception_is_shown_with_the_line_that_raised_it(run, reference) -> None:
    source = reference["part1_numpy/linear.py"].decode()
    wrong = source.replace("# >>> solution", "raise KeyError('oh')", 1)
    done = run({**reference, "part1_numpy/linear.py": wrong.encode()}, "--todo", "1.2")
    assert done.returncode == 1
    assert "raise KeyError('oh')" in done.stdout
    assert not re.search(r"During handling|full-trace|host\.py|student\.py|local\.py", done.stdout), done.stdout


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def test_an_endless_loop_is_interrupted_and_costs_its_check_only(reference, tmp_path, ctrl_c, request) -> None:
    before = signal.signal(signal.SIGINT, ctrl_c)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    trials.write(tmp_path, reference)
    shutil.copy(ROOT / "assignment.toml", tmp_path)

    def endless(student: Student, rng: np.random.Generator) -> None:
        while True:
            pass

    check = dataclasses.replace(rubric.load()[0], body=endless, seconds=0.05)
    session = local.Session(tmp_path, [check], interruptible=True, dataset="")
    with pytest.raises(pytest.fail.Exception, match=r"no answer after 0.3 s: does a loop never end\?"):
        session.run(check)
    assert session.card.marks[check.id].outcome is Outcome.LOST
    assert signal.getsignal(signal.SIGINT) is ctrl_c


def test_an_expression_chooses_checks_and_those_they_need(run, reference) -> None:
    done = run(reference, "-k", "1.7-max-overlap")
    needs = {check.id: check.needs for check in rubric.load()}["1.7-max-overlap"]
    assert needs
    assert re.search(rf"\b{1 + len(needs)} passed", done.stdout), done.stdout
