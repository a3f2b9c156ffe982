"""Right solutions in other words: what they change, what they leave alone, and that they compute the same."""

from __future__ import annotations

import ast
import textwrap
from typing import Any

import numpy as np
import pytest
from homework import COURSE

from autograder.authoring.rewriting import rewrites
from autograder.authoring.rewriting.rewrites import Rewrite

MODULE = '''
import numpy as np


class Layer:
    """The attribute weight is public."""

    def forward(self, x: np.ndarray, y=None) -> np.ndarray:
        """(N, D) -> (N, D)."""
        # TODO 1.1: any way.
        # >>> solution
        self.cache = x @ self.weight
        squares, count = self.cache ** 2, 0
        for row in range(len(x)):
            count += 1
            squares[row] += y * 2 if y is not None else 0
        halves = [value / 2 for value in squares if value.sum() > 0]
        if count < 1:
            return x
        total = squares.sum(axis=0)
        return total * np.zeros(shape=1).max(0) + squares + len(halves)
        # <<< solution

    def backward(self):
        # TODO 1.1: the rest.
        # >>> solution
        return helped(self.cache, 2)
        # <<< solution


def helped(a, b):
    return a * b
'''


def rewritten(source: str) -> dict[str, Rewrite]:
    files = {"part/layer.py": source.encode()}
    return {one.wording: one for one in rewrites.of_part(files, "part", frozenset(), ())}


def computed(source: str) -> list[np.ndarray]:
    names: dict[str, type] = {}
    exec(source, names)
    layer = names["Layer"]()
    layer.weight = np.arange(9.0).reshape(3, 3)
    return [layer.forward(np.ones((2, 3)), 5), layer.forward(np.ones((0, 3))), layer.backward(), layer.weight]


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("local names are others", "my_squares[my_row] += y * 2"),
        ("what a layer keeps", "self.kept_cache = x @ self.weight"),
        ("the work is done in a function", "return work(self, x, y)"),
        ("arrays are copied", "x = x.copy() if isinstance(x, np.ndarray) else x"),
        ("by way of a view", "x = x[...] if"),
        ("the result is a copy", "return result.copy() if isinstance(result, np.ndarray) else result"),
        ("column by column", "np.asfortranarray(result)"),
        ("array made before", "filled[...] = result"),
        ("has a name first", "answer_1 = 0"),
        ("`+=` is written", "squares[row] = squares[row] + (y * 2 if y is not None else 0)"),
        ("in a loop instead", "for each_value in squares:"),
        ("an else", "else:\n            total"),
        ("einsum", "np.einsum('...ij,...jk->...ik', x, self.weight) if x.ndim > 1"),
        ("functions of NumPy", "np.sum(squares, axis=0)"),
        ("given by name", "helped(a=self.cache, b=2)"),
        ("factors are exchanged", "2 * y"),
    ],
)
def test_a_rewrite_is_other_words_for_the_same(wording, text) -> None:
    (found,) = [one for clause, one in rewritten(MODULE).items() if wording in clause]
    assert text in found.source
    before, after = computed(MODULE), computed(found.source)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("body", "wording"),
    [
        ("super().__init__()\nself.a = x", "the work is done in a function"),
        ("w = self.weight\nw += x\nreturn w", "`+=` is written"),  # somebody else may hold the array
        ("f = lambda v: v + x\nreturn f(1)", "local names are others"),
        ("return x.sum()", "einsum"),
        ("a, *b = x, x\nreturn b", "pairs are assigned one by one: never with a star"),
    ],
)
def test_what_might_not_mean_the_same_is_left_as_it_is(body, wording) -> None:
    region = textwrap.indent(f"# >>> solution\n{body}\n# <<< solution\n", " " * 8)
    source = f"import numpy as np\n\n\nclass A:\n    def forward(self, x):\n        # TODO 1.1: x\n{region}"
    for clause, one in rewritten(source).items():
        assert wording not in clause
        ast.parse(one.source)


def test_float64_inside_leaves_float32_outside() -> None:
    source = (
        "import numpy as np\n\n\ndef norm(x):\n    # TODO 1.1: (N,) -> (1,)\n    # >>> solution\n"
        "    return np.sqrt(x @ x)[None]\n    # <<< solution\n"
    )
    (found,) = [one for clause, one in rewritten(source).items() if "float64" in clause]
    names: dict[str, Any] = {}
    exec(found.source, names)
    for kind in ("float32", "float64"):
        assert names["norm"](np.ones(3, kind)).dtype == kind


def test_whoever_has_a_public_name_keeps_it() -> None:
    public = frozenset({"cache"})
    found = list(rewrites.of_part({"part/layer.py": MODULE.encode()}, "part", public, ()))
    assert not [one for one in found if "kept_" in one.source]


def test_most_solutions_of_the_homework_are_rewritten_in_several_ways() -> None:
    files, folder = COURSE.files(), COURSE.parts[1].folder
    found = list(rewrites.of_part(files, folder, frozenset(), ()))
    assert len({one.wording for one in found}) >= 12
    assert all(one.apply(files)[one.file] != files[one.file] for one in found)
    several = next(one for one in found if len(one.functions) > 1)
    each = [one.functions for one in rewrites.apart(several, files, frozenset())]
    assert each == [(function,) for function in several.functions]
