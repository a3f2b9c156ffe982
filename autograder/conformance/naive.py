"""A grader without any defence, as a control: what the attacks gain where judge and judged share a process.

It unpacks everything beside itself, imports the student's code, compares what comes back in several usual ways,
believes messages, exit statuses and files of results, and waits. Only rows that do no harm are run here, in a process
that is thrown away, with limits on memory, files and time.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import re
import resource
import select
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograder.conformance import judges

CHANNEL = 3  # as in the box
SECONDS = 0.8  # how long a naive grader is watched while it waits
LIMITS = {"RLIMIT_AS": 4 << 30, "RLIMIT_FSIZE": 1 << 26, "RLIMIT_CPU": 3, "RLIMIT_CORE": 0, "RLIMIT_NOFILE": 256}
LOUD = 64 * 1024  # bytes of output, and of a message, beyond which a grader is flooded
LONG = 8000  # characters in one row
UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]|<script|\[/\]")


@dataclass
class Seen:
    """What came out of the process that the student's code shared with its judge."""

    said: bytes = b""
    channel: bytes = b""
    printed: bytes = b""
    status: int | None = None  # None: it did not end


def breach(files: Mapping[str, bytes], forged: bool, trace: str = "") -> str:
    """Grade files without a defence, and say what went wrong; empty if nothing did.

    Args:
        files: of a submission.
        forged: whether its mark should be nothing.
        trace: a path that only code hidden in a message makes.
    """
    with tempfile.TemporaryDirectory(prefix="naive-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        seen = _watched(Path(folder))
        if (results := Path(folder, "results.json")).exists() and json.loads(results.read_bytes()).get("score"):
            return "the results.json that lies there is taken for the grader's"
    return _about(seen, forged) or _believed(seen.channel, trace)


def _watched(folder: Path) -> Seen:
    """Run it in a fork, and read what it says until it ends or the time is over."""
    pipes = [os.pipe() for _ in range(3)]
    pid = os.fork()
    if not pid:
        _become(folder, *(end for _, end in pipes))
    for _, end in pipes:
        os.close(end)
    try:
        return _collected(pid, [end for end, _ in pipes])
    finally:
        for end, _ in pipes:
            os.close(end)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, 9)


def _collected(pid: int, ends: list[int]) -> Seen:
    texts: dict[int, bytearray] = {end: bytearray() for end in ends}
    open_ends, until, status = set(ends), time.monotonic() + SECONDS, None
    while open_ends and (left := until - time.monotonic()) > 0:
        for end in select.select(open_ends, [], [], left)[0]:
            chunk = os.read(end, 1 << 16)
            texts[end] += chunk
            if not chunk or len(texts[end]) > 4 * LOUD:  # enough: what goes on, waits
                open_ends.discard(end)
    ended, code = os.waitpid(pid, os.WNOHANG)
    if not ended and not open_ends and time.monotonic() < until:
        time.sleep(0.02)
        ended, code = os.waitpid(pid, os.WNOHANG)
    if ended:
        status = os.waitstatus_to_exitcode(code)
    else:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    said, channel, printed = (bytes(texts[end]) for end in ends)
    return Seen(said, channel, printed, status)


def _become(folder: Path, said: int, channel: int, printed: int) -> NoReturn:
    """In the fork: what a grader does that trusts."""
    try:
        os.setsid()
        said, channel = os.dup(said), os.dup(channel)
        for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (printed, 1), (printed, 2), (channel, CHANNEL)):
            os.dup2(source, target)
        words = os.dup(said)
        os.dup2(words, 60)
        os.closerange(4, 60)
        os.closerange(61, 256)
        for name, limit in LIMITS.items():
            resource.setrlimit(getattr(resource, name), (limit, limit))
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(end, "w"), errors="replace") for end in (1, 2))
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        for name in ("wire", "host", "serve"):  # by the names that they have in the box
            sys.modules[f"inside.{name}"] = importlib.import_module(f"autograder.inside.{name}")
        _grade(folder, 60)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        os._exit(0 if isinstance(error, SystemExit) and not error.code else 1)
    os._exit(1)  # as nothing has passed


