"""A mistake that stands in no catalogue is named: by what the wrong values are made of, or by when they are right."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from homework import COURSE

from autograder.course import mistakes as catalogue
from autograder.course.mistakes import Mistake
from autograder.reports.scores import Outcome

TRAINS = "part2_pytorch/"


def _mistakes() -> list[Any]:
    table = tomllib.loads((Path(__file__).parent / "uncatalogued.toml").read_text(encoding="utf-8"))
    made = [(Mistake(says=one.pop("reads"), loses=("any",), **one),) for one in table["mistake"]]
    slow = {one for (one,) in made if one.file.startswith(TRAINS)}
    return [pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one in slow else []) for (one,) in made]


@pytest.mark.parametrize("mistake", _mistakes())
def test_a_mistake_that_nobody_catalogued_is_named(grade, reference, mistake) -> None:
    card = grade(mistake.apply(reference), todos=(mistake.todo(COURSE.files()),), blocked="lose")
    read = [
        f"{mark.message} {mark.finding.suspect}" for mark in card.marks.values() if mark.outcome is not Outcome.PASSED
    ]
    assert any(mistake.says in text for text in read), read


def test_none_of_them_is_catalogued() -> None:
    known = {(one.file, one.function, one.body, one.replace, one.by) for one in catalogue.load(COURSE)}
    assert not known & {(one.file, one.function, one.body, one.replace, one.by) for one in _values()}


def _values() -> list[Mistake]:
    return [param.values[0] for param in _mistakes()]
