"""The second set of mutants: of another make than the first, two at once, and of other right solutions."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest
from homework import COURSE

from autograder.authoring.auditing import mutants, second_audit, second_mutations
from autograder.authoring.auditing.audit import Share
from autograder.authoring.auditing.mutants import Mutant
from autograder.errors import SetupError

MODULE = """\
import numpy as np


class Pool:
    def forward(self, x):
        # TODO 1.7: write it
        # >>> solution
{body}
        # <<< solution
"""
LINES = [
    (second_mutations.divided, "y = a * (b / c)", ["y = a * b // c"]),
    (second_mutations.divided, "y /= c", ["y //= c"]),
    (second_mutations.order, "for i in x:\n    y = i\n    z = y", [
        "for i in x:\n    z = y\n    y = i", "for i in x:\n    y = i\nz = y",
    ]),
    (second_mutations.order, "for i in x:\n    y += i\n    z = 1", [
        "for i in x:\n    y += i\n    y += i\n    z = 1", "for i in x:\n    y += i\nz = 1",
    ]),
    (second_mutations.early, "for i in x:\n    y = i\nreturn y", [
        "for i in x:\n    y = i\n    return y\nreturn y", "for i in x:\n    y = i\n    break\nreturn y",
    ]),
    (second_mutations.axes, "return x.sum(axis=1)", [
        "return x.sum(axis=0)", "return x.sum(axis=-1)", "return x.sum(axis=1, keepdims=True)",
    ]),
    (second_mutations.axes, "return y[:, None]", ["return y[:,]", "return y[None, :]"]),
    (second_mutations.shared, "y[...] = x", ["y = x"]),
    (second_mutations.shared, "y = y + x", ["y += x"]),
    (second_mutations.shared, "self.x = x", ["if not hasattr(self, 'x'): self.x = x"]),
    (second_mutations.rounded, "return y", [
        "return (y).astype('float32')", "return (y)[::-1]", "return (y)[:1]", "return None",
    ]),
]  # fmt: skip


def made(body: str, changes: Sequence[second_mutations.Mutation]) -> list[str]:
    """The region of each mutant, without its indent."""
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    found = mutants.of_module(MODULE.format(body=indented), "pool.py", changes)
    regions = [one.source.split("# >>> solution\n")[1].split("        # <<<")[0] for one in found]
    return ["\n".join(line[8:] for line in region.rstrip().splitlines()) for region in regions]


@pytest.mark.parametrize(
    ("slip", "body", "expected"), LINES, ids=[f"{slip.__name__}: {body}" for slip, body, _ in LINES]
)
def test_a_slip_changes_lines_in_these_ways(slip, body, expected) -> None:
    assert sorted(made(body, (slip,))) == sorted(expected)


def test_lines_that_do_not_depend_on_each_other_are_not_exchanged() -> None:
    assert made("for i in x:\n    y = i\n    z = i", (second_mutations.order,)) == ["for i in x:\n    y = i\nz = i"]


@pytest.fixture(scope="module")
def singles(reference) -> list[Mutant]:
    return mutants.of_part(reference, "part1_numpy")


def test_the_second_set_has_no_mutant_of_the_first(reference, singles) -> None:
    second = second_audit.choose(COURSE, 1, "second", "", reference, None)
    first = {one.source for one in singles}
    assert len(second) > 250
    assert not first & {one.source for one in second}


def test_a_pair_makes_both_changes_and_is_always_the_same(reference, singles) -> None:
    pairs = mutants.pairs(singles, reference, 40)
    assert pairs == mutants.pairs(singles, reference, 40)
    assert len({one.key for one in pairs}) == 40
    for pair in pairs:
        assert len(changed_lines(reference, pair)) >= 2
        ast.parse(pair.source)


@pytest.mark.slow
def test_every_mutant_that_is_said_to_do_the_same_exists(reference) -> None:
    known = mutants.load_equivalent(COURSE, mutants.SECOND).keys()
    made = {
        one.key for part in COURSE.parts for one in second_audit.choose(COURSE, part, "second", "", reference, None)
    }
    for base in ("buffers", "einsum", "full_convolution", "layouts", "preallocated"):
        files = second_audit.solution(COURSE, base)
        made |= {one.key for one in second_audit.choose(COURSE, 1, "first", base, files, None)}
    assert known - made == set()


def changed_lines(reference: dict[str, bytes], mutant: Mutant) -> list[str]:
    """Lines of the mutant that the reference does not have, and the reverse."""
    own, right = mutant.source.splitlines(), reference[mutant.file].decode().splitlines()
    return [*(line for line in own if line not in right), *(line for line in right if line not in own)]


@pytest.mark.slow
def test_mutants_of_another_solution_are_none_of_the_reference(reference) -> None:
    files = second_audit.solution(COURSE, "loops")
    known = {one.key for one in mutants.of_part(reference, "part1_numpy")}
    chosen = second_audit.choose(COURSE, 1, "first", "loops", files, 50)
    assert len(chosen) == 50
    assert not known & {one.key for one in chosen}


def test_a_solution_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SetupError, match=r"has no unusual solution 'lops', only .*\bloops\b"):
        second_audit.solution(COURSE, "lops")


@pytest.mark.parametrize(("caught", "kept"), [(1000, True), (999, True), (998, False)])
def test_one_survivor_in_a_thousand_is_allowed(caught, kept) -> None:
    assert second_audit.promised(Share(caught, 1000)) is kept


def test_every_kind_is_the_second_set_and_pairs_of_all_parts_and_both_sets_of_named_solutions() -> None:
    asked = [str(one) for one in second_audit.sets(COURSE, 1, "every", ["einsum"])]
    assert asked[:6] == [f"{kind} of the reference, part {part}" for kind in ("second", "pairs") for part in (1, 2, 3)]
    assert len(asked) == 12
    assert {"first of einsum, part 1", "second of einsum, part 1"} < {*asked}
    assert [str(one) for one in second_audit.sets(COURSE, 2, "pairs", [])] == ["pairs of the reference, part 2"]
    with pytest.raises(SetupError, match="has no unusual solution 'lops'"):
        second_audit.sets(COURSE, 1, "every", ["lops"])
