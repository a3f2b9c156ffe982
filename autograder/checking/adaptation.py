"""A student's code of another handout, for checks that know it under other names: whom to ask, and who was asked last.

Sentences begin with the class, the method and the file as the student wrote them; see `checking.translation` for words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.errors import CheckFailed, NotAsked
from autograder.inside.host import PROBES
from autograder.inside.wire import Reference

CALLS = {"__call__": "forward"}
NO_RETURN = ", as of a function that ends without return"
LACKING = {"Unset": "is not set", "Returned": "is returned, not set"}  # by the names that `inside.adapted` has for it
METHODS = ("__call__", "forward", "backward")


@dataclass(frozen=True)
class Theirs:
    """What stands for a target in one submission.

    Attributes:
        name: of the class or function, as the student wrote it.
        file: that holds it, as the student would say it.
        methods: names there, by ours.
        transposed: attributes that are kept so there.
        sets: methods that return nothing, by our names: what they give is an attribute.
    """

    name: str
    file: str
    methods: Mapping[str, str] = field(default_factory=dict)
    transposed: Sequence[str] = ()
    sets: Collection[str] = ()


class Adaptation:
    """What the student's side needs to know of another handout, and who was asked last.

    Args:
        request: the first that a student's side gets.
        named: by target.
    """

    def __init__(self, request: dict[str, Any], named: Mapping[str, Theirs]) -> None:
        self.request, self.named = request, named
        self._of: dict[int, Theirs] = {}  # objects on the student's side
        self._probes: set[object] = set()  # of these, what is the grader's own
        self._last: Theirs | None = None
        self._method = ""
        self._instead: Mapping[str, str] = {}
        self.asked = False

    def begin(self, instead: Mapping[str, str]) -> None:
        """A check begins: nobody has been asked.

        Args:
            instead: targets that it is to ask, by those that it names.
        """
        self._instead = instead
        self._of.clear()
        self._probes.clear()
        self._last, self._method, self.asked = None, "", False

    def follow(self, request: dict[str, Any]) -> dict[str, Any]:
        """Note whom a request asks, and return it with the target that is meant here.

        Raises:
            NotAsked: if the handout asks for no such thing.
        """
        found: Theirs | None = None
        if request["do"] == "call" and isinstance(request["target"], str):
            request = {**request, "target": self._instead.get(request["target"], request["target"])}
        if request["do"] == "call":
            target, method = request["target"], ""
            if not isinstance(target, str):
                found, method = self._of.get(target[0].number), target[1]
                method = method if target[0].number not in self._probes or method in METHODS else self._method
            elif target.partition(":")[0] in PROBES:
                found = next(filter(None, map(self._owner, request["args"])), None)
                self._probes.add(request.get("keep"))
            elif target in self.named:
                found = self.named[target]
            else:
                raise NotAsked(f"{target} stands for nothing in this handout")
            if found:
                self._last, self._method, self.asked = found, method or self._method * (found is self._last), True
        elif request["do"] == "get":
            found = self._owner(request["on"])
        if found and request.get("keep") is not None:
            self._of[request["keep"]] = found
        return request

    def _owner(self, value: object) -> Theirs | None:
        return self._of.get(value.number) if isinstance(value, Reference) else None

    def turned(self, error: CheckFailed) -> CheckFailed:
        """Say what a method has not set; tell what is kept transposed as it is there, and show the picture so."""
        if self._last and self._method in self._last.sets:
            error.args = (str(error).replace(NO_RETURN, ""), *error.args[1:])
        for name, words in LACKING.items():
            error.args = (str(error).replace(f"is an object of type {name},", f"{words},"), *error.args[1:])
        names = "|".join(self._last.transposed if self._last else ())
        if names and re.match(rf"({names})\b", str(error)):
            told = re.sub(
                r"(?<![\w.])(?<!order )(\[|\()(\d+), (\d+)(\]|\))", r"\1\3, \2\4", str(error).partition(", for ")[0]
            )
            told = re.sub(rf"({names})\[(\d+), (\d+)\]", r"\1[\3, \2]", told)
            error.args = (told + "".join(str(error).partition(", for ")[1:]),)
            if error.finding:
                error.finding = replace(error.finding, picture=tuple(zip(*error.finding.picture, strict=True)))
        return error

    @property
    def place(self) -> str:
        """Who was asked last: "Pooling.backward, modules/pooling.py"; empty where nobody was."""
        if self._last is None:
            return ""
        method = self._last.methods.get(self._method, CALLS.get(self._method, self._method))
        return f"{self._last.name}{f'.{method}' if method else ''}, {self._last.file}"
