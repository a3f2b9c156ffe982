"""How a fresh fork locks itself in before the first byte of student code: every mechanism, in the one order that works.

Each mechanism that is tried ends up in a report, with an empty text if it holds and the reason if it does not. Which of
them must hold is for the trusted side to decide.
"""

from __future__ import annotations

import functools
import os
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import landlock, namespaces, seccomp, syscalls, watch

Report = dict[str, str]
CHANNEL = 3
FIRST_FREE = 4  # descriptors 0 to 2 are the usual ones, 3 is the channel to the grader
# Next to the channel, so that one range closes all that is above.
STDLIB = 4  # the standard library, where it lies in a folder that only the grader may pass
# Honest code has under ten open. Of pipes, whose 64 KB each no other limit counts, it leaves 126: 8 MB.
MAX_DESCRIPTORS = 256
FOREIGN = ("site-packages", "dist-packages")  # folders in the standard library's that belong to others


@dataclass(frozen=True)
class Paths:
    """Where a worker finds things; in the box's own tree if it has one, else where they lie on the machine."""

    submission: str
    scratch: str
    libraries: tuple[str, ...]
    grader: str


def attempt(report: Report, off: list[str], name: str, action: Callable[[], object]) -> bool:
    """Put one mechanism in place, unless it is switched off; record and return whether that worked."""
    try:
        if name in off:
            raise OSError("switched off")
        action()
        report[name] = ""
    except OSError as error:
        report[name] = str(error)
    return not report[name]


def lock_in(plan: dict[str, Any], order: dict[str, Any], proc: int) -> tuple[Report, Paths]:
    """Restrict this process for good; descriptors 0 to 3 must be in place already, all others are closed.

    Args:
        plan: as `zygote.main` has completed it.
        order: of this worker: submission, scratch, uid, processes, cpu_seconds, and limits in megabytes and files.
        proc: descriptor of /proc.
    """
    report: Report = {}
    tried = functools.partial(attempt, report, plan["off"])
    root = plan["root"]  # of the machine; in a user namespace of his own, everybody has number 0
    # The group that `zygote` kills by its number where no pid namespace ends what a worker has started.
    os.setsid()
    os.umask(0o077)  # else the one of whoever started the grader
    # First, while the rights to mount are still there and `proc`, which an ordinary user is mapped through, is open.
    boxed = plan["view_held"] and tried(
        "worker-namespaces",
        lambda: namespaces.enter_worker_namespaces(
            order["submission"], proc, order["scratch_megabytes"], order["scratch_files"], root
        ),
    )
    # Before Landlock, whose rules are a descriptor. Numbers are given from the lowest on: none is near 4096.
    tried("descriptors", lambda: os.closerange(FIRST_FREE + plan["stdlib_held"], 4096))
    paths = _paths(plan, order, boxed)
    rules: list[int] = []
    # Paths are opened while this user may still walk to them: libraries may lie in a home that is closed to others.
    tried("landlock", lambda: rules.append(_rules(plan, paths, boxed)))
    # Before seccomp, which lets prlimit only ask.
    tried("limits", lambda: _limit(order, plan["address_space"]))
    # After the mounts, which need the rights it gives up; before the filters, which refuse or report its calls.
    own_user = tried("own-user", lambda: _change_user(order["uid"], root, boxed))
    # Without rights of an administrator, Landlock and seccomp are only for who has given up gaining any by exec.
    tried("no-new-privileges", lambda: syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1))
    # After the mounts: who is under Landlock may change none. Before seccomp, whose list lacks its calls.
    if rules:
        tried("landlock", lambda: landlock.enforce(rules.pop()))
    watched = watch.hand_over(CHANNEL, "seccomp" not in plan["off"])  # before the filter that lets nothing be sent
    # Last: nothing of ours needs more than the list from here on.
    tried("seccomp", lambda: seccomp.install(own_user, watched))
    os.chdir(paths.scratch)
    os.environ["TMPDIR"] = tempfile.tempdir = paths.scratch  # found before the fork, it would be /tmp
    return report, paths


def _paths(plan: dict[str, Any], order: dict[str, Any], boxed: bool) -> Paths:
    name = order["submission"]
    if boxed:
        return Paths(namespaces.SUBMISSION, namespaces.SCRATCH[0], (namespaces.LIBRARIES,), namespaces.GRADER)
    if plan["view_held"]:
        submission = f"{namespaces.SUBMISSIONS}/{name}"
        return Paths(submission, namespaces.SCRATCH[0], (namespaces.LIBRARIES,), namespaces.GRADER)
    libraries = (plan["library_folder"], *plan["libraries"])
    return Paths(f"{plan['submissions']}/{name}", order["scratch"], libraries, plan["grader"])


def _rules(plan: dict[str, Any], paths: Paths, boxed: bool) -> int:
    """Make the Landlock rules: the interpreter without others' libraries, one submission, one scratch."""
    stdlib = [plan["stdlib"]]
    if not plan["view_held"]:  # the view has nothing there that it should not have
        # Rules only add: with the folder as a whole, the libraries in it could not be taken away again.
        stdlib = [f"{stdlib[0]}/{name}" for name in os.listdir(*stdlib) if name not in FOREIGN]
    readable = [*stdlib, *paths.libraries, paths.grader, paths.submission, *namespaces.SYSTEM, *namespaces.DEVICES]
    return landlock.ruleset(readable, namespaces.SCRATCH if boxed else (paths.scratch,))


def _limit(order: dict[str, Any], address_space: int) -> None:
    """Set resource limits, soft and hard alike; man 2 setrlimit."""
    # Soft as hard: SIGXCPU of the soft one can be ignored, and is by process 1; SIGKILL of the hard one is not.
    limits = {
        # On top of what the imports have mapped: 0.7 GB with the CPU build of torch, 3.2 with the CUDA build.
        resource.RLIMIT_AS: address_space + order["memory_megabytes"] * 2**20,
        resource.RLIMIT_NPROC: order["processes"],
        resource.RLIMIT_NOFILE: MAX_DESCRIPTORS,
        # Where scratch is a folder of the machine, no other limit ends a file.
        resource.RLIMIT_FSIZE: order["scratch_megabytes"] * 2**20,
        # A dump, as large as the memory, would go into the scratch.
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: order["cpu_seconds"],
    }
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        # A container may have set less, and to raise it takes a right that it may lack.
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))


def _change_user(uid: int, root: bool, boxed: bool) -> None:
    """Become a user that owns nothing, without any capability; man 7 capabilities."""
    if root:
        # The user last: without its number 0 the right to change the groups is gone.
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    elif not boxed:
        raise OSError("an ordinary user without namespaces cannot become another one")
    # A user namespace has given an ordinary user all of them, for what belongs to it.
    syscalls.drop_capabilities()
