"""The benchmark beside other tools: each of them tells right code from wrong, and one that is missing is named."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from homework import COURSE, ROOT

from autograder.errors import SetupError

rivals = COURSE.module("bench.rivals")


@pytest.mark.slow
@pytest.mark.parametrize("name", rivals.WAYS)
def test_every_way_passes_right_code_and_fails_wrong_code(name, tmp_path) -> None:
    rivals.lay_out(tmp_path)
    with contextlib.ExitStack() as stack:
        try:
            way = rivals.WAYS[name](tmp_path, rivals.FOLDER, stack)
        except SetupError as error:
            if "cannot be installed" not in str(error):
                raise
            pytest.skip(str(error))
        found = {}
        for kind in (rivals.RIGHT, rivals.WRONG, rivals.RIGHT):
            way.grade(kind)
            found[kind] = way.passed()
        assert found == {rivals.RIGHT: True, rivals.WRONG: False}


def test_a_way_that_cannot_tell_is_not_timed(tmp_path) -> None:
    blind = rivals.Way(lambda kind: None, lambda: True)
    with pytest.raises(SetupError, match=r"^a tool: wrong code has passed, so nothing is timed$"):
        rivals.expect_to_tell("a tool", blind)


@pytest.mark.slow
def test_a_tool_that_cannot_be_installed_is_one_sentence_in_the_table(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    found = rivals.measure(1, tmp_path)
    notes = {name.partition(", ")[2]: figure.note for name, figure in found.items() if figure.value is None}
    assert set(notes) == {"otter-grader 7.0.0, otter run", "gradescope-utils 0.5.0, no sandbox"}
    for note in notes.values():
        assert "cannot be installed: ERROR: No matching distribution found for" in note
    assert {figure.n for figure in found.values()} == {0, 1}


def test_a_benchmark_that_is_not_there_is_named(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "bench", "--only", "rival", "--path", str(tmp_path / "bench.json")],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "there is no benchmark 'rival', expected one of workers, mechanisms, parts, inference, cluster, class, memory, "
        "rivals,"
    )
    assert not list(tmp_path.iterdir())


def test_results_without_the_one_test_are_no_result(tmp_path) -> None:
    results = tmp_path / "results.json"
    results.write_text('{"tests": [{"name": "a summary"}]}', encoding="utf-8")
    with pytest.raises(SetupError, match=r"^results\.json holds no result of one test: "):
        rivals.scored(results)
