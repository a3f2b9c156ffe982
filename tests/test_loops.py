"""How loops are counted on the source. Each case is a body of `Layer.forward(self, x)` and the loops that it nests."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from autograder.inside.loops import MANY, count_loops

HEAD = """
import functools
import itertools
import itertools as tools
from functools import partial
from itertools import product, product as pairs_of
import numpy
import numpy as np
from numpy import apply_along_axis as along, ndindex
from .helpers import *
from .helpers import Summer, one_loop, two_loops as renamed
from . import helpers
import layers.helpers
import layers.helpers as short
from .base import Base

def no_loop(x):
    return np.einsum("ij,jk->ik", x, x)

def local_loop(x):
    for row in x:
        row += 1
    return x

def around(function, x):
    for row in x:
        function(row)

def pairs(p, q):
    for i in range(p):
        for j in range(q):
            yield i, j

def recursive(x, i):
    return x if i == 0 else recursive(x, i - 1)

def even(i):
    return i == 0 or odd(i - 1)

def odd(i):
    return i > 0 and even(i - 1)

@np.vectorize
def decorated(a):
    return a + 1

@np.vectorize(otypes=[float])
def configured(a):
    return a + 1

alias = renamed
vectorised = np.vectorize(local_loop)
fixed = partial(local_loop, 3)
shortcut = lambda x: [row for row in x]
v = np.vectorize
"""

HELPERS = """
from .deeper import deep

def one_loop(x):
    return [row for row in x]

def two_loops(x):
    for a in x:
        for b in a:
            b += 1

def starred(x):
    for a in x:
        pass

def three(x):
    for a in x:
        deep(a)

class Summer:
    def __init__(self, n):
        self.n = [i for i in range(n)]

    def run(self, x):
        for row in x:
            self.step(row)

    def step(self, row):
        for value in row:
            value += 1

    @property
    def total(self):
        return sum(value for value in self.n)
"""

DEEPER = """
def deep(x):
    for a in x:
        for b in a:
            pass
"""

BASE = """
class Base:
    def inherited(self, x):
        for a in x:
            for b in a:
                pass

    def overridden(self, x):
        while x:
            pass

    def backward(self, dy):
        while dy:
            for d in dy:
                pass
"""


LAYER = """
class Layer(Base):
    def overridden(self, x):
        return x

    def forward(self, x):