def _grade(folder: Path, said: int) -> None:
    """Import what lies there, and ask each judge."""
    write = os.write
    _import_what_lies_there(folder)
    messages = []
    for name, judge in judges.JUDGES.items():
        try:
            if judge():
                write(said, f"passed {name}\n".encode())
        except Exception:
            messages.append(traceback.format_exc())
    text = max(messages, key=len, default="")
    write(said, f"message {len(text)} {bool(UNCLEAN.search(text))}\n".encode())
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
    if judges.later_is_right():
        write(said, b"next\n")


def _import_what_lies_there(folder: Path) -> None:
    """Import libraries with the student's folder first on the path, and what pytest and Python import at the start."""
    for path in sorted(folder.iterdir()):
        if path.name != judges.PACKAGE:
            for name in [name for name in sys.modules if name.partition(".")[0] == path.stem]:
                del sys.modules[name]
            with contextlib.suppress(ImportError):
                importlib.import_module(path.stem)


def _about(seen: Seen, forged: bool) -> str:
    """Say what the process itself shows; what is right is no breach, unless nothing of it should be."""
    lines = seen.said.decode(errors="replace").splitlines()
    passed = [line.removeprefix("passed ") for line in lines if line.startswith("passed ")]
    if forged and passed:
        return f"taken for right by {passed[0]}"
    if forged and seen.status == 0:
        return "exit status 0 is taken for success"
    if forged and b'{"score": 100' in seen.printed:
        return "a verdict in the output is taken for the grader's"
    return "" if forged or seen.channel else _flood(seen, lines)


def _flood(seen: Seen, lines: list[str]) -> str:
    """Say whether the grader could go on, and whether what it would show is fit to be shown."""
    if len(seen.printed) > LOUD:
        return f"more than {LOUD // 1024} KB of output are kept"
    if seen.status is None:
        return "the grader waits without end"
    if "next" not in lines:
        how = f"is ended by signal {-seen.status}" if seen.status < 0 else "ends or cannot go on"
        return f"the grader itself {how}: nothing after it is graded"
    size, unclean = next((line.split()[1:] for line in lines if line.startswith("message ")), ("0", "False"))
    if int(size) > LONG:
        return f"a message of {size} characters is shown"
    return "a message is shown that moves the cursor, or is markup" if unclean == "True" else ""


def _believed(channel: bytes, trace: str) -> str:
    """Read a message as a grader does that trusts its worker; say what that led to."""
    if not channel:
        return ""
    with contextlib.suppress(Exception):  # it may be no pickle
        pickle.loads(channel[8:])
    with contextlib.suppress(Exception):  # it may name nothing to call
        _call(json.loads(channel[8:])["value"])
    if trace and os.path.exists(trace):
        os.unlink(trace)
        return "what a message names is run"
    size = int.from_bytes(channel[:4], "little")
    if size > len(channel) - 8:
        return f"the grader waits for {size:,} bytes"
    try:
        message = json.loads(channel[8 : 8 + size])
        value = _value(message.get("value", message.get("outcome")), channel[8 + size :])
        right = np.allclose(value, judges.expected()) if isinstance(value, np.ndarray) else value in (True, "passed")
    except Exception as error:  # whatever a message makes of a reader that expects nothing bad
        return f"the reader of messages ends with {type(error).__name__}"
    return "an answer is believed, whoever sent it" if right else ""


def _value(value: Any, body: bytes) -> Any:
    """Make the array that a message announces, whatever it is."""
    if not isinstance(value, dict):
        return value
    array = np.zeros(value["array"][1], value["array"][0])
    return np.frombuffer(body[: array.nbytes], array.dtype).reshape(array.shape)


def _call(value: Mapping[str, Any]) -> None:
    module, _, name = value["py/object"].rpartition(".")
    getattr(importlib.import_module(module), name)(*value["args"])
