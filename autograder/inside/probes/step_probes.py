"""Counts the steps that Python takes while a student's layer works: lines that are run and functions that are entered.

Whatever the source looks like, a loop, a recursion, a comprehension or a function that NumPy calls for each value is
lines run again and again. Each array that is made of the layer's is a step as well, so that a loop which map or reduce
runs in C shows. Threads that Python starts are followed too.

Does not see: loops in C over plain numbers, threads made by `_thread`. It counts in the student's own process, where
code that means to can be in its way; the values that come back with the count are judged elsewhere.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

ENOUGH = 100_000  # steps of one call, after which it is ended: 0.07 s of an empty loop
LIBRARY = os.path.dirname(threading.__file__)
INSTALLED = os.path.dirname(os.path.dirname(np.__file__))  # whose threads, a progress bar say, are nobody's layer
LIBRARIES = (LIBRARY, os.path.dirname(os.path.dirname(__file__)), "<frozen")
ASIDE = (  # waits for threads, or prints: no work of a layer's, and not the same each time
    *(os.path.join(LIBRARY, name) for name in ("threading.py", "queue.py", "concurrent", "multiprocessing")),
    *(os.path.join(LIBRARY, name) for name in ("logging", "pprint.py", "reprlib.py", "warnings.py")),
    os.path.join(os.path.dirname(np.__file__), "_core", "arrayprint.py"),
)


class Watched(np.ndarray):
    """An array of which no other can be made without a step in Python."""

    def __array_finalize__(self, whole: np.ndarray | None) -> None:
        """Nothing but the step."""


class Enough(BaseException):
    """Ends a call that takes too many steps; no `except Exception` of a student's is in its way."""


class Tally:
    """What one call of a method takes.

    Attributes:
        total: steps.
        lines: steps by the student's line that takes them, or that calls what takes them.
        off: whether somebody has switched the counting off.
    """

    def __init__(self) -> None:
        self.total = 0
        self.lines: dict[tuple[str, int], int] = {}
        self.off = False

    def run(self, method: Callable[[Any], Any], value: Any) -> Any:
        """Call a method, count its steps, and return its value; None where it takes too many."""
        global _tally
        outer, collects = sys.gettrace(), gc.isenabled()
        gc.disable()  # whatever is collected meanwhile may run code of its own
        sys.settrace(_enter)
        _tally = self
        try:
            return method(value)
        except Enough:
            return None
        finally:
            _tally = None
            sys.settrace(outer)
            if collects:
                gc.enable()

    def enter(self, frame: FrameType) -> Any:
        """Follow a function that is entered, unless it only waits or prints, or no code of a student's called it."""
        if _aside(frame.f_code.co_filename):
            return None
        place, file, own = self._place(frame)
        if place is None and not own:  # a thread that ends, say, or what is called where an object goes
            return None

        def follow(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                self._step(place, file)
            return follow

        self._step(place, file)
        return follow

    @staticmethod
    def _place(frame: FrameType) -> tuple[FrameType | None, str, bool]:
        """The student's frame that takes the step, with its file; else, whether code of a text, as by exec, runs."""
        place: FrameType | None = frame
        own = False
        while place is not None:
            code = place.f_code  # once: whoever listens to what is opened hears of each time
            whose = _whose(code.co_filename)
            if whose == "student":
                return place, code.co_filename, own
            if code is RUN:
                break
            if whose != "library":
                own = whose == "text"  # a text that a package runs, a dataclass say, is the package's
            place = place.f_back
        return None, "", own

    def _step(self, place: FrameType | None, file: str) -> None:
        self.total += 1
        if place is not None:
            line = file, place.f_lineno
            self.lines[line] = self.lines.get(line, 0) + 1
        if self.total > ENOUGH:
            raise Enough

    def report(self) -> dict[str, Any]:
        """Plain values: steps, the line with the most of them, and whether the counting was switched off."""
        off = self.off and self.total <= ENOUGH  # Python itself switches it off when it raises
        most = max(self.lines, key=self.lines.__getitem__, default=None)
        line = f"{os.path.basename(most[0])}:{most[1]}" if most else ""
        return {"steps": self.total, "line": line, "off": off}


RUN = Tally.run.__code__
_tally: Tally | None = None


@functools.lru_cache(maxsize=1024)
def _aside(file: str) -> bool:
    return file.startswith(ASIDE)


@functools.lru_cache(maxsize=1024)
def _whose(file: str) -> str:
    """Whose code a file has: of a "package", the standard or our "library", a "text", or the "student"."""
    if file.startswith(INSTALLED):
        return "package"
    if file.startswith(LIBRARIES):
        return "library"
    return "text" if file.startswith("<") else "student"


def _enter(frame: FrameType, event: str, _: Any) -> Any:
    """The trace function of every thread: does nothing while nothing is counted."""
    return None if _tally is None else _tally.enter(frame)


def _notice(event: str, _: Any) -> None:
    """Note who switches the counting off or replaces it, but for threads that begin."""
    if _tally is not None and event in ("sys.settrace", "sys.setprofile"):
        _tally.off |= sys._getframe(1).f_code.co_filename != threading.__file__


def follow_threads() -> None:
    """Let the threads that Python starts from now on be counted where counting is on."""
    # Once a process: an audit hook cannot be taken away again.
    if threading.gettrace() is None:
        threading.settrace(_enter)
        sys.addaudithook(_notice)


def count(
    layer: Any, parameters: dict[str, np.ndarray], x: np.ndarray, dy: np.ndarray, watched: bool = True
) -> dict[str, Any]:
    """Run forward and backward once, and count.

    Args:
        layer: of the student's.
        parameters: by name, as weight and bias.
        x, dy: what forward and backward get.
        watched: whether steps in C count where they make arrays.

    Returns:
        forward, backward: what `Tally.report` says, and y and dx.
    """

    def given(array: np.ndarray) -> np.ndarray:
        return array.view(Watched) if watched else array

    forward, backward = Tally(), Tally()
    for name, value in parameters.items():
        setattr(layer, name, given(value))
    y = forward.run(layer.forward, given(x))
    dx = None if y is None else backward.run(layer.backward, given(dy))
    return {"forward": forward.report(), "backward": backward.report(), "y": y, "dx": dx}
