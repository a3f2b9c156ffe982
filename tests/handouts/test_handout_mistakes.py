"""Every catalogued mistake that a published handout gives room for is found behind its interface, and named there."""

from __future__ import annotations

import pytest
from published import COURSE, PART, said, wrong

from autograder.authoring import variants
from autograder.course import mistakes

# What an interface with `modules` and `dx` lets say more plainly.
OTHERWISE = ("ConvNet.backward takes the modules in the order 0, 1, 2, 3", "ConvNet.backward calls no backward of")
MISTAKES = [mistake for mistake in mistakes.load(COURSE) if mistake.file.startswith(f"{PART}/")]


def test_mistakes_of_the_other_course_are_told_in_the_words_of_this_one() -> None:
    assert len(MISTAKES) > 60
    known = {check.id for check in COURSE.checks()}
    assert all(known.issuperset(mistake.loses) for mistake in MISTAKES)


@pytest.mark.slow
def test_every_mistake_is_found_and_named() -> None:
    files = COURSE.files()
    cards = variants.run(
        COURSE,
        (mistake.apply(files) for mistake in MISTAKES),
        (1,),
        jobs=2,
        todos=[{check.partition("-")[0] for check in mistake.loses} for mistake in MISTAKES],
    )
    missed, unnamed = [], []
    for mistake, card in zip(MISTAKES, cards, strict=True):
        if not wrong(card):
            missed.append(mistake.name)
        elif not any(text in said(card) for text in (mistake.says, *OTHERWISE)):
            unnamed.append((mistake.name, mistake.says, said(card)[:300]))
    assert not missed
    assert not unnamed
