"""Cases of a check that are told apart by words, not by sizes: a list instead of an array, a class without images.

A case is plain but for some traits. When it fails, `for_each` asks the cases that have one trait less, or one alone,
and says which of them matters: "works for labels as an array, fails as soon as the labels are a list".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograder.cases.properties import Property


@dataclass(frozen=True)
class Trait:
    """One thing in which a case may differ from the plain one.

    Attributes:
        name: what the check calls it.
        clause: continues "fails as soon as".
        otherwise: continues "works", of cases that do not have it.
        group: a case has at most one of those of a group.
    """

    name: str
    clause: str
    otherwise: str
    group: str = ""


@dataclass(frozen=True)
class Situation:
    """One case.

    Attributes:
        what: is asked, in a few words.
        traits: that cases of this check may have.
        having: the names of those that this one has.
    """

    what: str
    traits: tuple[Trait, ...]
    having: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.having

    def __str__(self) -> str:
        clauses = [trait.clause for trait in self.traits if trait.name in self]
        return " where ".join(filter(None, (self.what, " and ".join(clauses))))

    def rng(self) -> np.random.Generator:
        """The generator that draws this case as a neighbour: the same in every check, and on every machine."""
        digest = hashlib.sha256(f"{self.what}: {self.having}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "little"))

    def neighbours(self) -> Iterator[Situation]:
        """Yield itself, cases with a trait less, the plain one, those with one trait alone, and with one more."""
        fewer = [tuple(name for name in self.having if name != gone) for gone in self.having]
        alone = [(name,) for name in self.having]
        groups = {trait.name: trait.group or trait.name for trait in self.traits}
        taken = {groups[name] for name in self.having}
        more = [(*self.having, name) for name, group in groups.items() if group not in taken]
        yield from dict.fromkeys(replace(self, having=one) for one in (self.having, *fewer, (), *alone, *more))

    def properties(self) -> Iterator[Property]:
        """Each trait may be what matters."""
        for trait in self.traits:
            yield Property(lambda case, name=trait.name: name in case, trait.clause, trait.otherwise)  # type: ignore[misc]


def situations(what: str, traits: Sequence[Trait], *cases: str) -> list[Situation]:
    """Make the cases of a check; each is told by the names of its traits, "list last", or "" for the plain one."""
    return [Situation(what, tuple(traits), tuple(case.split())) for case in cases]
