"""What a student's code raises: what it must, and what is added to the sentence of whatever else it does."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograder.checking.student import Student
from autograder.diagnosis.suspects import explained, no_suspects
from autograder.errors import CheckFailed, GraderError, OutOfMemory, StudentRaised, Unfinished

# What a module may meet that was written for a newer Python.
NEWER = re.compile(
    r"SyntaxError: |ImportError: cannot import name '\w+' from '({0})'|AttributeError: module '({0})' has no"
    r"|ModuleNotFoundError: No module named '({1})'".format(
        "|".join(sys.stdlib_module_names), r"annotationlib|compression[.\w]*"
    )
)
EARLIER = "right after the constructor it goes well: something of an earlier batch is kept"


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Add to what the student's code raises what this case has that earlier ones had not."""
    try:
        yield
    except Unfinished:
        raise
    except StudentRaised as error:
        error.args = (f"{error}: {what}",)
        raise


@contextmanager
def telling_earlier(student: Student, afresh: Callable[[], object]) -> Iterator[None]:
    """Where a later batch fails and nothing says why, see whether it would not fail as the first one.

    Args:
        afresh: asks a new layer about this batch alone, and raises what is wrong.
    """
    try:
        yield
    except Unfinished:
        raise
    except (CheckFailed, StudentRaised) as error:
        told = isinstance(error, CheckFailed) and error.finding.suspect
        if not told and student.explains and explained() and _goes_well(afresh):
            if isinstance(error, CheckFailed):
                error.finding = replace(error.finding, suspect=EARLIER, cause=EARLIER)
            else:
                error.args = (f"{error}: {EARLIER}",)
        raise


def _goes_well(ask: Callable[[], object]) -> bool:
    try:
        with no_suspects():
            ask()
    except GraderError:
        return False
    return True


def expect_raises(ask: Callable[[], object], error: str, what: str) -> None:
    """Pass a call that raises an error of this name, "ValueError"."""
    try:
        ask()
    except Unfinished:
        raise
    except StudentRaised as raised:
        if not str(raised).startswith(error):
            raise CheckFailed(f"{what} raises {raised}, expected a {error}") from raised
    else:
        raise CheckFailed(f"{what} raises nothing, expected a {error}")


def raised(error: dict[str, Any], memory_limit: str = "") -> Exception:
    """Make the exception that tells what a student's code raised, from `inside.host.describe`."""
    place = f" ({error['where']})" if error["where"] else ""
    if NEWER.match(f"{error['type']}: {error['text']}") and "graded with" not in error["text"]:
        place += f", graded with Python {sys.version_info[0]}.{sys.version_info[1]}"
    if error["memory"]:
        return OutOfMemory(f"out of memory{memory_limit}{place}")
    if error["unfinished"]:
        return Unfinished(f"{error['text'] or 'NotImplementedError'}{place}")
    within = " in " in error["where"] and not error["where"].endswith(" in <module>")  # a function of the student's
    whatever = not error["type"] or bool(error["where"] and not within)
    cause = f"{error['type']}{place}" if within else ""  # whatever the text says of this case
    return StudentRaised(": ".join(filter(None, (error["type"], error["text"]))) + place, whatever, cause)