"""


def count(folder: Path, body: str) -> dict[str, int]:
    package = folder / "layers"
    package.mkdir(exist_ok=True)
    files = {
        "__init__": "",
        "layer": HEAD + LAYER + indent(body, " " * 8) + "\n",
        "helpers": HELPERS,
        "deeper": DEEPER,
        "base": BASE,
    }
    for name, source in files.items():
        (package / f"{name}.py").write_text(source)
    return count_loops(folder, "layers.layer:Layer")


@pytest.mark.parametrize(
    ("loops", "body"),
    [
        # no loop
        (0, "return np.tensordot(x, x, axes=((1, 2), (1, 2)))"),
        (0, "return no_loop(x)"),
        (0, "text = 'for a in b: for c in d'\nreturn text  # for a in b"),
        (0, "return np.add.reduce(x) + np.add.accumulate(x)"),
        (0, "if x:\n    return 1\nelse:\n    return 2"),
        (0, "return np.fromfunction(no_loop, (3, 3))"),
        # statements
        (1, "for a in x:\n    pass"),
        (1, "while x:\n    x = x - 1"),
        (1, "for a in x:\n    pass\nfor b in x:\n    pass"),
        (1, "for a in x:\n    break\nelse:\n    for b in x:\n        pass"),
        (2, "for a in x:\n    for b in a:\n        pass"),
        (2, "for a in x:\n    if a:\n        while a:\n            pass"),
        (3, "for a in x:\n    with a:\n        try:\n            for b in a:\n                pass\n        finally:\n"
            "            while b:\n                for c in b:\n                    pass"),
        (2, "while any(a for a in x):\n    pass"),
        (1, "for a in [b for b in x]:\n    pass"),
        (2, "match x:\n    case 1:\n        for a in x:\n            for b in a:\n                pass"),
        # comprehensions
        (1, "return [a for a in x]"),
        (1, "return {a: a for a in x}"),
        (2, "return {a for a in x for b in a}"),
        (2, "return [[b for b in a] for a in x]"),
        (2, "return sum(sum(b for b in a) for a in x)"),
        (2, "return [a for a in x if any(b for b in a)]"),
        (3, "for a in x:\n    y = np.array([[c for c in b] for b in a])"),
        (1, "return [one for one in (two for two in x)]"),
        # np.ndindex, itertools.product and the like: one for each axis
        (2, "for p, q in np.ndindex(3, 4):\n    pass"),
        (2, "for i in np.ndindex((3, 4)):\n    pass"),
        (4, "for n, f, p, q in np.ndindex(*x.shape):\n    pass"),
        (2, "for p, q in np.ndindex(x.shape[2:]):\n    pass"),
        (2, "for i in np.ndindex(*x.shape[:2]):\n    pass"),
        (2, "for i in np.ndindex(*x.shape[-2:]):\n    pass"),
        (1, "for i in np.ndindex(5):\n    pass"),
        (MANY, "for i in np.ndindex(x.shape):\n    pass"),
        (2, "shape = (3, 4)\nfor i in np.ndindex(*shape):\n    pass"),
        (2, "for (p, q), value in np.ndenumerate(x):\n    pass"),
        (MANY, "for i, value in np.ndenumerate(x):\n    pass"),
        (MANY, "for value in np.nditer(x):\n    pass"),
        (3, "for k, (a, b, c) in enumerate(np.ndindex(*x)):\n    pass"),
        (2, "for p, q in ndindex(3, 4):\n    pass"),
        (2, "for i, j in product(range(3), range(4)):\n    pass"),
        (2, "for i, j in itertools.product(range(3), repeat=2):\n    pass"),
        (3, "for i in tools.product(range(3), range(4), range(5)):\n    pass"),
        (2, "for i, j in pairs_of(*(range(a) for a in x)):\n    pass"),
        (2, "for i, j in list(product(range(3), range(4))):\n    pass"),
        (2, "for (i, j), a in zip(product(range(3), range(4)), x):\n    pass"),
        (2, "places = list(product(range(3), range(4)))\nfor place in places:\n    pass"),
        (2, "return [x[p, q] for p, q in np.ndindex(3, 4)]"),
        (2, "places = [(i, j) for i in range(3) for j in range(4)]\nfor i, j in places:\n    pass"),
        (2, "for i, j in itertools.combinations(range(9), 2):\n    pass"),
        (3, "for n in range(len(x)):\n    for p, q in np.ndindex(3, 4):\n        pass"),
        # functions that call a function for each value
        (1, "return map(no_loop, x)"),
        (2, "return list(map(local_loop, x))"),
        (2, "return list(map(lambda row: [a for a in row], x))"),
        (1, "return functools.reduce(lambda a, b: a + b, x)"),
        (1, "return np.vectorize(no_loop)(x)"),
        (2, "return np.vectorize(local_loop)(x)"),
        (1, "return np.apply_along_axis(np.sum, 1, x)"),
        (2, "return along(local_loop, 1, x)"),
        (1, "return np.fromiter((a for a in x), float)"),
        (1, "return numpy.frompyfunc(no_loop, 1, 1)(x)"),
        (1, "return decorated(x)"),
        (1, "return configured(x)"),
        (2, "return vectorised(x)"),
        (2, "return v(local_loop)(x)"),
        (2, "for a in x:\n    f = np.vectorize(no_loop)"),
        (1, "from concurrent.futures import ThreadPoolExecutor\nreturn ThreadPoolExecutor().map(no_loop, x)"),
        (1, "for a in map(no_loop, x):\n    pass"),
        (MANY, "exec('for a in x: pass')"),
        # functions of the student's own
        (1, "return local_loop(x)"),
        (2, "for a in x:\n    local_loop(a)"),
        (1, "return one_loop(x)"),
        (2, "return renamed(x)"),
        (2, "return alias(x)"),
        (3, "for a in x:\n    alias(a)"),
        (2, "return helpers.two_loops(x)"),
        (2, "return layers.helpers.two_loops(x)"),
        (2, "return short.two_loops(x)"),
        (1, "return starred(x)"),
        (3, "return helpers.three(x)"),
        (1, "from .helpers import one_loop as late\nreturn late(x)"),
        (1, "from layers.helpers import one_loop as late\nreturn late(x)"),
        (2, "for a in x:\n    fixed(a)"),
        (2, "for a in x:\n    shortcut(a)"),
        (2, "around(local_loop, [local_loop(a) for a in x])"),
        (1, "def inner(a):\n    return [b for b in a]\nreturn inner(x)"),
        (2, "def inner(a):\n    return [b for b in a]\nfor a in x:\n    inner(a)"),
        (0, "def inner(a):\n    return [b for b in a]\nreturn x"),
        (2, "inner = lambda a: [b for b in a]\nreturn [inner(a) for a in x]"),
        (3, "for i, j in pairs(3, 4):\n    for k in x:\n        pass"),
        (1, "return recursive(x, 5)"),
        (2, "for a in x:\n    recursive(a, 5)"),
        (1, "return even(5)"),
        # methods
        (2, "self.inherited(x)"),
        (3, "for a in x:\n    self.inherited(a)"),
        (0, "self.overridden(x)"),
        (1, "super().overridden(x)"),
        (1, "self.forward(x[1:])"),
        (2, "Summer(3).run(x)"),
        (3, "summer = Summer(3)\nfor a in x:\n    summer.run(a)"),
        (2, "self.summer = Summer(3)\nself.summer.run(x)"),
        (2, "self.summer = helpers.Summer(3)\nfor a in x:\n    self.summer.step(a)"),
        (2, "for a in x:\n    Summer(3)"),
        (1, "summer = Summer(3)\nreturn summer.total"),
        (2, "Base.inherited(self, x)"),
        # names that are not what they look like
        (1, "local_loop = x\nfor a in local_loop:\n    b = local_loop[a]"),
        (1, "def product(a, b):\n    return a\nfor i in product(3, 4):\n    pass"),
        (0, "x.forward(3)"),
        (0, "self.unknown(x)\nnobody(x)"),
    ],
)  # fmt: skip
def test_nested_loops_are_counted(tmp_path: Path, loops: int, body: str) -> None:
    assert count(tmp_path, body)["forward"] == loops


def test_inherited_methods_are_counted_for_the_class(tmp_path: Path) -> None:
    assert count(tmp_path, "pass") == {"forward": 0, "backward": 2, "inherited": 2, "overridden": 0}


def test_a_method_may_be_bound_to_a_function_of_the_module(tmp_path: Path) -> None:
    source = "def _forward(self, x):\n    for a in x:\n        pass\nclass Layer:\n    forward = _forward\n"
    (tmp_path / "layer.py").write_text(source)
    assert count_loops(tmp_path, "layer:Layer") == {"forward": 1}


def test_functions_are_counted_too(tmp_path: Path) -> None:
    (tmp_path / "views.py").write_text("from other import f as g\ndef f(x):\n    for a in x:\n        g(a)\n")
    (tmp_path / "other.py").write_text("def f(x):\n    return [a for a in x]\n")
    assert count_loops(tmp_path, "views:f") == {"f": 2}


def test_a_class_may_come_from_another_module(tmp_path: Path) -> None:
    package = tmp_path / "layers"
    package.mkdir()
    (package / "__init__.py").write_text("from .layer import Layer\n")
    (package / "layer.py").write_text("class Layer:\n    def forward(self, x):\n        while x: pass\n")
    (package / "conv.py").write_text("from . import Layer as Conv\n")
    assert count_loops(tmp_path, "layers.conv:Conv") == {"forward": 1}


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import f\nfrom b import *\ndef g(x):\n    return f(x)\n")
    (tmp_path / "b.py").write_text("from a import g, h\nfrom a import *\ndef f(x):\n    return h(g(x))\n")
    assert count_loops(tmp_path, "a:g") == {"g": 1}


def test_the_source_is_read_in_its_own_encoding(tmp_path: Path) -> None:
    source = "# -*- coding: latin-1 -*-\ndef f(größe):\n    for a in größe: pass\n"
    (tmp_path / "a.py").write_bytes(source.encode("latin-1"))
    assert count_loops(tmp_path, "a:f") == {"f": 1}


def test_the_source_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("open('/nonexistent/file')\ndef f(x):\n    pass\n")
    assert count_loops(tmp_path, "a:f") == {"f": 0}


def test_many_functions_that_call_each_other_twice_are_counted_quickly(tmp_path: Path) -> None:
    functions = [f"def f{i}(x):\n    f{i + 1}(x)\n    f{i + 1}(x)" for i in range(30)]
    (tmp_path / "a.py").write_text("\n".join([*functions, "def f30(x):\n    for a in x: pass\n"]))
    assert count_loops(tmp_path, "a:f0") == {"f0": 1}


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        ("def g(x):\n    pass\n", ValueError, "a defines no class or function f"),
        ("f = 3\n", ValueError, "a defines no class or function f"),
        ("f = f\n", ValueError, "a defines no class or function f"),
        ("from a import f\n", ValueError, "a defines no class or function f"),
        ("def f(x:\n", SyntaxError, "was never closed"),
        ("x = " + "-" * 100_000 + "1\n", ValueError, "a.py is nested too deeply to be read"),
        ("x = " + "(" * 300 + ")" * 300 + "\n", SyntaxError, "too many nested parentheses"),
        ("#" * 1_000_001, ValueError, "a.py is larger than 1000000 bytes"),
    ],
)
def test_a_bad_source_is_a_plain_error(tmp_path: Path, source: str, error: type[Exception], text: str) -> None:
    (tmp_path / "a.py").write_text(source)
    with pytest.raises(error, match=text):
        count_loops(tmp_path, "a:f")


def test_a_missing_module_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"part1_numpy\.conv2d defines no class or function Conv2d"):
        count_loops(tmp_path, "part1_numpy.conv2d:Conv2d")


def test_a_long_chain_of_branches_is_no_deep_nesting(tmp_path: Path) -> None:
    branches = "".join(f"    elif x == {i}:\n        x = {i}\n" for i in range(90))
    terms = " + ".join("x" for _ in range(700))
    (tmp_path / "a.py").write_text(f"def f(x):\n    if x:\n        pass\n{branches}    while x: x = {terms}\n")
    assert count_loops(tmp_path, "a:f") == {"f": 1}
