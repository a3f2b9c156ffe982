"""Namespaces and the file tree of the box: what student code sees instead of the machine; man 7 namespaces.

Protects against: seeing other processes, files, networks, System V and POSIX queues; leaving processes behind (the end
of a pid namespace ends all of them).
Does not protect against: bugs of the kernel that they share.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from . import syscalls
from .syscalls import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    MNT_DETACH,
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
)

# Where every user may write on a usual Linux, so that libraries expect to: shared memory and locks as well.
SCRATCH = ("/tmp", "/dev/shm", "/var/tmp", "/run/lock")
SUBMISSIONS, SUBMISSION = "/submissions", "/submission"
LIBRARIES, GRADER = "/libraries", "/grader"
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
# No /proc and /sys: of these, torch reads what the processor can do, the C library how many there are.
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/proc/cpuinfo", "/sys/devices/system/cpu")
FOREIGN = ("/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages")  # libraries of the system's Python


def leave_zygote_namespaces() -> None:
    """Leave the machine's user (unless root), mount and pid namespaces, and go on as process 1 of the new one.

    The calling process stays behind as the parent: it waits, ends with the same status, and takes the new one along.

    Raises:
        OSError: where this machine does not allow it; nothing has changed then.
    """
    uid, gid = os.getuid(), os.getgid()
    # Root may mount as it is, and its workers take numbers of their own, which `map_user` does not map.
    if uid == 0:
        syscalls.unshare(CLONE_NEWNS | CLONE_NEWPID)
    else:
        # In one call: the kernel makes the user namespace first, and the others belong to it.
        syscalls.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
        map_user("/proc/self", uid, gid, inner=0)
    # Else what is mounted here shows up on the machine, where / is shared, and pivot_root refuses.
    syscalls.mount("none", "/", flags=MS_REC | MS_PRIVATE)
    child = os.fork()  # who asks for a pid namespace stays outside: it begins with the next child
    if child:
        os.closerange(3, 4096)  # the control socket: held here, it would stay open when the child has ended
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    # A fork does not inherit it. If the parent has gone already, so has the other end of the control socket.
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, 9)


def map_user(proc: str, uid: int, gid: int, inner: int, descriptor: int | None = None) -> None:
    """Be `inner` in this user namespace, and uid and gid outside; man 7 user_namespaces.

    Args:
        proc: this process's folder in /proc, below `descriptor` where one is given.
        uid, gid: as the surrounding namespace knows them.
        inner: number of both within.
        descriptor: of a folder, for `proc`.
    """
    # In this order: an ordinary user may map groups only after giving up setgroups.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inner} {uid} 1"), ("gid_map", f"{inner} {gid} 1")):
        file = os.open(f"{proc}/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=descriptor)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)


def build_view(plan: dict[str, Any]) -> None:
    """Build the tree that all workers see, on a small tmpfs, and make it the root.

    It stays writable until the imports are done, as torch's wants a folder for temporary files.

    Args:
        plan: of `zygote.main`: stdlib, libraries, grader, submissions, and `view`, an empty folder to build it on.
    """
    view = plan["view"]
    # Folders, links and empty files to mount on take no page of it.
    syscalls.mount("tmpfs", view, "tmpfs", MS_NOSUID, "size=1m,mode=755")
    bind = {plan["stdlib"]: plan["stdlib"], plan["grader"]: GRADER, plan["submissions"]: SUBMISSIONS}
    bind |= {source: f"{LIBRARIES}/{Path(source).name}" for source in plan["libraries"]}
    bind |= {path: path for path in (*SYSTEM, *DEVICES) if os.path.exists(path) and not os.path.islink(path)}
    # Where /lib is a link to /usr/lib, a bind would follow it and hold the libraries twice.
    for path in SYSTEM:
        if os.path.islink(path):
            Path(view + path).parent.mkdir(parents=True, exist_ok=True)
            os.symlink(os.readlink(path), view + path)
    for source, target in bind.items():
        _bind(source, view + target)
    for path in (f"{plan['stdlib']}/site-packages", f"{plan['stdlib']}/dist-packages", *FOREIGN):
        if os.path.isdir(view + path):
            # A page is the least: a size of 0 means no limit.
            syscalls.mount("tmpfs", view + path, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,mode=755")
    # Each worker mounts on these, when nothing can be made in the tree any more.
    for path in (*SCRATCH, SUBMISSION):
        os.makedirs(view + path, exist_ok=True)
    os.chdir(view)
    # Not chroot, which a descriptor of a folder outside leads out of. The old root comes to lie on the new one, so no
    # folder is needed for it; it is in use, by the libraries mapped so far, and goes when they do.
    syscalls.pivot_root(".", ".")
    syscalls.unmount(".", MNT_DETACH)
    os.chdir("/")


def fork_into_new_pid_namespace(own: int) -> int:
    """Fork; the child is process 1 of a pid namespace of its own.

    Args:
        own: descriptor of this process's own pid namespace, to which later children return.
    """
    syscalls.unshare(CLONE_NEWPID)
    child = -1
    try:
        child = os.fork()
    finally:
        if child:
            # After a failed fork as well: else the next unshare is refused, and forks fail once this child has ended.
            syscalls.setns(own, CLONE_NEWPID)
    return child


def enter_worker_namespaces(submission: str, proc: int, megabytes: int, files: int, root: bool) -> None:
    """Give this worker its own mounts, network and queues: one submission, one scratch, nothing else that is writable.

    Args:
        submission: name of its folder among the submissions.
        proc: descriptor of /proc, for an ordinary user's second user namespace.
        megabytes, files: limits of the scratch.
        root: whether the machine's root runs this; else the worker gets a user namespace of its own.
    """
    # No pid namespace: the fork has made it, as a process cannot change its own.
    flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC
    syscalls.unshare(flags if root else flags | CLONE_NEWUSER)
    if not root:
        # A second one, as threads are limited by user and namespace: in one of all, the first worker took the second's.
        # The number is not 0, by which programs take themselves for root.
        map_user("self", 0, 0, inner=1000, descriptor=proc)
    options = f"size={megabytes}m,nr_inodes={files},mode=1777"
    syscalls.mount("tmpfs", SCRATCH[0], "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path in SCRATCH[1:]:
        # Bound, as a tmpfs for each would be four times the limit.
        syscalls.mount(SCRATCH[0], path, flags=MS_BIND)
    # Read-only, as a bind inherits it from the mount it is taken from, which the zygote has made so.
    syscalls.mount(f"{SUBMISSIONS}/{submission}", SUBMISSION, flags=MS_BIND | MS_REC)
    # Last, since it covers where the one has been taken from.
    syscalls.mount("tmpfs", SUBMISSIONS, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,mode=000")


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    syscalls.mount(source, target, flags=MS_BIND | MS_REC)
