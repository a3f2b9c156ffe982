"""Calls that no homework needs, asked of the trusted side before they are refused: it says no, and counts.

A filter of its own sends them to a descriptor that the worker hands over before any student code runs, and of which
nothing stays here; man 2 seccomp_unotify. Nobody answers anything but no, and without a listener the kernel does: so
what `seccomp.py` then leaves to this filter is refused all the same. It costs nothing until such a call is made.
"""

from __future__ import annotations

import os
import socket

from . import seccomp
from .seccomp import ALLOW, ANY_BIT, ARCHITECTURE, ARCHITECTURES, CLONE_THREAD, EQUAL, LOAD, NUMBER, RETURN, Instruction
from .syscall_table import numbers
from .syscalls import ARM

NOTIFY = 0x7FC0_0000  # SECCOMP_RET_USER_NOTIF
NEW_LISTENER = 1 << 3


def program(pid: int) -> list[Instruction]:
    """Build the filter: notify of what tells, leave the rest to the other filter."""
    # Foreign architectures are let through: the other filter kills them, and of two the harsher answer holds.
    let: Instruction = (RETURN, 0, 0, ALLOW)
    notify: Instruction = (RETURN, 0, 0, NOTIFY)
    calls = numbers("conditional")
    code: list[Instruction] = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, ARCHITECTURES[ARM]), let, (LOAD, 0, 0, NUMBER)]
    for number in sorted(numbers("telling").values()):
        code += [(EQUAL, 0, 1, number), notify]
    code += [(EQUAL, 0, 4, calls["clone"]), (LOAD, 0, 0, 16), (ANY_BIT, 0, 1, CLONE_THREAD), let, notify]
    code += [(EQUAL, 0, 4, calls["kill"]), (LOAD, 0, 0, 16), (EQUAL, 0, 1, pid), let, notify]
    return [*code, let]


def hand_over(channel: int, wanted: bool) -> bool:
    """Put the filter on this process and send its listener as the first byte of the channel; whether that worked.

    Args:
        channel: descriptor of a stream socket.
        wanted: else the byte goes alone, as it does where the kernel or a filter around us has no room for a listener.
    """
    listener = -1
    if wanted:
        try:
            # Without ALL_THREADS, which before Linux 5.7 goes with no listener; only one thread runs.
            listener = seccomp.enforce(seccomp.packed(program(os.getpid())), NEW_LISTENER)
        except OSError:
            listener = -1
    with socket.socket(fileno=os.dup(channel)) as line:
        # Descriptors travel only with a byte; it goes always, so that whoever reads need not know which case it is.
        socket.send_fds(line, [b"\0"], [listener] if listener >= 0 else [])
    if listener >= 0:
        # Who holds it could let its own calls through.
        os.close(listener)
    return listener >= 0
