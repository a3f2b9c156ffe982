"""Who grades a class: processes of this machine, a Dask cluster, or any other executor; and how work is handed out."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from autograder.classroom import certificates
from autograder.classroom import grader as warm
from autograder.errors import GraderError, SetupError, SubmissionError

Task = TypeVar("Task")
Order = TypeVar("Order")
Result = TypeVar("Result")
ENCRYPTED = ("tls", "wss")  # in front of an address
DASK_SECONDS = 60  # for the first worker to come
GONE = "whoever graded is gone; run the same command again, it goes on from here"


class ProcessDied(GraderError):
    """The process that graded a zip has died, once in company and once alone."""


@dataclass(frozen=True)
class Team:
    """An executor that is open, and how many orders it shall have at a time, as things stand."""

    executor: Executor
    width: Callable[[], int]


Crew = Callable[[], AbstractContextManager[Team]]  # opens one; once more where it has broken


def processes(jobs: int) -> Crew:
    """So many processes of this machine, each with a warm box; one order more than that is on its way."""
    return of(lambda: warm.pool(jobs), jobs + 1)


def of(make: Callable[[], Executor], width: int) -> Crew:
    """Any executor of concurrent.futures."""

    @contextmanager
    def open_team() -> Iterator[Team]:
        executor = make()
        try:
            yield Team(executor, lambda: width)
        except BaseException:  # an interruption too: whoever grades is not waited for
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        executor.shutdown()

    return open_team


def dask(address: str, certificate: Path | None = None) -> Crew:
    """The workers of a Dask cluster, as many as there are at any moment; each needs the same grader installed.

    Args:
        certificate: folder of the one that all of the cluster show each other: zips and marks go encrypted.

    Raises:
        SetupError: if that is no address, or not one for a certificate; when opened, if no scheduler answers there, or
            it has no worker.
    """
    _check_address(address, certificate)

    @contextmanager
    def open_team() -> Iterator[Team]:
        import dask
        from distributed import Client, Security

        for name in ("tornado.application", *logging.root.manager.loggerDict):  # one sentence says it when all is lost
            if name.startswith(("distributed", "tornado")):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        shown = Security(**certificates.settings(certificate), require_encryption=True) if certificate else None
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
            try:
                client = Client(address, timeout=DASK_SECONDS / 6, set_as_default=False, security=shown)
            except (OSError, ValueError, TimeoutError) as error:
                raise SetupError(f"no Dask scheduler answers at {address} ({type(error).__name__})") from None
            with client:
                try:
                    client.wait_for_workers(1, timeout=DASK_SECONDS)
                except TimeoutError:
                    raise SetupError(f"the Dask cluster at {address} has no workers: start some") from None
                yield Team(client.get_executor(pure=False), lambda: 2 * len(client.nthreads()))

    return open_team


def _check_address(address: str, certificate: Path | None) -> None:
    """Say what Dask's client would say in tracebacks, of its own and of its thread."""
    from distributed.comm.addressing import get_address_host_port, parse_address

    try:
        get_address_host_port(address)
    except ValueError:
        said = f"{address!r} is no address of a Dask scheduler, expected one like tcp://scheduler:8786"
        raise SetupError(said) from None
    encrypted = parse_address(address)[0] in ENCRYPTED
    if encrypted and not certificate:
        raise SetupError(f"{address} is encrypted, expected --certificate with the folder of the cluster's certificate")
    if certificate and not encrypted:
        raise SetupError(f"{address} is not encrypted, and --certificate was given: expected tls:// in front")


def work(
    crew: Crew, waiting: deque[Task], order: Callable[[Task], Order], do: Callable[[Order], Result]
) -> Iterator[tuple[Task, Result | Exception]]:
    """Hand out tasks, and yield each with what came of it, as they finish; the deque may grow meanwhile.

    When a process dies, nobody knows whose code it was about: all that were under way are graded once more, one by one,
    and only the one during which it dies again gets the blame.

    Args:
        order: makes the order of a task, right before it is sent; what it raises is what comes of the task.
        do: carries out an order, wherever that is.

    Raises:
        SetupError: if the executor takes no more work.
    """
    alone: deque[Task] = deque()
    while waiting or alone:
        with crew() as team:
            lost = yield from _shift(team, waiting, alone, order, do)
        if len(lost) == 1:
            yield lost[0], ProcessDied("the process that graded it died")
        else:
            alone.extend(lost)


def _shift(
    team: Team,
    waiting: deque[Task],
    alone: deque[Task],
    order: Callable[[Task], Order],
    do: Callable[[Order], Result],
) -> Generator[tuple[Task, Result | Exception], None, list[Task]]:
    """Work until all is done or the executor breaks; return what was under way then."""
    lost: list[Task] = []
    running: dict[Future[Result], Task] = {}
    while (alone or waiting or running) and not lost:
        queue, room = (alone, 1) if alone else (waiting, max(1, team.width()))
        while queue and len(running) < room and not lost:
            task = queue.popleft()
            try:
                running[_submit(team.executor, do, order(task))] = task
            except BrokenExecutor:
                lost.append(task)
            except (SubmissionError, OSError) as error:
                yield task, error
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task = running.pop(future)
            try:
                result: Result | Exception = future.result()
            except BrokenExecutor:
                lost.append(task)
                continue
            except CancelledError:
                raise SetupError(GONE) from None
            except Exception as error:  # of the executor's own; our function raises nothing
                result = error
            yield task, result
    return lost + list(running.values())


def _submit(executor: Executor, do: Callable[[Order], Result], order: Order) -> Future[Result]:
    try:
        return executor.submit(do, order)
    except BrokenExecutor:
        raise
    except Exception as error:  # closed, or its scheduler has gone
        raise SetupError(f"{GONE} ({type(error).__name__})") from error
