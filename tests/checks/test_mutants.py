"""What each mutation makes of a line, and what holds for all mutants of the reference."""

from __future__ import annotations

import ast
import re

import pytest

from autograder.authoring.auditing import mutants, mutations
from autograder.authoring.auditing.mutations import Page
from autograder.course import regions
from autograder.course.definition import Course
from autograder.errors import RubricError

LINES = [
    (mutations.binary, "y = a + b", ["y = a - b", "y = a * b", "y = a", "y = b"]),
    (mutations.binary, "y = a - b", ["y = a + b", "y = a * b", "y = a", "y = b", "y = b - a"]),
    (mutations.binary, "y = x @ w", ["y = x * w", "y = x + w", "y = x", "y = w", "y = w @ x"]),
    (mutations.binary, "y = x**2", ["y = x*2", "y = x+2", "y = x", "y = 2", "y = 2 ** x"]),
    (mutations.binary, "y = x * 1", ["y = x + 1", "y = 1"]),
    (mutations.binary, "y = x - 0", ["y = x * 0", "y = 0", "y = 0 - x"]),
    (mutations.binary, "y = (a - 1) // s", [
        "y = (a - 1) / s", "y = (a - 1) * s", "y = (a - 1) % s", "y = (a - 1)", "y = s", "y = s // (a - 1)",
        "y = (a + 1) // s", "y = (a * 1) // s", "y = (a) // s", "y = (1) // s", "y = (1 - a) // s",
    ]),
    (mutations.augmented, "y += 1", ["y -= 1", "y = 1"]),
    (mutations.augmented, "y[0] -= 1", ["y[0] += 1", "y[0] = 1"]),
    (mutations.comparison, "y = a < b", ["y = a <= b", "y = a > b"]),
    (mutations.comparison, "y = a >= 0", ["y = a > 0", "y = a <= 0"]),
    (mutations.comparison, "y = a == b", ["y = a != b", "y = a <= b", "y = a >= b"]),
    (mutations.comparison, "y = a is None", ["y = a is not None"]),
    (mutations.logic, "y = a and b", ["y = a or b"]),
    (mutations.logic, "y = -a", ["y = a"]),
    (mutations.logic, "y = not a", ["y = a"]),
    (mutations.logic, "y = a if b else c", ["y = a if not (b) else c"]),
    (mutations.number, "y = f(3)", ["y = f(4)", "y = f(2)", "y = f(0)"]),
    (mutations.number, "y = f(1)", ["y = f(2)", "y = f(0)"]),
    (mutations.number, "y = 3 * x", ["y = 4 * x", "y = 2 * x", "y = 0 * x", "y = -3 * x"]),
    (mutations.number, "y = f(-2)", ["y = f(-3)", "y = f(-1)", "y = f(-0)"]),
    (mutations.number, "y = x.reshape(n, -1)", ["y = x.reshape(n, -0)"]),
    (mutations.number, "y = f(0)", ["y = f(1)", "y = f(-1)"]),
    (mutations.number, "y = 0.5", ["y = 1.5", "y = -0.5", "y = 0.0"]),
    (mutations.number, "y = a - 1", ["y = a - 2"]),
    (mutations.number, "y = f(True)", ["y = f(False)"]),
    (mutations.number, 'y = "text"', []),
    (mutations.subscript, "y = x[a:b:c]", [
        "y = x[:b:c]", "y = x[a::c]", "y = x[a:b:]", "y = x[a + 1:b:c]", "y = x[a - 1:b:c]", "y = x[a:b + 1:c]",
        "y = x[a:b - 1:c]",
    ]),
    (mutations.subscript, "y = x[0:b]", ["y = x[0:]", "y = x[0:b + 1]", "y = x[0:b - 1]"]),
    (mutations.subscript, "y = x[::s]", ["y = x[::]", "y = x[1::s]"]),
    (mutations.subscript, "y = x[:]", []),
    (mutations.exchange, "y = f(a, b)", ["y = f(b, a)"]),
    (mutations.exchange, "y = f((2, 3))", ["y = f((3, 2))", "y = f((3, 3))", "y = f((2, 2))"]),
    (mutations.exchange, "y = [a, b]", ["y = [b, a]"]),
    (mutations.exchange, "h, w = x.shape", ["w, h = x.shape"]),
    (mutations.exchange, "h, w = a, b", ["w, h = a, b"]),
    (mutations.exchange, "y = x[i, j]", ["y = x[j, i]", "y = x[j, j]", "y = x[i, i]"]),
    (mutations.exchange, "y = x.sum(axis=(2, 3))", []),
    (mutations.exchange, "y = np.maximum(x, 0)", []),
    (mutations.exchange, "y = f(a, a)", []),
    (mutations.like_kind, "y = use(h) + use(w)", ["y = use(w) + use(w)", "y = use(h) + use(h)"]),
    (mutations.like_kind, "y = use(h)", []),
    (mutations.like_kind, "y = self.stride * self.padding", [
        "y = self.padding * self.padding", "y = self.stride * self.stride",
    ]),
    (mutations.like_kind, 'y = ("dw", "db")', ['y = ("db", "db")', 'y = ("dw", "dw")']),
    (mutations.call, "y = x.max(axis=1)", ["y = x.min(axis=1)", "y = x", "y = x.max()"]),
    (mutations.call, "y = np.zeros(n)", ["y = np.ones(n)", "y = n"]),
    (mutations.call, "y = np.floor(n)", ["y = np.ceil(n)", "y = n"]),
    (mutations.call, "y = x.copy()", ["y = x"]),
    (mutations.call, "y = x.T", ["y = x"]),
    (mutations.call, "y = module.forward(x)", ["y = module.backward(x)", "y = x"]),
    (mutations.call, "y = f(a, k=1, m=2)", ["y = f(a, m=2)", "y = f(a, k=1)"]),
    (mutations.call, "y = f(k=1, m=2)", ["y = f(m=2)", "y = f(k=1)"]),
    (mutations.call, "y = range(n)", ["y = range(n + 1)", "y = range(n - 1)"]),
    (mutations.call, "y = range(1, n, 2)", ["y = range(1, n + 1, 2)", "y = range(1, n - 1, 2)"]),
    (mutations.call, 'y = np.einsum("ab,b->a", m, v)', [
        'y = np.einsum("ba,b->a", m, v)',
    ]),
    (mutations.statement, "self.x = x", ["pass"]),
    (mutations.statement, "return x, y", ["pass"]),
    (mutations.statement, "import math", ["pass"]),
]  # fmt: skip

