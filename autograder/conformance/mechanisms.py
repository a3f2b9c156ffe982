"""The mechanisms of the box, and boxes in which some of them are switched off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from autograder.course.assignment import Limits
from autograder.sandbox.box import Box

# What is switched on and off together, by the names that the sandbox gives its parts.
MECHANISMS = {
    "environment": ("environment",),
    "descriptors": ("descriptors",),
    "namespaces": ("zygote-namespaces", "worker-namespaces"),
    "landlock": ("landlock",),
    "limits": ("limits",),
    "own-user": ("own-user",),
    "seccomp": ("seccomp",),
}
ALWAYS = ("no-new-privileges",)  # on its own it stops nothing that is tried here: no set-uid program is in reach


class Boxes:
    """Boxes by what is switched off, each started when it is first asked for."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._stack = contextlib.ExitStack()
        self._boxes: dict[tuple[str, ...], Box] = {}

    def with_only(self, *on: str) -> Box:
        """A box in which nothing holds but these."""
        return self._box(name for name in MECHANISMS if name not in on)

    def without(self, *off: str) -> Box:
        """A box in which everything holds but these."""
        return self._box(off)

    def close(self) -> None:
        """End them all."""
        self._stack.close()

    def _box(self, off: Iterator[str] | tuple[str, ...]) -> Box:
        key = tuple(part for name in off for part in MECHANISMS[name])
        if len(key) > 2:
            key += ALWAYS
        if key not in self._boxes:
            self._boxes[key] = self._stack.enter_context(Box(self.limits, key))
        return self._boxes[key]


def held(report: dict[str, str]) -> set[str]:
    """Name the mechanisms that hold, from a worker's report; environment and descriptors are always clean."""
    whole = {name for name, parts in MECHANISMS.items() if all(report.get(part, "no") == "" for part in parts)}
    return whole | {"environment"}
