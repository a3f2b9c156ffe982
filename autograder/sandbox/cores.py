"""The cores that a process of ours may use: boxes that grade side by side share them.

Two boxes with two threads each on two cores take three times as long as with one: a thread that has its part done waits
for one that has no core. How many threads there are changes no mark.
"""

from __future__ import annotations

import os

from autograder.sandbox import container

VARIABLE = "OMP_NUM_THREADS"  # what torch and OpenMP go by; children inherit it


def available() -> int:
    """Count the whole cores that this process and its children may use."""
    said = os.environ.get(VARIABLE, "")
    # Whole ones: a thread on a part of a core keeps those on whole cores waiting.
    counts = [int(container.cpus() or 1)]
    # Anybody's text: Python refuses to read thousands of digits.
    counts += [int(said)] if said.isdecimal() and len(said) < 10 else []
    return max(1, min(counts))


def share(processes: int) -> int:
    """Count the cores for each of so many processes that this one starts."""
    return max(1, available() // processes)


def take(cores: int) -> None:
    """Use no more cores than this from now on, as what is started next does."""
    os.environ[VARIABLE] = str(max(1, cores))
