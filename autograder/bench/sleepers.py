"""How the handing out of work grows with the workers of a Dask cluster: they sleep as long as a grading takes."""

from __future__ import annotations

import logging
import time
from collections import deque

from autograder.bench.figures import Figure
from autograder.classroom import executors

WORKERS = (1, 2, 8, 64)
SECONDS = 5.0  # of one grading; a whole submission takes longer
EACH = 4  # gradings for each worker
BYTES = 200_000  # of a zip


def nap(order: tuple[float, bytes]) -> int:
    """Take the time of a grading, and none of a core."""
    time.sleep(order[0])
    return len(order[1])


def measure() -> dict[str, Figure]:
    """Share of linear growth: one is as many times the throughput of one sleeper as there are workers."""
    from distributed import LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    figures = {}
    for workers in WORKERS:
        count = EACH * workers
        here = {"threads_per_worker": 1, "processes": False, "dashboard_address": None, "memory_limit": 0}
        with LocalCluster(n_workers=workers, **here) as cluster:  # type: ignore[no-untyped-call]  # one memory, no limit
            team = executors.dask(cluster.scheduler_address)
            began = time.monotonic()
            done = len(list(executors.work(team, deque(range(count)), _order, nap)))
            seconds = time.monotonic() - began
        ratio = done * SECONDS / seconds / workers
        name = f"{workers} sleeping workers on Dask, {SECONDS:g} s a grading"
        figures[name] = Figure(done / seconds, "gradings/s", done, ratio, "linear growth")
    return figures


def _order(number: int) -> tuple[float, bytes]:
    return SECONDS, number.to_bytes(8, "little") * (BYTES // 8)
