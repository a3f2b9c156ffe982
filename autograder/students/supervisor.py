"""A second process that sees the first one hang or die, and then prints the results so far.

    python -m autograder.students.supervisor PROCESS

reads messages of `Supervisor`. Code in C that never ends, `sum(itertools.count())` for one, lets no other thread of its
process run, so only another process can tell the time there.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

from autograder.reports.scores import Outcome, Scorecard

NOTICE = 3.0  # seconds after which a check is said to take long
GRACE = 5.0  # seconds for `time_limit` to do it first
DIED, HUNG = "ended the process, so nothing after it was run", "no answer after {limit:g} s, in code that is not Python"


class Supervisor:
    """The first process's side: tells the other one what it does. Messages stay in this house, so they are pickles."""

    def __init__(self, card: Scorecard) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder.students.supervisor", str(os.getpid())],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._send(card)

    def begins(self, check: str, limit: float) -> None:
        """A check begins, which has so many seconds."""
        self._send((check, limit))

    def ends(self, card: Scorecard, check: str) -> None:
        """A check has its mark."""
        self._send({check: card.marks[check]})

    def close(self) -> None:
        """Whatever comes now is no longer watched."""
        self._send(None)
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._process.wait()

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it watches; nothing depends on it
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()


def watch(process: int, inbox: queue.Queue[Any]) -> None:
    """Follow what the other process does until it has finished, or does not answer."""
    card: Scorecard = inbox.get()
    check, limit, waits = "", 0.0, [NOTICE]
    while True:
        try:
            message = inbox.get(timeout=waits[0] if check else None)
        except queue.Empty:
            if len(waits) == 1:
                with contextlib.suppress(OSError):
                    os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
                _give_up(card, check, HUNG.format(limit=limit))
                return
            print(f"\n{check} takes long; it is stopped after {limit:g} s", flush=True)
            waits.pop(0)
            continue
        match message:
            case None:
                return
            case EOFError():
                _give_up(card, check, DIED)
                return
            case dict():
                card.marks.update(message)
                check = ""
            case (check, limit):
                notice = min(NOTICE, limit)
                waits = [notice, limit - notice + GRACE]


def _give_up(card: Scorecard, check: str, why: str) -> None:
    from autograder.reports import terminal

    if check:
        card.marks[check] = replace(card.marks[check], outcome=Outcome.LOST, message=why)
    print(flush=True)
    terminal.print_table(card)


def _receive(inbox: queue.Queue[Any]) -> None:
    try:
        while True:
            inbox.put(pickle.load(sys.stdin.buffer))
    except EOFError as error:
        inbox.put(error)


def main() -> None:
    """Serve a `Supervisor`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other one
    inbox: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_receive, args=(inbox,), daemon=True).start()
    watch(int(sys.argv[1]), inbox)
    sys.stdout.flush()
    os._exit(0)  # the other thread may still be reading


if __name__ == "__main__":
    main()
