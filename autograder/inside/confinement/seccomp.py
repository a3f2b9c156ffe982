"""The list of system calls that student code may make; everything else fails with EPERM. man 2 seccomp.

Protects against: new processes and programs, sockets, ptrace, keyrings, io_uring, namespaces, locks and leases on files
that others use, anything of the kernel that nobody here needs. Numbers that the table does not know, and clone3, fail
with ENOSYS, so that libraries fall back.
Does not protect against: what the allowed calls can do to files that this process may open.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import struct

from .syscall_table import numbers
from .syscalls import ARM, SECCOMP, call

# KILL is of the process: of one thread would leave the others waiting for its locks.
ALLOW, ERRNO, KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF: ld abs, jeq, jge, jset, ret
NUMBER, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
ARCHITECTURES = {False: 0xC000_003E, True: 0xC000_00B7}  # AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
FIRST_UNKNOWN = 451  # cachestat, of Linux 6.5: as preadv2 below, it tells which pages others have read
SET_MODE_FILTER, ALL_THREADS = 1, 1

CLONE_THREAD = 0x0001_0000
WATCHED = ("clone", "kill")  # of the conditional ones, those that the filter of `watch` judges, where it is on
# Without TIOCSTI, which types into a terminal that others use.
TERMINAL_QUERIES = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIO(N)CLEX
PR_NAMES = (15, 16)  # PR_SET_NAME, PR_GET_NAME
# F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC F_GETPIPE_SZ: nothing that another process would notice, as
# it does locks, leases and signals on files that all workers can read.
OWN_DESCRIPTORS = (0, 1, 2, 3, 4, 1030, 1032)

Instruction = tuple[int, int, int, int]  # operation, jump if true, jump if false, operand
PERMIT: Instruction = (RETURN, 0, 0, ALLOW)
REFUSE: Instruction = (RETURN, 0, 0, ERRNO | errno.EPERM)
UNKNOWN: Instruction = (RETURN, 0, 0, ERRNO | errno.ENOSYS)
IGNORED: Instruction = (RETURN, 0, 0, ERRNO)  # error 0: it returns 0, and nothing was done


def program(pid: int, own_uid: bool, watched: bool = False) -> list[Instruction]:
    """Build the filter for a process.

    Args:
        pid: the only process that it may signal: itself.
        own_uid: whether its user owns nothing else, so that chmod and utime can do no harm.
        watched: whether the filter of `watch` is on it, which refuses what tells; of two filters EPERM would win.
    """
    conditional = numbers("conditional")
    allowed = [*numbers("files").values(), *numbers("memory").values(), *numbers("process").values()]
    by_arguments = {
        "clone": _argument_has(0, CLONE_THREAD),
        "kill": _argument_is(0, pid),
        # abort() and raise() of the C library take it.
        "tgkill": _argument_is(0, pid),
        "prlimit64": _argument_is(0, 0, pid) + _argument_is_null(2),  # only as a question
        "ioctl": _argument_is(1, *TERMINAL_QUERIES),
        "prctl": _argument_is(0, *PR_NAMES),
        # A filter reads registers only, and the flags of clone3 lie in memory; the C library falls back on clone.
        "clone3": [UNKNOWN],
        # With RWF_NOWAIT they tell which pages of a file that all may read others have read: so one worker could leave
        # thousands of bits for the next. The C library falls back on preadv and pwritev.
        "preadv2": [UNKNOWN],
        "pwritev2": [UNKNOWN],
        "fadvise64": [IGNORED],  # an advice about files that are not only its own
        "fcntl": _argument_is(1, *OWN_DESCRIPTORS),
        "sched_setaffinity": _argument_is(0, 0, pid),
    }
    if watched:
        allowed += [*numbers("telling").values(), *(conditional[name] for name in WATCHED)]
        by_arguments = {name: rule for name, rule in by_arguments.items() if name not in WATCHED}
    if own_uid:
        allowed += [number for name, number in conditional.items() if name not in (*by_arguments, *WATCHED)]
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        # A 32-bit call has other numbers, of which the list would be no list.
        (EQUAL, 1, 0, ARCHITECTURES[ARM]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, FIRST_UNKNOWN),  # among them the second numbering of x86-64, x32
        UNKNOWN,
    ]
    # Each has its own end, as jumps reach 255 instructions. The length costs no time: from Linux 5.11 on the kernel
    # remembers which numbers are allowed whatever their arguments.
    for number in sorted(allowed):
        code += [(EQUAL, 0, 1, number), PERMIT]
    for name, rule in by_arguments.items():
        code += [(EQUAL, 0, len(rule) + 1, conditional[name]), *rule, PERMIT]
    return [*code, REFUSE]


@functools.cache
def assembled(pid: int, own_uid: bool, watched: bool) -> bytes:
    """The filter as the kernel reads it; cached, so that a zygote can assemble it before it forks."""
    return packed(program(pid, own_uid, watched))


def packed(code: list[Instruction]) -> bytes:
    """Write a filter as the kernel reads it."""
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def install(own_uid: bool, watched: bool) -> None:
    """Put the filter on this process, for good: from here on it can neither fork nor exec; needs no_new_privs."""
    # No other thread runs; one that some import had started would otherwise stay free.
    enforce(assembled(os.getpid(), own_uid, watched), ALL_THREADS)


def enforce(code: bytes, flags: int) -> int:
    """Put any filter on this process, and return what the kernel does: a listener, where the flags ask for one."""
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HP", len(code) // struct.calcsize("HBBI"), ctypes.addressof(buffer))
    return call(SECCOMP, SET_MODE_FILTER, flags, header)


def _low(index: int) -> int:
    """Return the offset of the lower half of an argument."""
    return 16 + 8 * index


def _argument_is(index: int, *values: int) -> list[Instruction]:
    """Refuse unless the lower 32 bits of an argument are one of these, as the kernel reads an int."""
    tests = [(EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [(LOAD, 0, 0, _low(index)), *tests, REFUSE]


def _argument_has(index: int, bits: int) -> list[Instruction]:
    return [(LOAD, 0, 0, _low(index)), (ANY_BIT, 1, 0, bits), REFUSE]


def _argument_is_null(index: int) -> list[Instruction]:
    # A pointer has both, and one whose lower half is zero is valid.
    halves = (_low(index), _low(index) + 4)
    return [step for half in halves for step in ((LOAD, 0, 0, half), (EQUAL, 1, 0, 0), REFUSE)]
