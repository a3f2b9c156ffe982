"""Landlock: which files this process may touch from now on, whatever its user may.

Documentation: https://docs.kernel.org/userspace-api/landlock.html

Protects against: reading or writing files outside of what is granted, TCP (ABI 4), signals to and abstract sockets of
processes outside (ABI 6).
Does not protect against: stat, UDP, chmod of what is readable, keyrings; those are for seccomp and namespaces.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from .syscalls import LANDLOCK_ADD_RULE, LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF, call

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
# A kernel refuses a set with a right that it does not know; ABI 6 and 7 add none on files.
FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}  # by ABI
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = READ_FILE | READ_DIR
TCP = 0b11  # bind, connect; ABI 4
SCOPES = 0b11  # abstract sockets, signals; ABI 6
# A named pipe is left: it ends in the same scratch.
MAKE_SPECIAL = 1 << 6 | 1 << 9 | 1 << 11  # character devices, sockets, block devices


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1  # 12 bytes, as the kernel has it
    _layout_ = "ms"  # Python 3.14 warns where a packed structure leaves it open
    _fields_ = (("allowed", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def abi() -> int:
    """Return the version that the kernel offers; 0 where it has none."""
    try:
        return call(LANDLOCK_CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def ruleset(readable: Iterable[str], writable: Iterable[str]) -> int:
    """Make a ruleset that grants reading below some paths, and reading and writing below others.

    Returns:
        Its descriptor, for `enforce`.

    Raises:
        OSError: where the kernel has no Landlock, or a writable path does not exist.
    """
    version = abi()
    rights = FS_RIGHTS[max(1, min(version, 5))]
    attributes = _Ruleset(rights, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    # A kernel that knows less of the structure takes it whole while what it does not know is zero.
    rules = call(LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    for path in readable:
        if os.path.exists(path):
            # EXECUTE is for exec alone: a library is mapped, which takes no more than reading.
            _allow(rules, path, READ & rights)
    for path in writable:
        # Exec, mknod and bind are refused by seccomp too: two locks where student code may lay things out.
        _allow(rules, path, rights & ~(EXECUTE | MAKE_SPECIAL | IOCTL_DEV))
    return rules


def enforce(rules: int) -> None:
    """Restrict this process to a ruleset, for good; needs no_new_privs."""
    call(LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    # O_PATH takes no right to read, and opening a device has no effect.
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            # The kernel refuses a rule that grants for a file what only folders have.
            rights &= ON_FILES
        rule = _PathBeneath(rights, descriptor)
        call(LANDLOCK_ADD_RULE, rules, 1, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