MODULE = '''\
import numpy as np


class Pool:
    def forward(self, x: int = 1):
        """Text, 1 + 1."""
        # TODO 1.7: write it
        a = 1 + 1
        # >>> solution
        y: "list[3]" = x + 1  # möglich
        for i in range(2):
            if i > 1:
                raise ValueError(f"{i + 1} is 1")
        return (y, "ä" + y,
                y * 2)
        # <<< solution

    def given(self):
        return 3
'''


def _changed(mutation, line: str) -> list[str]:
    """The line after each of a mutation's edits."""
    page = Page(f"def function():\n    {line}\n", "file.py")
    edits = [
        edit
        for node in ast.walk(page.tree)
        if hasattr(node, "lineno") and node.lineno > 1
        for edit in mutation(page, node)
    ]
    texts = [page.source[:start] + text + page.source[end:] for start, end, text in edits]
    return [text.splitlines()[1].strip() for text in texts]


@pytest.mark.parametrize(("mutation", "line", "expected"), LINES, ids=[f"{m.__name__}: {line}" for m, line, _ in LINES])
def test_a_mutation_changes_a_line_in_these_ways(mutation, line, expected) -> None:
    assert sorted(_changed(mutation, line)) == sorted(expected)


def test_a_statement_is_left_out_with_all_below_it() -> None:
    assert "pass" in [
        mutant.after for mutant in mutants.of_module(MODULE, "pool.py") if mutant.before.startswith("for")
    ]


def test_a_mutant_knows_its_todo_function_line_and_text() -> None:
    mutant = next(mutant for mutant in mutants.of_module(MODULE, "pool.py") if "x - 1" in mutant.after)
    assert (mutant.file, mutant.todo, mutant.function, mutant.line) == ("pool.py", "1.7", "Pool.forward", 10)
    assert mutant.before == 'y: "list[3]" = x + 1  # möglich'
    assert mutant.after == 'y: "list[3]" = x - 1  # möglich'
    assert mutant.source == MODULE.replace("x + 1", "x - 1")


def test_text_after_letters_outside_of_ascii_is_hit() -> None:
    changed = [mutant.after for mutant in mutants.of_module(MODULE, "pool.py")]
    assert 'return (y, "ä" - y,' in changed


def test_only_values_in_solution_regions_are_changed() -> None:
    unchanged = ("import numpy", "def ", '"""', "a = 1 + 1", '"list[3]"', "raise ValueError", "return 3")
    kept = [line for line in MODULE.splitlines() if any(text in line for text in unchanged) and "y:" not in line]
    for mutant in mutants.of_module(MODULE, "pool.py"):
        left_out = [line for line in kept if line not in mutant.source.splitlines()]
        assert left_out == [] or mutant.after == "pass"
        assert "list[3]" in mutant.source or mutant.after.startswith("pass")


