"""Which two submissions have one function in common that the others of the class write in their own ways.

Functions of one name are compared with each other. A sequence of tokens weighs as much as its having surprises, by the
share of the class that has it as well: what all must write weighs nothing, and a short function hardly more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.classroom.copies import winnowing
from autograder.classroom.copies.winnowing import Place, Tokens

SIZE = 12  # tokens in a sequence
SAME = 0.9  # of the weight of the shorter one's sequences: a name, an operator or a line may have been changed


@dataclass(frozen=True)
class Shared:
    """The function that two submissions share with the most weight, and where it stands in each.

    Attributes:
        weight: in sequences that nobody else has.
    """

    weight: float
    first: Place
    second: Place


Functions = dict[str, tuple[np.ndarray, Place]]  # sequences and place of one function, by who has it


def find(read: Mapping[str, Mapping[str, Tokens]], handout: Sequence[Tokens]) -> dict[tuple[str, str], Shared]:
    """Compare the functions of all submissions, by pair in the order of the submissions; the heaviest counts."""
    order = {key: number for number, key in enumerate(read)}
    best = np.zeros((len(order), len(order)), dtype=np.float32)
    which = np.zeros(best.shape, dtype=np.int32)
    functions = list(_by_name(read, handout).values())
    for number, own in enumerate(functions):
        rows = np.ix_(*2 * [[order[key] for key in own]])
        weights = _weights([hashes for hashes, _ in own.values()])
        which[rows] = np.where(weights > best[rows], number, which[rows])
        best[rows] = np.maximum(weights, best[rows])
    keys = list(order)
    found = {}
    for a, b in np.argwhere(np.triu(best, 1) > 0):
        one, other = (functions[which[a, b]][keys[side]][1] for side in (a, b))
        found[keys[a], keys[b]] = Shared(float(best[a, b]), one, other)
    return found


def _by_name(read: Mapping[str, Mapping[str, Tokens]], handout: Sequence[Tokens]) -> dict[str, Functions]:
    given = winnowing.given(handout, SIZE)
    found: dict[str, Functions] = defaultdict(dict)
    for key, files in read.items():
        for name, each in files.items():
            hashes, own = winnowing.own(each, given, SIZE)
            for function, start, end in each.functions:
                last = max(start, end - SIZE + 1)
                mine = np.unique(hashes[start:last][own[start:last]])
                if len(mine):
                    place = name, int(each.lines[start]), int(each.lines[end - 1])
                    found[f"{name}:{function}"][key] = mine, place
    return found


def _weights(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """What each two have in common, where that is nearly all of one of them; else 0."""
    known, places = np.unique(np.concatenate(sequences), return_inverse=True)
    having = np.zeros((len(sequences), len(known)), dtype=np.float32)
    having[np.repeat(np.arange(len(sequences)), [len(each) for each in sequences]), places] = 1
    surprise = np.log(len(sequences) / having.sum(axis=0)) / max(1.0, np.log(len(sequences) / 2))
    common = (having * surprise) @ having.T
    whole = common.diagonal()
    same: np.ndarray = np.where(common >= SAME * np.minimum(whole[:, None], whole[None, :]), common, 0)
    return same
