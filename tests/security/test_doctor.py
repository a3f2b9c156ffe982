"""`autograder doctor --full`: what holds is said to hold, what does not is named, wherever the package is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attacks import places
from homework import COURSE, ROOT

from autograder.authoring import release
from autograder.authoring import variants as trials
from autograder.conformance import naive
from autograder.conformance.examination import examine
from autograder.conformance.table import ATTACKS, Attack
from autograder.conformance.target import RIGHT
from autograder.conformance.verdicts import CLASSES, Result
from autograder.inside.confinement.syscalls import ARM

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open") or ARM, reason="the box needs Linux, its rows x86-64")
ROW_KEYS = {"class", "name", "result", "stopped_by", "control", "wrong", "means", "do"}
LEVELS = [("user", "A"), ("container", "B"), ("plain-user", "B-"), ("nothing", "C")]
COUNTS = {"tried", "held", "failed", "not_promised", "with_control"}
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can switch all off")


@as_root
def test_a_few_rows_hold_each_beside_its_control(assignment) -> None:
    found = examine(assignment.limits, kinds=("forge", "neighbours", "zips"))
    assert [(row.name, row.wrong) for row in found.rows if row.result is not Result.HELD] == []
    assert found.complaint == ""
    assert found.holds
    plain = json.loads(json.dumps(found.as_json()))
    assert plain["level"] == "A"
    assert set(plain["totals"]) == COUNTS
    assert set(plain["classes"]) == {"forge", "neighbours", "zips"}
    assert {key for row in plain["rows"] for key in row} == ROW_KEYS
    assert plain["totals"]["tried"] == len(plain["rows"]) > 100
    assert plain["totals"]["with_control"] > 90


@as_root
def test_where_a_mechanism_is_off_although_the_machine_has_it_each_row_that_breaches_is_named(assignment) -> None:
    found = examine(assignment.limits, off=("limits",), kinds=("escape",))
    failed = {row.name: row for row in found.rows if row.result is Result.FAILED}
    assert set(failed) == {row.name for row in ATTACKS if row.kind == "escape" and row.stopped_by == "limits"}
    assert not found.holds
    row = failed["more descriptors than allowed"]
    assert row.wrong == ("has succeeded",)
    assert row.means == "student code can act outside its box"
    assert "ulimit" in row.do


def test_the_naive_grader_tells_right_from_wrong_where_nobody_cheats() -> None:
    """Else a control that always breaches would show nothing."""
    wrong = Attack("forge", "wrong", "", "failed", base="wrong").apply(RIGHT, {})
    assert naive.breach(RIGHT, forged=True) == "taken for right by np.allclose"
    assert naive.breach(RIGHT, forged=False) == ""
    assert naive.breach(wrong, forged=True) == ""


def run(command: list[str], folder: Path) -> tuple[int, dict]:
    done = subprocess.run([*command, "-m", "autograder", "doctor", "--full", "--json"], cwd=folder, capture_output=True)
    assert done.returncode in (0, 1), done.stderr.decode()[-2000:]
    return done.returncode, json.loads(done.stdout)


def see(found: dict, level: str) -> None:
    """See that all that is promised holds, and that most of it was seen to fail without its defence."""
    with open(sys.__stdout__.fileno(), "w", closefd=False) as out:
        print(f"level {level}: {found['totals']} in {found['seconds']} s", file=out)
    assert found["level"] == level
    assert [row for row in found["rows"] if row["result"] == "failed"] == []
    assert found["complaint"] == ""
    assert set(found["classes"]) == set(CLASSES)
    assert found["totals"]["tried"] >= (130 if level == "C" else 270)
    assert found["totals"]["with_control"] >= (60 if level == "C" else 150)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "level"), LEVELS)
@as_root
def test_at_each_level_all_that_it_promises_holds(place, level) -> None:
    status, found = run([sys.executable, places.__file__, place, sys.executable], ROOT)
    see(found, level)
    assert status == (1 if level == "C" else 0)
    left_out = {row["name"] for row in found["rows"] if row["result"] == "not promised"}
    assert ("whether a file exists" in left_out) is (level != "A")


@pytest.mark.slow
@as_root
def test_it_runs_where_only_the_gradescope_package_is(tmp_path) -> None:
    trials.write(tmp_path, release.gradescope(COURSE, "visible", tmp_path / "secret.key"))
    assert not (tmp_path / "tests").exists()
    status, found = run([sys.executable], tmp_path)
    see(found, "A")
    assert status == 0
