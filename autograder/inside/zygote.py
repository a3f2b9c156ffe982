"""The process that has imported the libraries, and forks a worker for each request: milliseconds instead of an import.

It is started by exec with a clean environment and one descriptor, never forked from a process that has seen an expected
value. It serves only while it has a single thread: a fork of a process whose OpenMP threads run would hang.

Messages on its control socket (SOCK_SEQPACKET) are JSON:
    out   {"ready": report, "address_space": bytes}, or {"failed": reason} and the end
    in    an order, as `lockdown.lock_in` takes it, with two descriptors: the worker's channel, and its output
    out   {"pid": ...} with one descriptor, a pidfd
    in    {"reap": pid}
    out   {"status": as from os.waitstatus_to_exitcode, "memory": peak resident kilobytes}
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import random
import socket
import sys
import traceback
from typing import Any

from .confinement import lockdown, namespaces, seccomp, syscalls

# A longer packet would be cut without a word; orders and reports have under 2 KB.
MAX_MESSAGE = 64 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Set up the view, import, and serve until the control socket closes.

    Expects the number of the control socket and the plan (JSON) as arguments. The plan names: stdlib, libraries
    (paths), library_folder (holds links to these, for machines without namespaces), grader (holds `inside`),
    submissions, view (an empty folder), modules (to import), optional_modules, off (mechanisms to leave out), why_off
    (what to say of the namespaces if they are), root (whether the machine's root runs this).
    """
    control = socket.socket(fileno=_out_of_the_way(int(sys.argv[1])))
    plan: dict[str, Any] = json.loads(sys.argv[2])
    sys.argv[:] = sys.orig_argv[:] = [""]  # student code need not know where things lie on this machine
    report: lockdown.Report = {}
    try:
        state = _prepare(plan, report)
    except Exception as error:  # whatever it is, the trusted side decides what to do without
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        raise SystemExit(1) from error
    control.send(json.dumps({"ready": report, "address_space": plan["address_space"]}).encode())
    while _serve_one(control, plan, report, *state):
        pass


