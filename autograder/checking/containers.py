"""Values that a student's code takes as a list, an array or a tensor, and leaves as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.cases.situations import Situation, Trait
from autograder.checking import answers
from autograder.checking.expect import expect_unchanged
from autograder.checking.student import Remote
from autograder.inside.wire import Tensor


def kind_traits(what: str) -> tuple[Trait, Trait]:
    """That values, "labels", come as a list, or as a tensor."""
    plain = f"for {what} as an array"
    named, tensor = (Trait(kind, f"the {what} are a {kind}", plain, "kind") for kind in ("list", "tensor"))
    return named, tensor


def as_told(values: np.ndarray, case: Situation) -> Any:
    """The values as the kind that a case has."""
    if "list" in case:
        return values.tolist()
    return Tensor(values, values.dtype.name) if "tensor" in case else values


def expect_kept(held: Remote, before: np.ndarray, name: str) -> None:
    """Pass a list, an array or a tensor that the student's code has left as it was."""
    after = held.fetch()
    found = answers.numbers(after)
    expect_unchanged(after if found is None else found, before, name)