def test_the_diff_shows_one_change_with_file_and_line() -> None:
    mutant = next(mutant for mutant in mutants.of_module(MODULE, "pool.py") if "x - 1" in mutant.after)
    lines = mutant.diff({"pool.py": MODULE.encode()}).splitlines()
    assert lines[0] == "pool.py:10 Pool.forward"
    assert [line for line in lines[1:] if line[0] in "+-"] == [
        '-        y: "list[3]" = x + 1  # möglich',
        '+        y: "list[3]" = x - 1  # möglich',
    ]
    assert sum(line.startswith("@@") for line in lines) == 1


@pytest.fixture(scope="module")
def all_mutants(reference) -> list[mutants.Mutant]:
    return mutants.of_part(reference, "part1_numpy")


def test_there_are_mutants_of_every_todo(all_mutants) -> None:
    assert len(all_mutants) >= 1000
    assert {mutant.todo for mutant in all_mutants} == {f"1.{number}" for number in range(1, 14)}


def test_every_mutant_is_another_program_that_compiles(reference, all_mutants) -> None:
    seen = {ast.dump(ast.parse(source)) for name, source in reference.items() if name.endswith(".py")}
    for mutant in mutants.sample(all_mutants, 300):
        tree = ast.parse(mutant.source)
        assert ast.dump(tree) not in seen, mutant.after
        seen.add(ast.dump(tree))


def test_every_mutant_differs_from_the_reference_in_its_region_alone(reference, all_mutants) -> None:
    for mutant in mutants.sample(all_mutants, 300):
        source = reference[mutant.file].decode()
        region = next(one for one in regions.find(source, mutant.file) if one.function == mutant.function)
        assert region.first < mutant.line < region.last
        assert regions.strip(mutant.source, mutant.file) == regions.strip(source, mutant.file)


def test_no_two_mutants_have_one_key(all_mutants) -> None:
    assert len({mutant.key for mutant in all_mutants}) == len(all_mutants)


def test_a_key_survives_lines_put_above(reference) -> None:
    source = reference["part1_numpy/pooling.py"].decode()
    keys = [[mutant.key for mutant in mutants.of_module(text, "pooling.py")] for text in (source, "# a\n\n" + source)]
    assert keys[0] == keys[1]


def test_a_sample_is_the_same_each_time_and_part_of_larger_ones(reference, all_mutants) -> None:
    few, more = mutants.sample(all_mutants, 50), mutants.sample(all_mutants, 200)
    assert few == mutants.sample(mutants.of_part(reference, "part1_numpy"), 50)
    assert len(few) == 50
    assert set(few) < set(more)
    assert mutants.sample(all_mutants, None) == all_mutants


def test_a_change_reaches_the_todos_of_all_modules_that_import_it() -> None:
    region = "def f():\n    # TODO {}: write it\n    # >>> solution\n    return 1\n    # <<< solution\n"
    files = {
        "part1_numpy/a.py": region.format("1.1").encode(),
        "part1_numpy/b.py": ("from .a import f\n" + region.format("1.2")).encode(),
        "part1_numpy/c.py": ("from . import b\n" + region.format("1.3")).encode(),
        "part2_pytorch/d.py": region.format("2.1").encode(),
    }
    reach = mutants.reach(files, "part1_numpy")
    assert reach == {
        "part1_numpy/a.py": ("1.1", "1.2", "1.3"),
        "part1_numpy/b.py": ("1.2", "1.3"),
        "part1_numpy/c.py": ("1.3",),
    }


ENTRY = 'file = "f.py"\nfunction = "f"\nbefore = "x"\nafter = ["y", "z"]\nreason = "both are the same"\n'


def test_an_entry_of_the_reviewed_file_speaks_of_each_mutant_after_it(tmp_path) -> None:
    (tmp_path / mutants.EQUIVALENT).write_text(f"[[equivalent]]\n{ENTRY}")
    assert mutants.load_equivalent(Course(tmp_path)) == {
        ("f.py", "f", "x", "y"): "both are the same",
        ("f.py", "f", "x", "z"): "both are the same",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("both are the same", "same"), "entry 1: reason: string should have at least 10"),
        (ENTRY + "line = 3\n", "entry 1: line: there is no such key here"),
        (ENTRY + "\n[[equivalent]]\n" + ENTRY, "entry 2: 'y' stands in an earlier entry"),
    ],
    ids=["no reason", "unknown key", "twice"],
)
def test_a_malformed_entry_of_the_reviewed_file_is_refused(tmp_path, text, message) -> None:
    (tmp_path / mutants.EQUIVALENT).write_text(f"[[equivalent]]\n{text}")
    with pytest.raises(RubricError, match=re.escape(f"{mutants.EQUIVALENT}: {message}")):
        mutants.load_equivalent(Course(tmp_path))
