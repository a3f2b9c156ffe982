"""What the attacks are after: files, sockets, keys and memory that only the trusted side should reach."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course.definition import PACKAGE, SHIPPED
from autograder.inside.confinement.syscalls import ARM, call

ADD_KEY, KEYCTL, SHMGET, SHMCTL, MQ_OPEN, MQ_UNLINK = 248, 250, 29, 31, 240, 241  # x86-64
USER_KEYRING, SET_PERMISSIONS, REVOKE, REMOVE = -4, 5, 3, 0

Bait = dict[str, object]


@contextlib.contextmanager
def laid_out(submissions: Path) -> Iterator[Bait]:
    """Lay it out; the names are those that the bodies of attacks use.

    Args:
        submissions: of a box; gets a neighbour's folder.
    """
    token = f"canary-{secrets.token_hex(8)}"
    bait: Bait = {"TOKEN": token, "LENGTH": len(token), "PID": os.getpid(), "ROOT": str(PACKAGE.parent)}
    bait["COURSES"] = str(SHIPPED)
    with contextlib.ExitStack() as stack:
        bait |= _files(stack, token, submissions)
        bait |= _sockets(stack, token, Path(str(bait["FOLDER"])))
        bait |= _processes(stack, token, str(bait["FILE"]))
        if not ARM:
            bait |= _kernel_objects(stack, token)
        bait["PACKAGES"] = sysconfig.get_paths()["platlib"]
        bait["BRACKETS"] = 5000 * "(" + 5000 * ")"
        bait["LINES"] = "\n".join(f"v{number % 7} = {number}" for number in range(200_000))
        yield bait


def traces(bait: Bait) -> list[str]:
    """Name the files that only an attack can have made."""
    return [str(bait[name]) for name in ("DROP", "TRACE") if os.path.exists(str(bait[name]))]


def _files(stack: contextlib.ExitStack, token: str, submissions: Path) -> Bait:
    folder = _public_folder(stack, None)
    (folder / "results.json").write_text(f'{{"score": 0, "canary": "{token}"}}')
    (folder / "results.json").chmod(0o644)
    neighbour = _public_folder(stack, submissions)
    (neighbour / "layers").mkdir(mode=0o755)
    places = {
        "FILE": folder / "public",
        "NEIGHBOUR": neighbour / "layers" / "answer.py",
        "TEMPORARY": Path(tempfile.gettempdir(), f"autograder-test-{token}"),
        "SHARED": Path("/dev/shm", token),
        "LOCK": Path("/run/lock" if Path("/run/lock").is_dir() else tempfile.gettempdir(), token),
        "PRIVATE": folder / "private",
    }
    for name, path in places.items():
        if os.access(path.parent, os.W_OK):
            path.write_text(token)
            path.chmod(0o600 if name == "PRIVATE" else 0o644)
            stack.callback(path.unlink, missing_ok=True)
    dropped = {"DROP": Path("/tmp", f"drop-{token}"), "TRACE": Path("/tmp", f"trace-{token}")}
    for path in dropped.values():
        stack.callback(path.unlink, missing_ok=True)
    paths = {name: str(path) for name, path in {**places, **dropped}.items()}
    return {**paths, "NEIGHBOUR": str(neighbour), "FOLDER": str(folder), "RESULTS": str(folder / "results.json")}


def _public_folder(stack: contextlib.ExitStack, below: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=below))
    folder.chmod(0o755)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _sockets(stack: contextlib.ExitStack, token: str, folder: Path) -> Bait:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver.bind(("127.0.0.1", 0))
    for address in (str(folder / "socket"), f"\0{token}"):
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(address)
        server.listen(100)
    (folder / "socket").chmod(0o777)
    return {
        "PORT": listener.getsockname()[1],
        "UDP": receiver.getsockname()[1],
        "SOCKET": str(folder / "socket"),
        "ABSTRACT": token,
    }


def _processes(stack: contextlib.ExitStack, token: str, path: str) -> Bait:
    """Memory, an open descriptor and an environment of this process, and a process that does nothing."""
    memory = ctypes.create_string_buffer(token.encode())
    stack.callback(lambda: memory.value)  # keeps it alive
    name = f"AUTOGRADER_{token[-8:].upper()}"
    os.environ[name] = token
    stack.callback(os.environ.pop, name)
    descriptor = os.open(path, os.O_RDONLY)
    stack.callback(os.close, descriptor)
    os.set_inheritable(descriptor, True)
    bystander = subprocess.Popen(["sleep", "600"])
    stack.callback(bystander.wait)
    stack.callback(bystander.kill)
    return {
        "ADDRESS": ctypes.addressof(memory),
        "ENVIRONMENT": name,
        "DESCRIPTOR": descriptor,
        "BYSTANDER": bystander.pid,
    }


def _kernel_objects(stack: contextlib.ExitStack, token: str) -> Bait:
    """A key, a segment of shared memory and a message queue, each where the kernel has them."""
    found: Bait = {"KEY": token, "QUEUE": token, "SEGMENT": -1}
    with contextlib.suppress(OSError):
        key = call(ADD_KEY, b"user", token.encode(), b"x", 1, USER_KEYRING)
        stack.callback(call, KEYCTL, REVOKE, key)
        call(KEYCTL, SET_PERMISSIONS, key, 0x3F3F0000)
    with contextlib.suppress(OSError):
        found["SEGMENT"] = call(SHMGET, 0, 4096, 0o1666)
        stack.callback(call, SHMCTL, found["SEGMENT"], REMOVE, None)
    with contextlib.suppress(OSError):
        os.close(call(MQ_OPEN, token.encode(), os.O_CREAT | os.O_RDWR, 0o666, None))
        stack.callback(call, MQ_UNLINK, token.encode())
    return found
