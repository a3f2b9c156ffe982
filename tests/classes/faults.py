"""What goes wrong while a class is graded: processes that are killed, a disk that is full, a cluster that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from homework import ROOT

SIZE = 256  # megabytes of the small disk
START = 60  # seconds for a cluster


def descendants(pid: int) -> list[int]:
    """Name the processes that one has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def graders(batch: int) -> list[int]:
    """The processes of a batch's pool."""
    return [pid for pid in descendants(batch) if "spawn_main" in _command(pid)]


def boxes(roots: list[int]) -> list[int]:
    """The processes of boxes: zygotes, and workers with a student's code."""
    below = [pid for root in roots for pid in descendants(root)]
    return [pid for pid in below if "spawn_main" not in (text := _command(pid)) and " -I -S " in text]


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


class Killer(threading.Thread):
    """Kills the first process of a box that comes from now on and computes for a while, as a machine short of memory.

    Attributes:
        killed: whether there was one.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self._ticks = seconds * os.sysconf("SC_CLK_TCK")
        self._idle = {*boxes([os.getpid()])}
        self._over = threading.Event()
        self.killed = False

    def run(self) -> None:
        while not self.killed and not self._over.wait(0.05):
            for pid in {*boxes([os.getpid()])} - self._idle:
                with suppress(OSError):
                    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
                    if not self.killed and int(user) + int(system) > self._ticks:
                        os.kill(pid, signal.SIGKILL)
                        self.killed = True

    def __enter__(self) -> Killer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._over.set()
        self.join()


class Disk:
    """A folder that may become full, or be read only: a disk of its own where that can be had, else by its mode."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(path)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        self._students = path / "out" / "students"

    def fill(self) -> bool:
        """Leave no room."""
        if not self.mounted:
            return False
        with suppress(OSError), (self.path / "filler").open("wb", buffering=0) as file:
            while file.write(bytes(2**16)):
                pass
        return True

    def freeze(self) -> bool:
        """Let nothing be written."""
        if self.mounted:
            remount = ["mount", "-o", "remount,ro", str(self.path)]
            return any(subprocess.run(remount, capture_output=True, check=False).returncode == 0 for _ in range(50))
        if os.geteuid() and self._students.is_dir():
            self._students.chmod(0o500)
            return True
        return False

    def mend(self) -> None:
        """Let there be room, and let it be written to."""
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,rw", str(self.path)], capture_output=True, check=True)
        elif self._students.is_dir():
            self._students.chmod(0o755)
        (self.path / "filler").unlink(missing_ok=True)

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], check=False)


class Cluster:
    """A Dask scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.file.unlink(missing_ok=True)
        scheduler = ["dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
        worker = ["dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
        self._processes = [self._start(scheduler), self._start(worker), self._start(worker)]

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        name, *options = command
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *options, "--scheduler-file", str(self.file)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Where the scheduler answers."""
        return str(json.loads(self.file.read_text())["address"])

    @property
    def workers(self) -> list[int]:
        """Those that live."""
        return [one.pid for one in self._processes[1:] if one.poll() is None]

    def graders(self) -> list[int]:
        """Those that may be killed: all but the last one, without which nothing goes on."""
        return self.workers[:-1]

    def lose_scheduler(self) -> bool:
        """Kill it."""
        if self._processes[0].poll() is not None:
            return False
        self._processes[0].send_signal(signal.SIGKILL)
        return True

    def __enter__(self) -> Cluster:
        deadline = time.monotonic() + START
        while not self.file.exists():
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        for process in self._processes:  # a worker that outlives the scheduler may wait for it for ever
            process.kill()
            process.wait(30)
