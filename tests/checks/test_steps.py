"""Python steps are counted, whatever form a loop has, and their growth tells how deeply loops are nested."""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pytest
from homework import COURSE, ROOT
from rich.console import Console
from rich.progress import Progress

from autograder.authoring import reference as proof
from autograder.authoring import variants as trials
from autograder.course import mistakes as catalogue
from autograder.inside.probes.step_probes import ENOUGH, count, follow_threads

HEAD = """
import functools, itertools, operator, queue, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np

POOL = ThreadPoolExecutor(2)
POOL.submit(int).result()  # its first thread is there before anything is counted

def one(value):
    return value

def each(values):
    return [one(value) for value in values]

def down(values):
    return down(values[1:]) if len(values) else 0

def generator(values):
    for value in values:
        yield from value

class Layer:
    def backward(self, dy):
        return dy

    def forward(self, x):
"""
LENGTHS = range(2, 7)

Load = Callable[[str], Any]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Make a layer whose forward has this body."""
    follow_threads()

    def make(body: str) -> Any:
        path = tmp_path / "layer.py"
        path.write_text(HEAD + indent(body, " " * 8) + "\n")
        spec = importlib.util.spec_from_file_location("layer", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.Layer()

    return make


def counted(layer: Any, length: int, watched: bool = True) -> dict[str, Any]:
    x = np.arange(float(length**3)).reshape(length, length, length)
    found: dict[str, Any] = count(layer, {"weight": x, "bias": x}, x, x, watched)["forward"]
    return found


def degree(layer: Any) -> int:
    """Of the polynomial that the steps are in the length of all three axes."""
    counted(layer, 2)
    steps = [counted(layer, length)["steps"] for length in LENGTHS]
    return next(d for d in range(len(steps) - 1) if not np.diff(steps, d + 1).any())


@pytest.mark.parametrize(
    ("loops", "body"),
    [
        (0, "return np.einsum('abc,abc->a', x, x) + x.sum()"),
        (0, "print(x, repr(x), end='')\nreturn x"),
        (0, "return np.add.accumulate(x.transpose(2, 0, 1))"),
        (0, "list(range(x.size))\nreturn x"),
        (1, "for a in x:\n    pass"),
        (1, "for a in x:\n    pass\nfor b in x[0]:\n    pass"),
        (1, "for a in range(len(x) // 1):\n    for b in range(2):\n        pass"),
        (1, "return [a for a in x]"),
        (1, "return each(x)"),
        (1, "return down(x)"),
        (1, "return list(map(one, x))"),
        (1, "return functools.reduce(lambda a, b: a + b, x)"),
        (1, "return list(map(functools.partial(np.dot, b=np.array(x[0])), np.array(x)))"),
        (1, "return np.apply_along_axis(np.sum, 0, x[0])"),
        (1, "values = iter(x)\nwhile next(values, None) is not None:\n    pass"),
        # run in C, seen by the arrays that they make
        (1, "return functools.reduce(operator.add, x)"),
        (1, "return list(map(x[0].__matmul__, np.array(x)))"),
        (2, "return list(map(operator.mul, *zip(*itertools.product(x, x[0]))))"),
        (2, "for a in x:\n    for b in a:\n        pass"),
        (2, "for place in range(x.size // len(x)):\n    pass"),
        (2, "return [one(b) for a in x for b in a]"),
        (2, "return sum(1 for _ in generator(x))"),
        (2, "for a in x:\n    down(a)"),
        (2, "return np.vectorize(one)(x[0])"),
        (2, "for place in itertools.product(range(len(x)), repeat=2):\n    pass"),
        (2, "return getattr(functools, 're' + 'duce')(lambda a, b: a, x.reshape(-1, len(x)))"),
        (2, "exec('for a in x:\\n  for b in a: pass', {'x': x})"),
        (3, "for a in x:\n    for b in a:\n        for c in b:\n            pass"),
        (3, "for place in range(x.size):\n    divmod(place, 3)"),
        (3, "for value in x.flat:\n    pass"),
        (3, "for place in np.ndindex(x.shape):\n    pass"),
        (3, "for place, value in np.ndenumerate(x):\n    pass"),
        (3, "for value in np.nditer(x):\n    pass"),
        (3, "return np.frompyfunc(one, 1, 1)(x)"),
        (3, "return np.fromiter((one(value) for value in x.ravel()), float)"),
        (3, "return np.fromfunction(np.vectorize(lambda a, b, c: a), x.shape)"),
        (3, "names = {'x': x}\nexec('def f():\\n for a in x:\\n  for b in a:\\n   for c in b: pass', names)\n"
            "thread = threading.Thread(target=names['f'])\nthread.start()\nthread.join()"),
        (3, "thread = threading.Thread(target=lambda: [c for a in x for b in a for c in b])\n"
            "thread.start()\nthread.join()"),
        (3, "return POOL.submit(lambda: [c for a in x for b in a for c in b]).result()"),
    ],
)  # fmt: skip
def test_steps_grow_as_the_loops_that_they_stand_for(load: Load, loops: int, body: str) -> None:
    assert degree(load(body)) == loops


@pytest.mark.parametrize(
    "body", ["while True:\n    pass", "while True:\n    try:\n        one(x)\n    except Exception:\n        pass"]
)
def test_a_call_that_takes_too_many_steps_is_ended(load: Load, body: str) -> None:
    found = counted(load(body), 2)
    assert found["steps"] > ENOUGH
    assert found["off"] is False


@pytest.mark.parametrize(
    "body", ["sys.settrace(None)", "sys.setprofile(None)", "t = sys.gettrace()\nsys.settrace(None)\nsys.settrace(t)"]
)
def test_who_switches_the_counting_off_is_noticed(load: Load, body: str) -> None:
    assert counted(load(body), 2)["off"] is True


def test_who_starts_a_thread_switches_nothing_off(load: Load) -> None:
    assert counted(load("thread = threading.Thread(target=int)\nthread.start()\nthread.join()"), 2)["off"] is False


def test_a_progress_bar_that_is_drawn_meanwhile_takes_no_steps_of_the_student(load: Load) -> None:
    layer = load("threading.Event().wait(0.2)\nreturn x")
    alone = counted(layer, 2)["steps"]
    with Progress(console=Console(file=io.StringIO(), force_terminal=True), refresh_per_second=100) as progress:
        progress.add_task("drawn")
        assert counted(layer, 2)["steps"] == alone


def test_the_line_with_the_most_steps_is_named(load: Load) -> None:
    body = "y = x + 1\nfor a in x:\n    np.vectorize(float)(a)\nreturn y"
    assert counted(load(body), 4)["line"] == f"layer.py:{HEAD.count(chr(10)) + 3}"


def test_counting_leaves_the_trace_function_as_it_was(load: Load) -> None:
    before = sys.gettrace()
    counted(load("return x"), 2)
    assert sys.gettrace() is before


def test_the_box_and_make_test_count_alike_and_name_the_line(grade, reference, tmp_path) -> None:
    name = "Conv2d runs through all windows of all images in one flat loop"
    files = next(mistake for mistake in catalogue.load(COURSE) if mistake.name == name).apply(reference)
    (mark,) = proof.failed(grade(files, todos=("1.6",)))
    lines = files["part1_numpy/conv2d.py"].decode().splitlines()
    inner = next(number for number, line in enumerate(lines, start=1) if "np.tensordot(dy[i, :, a, b]" in line)
    assert re.fullmatch(
        r"Python steps of backward grow as in 3 nested loops, expected at most 2: "
        rf"[\d,]+ with all sizes 2, [\d,]+ with all sizes 6, most of them in conv2d\.py:{inner}",
        mark.message,
    )
    trials.write(tmp_path, files)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from autograder.course.definition import find\nfrom autograder.checking.local_student import LocalStudent\n"
        "check = next(check for check in find().checks() if check.id == '1.6-loops')\n"
        "try: check.run(LocalStudent(Path(sys.argv[1])), 0, None)\n"
        "except Exception as error: print(error)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == mark.message + "\n"
