"""Work that is much and of one kind, done by all cores: children of this process share it, and end with it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from autograder.errors import GraderError, MachineUnfit
from autograder.sandbox import cores

Item = TypeVar("Item")
WORTH = 50  # items for each child; fewer are done sooner than it starts


def each(do: Callable[[Item], object], items: Sequence[Item], meanwhile: Callable[[], object]) -> None:
    """Do something with each item, in children that know all that this process knows; what is returned is lost.

    Args:
        meanwhile: what this process does itself.

    Raises:
        GraderError: the first that one of them ran into; the others do their share first.
    """
    count = min(len(items) // WORTH, cores.available())
    # A child has the locks of other threads, and nobody to open them; Windows has no such children.
    if count < 2 or threading.active_count() > 1 or not hasattr(os, "fork"):
        meanwhile()
        for item in items:
            do(item)
        return
    context, children = multiprocessing.get_context("fork"), []
    for number in range(count):
        mine, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_share, args=(do, items[number::count], theirs, os.getpid()), daemon=True)
        child.start()
        theirs.close()  # the child's end alone is left: when that ends, so does the pipe
        children.append((child, mine))
    try:
        meanwhile()
    finally:
        said = [_outcome(mine) for _, mine in children]
        for child, _ in children:
            child.join()
    for error in filter(None, said):
        raise error


@contextmanager
def without_collector() -> Iterator[None]:
    """Spare the search for rings of objects, where many are made and kept that have none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _share(do: Callable[[Any], object], items: Sequence[Any], out: Connection, parent: int) -> None:
    """Do the share of one child, as long as its parent lives, which holds the lock of what is written."""
    gc.disable()
    try:
        for item in items:
            if os.getppid() != parent:
                os._exit(1)
            do(item)
        out.send(None)
    except GraderError as error:
        out.send(error)


def _outcome(mine: Connection) -> GraderError | None:
    try:
        said: GraderError | None = mine.recv()
    except EOFError:  # killed, for memory perhaps
        said = MachineUnfit("a process that wrote pages was killed; the same command goes on from here")
    return said
