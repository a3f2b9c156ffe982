"""Where a check fails: the line that `make test` names, and when it names none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homework import COURSE, ROOT

from autograder.authoring import variants as trials
from autograder.authoring.auditing import places_audit
from autograder.checking.expect import expect_close
from autograder.checking.rubric import Check
from autograder.course import assignment as assignments
from autograder.errors import CheckFailed
from autograder.students.lines.search import Found, Place, Search, sentence
from autograder.students.test import Session

# A right function of one module, and for each mistake: a right line and what stands there instead.
RIGHT = """import math
import numpy as np


class Windows:
    def __init__(self, kernel, stride, padding):
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def backward(self, dy, height, width):
        n, p, q = dy.shape
        k, s, pad = self.kernel, self.stride, self.padding
        dx = np.zeros((n, height + 2 * pad, width + 2 * pad))
        for i in range(k):
            for j in range(k):
                dx[:, i : i + s * p : s, j : j + s * q : s] += dy / k**2
        return dx[:, pad : height + pad, pad : width + pad]


def spread(x, limit):
    kept = np.where(x >= limit, x, 0.0)
    rows = kept.mean(axis=1, keepdims=True)
    shifted = kept - rows
    return shifted.T.copy(), math.ceil(len(x) / 2)
"""
MISTAKES = {
    "overwritten": ("] += dy", "] = dy"),
    "height and width": ("(n, height + 2 * pad, width", "(n, width + 2 * pad, height"),
    "p and q": ("i + s * p", "i + s * q"),
    "kernel for stride": ("j + s * q : s]", "j + s * q : k]"),
    "one off": ("for j in range(k)", "for j in range(k - 1)"),
    "an empty slice": ("pad : width + pad", "pad : -pad"),
    "a factor": ("dy / k**2", "dy / k"),
    "a limit": ("x >= limit", "x > limit"),
    "sum for mean": (".mean(axis", ".sum(axis"),
    "an axis": ("axis=1", "axis=0"),
    "a sign": ("kept - rows", "kept + rows"),
    "a transpose": ("shifted.T", "shifted"),
    "floor": ("math.ceil", "math.floor"),
}


def expected(module: str) -> dict[str, Any]:
    """What the right module makes of the cases below."""
    names: dict[str, Callable[..., object]] = {}
    exec(compile(RIGHT, module, "exec"), names)
    dy, x = drawn()
    found = {}
    for s, pad in SIZES:
        layer: Any = names["Windows"](3, s, pad)
        found[s, pad] = layer.backward(dy, 2 * s + 3 - 2 * pad, 3 * s + 3 - 2 * pad)
    return {"windows": found, "spread": names["spread"](x, 2.0)}


SIZES = ((1, 0), (1, 1), (2, 1))


def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 3, 4)), np.arange(15.0).reshape(3, 5) % 4


def checks(module: str) -> list[Check]:
    """Two checks on a module; the second asks the first's class too."""
    right, (dy, x) = expected(module), drawn()

    def windows(student, rng) -> None:
        for (s, pad), dx in right["windows"].items():
            layer = student.new(f"{module}:Windows", 3, s, pad)
            found = layer.backward(dy, 2 * s + 3 - 2 * pad, 3 * s + 3 - 2 * pad)
            expect_close(found, dx, "dx")

    def spread(student, rng) -> None:
        values, half = student.call(f"{module}:spread", x, 2.0)
        expect_close(values, right["spread"][0], "values")
        expect_close(half, right["spread"][1], "half")

    return [Check(f"1.1-{body.__name__}", 1, (), 10.0, "Title.", "", body) for body in (windows, spread)]


