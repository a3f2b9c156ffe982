"""The undo table: for each piece of a program, what may have been meant, where a common mistake was made.

Each entry looks at one node of the syntax tree and yields what could stand there instead, with the kind of mistake that
this would undo, in words that say what is wrong and not what is right, and how far-fetched it is. Whether it was meant
is for the checks to say: see `place`.
"""

from __future__ import annotations

from autograder.students.lines.scope import Entry
from autograder.students.lines.undo_axes import renamed, sibling
from autograder.students.lines.undo_calls import call, shape
from autograder.students.lines.undo_names import exchanged, names, number, one_off, slices
from autograder.students.lines.undo_operators import (
    condition,
    line_too_much,
    near_operand,
    operand,
    operator,
    overwriting,
    product,
    sign,
)

# What is looked at first, and what is so much that it is looked at only once all of that has been tried.
FIRST: tuple[Entry, ...] = (
    overwriting, operator, condition, sign, number, slices, exchanged, renamed, sibling, names, call, shape, one_off,
    near_operand, line_too_much,
)  # fmt: skip
LATER: tuple[Entry, ...] = (product, operand)
