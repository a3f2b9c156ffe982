"""Which submissions share code that the handout did not give, and hardly anybody else has written.

What many have is how one writes it: a fingerprint that N have says 1 / (N - 1). Short sequences of tokens tell whether
all of the code was made from another's; long ones find a passage, and a function is compared with those of its name.
How much is unusual the class itself says: the pairs that have more in common than its own pairs lead to expect. A
function that many write in the same way can be handed on unseen, and so can a short one.

Copydetect does the first half, and does not fit: the fingerprints that it keeps change from run to run, it knows no
rarity, forgets only one of equal sequences of a handout, and was last released in 2024.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from autograder.classroom.copies import single_functions, winnowing
from autograder.classroom.copies.winnowing import Place, Prints

SHORT, LONG = 12, 40  # tokens in a sequence
COMMON = 12  # submissions that have a fingerprint: where more have it, it counts for nobody
MOST = 0.7  # share of a submission's own sequences that another one has as well, unusual in any class
SURE = 100  # classes, of which one has a pair that is unusual by chance
MARGIN = 1.2  # who copied all has far more in common than that, and others may have copied from one place
LEAST = 10.0  # weight below which nothing is unusual
LEAST_FUNCTION = 55.0  # the same of a whole function, in sequences that nobody else has: some ten lines
GAP = 12  # tokens from one sequence of a passage to the next, at most


@dataclass(frozen=True)
class Passage:
    """A run of code that two submissions share, as file, first and last line in each."""

    first: tuple[str, int, int]
    second: tuple[str, int, int]
    weight: float


@dataclass(frozen=True)
class Overlap:
    """What two submissions share beyond the handout.

    Attributes:
        weight: short sequences, each by how rare it is.
        share: of the smaller one's own short sequences.
        passages: of long sequences, the heaviest first.
        function: the one that both have nearly whole, if there is one, by how unlikely that is.
    """

    first: str
    second: str
    weight: float
    share: float
    passages: tuple[Passage, ...]
    function: Passage | None = None

    @property
    def passage(self) -> float:
        """Weight of the heaviest passage."""
        return self.passages[0].weight if self.passages else 0.0

    @property
    def pieces(self) -> list[Passage]:
        """What there is to look at: a function that says something, and the passages that are not in it."""
        if self.function is None or self.whole < LEAST_FUNCTION:
            return list(self.passages)
        file, first, last = self.function.first
        others = [one for one in self.passages if one.first[0] != file or not first <= one.first[1] <= last]
        return [self.function, *others]

    @property
    def whole(self) -> float:
        """Weight of the function that both have."""
        return self.function.weight if self.function else 0.0


Pair = tuple[str, str]


@dataclass(frozen=True)
class _Compared:
    """The fingerprints of one kind: of each submission, those that two share, and what each one weighs."""

    prints: Mapping[str, Prints]
    shared: Mapping[Pair, Sequence[int]]
    weights: Mapping[int, float]


def find(submissions: Mapping[str, Mapping[str, str]], handout: Iterable[str]) -> list[Overlap]:
    """Compare all submissions with each other, and order the pairs that share anything by how much.

    Args:
        submissions: texts of files by name, by key.
        handout: texts of all that everyone got.
    """
    given = [winnowing.tokens(text) for text in handout]
    read = {key: winnowing.read(files) for key, files in submissions.items()}
    short = _compared({key: winnowing.sequences(files, given, SHORT) for key, files in read.items()})
    single = single_functions.find(read, given)
    long = _compared({key: winnowing.sequences(files, given, LONG) for key, files in read.items()})
    found = []
    for pair, some in short.shared.items():
        weight = sum(short.weights[each] for each in some)
        share = len(some) / min(len(short.prints[key]) for key in pair)
        one = single.get(pair)
        function = Passage(one.first, one.second, one.weight) if one else None
        found.append(Overlap(*pair, weight, share, tuple(_passages(pair, long)), function))
    return sorted(found, key=lambda one: (-one.weight, one.first, one.second))


def unusual(overlaps: Sequence[Overlap], submissions: int) -> list[Overlap]:
    """Choose the pairs that have more in common than the others of this class lead to expect, in their order."""
    pairs = submissions * (submissions - 1) // 2
    whole = MARGIN * _limit([one.weight for one in overlaps], pairs)
    single = _limit([one.passage for one in overlaps], pairs)
    functions = max(LEAST_FUNCTION, _limit([one.whole for one in overlaps], pairs))
    return [
        one
        for one in overlaps
        if one.share >= MOST or one.weight > whole or one.passage > single or one.whole > functions
    ]


def _limit(weights: Sequence[float], pairs: int) -> float:
    """What hardly a pair of these is expected to exceed, if the upper tenth goes on as it began: exponentially."""
    if not weights:
        return LEAST
    everyone = np.zeros(max(pairs, len(weights)))
    everyone[: len(weights)] = weights
    middle, high = np.quantile(everyone, (0.5, 0.9))
    scale = (high - middle) / math.log(5)
    return max(LEAST, float(high + scale * math.log(SURE * pairs)))


def _compared(prints: Mapping[str, Prints]) -> _Compared:
    owners: dict[int, list[str]] = defaultdict(list)
    for key, some in prints.items():
        for each in some:
            owners[each].append(key)
    shared: dict[Pair, list[int]] = defaultdict(list)
    weights = {}
    for each, keys in owners.items():
        if 1 < len(keys) <= COMMON:
            weights[each] = 1 / (len(keys) - 1)
            for pair in combinations(keys, 2):
                shared[pair].append(each)
    return _Compared(prints, shared, weights)


def _passages(pair: Pair, found: _Compared) -> list[Passage]:
    """Join fingerprints that follow each other in both submissions; the heaviest passages come first."""
    first, second = (found.prints[key] for key in pair)
    runs: list[list[int]] = []
    last: tuple[str, str, int, int] | None = None
    shared = found.shared.get(pair, ())
    for each in sorted(shared, key=lambda each: (first[each].place[0], second[each].place[0], first[each].start)):
        a, b = first[each], second[each]
        now = a.place[0], b.place[0], a.start, b.start
        if last and now[:2] == last[:2] and now[2] - last[2] <= GAP and 0 <= now[3] - last[3] <= GAP:
            runs[-1].append(each)
        else:
            runs.append([each])
        last = now
    weights = [sum(found.weights[each] for each in run) for run in runs]
    places = [(_place(first, run), _place(second, run)) for run in runs]
    joined = [Passage(*sides, weight) for sides, weight in zip(places, weights, strict=True)]
    return sorted(joined, key=lambda one: (-one.weight, one.first))


def _place(prints: Prints, run: Sequence[int]) -> Place:
    places = [prints[each].place for each in run]
    return places[0][0], min(place[1] for place in places), max(place[2] for place in places)
