"""Every catalogued mistake that a published handout gives room for is found behind its interface, and named there."""

from __future__ import annotations

import pytest
from published import COURSE, said, wrong

from autograder.authoring import variants
from autograder.course import mistakes
from autograder.errors import RubricError

# What an interface with `modules` and `dx` lets say more plainly; and crashes of losses, which checks of its own tell.
OTHERWISE = (
    "ConvNet.backward takes the modules in the order 0, 1, 2, 3",
    "ConvNet.backward calls no backward of",
    "weight is None (losses.py",
    "counts is a list of ",
    "the labels are [0, 2, 2, 0], of 5 classes",
)
MISTAKES = [mistake for mistake in mistakes.load(COURSE) if mistake.loses[0].startswith(("1.", "3."))]


def test_mistakes_of_the_other_course_are_told_in_the_words_of_this_one() -> None:
    lost = {id: sum(mistake.loses[0].startswith(id) for mistake in MISTAKES) for id in ("1.", "3.1", "3.2")}
    assert all(count > least for count, least in zip(lost.values(), (60, 5, 15), strict=True)), lost
    known = {id for check in COURSE.checks() for id in (check.id, check.todo)}  # of checks of its own, the TODO
    assert all(known.issuperset(mistake.loses) for mistake in MISTAKES)


def test_mistakes_of_a_todo_that_is_none_are_refused() -> None:
    todos = {**COURSE.handout.todos, "3.2": COURSE.handout.todos["3.2"].model_copy(update={"mistakes": "9.9"})}
    handout = COURSE.handout.model_copy(update={"todos": todos})
    with pytest.raises(RubricError, match=r"adapter.toml: todos.3.2: there is no check 9.9"):
        handout.lost(COURSE.base.checks())


@pytest.mark.slow
@pytest.mark.parametrize("part", [1, 3])
def test_every_mistake_is_found_and_named(part) -> None:
    files, own = COURSE.files(), [mistake for mistake in MISTAKES if mistake.loses[0].startswith(f"{part}.")]
    cards = variants.run(
        COURSE,
        (mistake.apply(files) for mistake in own),
        (part,),
        jobs=2,
        todos=[{check.partition("-")[0] for check in mistake.loses} for mistake in own],
    )
    missed, unnamed = [], []
    for mistake, card in zip(own, cards, strict=True):
        if not wrong(card):
            missed.append(mistake.name)
        elif not any(text in said(card) for text in (mistake.says, *OTHERWISE)):
            unnamed.append((mistake.name, mistake.says, said(card)[:300]))
    assert not missed
    assert not unnamed
