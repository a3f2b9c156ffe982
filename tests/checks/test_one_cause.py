"""A sentence names a mistake only where that one was made, and one mistake is one cause: every mistake and mutant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest
from homework import COURSE, few

from autograder.authoring import reference as proof
from autograder.authoring.auditing import mutants
from autograder.course import mistakes as catalogue
from autograder.course.mistakes import Mistake
from autograder.reports.scores import Mark, Outcome, Scorecard

MISTAKES = catalogue.load(COURSE)
GET = " equals what you get when "
Files = Mapping[str, bytes]
Variant = Any  # a mistake or a mutant
# Clauses that say what is seen, whatever made it so: a parameter that has the value of the start has not moved.
SEEN = re.compile(r".* is not moved")


def told(card: Scorecard) -> Iterator[tuple[Mark, str]]:
    """Each clause that a student reads, with the check that shows it."""
    for mark in card.marks.values():
        if mark.outcome is Outcome.FAILED and GET in mark.finding.suspect:
            for clause in mark.finding.suspect.partition(GET)[2].split(", or when "):
                if not SEEN.fullmatch(clause):
                    yield mark, clause


def false_sentences(cards: Mapping[Variant, Scorecard]) -> list[str]:
    """What is told of a variant that does something else than the mistake which the sentence names.

    What a mistake does is known from the catalogue: whoever is told of one has its values in that check.
    """
    named = [(one, card) for one, card in cards.items() if isinstance(one, Mistake) and one.named]
    found = []
    for variant, card in cards.items():
        for mark, clause in told(card):
            makers = [(one, other) for one, other in named if one.says in clause or clause in one.says]
            alike = any(one is variant or other.marks[mark.check].message == mark.message for one, other in makers)
            if makers and not alike and any(mark.check in lost(one, other) for one, other in makers):
                name = variant.name if isinstance(variant, Mistake) else f"{variant.function}: {variant.after}"
                found.append(f"{name} reads {clause!r} in {mark.check}: {mark.message}")
    return found


def lost(mistake: Mistake, card: Scorecard) -> tuple[str, ...]:
    """The checks that a mistake loses; a slip does not say which."""
    return mistake.loses or tuple(mark.check for mark in proof.failed(card))


def second_causes(cards: Mapping[Variant, Scorecard]) -> list[str]:
    """Checks that stand as failures of their own, while the one mistake that was made loses others."""
    return [
        f"{one.name} loses {mark.check} too: {mark.message}"
        for one, card in cards.items()
        if isinstance(one, Mistake)
        for mark in proof.failed(card)
        if one.loses and mark.check not in one.loses  # a slip names none: it is there for its sentence
    ]


def graded(
    grade: Callable[..., Scorecard], reference: Files, variants: Iterable[Variant], todos: tuple[str, ...]
) -> dict[Variant, Scorecard]:
    return {one: grade(one.apply(reference), todos=todos, seconds=5) for one in variants}


def variants(reference: Files, folder: str, *files: str, count: int) -> list[Variant]:
    """Catalogued mistakes and mutants of some files of a part, or of all."""
    within = files or (f"{folder}/",)
    wrong = [one for one in mutants.of_part(reference, folder) if one.file.startswith(within)]
    made = [one for one in MISTAKES if one.file.startswith(within)]
    return [*few(made, count), *few(mutants.sample(wrong, 300), count)]


@pytest.mark.parametrize(
    ("file", "todo"), [("part1_numpy/linear.py", "1.2"), ("part1_numpy/resampling.py", "1.8")], ids=["1.2", "1.8"]
)
def test_no_sentence_names_a_mistake_that_was_not_made(grade, reference, file, todo) -> None:
    cards = graded(grade, reference, variants(reference, "part1_numpy", file, count=12), (todo,))
    assert false_sentences(cards) == []
    assert [text for text in second_causes(cards) if f"loses {todo}-" in text] == []


@pytest.mark.slow
@pytest.mark.parametrize(("part", "count"), [(1, 80), (3, 50)])
def test_no_sentence_anywhere_names_a_mistake_that_was_not_made(grade, reference, part, count) -> None:
    todos = tuple({check.todo for check in COURSE.checks() if check.part == part})
    cards = graded(grade, reference, variants(reference, COURSE.parts[part].folder, count=count), todos)
    assert false_sentences(cards) == []
    assert second_causes(cards) == []
