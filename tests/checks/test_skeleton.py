"""The strip tool, and what it makes of the reference."""

from __future__ import annotations

import ast
import subprocess

import pytest
from homework import COURSE, PARTS, ROOT

from autograder.course import regions, skeleton
from autograder.errors import RubricError

GOOD = '''\
class Pool:
    def forward(self, x):
        """Text."""
        # TODO 1.7: write it
        # >>> solution
        y = x + 1

        return y
        # <<< solution

    def given(self):
        return 3
'''


def test_a_region_becomes_one_line_that_names_todo_and_function() -> None:
    stripped = regions.strip(GOOD, "pool.py")
    assert '        raise NotImplementedError("TODO 1.7: Pool.forward")\n\n    def given' in stripped
    assert "x + 1" not in stripped
    ast.parse(stripped)


def test_filling_a_region_indents_the_body() -> None:
    filled = regions.fill(GOOD, "pool.py", "Pool.forward", "if x:\n    return 1\nreturn 2\n")
    assert "        if x:\n            return 1\n        return 2\n\n    def given" in filled


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("        # <<< solution\n", "", r"pool.py:5: this solution region is never closed"),
        ("        # >>> solution\n", "", r"pool.py:8: this solution region was never opened"),
        ("y = x + 1", "# >>> solution", r"pool.py:6: a solution region opens inside the one of line 5"),
        ("# TODO 1.7: write it", "# write it", r"pool.py:5: no TODO with a number stands above"),
        (
            "        # <<< solution\n",
            "        # <<< solution\n        return 4\n",
            r"pool.py:9: .* does not end its function",
        ),
        (
            "y = x + 1\n\n        return y\n        # <<< solution\n",
            "# <<< solution\n",
            r"pool.py:5: this solution region is in no function, or empty",
        ),
        ("class Pool:", "# >>> solution\nX = 1\n# <<< solution\nclass Pool:", r"pool.py:1: .* is in no function"),
    ],
    ids=["not closed", "not opened", "nested", "no TODO", "not the end", "empty", "no function"],
)
def test_a_malformed_region_is_refused_by_file_and_line(before, after, message) -> None:
    assert before in GOOD
    with pytest.raises(RubricError, match=message):
        regions.strip(GOOD.replace(before, after), "pool.py")


def test_filling_a_function_without_a_region_is_refused() -> None:
    with pytest.raises(RubricError, match=r"pool.py: Pool.given has no solution region"):
        regions.fill(GOOD, "pool.py", "Pool.given", "return 4")


def test_the_parts_are_exactly_what_the_reference_generates() -> None:
    generated = skeleton.generate(COURSE)
    written = {f"{part}/{name}" for part, names in COURSE.layout.work.items() for name in names}
    assert [name for name in written if (ROOT / name).read_bytes() != generated[name]] == []
    kept = subprocess.run(["git", "ls-files", *PARTS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(kept.split()) == written, "given files have their home in the course alone"


def test_writing_removes_what_is_no_longer_generated(tmp_path) -> None:
    stale = tmp_path / "part1_numpy" / "old.py"
    stale.parent.mkdir()
    stale.write_text("x = 1\n")
    assert set(skeleton.write(COURSE, tmp_path)) == {"part1_numpy/old.py", *COURSE.files()}
    assert not stale.exists()
    assert skeleton.write(COURSE, tmp_path) == []


def test_no_line_of_a_solution_is_left_in_the_skeletons() -> None:
    generated = skeleton.generate(COURSE)
    assert not [name for name, content in generated.items() if b">>> solution" in content]


def test_the_given_files_are_those_without_a_region() -> None:
    files = COURSE.files()
    modules = {name: content.decode() for name, content in files.items() if name.endswith(".py")}
    assert {name for name, text in modules.items() if not regions.find(text, name)} == {
        name for name in COURSE.given() if name.endswith(".py")
    }
