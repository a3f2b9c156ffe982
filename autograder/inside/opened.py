"""Paths that tell: what student code opened, or tried to, although no homework lies there.

Seen by an audit hook inside the worker, and told along with the next reply. Student code can hide from it and make it
say anything, so it is an observation, and may be incomplete.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

# Together under 8 of the 64 KB that a reply's header may have, whatever letters there are.
MOST = 8  # in one reply
LONGEST = 80  # characters of a path
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Other processes, accounts, devices, and what is the grader's: no library looks there by itself.
TELLING = re.compile(
    r"/proc/(\d+/|self/(environ|mem|mountinfo|mounts|root)\b)|/etc/(passwd|shadow|group|gshadow|sudoers|machine-id)\b"
    r"|/(root|submissions|autograder)(/|$)|/dev/(tty|k?mem|kmsg|console|full|disk|sd\w*)\b"
    r"|.*/((results|card)\.json|secret\.key)$|.*/(reference|oracles)/"
)
# Read at every import; who writes there means to change what judges.
OURS = re.compile(r"/(usr|lib|lib64|etc|libraries|grader|proc|sys)(/|$)|.*/(site-packages|lib/python3[^/]*)/")


class Opened:
    """Collects them from now on, in this process."""

    def __init__(self, submission: str) -> None:
        self._own, self._found = f"{submission}/", dict[str, None]()
        self._given = (f"{os.path.dirname(os.__file__)}/", *(f"{path}/" for path in sys.path if path))
        sys.addaudithook(self._heard)

    def take(self) -> list[str]:
        """Return what has come together since the last time."""
        found = [*self._found][:MOST]
        self._found.clear()
        return found

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" or event == "os.listdir" or event == "os.scandir":
            path, flags = arguments[0], arguments[2] if event == "open" else 0
            # Exactly str: the methods of another class would be a student's. A relative path begins in the scratch.
            if type(path) is str and path[:1] == "/" and self._tells(path, flags) and len(self._found) < MOST:
                verb = "write" if flags & WRITING else "read"
                self._found[f"{verb} {path[:LONGEST]}"] = None

    def _tells(self, path: str, flags: int) -> bool:
        if flags & WRITING and (OURS.match(path) or (path.startswith(self._own) and path.endswith(".py"))):
            return True
        return TELLING.match(path) is not None and not f"{path}/".startswith(self._given)