def search(folder: Path, source: str, module: str, monkeypatch, seconds: float = 4.0) -> list[Found]:
    (folder / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    return list(Search(folder, [f"{module}.py"], seconds).run([checks(module)]))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_line_is_named_on_which_a_common_mistake_was_made(mistake, tmp_path, monkeypatch) -> None:
    right, wrong = MISTAKES[mistake]
    assert RIGHT.count(right) == 1
    module = f"wrong_{list(MISTAKES).index(mistake)}"
    [found] = search(tmp_path, RIGHT.replace(right, wrong), module, monkeypatch)
    line = RIGHT[: RIGHT.index(right)].count("\n") + 1
    assert line in [place.line for place in found.places]
    assert {place.function for place in found.places} == {"Windows.backward" if line < 18 else "spread"}


def test_nothing_is_named_where_no_single_change_helps(tmp_path, monkeypatch) -> None:
    source = RIGHT.replace("] += dy / k**2", "] = dy * 7 + i * j")
    assert search(tmp_path, source, "far_off", monkeypatch, seconds=1.0) == []


def test_two_mistakes_in_two_functions_are_both_named(tmp_path, monkeypatch) -> None:
    source = RIGHT.replace("] += dy", "] = dy").replace("math.ceil", "math.floor")
    found = search(tmp_path, source, "twice", monkeypatch)
    assert [{place.line for place in one.places} for one in found] == [{15}, {23}]
    assert [one.checks for one in found] == [{"1.1-windows"}, {"1.1-spread"}]


@pytest.mark.parametrize(("others", "found"), [(1, [{"1.1-spread"}]), (2, [])])
def test_a_change_that_helps_one_of_three_failing_checks_is_not_told(others, found, tmp_path, monkeypatch) -> None:
    def hopeless(student, rng) -> None:
        raise CheckFailed("no change helps")

    module = f"among_{others}"
    (tmp_path / f"{module}.py").write_text(RIGHT.replace("math.ceil", "math.floor"))
    monkeypatch.syspath_prepend(str(tmp_path))
    asked = [*checks(module), *(Check(f"1.1-{n}", 1, (), 10.0, "Title.", "", hopeless) for n in range(others))]
    assert [one.checks for one in Search(tmp_path, [f"{module}.py"], 4.0).run([asked])] == found


def test_a_change_that_never_ends_is_given_up(tmp_path, monkeypatch) -> None:
    loop = "    count = 0\n    while count != len(x):\n        count += 1\n    return shifted.T.copy(), count // 2"
    source = RIGHT.replace("    return shifted.T.copy(), math.ceil(len(x) / 2)", loop)
    [found] = search(tmp_path, source, "endless", monkeypatch)
    assert 26 in [place.line for place in found.places]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([("f", 57, "a sign is wrong")], "look at line 57 of conv.py (f): a sign is wrong"),
        ([("f", 7, "one"), ("f", 4, "two")], "look at lines 4 or 7 of conv.py (f): one of them alone may be the cause"),
        ([("f", 2, "one"), ("g", 4, "one")], "look at line 2 of conv.py (f), or line 4 of conv.py (g): one"),
    ],
)  # fmt: skip
def test_a_place_is_told_in_a_sentence(lines, text) -> None:
    assert sentence([Place("conv.py", *line) for line in lines]) == text


SHOWN = [  # a TODO, its file, a right line, what stands there instead, and what is said of it
    (
        "1.7", "part1_numpy/pooling.py", "dx[:, :, i : i + s * p : s, j : j + s * q : s] += dy / k**2", ("+=", "="),
        "pooling.py (AvgPool2d.backward): what is there already is overwritten",
    ),
    (
        "2.4", "part2_pytorch/train.py", "total_loss += criterion(scores, labels).item() * len(labels)", ("+=", "="),
        "train.py (validate): a term is missing",
    ),
    (
        "3.5", "part3_imbalance/sampling.py", "return 1 / torch.bincount(labels)[labels]", ("1 /", "1 *"),
        "sampling.py (balanced_sample_weights): the operation is another one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("todo", "file", "right", "change", "said"), SHOWN)
def test_make_test_names_function_and_line_and_no_repair(reference, tmp_path, todo, file, right, change, said) -> None:
    source = reference[file].decode()
    assert source.count(right) == 1
    trials.write(tmp_path, {**reference, file: source.replace(right, right.replace(*change)).encode()})
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "test", "--todo", todo],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    line = source[: source.index(right)].count("\n") + 1
    assert f"look at line {line} of {said}" in done.stdout
    assert change[0] not in done.stdout


def test_an_instructor_may_leave_the_search_out(assignment, tmp_path) -> None:
    quiet = assignment.model_copy(update={"policies": assignments.Policies(place=False)})
    assert Session(tmp_path, assignment, [])._places is not None
    assert Session(tmp_path, assignment, [], debugger=True)._places is None
    session = Session(tmp_path, quiet, [])
    assert session._places is None
    session.name_places()


@pytest.mark.slow
@pytest.mark.parametrize(("part", "least"), [(1, 0.6), (2, 0.4), (3, 0.6)])
def test_of_faults_that_the_table_does_not_know_most_lines_are_named_and_few_falsely(part, least) -> None:
    """A sample; `autograder audit --places 500` is the whole."""
    faults = places_audit.sample(COURSE, part, 60)
    told = [one for one in places_audit.measure(COURSE, part, faults, 2) if one]
    named = [one for one in told if one.places]
    assert len(told) > 40
    assert sum(one.right for one in told) >= least * len(told)
    assert sum(not one.right for one in named) <= 0.1 * len(told)