def _prepare(plan: dict[str, Any], report: lockdown.Report) -> tuple[int, int]:
    """Build the view, import, and return the descriptors of /proc and of this process's own pid namespace."""
    # Before the imports: a process with a second thread gets no user namespace.
    plan["view_held"] = "zygote-namespaces" not in plan["off"]
    if plan["view_held"]:
        namespaces.leave_zygote_namespaces()
    report["zygote-namespaces"] = "" if plan["view_held"] else plan["why_off"]
    # Kept open, as the view has none.
    proc = _open("/proc")
    _volunteer(proc)  # workers inherit it
    own_namespace, plan["stdlib_held"] = -1, False
    if plan["view_held"]:
        own_namespace = _open("self/ns/pid", proc)
        namespaces.build_view(plan)
        libraries, grader = namespaces.LIBRARIES, namespaces.GRADER
    else:
        libraries, grader = plan["library_folder"], plan["grader"]
        _hold_standard_library(plan)
    own = (plan["stdlib"], f"/proc/self/fd/{lockdown.STDLIB}")
    # In this order no library can take the place of a module of Python's, nor ours that of a library.
    sys.path[:] = [*(path for path in sys.path if path.startswith(own)), libraries, grader]
    sys.modules[__package__ or "inside"].__path__ = [f"{grader}/inside"]
    for module in plan["modules"]:
        importlib.import_module(module)
    for module in plan["optional_modules"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if plan["view_held"]:
        syscalls.make_read_only("/")
    # After the imports, as it is the ground on which a worker's limit of memory stands.
    statm = _open("self/statm", proc)
    plan["address_space"] = int(os.read(statm, 100).split()[0]) * PAGE
    os.close(statm)
    # A fork copies one thread: libgomp in the child would wait for ever for those that the parent had.
    tasks = _open("self/task", proc)
    threads = len(os.listdir(tasks))
    os.close(tasks)
    if threads != 1:
        raise RuntimeError(f"{threads} threads after the imports, expected 1")
    seccomp.assembled(1, True, True)  # of every worker that is process 1 of its namespace: 0.4 ms that each would take
    # Frozen, these objects are not walked by a worker's collector, which would copy every page they lie on.
    gc.collect()
    gc.freeze()
    return proc, own_namespace


def _serve_one(
    control: socket.socket, plan: dict[str, Any], report: lockdown.Report, proc: int, own_namespace: int
) -> bool:
    """Answer one request; False when the trusted side has gone."""
    message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 2)
    if not message:
        return False
    order = json.loads(message)
    if "reap" in order:
        if not plan["view_held"]:  # else the end of its pid namespace has ended what it started
            with contextlib.suppress(OSError):
                os.killpg(order["reap"], 9)
        # Only now may the number be another process's: the group has been killed before.
        _, status, usage = os.wait4(order["reap"], 0)
        reply = {"status": os.waitstatus_to_exitcode(status), "memory": usage.ru_maxrss}
        control.send(json.dumps(reply).encode())
        return True
    fork = namespaces.fork_into_new_pid_namespace if plan["view_held"] else _plain_fork
    pid = fork(own_namespace)
    if not pid:
        control.close()  # it orders workers, with limits of the sender's choice
        _become_worker(plan, order, report, proc, *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    # Of this worker for certain: its number stays taken until it is reaped, which only this process does.
    pidfd = os.pidfd_open(pid)
    socket.send_fds(control, [json.dumps({"pid": pid}).encode()], [pidfd])
    os.close(pidfd)
    return True


def _plain_fork(_: int) -> int:
    return os.fork()


def _become_worker(
    plan: dict[str, Any], order: dict[str, Any], report: lockdown.Report, proc: int, channel: int, output: int
) -> None:
    """Never returns: lock in, then serve requests until the channel closes."""
    from . import serve  # needs NumPy, which is not importable before the view is built

    status, serving = 1, False
    try:
        null = os.open("/dev/null", os.O_RDONLY)
        # First out of the way: what has come over the socket lies on the lowest free numbers, 3 perhaps.
        moved = [_out_of_the_way(descriptor) for descriptor in (null, channel, output)]
        for source, target in ((moved[0], 0), (moved[1], 3), (moved[2], 1), (moved[2], 2)):
            os.dup2(source, target, inheritable=False)
        _reseed()
        held, paths = lockdown.lock_in(plan, order, proc)
        plan.clear()  # where things lie on this machine
        order.clear()
        sys.path.append(paths.submission)  # at the end: a numpy.py of a student's is not taken for NumPy
        serving = True
        serve.serve(3, paths.submission, {**report, **held})
        status = 0
    except Exception:  # before it serves, the trusted side reads this; afterwards it would be a student who does
        if not serving:
            traceback.print_exc()
    finally:
        os._exit(status)  # not by an exception, which would end in the loop of the zygote


def _reseed() -> None:
    """Give this worker random states of its own: all forks of one process start with equal ones."""
    random.seed()
    for name, seed in (("numpy.random", "seed"), ("torch", "seed")):
        if name in sys.modules:
            getattr(sys.modules[name], seed)()


def _volunteer(proc: int) -> None:
    """Let the machine, where it runs out of memory, end this process and its workers before any other."""
    with contextlib.suppress(OSError):
        score = os.open("self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(score, b"1000")
        finally:
            os.close(score)


def _hold_standard_library(plan: dict[str, Any]) -> None:
    """Reach the standard library by descriptor where a worker, with a user of its own, could not walk to it."""
    stdlib = plan["stdlib"]
    above = stdlib.split("/")[1:-1]
    closed = any(not os.stat("/" + "/".join(above[:depth])).st_mode & 1 for depth in range(1, len(above) + 1))
    if os.getuid() or not closed:
        return
    descriptor = os.open(stdlib, os.O_PATH | os.O_DIRECTORY)
    os.dup2(descriptor, lockdown.STDLIB)
    os.close(descriptor)
    for paths in (sys.path, *(module.__path__ for module in list(sys.modules.values()) if hasattr(module, "__path__"))):
        paths[:] = [path.replace(stdlib, f"/proc/self/fd/{lockdown.STDLIB}", 1) for path in paths]
    plan["stdlib_held"] = True


def _open(path: str, folder: int | None = None) -> int:
    return _out_of_the_way(os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder))


def _out_of_the_way(descriptor: int) -> int:
    """Move a descriptor to a number that no worker needs for itself."""
    # 0 to 4 are spoken for: `lockdown.STDLIB` is the last.
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
