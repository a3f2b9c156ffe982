"""Places with fewer rights than this one, for real: `python places.py PLACE COMMAND...` runs a command there.

    user            an ordinary user, on a machine that lets him make namespaces
    container       root without CAP_SYS_ADMIN, under a filter like docker's default
    old-container   the same, on a kernel without Landlock
    plain-user      an ordinary user who may make no namespaces
    nothing         an ordinary user, without namespaces, Landlock and filters of his own

Needs root; the way to the interpreter is opened for ordinary users, in a mount namespace of its own.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from autograder.inside.confinement import seccomp, syscalls  # noqa: E402 (the repository is found by the line above)

PLACES = ("user", "container", "old-container", "plain-user", "nothing")
UID = 54321
ENOSYS = seccomp.ERRNO | 38
# By their numbers on x86-64: mount, umount2, unshare, setns, pivot_root, open_tree and the calls after it,
# mount_setattr, keyctl and its two, bpf, perf_event_open, userfaultfd, io_uring, open_by_handle_at, kexec, reboot.
DENIED = (165, 166, 272, 308, 155, *range(428, 434), 442, 248, 249, 250, 321, 298, 323, *range(425, 428), 304, 246, 169)
LANDLOCK = (444, 445, 446)
CLONE, CLONE3, NAMESPACES = 56, 435, 0x7E02_0000
KEPT = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)  # docker's capabilities; man 7 capabilities
PR_CAPBSET_DROP, LAST_CAPABILITY = 24, 40


def main() -> None:
    """Give up rights, and become the command."""
    place, command = sys.argv[1], sys.argv[2:]
    user = place in ("user", "plain-user", "nothing")
    if user:
        open_the_way([sys.base_prefix, sys.prefix, str(ROOT)])
    if place != "user":
        old = place in ("old-container", "nothing")
        install(program(DENIED if not user else (272, 308), (*LANDLOCK,) if old else (), place == "nothing"))
    if user:
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)
        os.environ |= {"HOME": "/tmp", "USER": "somebody"}
    else:
        for capability in set(range(LAST_CAPABILITY + 1)) - {*KEPT}:
            syscalls.prctl(PR_CAPBSET_DROP, capability)
        keep_capabilities()
    os.execv(command[0], command)


def program(denied: Iterable[int], unknown: Iterable[int], no_filters: bool) -> list[seccomp.Instruction]:
    """Build a filter that refuses some calls, and says of others that the kernel does not have them."""
    code: list[seccomp.Instruction] = [(seccomp.LOAD, 0, 0, seccomp.NUMBER)]
    for number in (*denied, *((syscalls.SECCOMP,) if no_filters else ())):
        code += [(seccomp.EQUAL, 0, 1, number), seccomp.REFUSE]
    for number in (*unknown, CLONE3):
        code += [(seccomp.EQUAL, 0, 1, number), (seccomp.RETURN, 0, 0, ENOSYS)]
    code += [(seccomp.EQUAL, 0, 3, CLONE), (seccomp.LOAD, 0, 0, 16), (seccomp.ANY_BIT, 0, 1, NAMESPACES)]
    return [*code, seccomp.REFUSE, seccomp.PERMIT]


def install(code: list[seccomp.Instruction]) -> None:
    """Put a filter on this process, for good."""
    packed = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(packed)
    syscalls.call(syscalls.SECCOMP, 1, 0, struct.pack("HP", len(code), ctypes.addressof(buffer)))


def keep_capabilities() -> None:
    """Give up all capabilities but docker's."""
    mask = sum(1 << capability for capability in KEPT)
    header = (ctypes.c_uint32 * 2)(syscalls.CAPABILITY_VERSION_3, 0)
    syscalls.call(syscalls.CAPSET, ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0)))


def open_the_way(paths: list[str]) -> None:
    """Make paths reachable that lie below a private folder, for this process and its children alone."""
    here = os.getcwd()
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    held = {path: os.open(path, os.O_PATH) for path in sorted(map(Path, paths))}
    private = {folder for path in held for folder in (*path.parents, path) if not folder.stat().st_mode & 1}
    for folder in sorted(private):
        if private.isdisjoint(folder.parents):
            syscalls.mount("tmpfs", str(folder), "tmpfs", options="mode=755,size=1m")
    for path, descriptor in held.items():
        if path in private or not path.exists():
            path.mkdir(parents=True)
            syscalls.mount(f"/proc/self/fd/{descriptor}", str(path), flags=syscalls.MS_BIND | syscalls.MS_REC)
        os.close(descriptor)
    os.chdir(here)


if __name__ == "__main__":
    main()
