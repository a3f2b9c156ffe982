"""What an audit makes mutants of behind the interface of another handout, and what it asks of them."""

from __future__ import annotations

import io
from collections import defaultdict

import pytest
from rich.console import Console

from autograder.authoring import reference as proof
from autograder.authoring.auditing import audit, audited, mutants
from autograder.course import definition
from autograder.course import mistakes as catalogue

GT, CMU = (definition.find(name) for name in ("gt-cs7643-a2", "cmu-11785-hw2p1"))


def spoiled(course, part: int) -> dict[str, set[str]]:
    """The TODOs that mutants of a definition can spoil, by the name of the definition."""
    files = course.files()
    chosen = audited.of_part(course, part, files)
    found = defaultdict(set)
    for one, todos in zip(chosen, audited.reach(course, part, files, chosen), strict=True):
        found[one.function.partition(".")[0]] |= todos
    return found


def test_mutants_are_of_what_a_handout_asks_for_and_of_nothing_else() -> None:
    first, second, third = (spoiled(GT, part) for part in (1, 2, 3))
    assert {*first} == {"Linear", "ReLU", "Conv2d", "MaxPool2d", "ConvNet", "SGD"}
    assert first["Conv2d"] == {"1.3", "1.5"}  # a network is made of layers
    assert (first["SGD"], second["validate"], third["FocalLoss"]) == ({"1.6"}, {"2.3"}, {"3.2"})
    assert {*second} == {"TwoLayerNet", "VanillaCNN", "train_epoch", "validate"}
    assert "1.12" in spoiled(CMU, 1)["Conv1d"]


def test_a_handout_that_asks_no_dtypes_has_no_mutants_of_them() -> None:
    for course in (GT, CMU):
        every = mutants.of_part(course.files(), course.parts[1].folder)
        behind = {one.key for one in audited.of_part(course, 1, course.files())}
        kept = [one for one in every if "dtype=x.dtype" in one.before and "dtype" not in one.after]
        assert [one for one in every if "dtype=x.dtype" in one.after and one.key in behind]
        assert kept
        assert not [one for one in kept if one.key in behind and one.after == one.before.replace(", dtype=x.dtype", "")]


def test_a_mutant_stands_under_a_todo_of_the_handout() -> None:
    for course in (GT, CMU):
        for part in course.parts:
            assert {one.todo for one in audited.of_part(course, part, course.files())} <= audited.asked(course, part)


@pytest.mark.parametrize("course", [GT, CMU], ids=["gt", "cmu"])
def test_what_does_the_same_there_does_the_same_behind_a_handout(course) -> None:
    known = audited.equivalent(course)
    assert any(one.key in known for one in audited.of_part(course, 1, course.files()))
    for folder in {part.folder for part in course.parts.values()}:
        everything = audited.in_folder(course, folder, course.files())
        assert audit.stale(mutants.load_equivalent(course), everything, {}, folder) == []


@pytest.mark.slow
@pytest.mark.parametrize(("part", "count"), [(1, 24), (2, 24), (3, 8)])
def test_what_a_handout_asks_for_is_checked_there(part, count) -> None:
    chosen = mutants.sample(audited.of_part(GT, part, GT.files()), count)
    found = audit.grade(GT, part, [], chosen, audited.equivalent(GT), 1, Console(file=io.StringIO()))
    assert [one.diff(GT.files()) for one in found.survivors] == []
    assert found.live().part > count / 3


def test_a_mistake_of_a_part_is_asked_the_checks_of_that_part() -> None:
    for mistake in catalogue.load(GT):
        lost = {check.partition("-")[0] for check in mistake.loses}
        assert lost <= proof.asked(GT, mistake) or lost & audited.judged_by_images(GT), mistake.name
