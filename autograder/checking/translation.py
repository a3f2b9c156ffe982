"""Checks of one course on the homework of another, told in that handout's words.

Our sentences are written with the names that checks know, and are turned word by word. What student code has said is
never touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.checking import minor
from autograder.checking.rubric import Check
from autograder.checking.student import Student
from autograder.errors import CheckFailed, NotAsked, StudentRaised

NOTHING: Mapping[str, str] = {}
# The end of what student code has said; words of ours follow.
PLACE = re.compile(r" \([^()]+\.py:\d+[^()]*\)")


def translated(text: str, words: Mapping[str, str]) -> str:
    """Turn our words into a handout's, each only once and only where it stands as a whole.

    >>> translated("Pool.backward returns dx for dy", {"dy": "dout", "Pool": "MaxPooling"})
    'MaxPooling.backward returns dx for dout'
    """
    if not words:
        return text
    # The longest first: "returns dx" is one thing to say, "dx" another.
    known = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])(?:{known})(?!\w)", lambda found: words[found[0]], text)


def adapted(
    check: Check,
    id: str,
    needs: Sequence[str],
    words: Mapping[str, str],
    title: str = "",
    instead: Mapping[str, str] = NOTHING,
    *,
    free_dtypes: bool = False,
) -> Check:
    """Make a check of another handout's out of one of ours.

    Args:
        check: ours.
        id, needs: of the new one.
        words: theirs, by ours.
        title: where no words turn ours into one.
        instead: targets that it is to ask, by those that ours names.
        free_dtypes: whether floats of any dtype are right.
    """

    def told(error: CheckFailed, student: Student) -> CheckFailed:
        if student.adaptation:
            student.adaptation.turned(error)
        place = student.adaptation.place if student.adaptation and not check.exam else ""
        error.args = (f"{place}: {translated(str(error), words)}" if place else translated(str(error), words),)
        if error.finding:
            error.finding = replace(error.finding, suspect=translated(error.finding.suspect, words))
        return error

    def body(student: Student, rng: np.random.Generator, *exam: Any) -> None:
        student.begin(instead)
        try:
            with minor.free_dtypes(free_dtypes), minor.waiting() as waiting:
                check.body(student, rng, *exam)
        except NotAsked:
            if not student.adaptation or not student.adaptation.asked:
                raise
        except CheckFailed as error:
            told(error, student)
            raise
        except StudentRaised as error:
            last = PLACE.search(str(error))
            said = last.end() if last else len(str(error))
            error.args = (str(error)[:said] + translated(str(error)[said:], words), *error.args[1:])
            raise
        else:
            for trivial in waiting:
                minor.report(told(trivial, student))

    texts = title or translated(check.title, words), translated(check.help, words)
    return replace(check, id=id, needs=tuple(needs), title=texts[0], help=texts[1], body=body)
