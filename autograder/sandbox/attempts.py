"""What a worker tried that no homework needs: seen by the kernel, refused here, counted for staff.

An observation and no verdict: honest code tries odd things too. What a filter around ours refuses first, as docker's
does, is not seen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import select
import signal
import struct
from collections import Counter
from collections.abc import Mapping

from autograder.inside.confinement.syscall_table import numbers

# Each is a round trip through the grader, whom a loop of them would keep busy as long as the check lasts.
MOST = 1000  # refusals of one worker; then its listener is closed, and the kernel refuses by itself
REQUEST, REPLY = struct.Struct("=QIIiIQ48x"), struct.Struct("=QqiI")  # struct seccomp_notif, seccomp_notif_resp
RECEIVE, SEND = 0xC050_2100, 0xC018_2101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
# What is said of a call, by its class: as in the table of attacks.
WORDS = {
    "escape: a socket": "socket socketpair",
    "escape: another process": "fork vfork clone",
    "escape: another program": "execve execveat memfd_create",
    "escape: a signal to another process": "kill rt_sigqueueinfo",
    "escape: other mounts, namespaces or roots": "unshare setns mount umount2 pivot_root chroot",
    "escape: another user, or rights": "setuid setgid setreuid setresuid setgroups capset",
    "escape: a device file": "mknod mknodat",
    "escape: another owner of a file": "chown fchown lchown fchownat",
    "escape: notices of what others do to files": "inotify_init inotify_init1",
    "escape: a priority above others": "sched_setscheduler",
    "escape: a part of the kernel that needs rights": "bpf perf_event_open userfaultfd io_uring_setup personality "
    "init_module finit_module kexec_load reboot sethostname clock_settime settimeofday",
    "leak: memory or descriptors of another process": "ptrace process_vm_readv process_vm_writev pidfd_open "
    "pidfd_getfd",
    "leak: a keyring, or the log, of the kernel": "add_key request_key keyctl syslog",
    "leak: memory or queues that processes share": "shmget shmat msgget semget mq_open",
    "leak: a file by its handle": "name_to_handle_at open_by_handle_at",
}
VERBS = {"read": "leak: to open", "write": "escape: to write"}
# Staff read them, and student code may have written them: as many as an honest worker tells, `opened.MOST`, no more.
MOST_PATHS, LONGEST_PATH, UNPRINTABLE = 8, 60, re.compile(r"[^\w./-]", re.ASCII)
_CALLS = {number: name for table in ("telling", "conditional") for name, number in numbers(table).items()}
_SAID = {name: words for words, names in WORDS.items() for name in names.split()}


class Attempts:
    """Listens for one worker.

    Attributes:
        counts: how often, by what is said of it.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._listener = -1

    def listen(self, descriptors: list[int]) -> None:
        """Take the listener over, where the worker could make one."""
        self._listener = descriptors[0] if descriptors else -1

    def told(self, opened: object) -> None:
        """Count the paths that a worker says it has opened; it may say anything."""
        for text in opened[:MOST_PATHS] if isinstance(opened, list) else ():
            verb, _, path = text.partition(" ") if isinstance(text, str) else ("", "", "")
            if verb in VERBS:
                self.counts[f"{VERBS[verb]} {UNPRINTABLE.sub('?', path)[:LONGEST_PATH]}"] += 1

    def forged(self, what: str) -> None:
        """Count a message that the worker's own program does not send."""
        self.counts[f"forge: {what}"] += 1

    def ended(self, status: int | None) -> None:
        """Count an end that the filter has brought about."""
        if status == -signal.SIGSYS:
            self.counts["escape: a system call of other programs"] += 1

    def register(self, poll: select.poll) -> None:
        """Have a wait for the worker end when it tries something as well."""
        if self._listener >= 0:
            poll.register(self._listener, select.POLLIN)

    def answer(self, ready: Mapping[int, int], poll: select.poll) -> None:
        """Refuse what was tried, and count it."""
        if not (event := ready.get(self._listener, 0)):
            return
        if event & select.POLLIN:
            self._refuse()
        # A listener whose worker has ended is always ready: the wait would go round and round without rest.
        if not event & select.POLLIN or self.counts.total() >= MOST:
            poll.unregister(self._listener)
            self.close()

    def close(self) -> None:
        """Stop listening: from now on the kernel refuses by itself."""
        if self._listener >= 0:
            os.close(self._listener)
        self._listener = -1

    def _refuse(self) -> None:
        """Say no to one call; it may have gone meanwhile, as its process may."""
        # A fresh one: the kernel refuses a structure that is not zero.
        request = bytearray(REQUEST.size)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._listener, RECEIVE, request)
            identity, _, _, number, _, _ = REQUEST.unpack(request)
            self.counts[_SAID.get(_CALLS.get(number, ""), f"escape: call {number}")] += 1
            fcntl.ioctl(self._listener, SEND, REPLY.pack(identity, 0, -errno.EPERM, 0))
