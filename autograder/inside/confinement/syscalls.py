"""The few Linux calls that Python 3.11 does not offer, through ctypes. Numbers and constants: man 2 of each call."""

from __future__ import annotations

import ctypes
import os
import platform

CLONE_NEWNS = 0x0002_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_NOSUID, MS_NODEV = 2, 4
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
AT_RECURSIVE = 0x8000

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
# The one with 64 bits: two rows of three numbers.
CAPABILITY_VERSION_3 = 0x2008_0522

ARM = platform.machine() == "aarch64"
PIVOT_ROOT = 41 if ARM else 155
CAPSET = 91 if ARM else 126
SECCOMP = 277 if ARM else 317
# One number for both: from 424 on they count alike.
MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)  # its own copy of errno: the interpreter's calls in between change the other
_libc.syscall.restype = ctypes.c_long


def call(number: int, *args: object) -> int:
    """Make a system call by number.

    Raises:
        OSError: with its errno.
    """
    result: int = _libc.syscall(ctypes.c_long(number), *(_argument(arg) for arg in args))
    return _checked(result, f"system call {number}")


def unshare(flags: int) -> None:
    """Leave namespaces; man 2 unshare."""
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Enter a namespace; man 2 setns."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount; man 2 mount."""
    texts = [text.encode() or None for text in (source, target, kind, options)]
    result = _libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _checked(result, f"mount on {target}")


def unmount(target: str, flags: int) -> None:
    """Unmount; man 2 umount2."""
    _checked(_libc.umount2(target.encode(), flags), f"umount of {target}")


def pivot_root(new: str, old: str) -> None:
    """Exchange the root; man 2 pivot_root."""
    call(PIVOT_ROOT, new.encode(), old.encode())


def make_read_only(path: str) -> None:
    """Make a mount and all below it read-only, without set-uid programs; man 2 mount_setattr (Linux 5.12)."""
    # Not a remount, which reaches one mount only: each library is one of its own.
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    call(MOUNT_SETATTR, -100, path.encode(), AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))


def prctl(option: int, value: int = 0, third: int = 0) -> None:
    """Set something about this process; man 2 prctl."""
    # All four, as no_new_privs is refused where the unused ones are not zero.
    arguments = [ctypes.c_ulong(number) for number in (value, third, 0, 0)]
    _checked(_libc.prctl(option, *arguments), f"prctl {option}")


def drop_capabilities() -> None:
    """Give up every capability, effective, permitted and inheritable; man 2 capset."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    call(CAPSET, ctypes.byref(header), ctypes.byref(data))


def _argument(arg: object) -> object:
    # An int would leave the upper half of the register to chance.
    return ctypes.c_long(arg) if isinstance(arg, int) else arg


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
