"""Interrupt Python code that takes too long, on any system: what a check gets on a student's machine.

Does not interrupt code in C that never returns to Python; `supervisor` ends the process then.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from autograder.errors import OutOfTime

AGAIN = 1.0  # seconds until the next interruption of code that has caught one


class _Interrupted(BaseException):
    """No Exception, so that `except Exception` in a loop does not keep it running."""


def interrupt_main() -> None:
    """Do to the main thread what Ctrl-C does."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:  # a real signal, which ends waiting as well
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block, in the main thread, once the time is over, and again where it catches that.

    Raises:
        OutOfTime: if it was interrupted.
        KeyboardInterrupt: if it was Ctrl-C.
    """
    late, over = threading.Event(), threading.Event()

    def watch() -> None:
        left = seconds
        while not over.wait(left):
            late.set()
            interrupt_main()
            left = AGAIN

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if over.is_set():  # it ended by itself in this moment
            return
        raise _Interrupted if late.is_set() else KeyboardInterrupt

    # Started in the background, a process may ignore Ctrl-C, and then nothing would be interrupted.
    before = signal.signal(signal.SIGINT, interrupt)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except _Interrupted:
        raise OutOfTime(f"no answer after {seconds:g} s: does a loop never end?") from None
    finally:
        over.set()
        watcher.join()
        signal.signal(signal.SIGINT, before)
