"""Which checks follow from a declaration, and what a student reads of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from autograder.checking import rubric
from autograder.checking.declarations import derived, randomness, slopes, untouched
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.graphs import FUNCTION
from autograder.checking.rubric import Check
from autograder.checking.student import Student
from autograder.errors import NotAsked, RubricError

Body = Callable[..., None]


# The words for modules and functions of tensors, where autograd goes back.
OF_TENSORS: dict[str, tuple[str, str]] = {
    "gradient": (
        "The gradient goes back through {0} to its inputs.",
        "Autograd follows tensors alone: .data, detach(), .item() and NumPy cut it off.",
    ),
    "parameters": (
        "{0} learns: its parameters get the right gradients.",
        "Autograd follows tensors alone: .data, detach(), .item() and NumPy cut it off.",
    ),
    "latest": (
        "{0} goes by the latest batch alone.",
        "Batches differ in size, and nothing is kept from one to the next.",
    ),
    "inputs": (
        "{0} leaves what it is given alone, and takes any dtype and layout.",
        "float32 and float64, contiguous or not: a model goes on to use what it hands out.",
    ),
    "same-draw": ("The gradient goes back through what {0} has drawn.", "What was dropped had no influence."),
}


@dataclass(frozen=True)
class Row:
    """What a student reads of a check that follows from a declaration, where the author has better words.

    Attributes:
        title, help: as in the docstring of a check; those of every layer where empty.
        points: its weight; 0 for one that only informs.
        id: what follows the dash, in the place of the kind.
        needs: ids of checks; the one of values where None.
        ask: of a check for listed cases, what it asks, see `autograder.checking.declarations.listed`.
    """

    title: str = ""
    help: str = ""
    points: int = 1
    id: str = ""
    needs: tuple[str, ...] | None = None
    ask: str = ""


# By kind: what runs, title and help; {0} is the class, {1} its outputs, {2} the gradients of its inputs, {3} those of
# its parameters, {4} its buffers, {5} what it draws from.
KINDS: dict[str, tuple[Body, str, str]] = {
    "values": (
        derived.values, "{0} returns the right {1}.",
        "Whatever the lengths of the axes, 1 among them, and whatever the options.",
    ),
    "shares": (
        randomness.shares, "{0} draws what its options say.",
        "What is multiplied or added, how much and how often, and which values share a draw.",
    ),
    "seeds": (
        randomness.seeds, "{0} draws anew in each call, all of it from {5}.",
        "Two layers made alike draw the same; what is drawn elsewhere nobody can repeat.",
    ),
    "same-draw": (
        randomness.same_draw, "{0}.backward goes by what the latest forward drew.",
        "A value that was dropped had no influence on the output.",
    ),
    "gradient": (
        derived.gradient, "{0}.backward returns the right {2}.",
        "An input has the sum of what comes back from every output that it enters, in the shape that it had.",
    ),
    "parameters": (
        derived.parameters, "{0}.backward sets {3}.",
        "A parameter has the sum of what comes back from every place where it is used.",
    ),
    "buffers": (
        derived.buffers, "{0} keeps {4} up to date in training.",
        "Each forward in training changes them a little, from what they were to what this batch says.",
    ),
    "evaluation": (
        derived.evaluation, "{0} in evaluation does what is asked of a trained layer.",
        "It goes by what it has learned and not by the batch, draws nothing, changes nothing, and can go back.",
    ),
    "latest": (
        derived.latest, "{0} goes by the latest batch alone.",
        "Batches differ in size, and a gradient replaces the one before.",
    ),
    "inputs": (
        untouched.inputs, "{0} leaves what it is given alone, and takes any dtype and layout.",
        "float32, read-only and non-contiguous arrays, and changes none of them.",
    ),
    "differences": (
        slopes.differences, "{0}.backward is the gradient of its own forward.",
        "Compared with what changes when one value is moved a little.",
    ),
}  # fmt: skip


def rows_of(own: Declaration, rows: Mapping[str, Row | None]) -> dict[str, Row]:
    """The checks of a declaration, by kind."""
    kinds = {kind: rows.get(kind, Row()) for kind in _kinds(own)}
    return {kind: row for kind, row in kinds.items() if row is not None}


def check_of(own: Declaration, kind: str, row: Row) -> Check:
    """Make one of them."""
    body, title, help_text = KINDS[kind]
    if own.tensors and kind in OF_TENSORS:
        title, help_text = OF_TENSORS[kind]
    gradients = _listed([f"d{name}" for name in own.leaves])
    listed = (_listed([*own.gradients.values()]), _listed([*own.buffers]))
    words = (own.title, _listed([*own.outputs]), gradients, *listed, own.random)
    todo, _, more = own.name.partition("-")
    prefix = f"{todo}-{more}-" if more else f"{todo}-"
    first = f"{prefix}{_kinds(own)[0]}"
    needs = row.needs if row.needs is not None else () if kind == _kinds(own)[0] else (first,)
    return Check(
        f"{todo}-{row.id}" if row.id else prefix + kind,
        row.points,
        needs,
        rubric.SECONDS,
        row.title or title.format(*words),
        row.help or help_text.format(*words),
        partial(_run, own, body),
    )


def _run(own: Declaration, body: Body, student: Student, rng: np.random.Generator) -> None:
    """Run a check; what is wrong with the declaration is told with the file that holds it."""
    try:
        body(own, student, rng)
    except NotAsked:
        raise
    except RubricError as error:
        raise RubricError(f"{own.place}: {error}") from error


def _kinds(own: Declaration) -> list[str]:
    if own.counterpart is None:
        return ["differences"]
    if own.plain:
        return ["values", "inputs"] if own.inputs else ["values"]
    if own.drawing(True):
        kinds = ["shares", "seeds", *(["same-draw"] if own.leaves else [])]
    else:
        kinds = ["values", *(["gradient"] if own.leaves else [])]
        kinds += ["parameters"] if own.parameters and own.backward else []
        kinds += ["buffers"] if own.buffers else []
        kinds += ["latest"] if own.tensors != FUNCTION else []
    return [*kinds, *(["evaluation"] if own.mode else []), "inputs"]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
