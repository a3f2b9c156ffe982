"""Start a zygote, order workers from it, and end it with all its workers."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.assignment import Limits
from autograder.errors import SetupError
from autograder.inside import variables
from autograder.sandbox import cores, libraries
from autograder.sandbox.temporary import TemporaryFolder, remove_tree
from autograder.sandbox.worker import Worker

INSIDE = Path(__file__).resolve().parent.parent / "inside"
START = "import sys; sys.path.append(sys.argv[3]); from inside.zygote import main; main()"
START_SECONDS = 120.0  # the first import of torch from a cold disk
# A fork takes 3 to 10 ms; on a virtual machine the first touch of memory can take seconds.
ORDER_SECONDS = 20.0
MAX_MESSAGE = 64 * 1024  # as in `inside.zygote`: a longer packet is cut
FIRST_UID = 100_000_000  # far above what systems hand out

# With what libraries import late, which each worker would do again: torch._dynamo alone takes 950 ms.
NUMPY_MODULES = (
    "numpy", "numpy.random", "numpy.testing", "numpy.linalg", "numpy.fft", "numpy.polynomial", "numpy.ma",
    "numpy.lib.stride_tricks", "inside.serve", "inside.probes.layer_probes", "traceback", "dataclasses", "typing",
    "math", "itertools", "functools", "collections", "encodings.idna", "encodings.ascii", "encodings.latin_1", "locale",
)  # fmt: skip
TORCH_MODULES = (
    *NUMPY_MODULES, "torch", "torch._dynamo", "torch.nn.functional", "torch.utils.data", "torch.optim.lr_scheduler",
    "torchvision", "torchvision.transforms.v2",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What student code finds to import: NumPy alone, or PyTorch and what belongs to it."""

    distributions: tuple[str, ...]
    modules: tuple[str, ...]
    optional_modules: tuple[str, ...] = ()


NUMPY = Kind(libraries.NUMPY, NUMPY_MODULES)
TORCH = Kind(
    libraries.TORCH,
    TORCH_MODULES,
    (
        "inside.probes.training_probes",
        "inside.probes.model_probes",
        "inside.probes.loss_probes",
        "inside.probes.checkpoint_probes",
        "torch.utils.tensorboard",
    ),
)


@dataclass
class Zygote:
    """A zygote of one kind, which imports while we go on. Start it from a thread that stays: it ends with that thread.

    Attributes:
        submissions: folder whose sub-folders workers get to see, one each.
        off: mechanisms to leave out, for tests that show what each of them stops.
        threads: that a worker computes with; it may start as many as the limits allow.
        report: what it could put in place, by name, once it serves; an empty text means that it holds.
    """

    kind: Kind
    submissions: Path
    limits: Limits
    off: tuple[str, ...] = ()
    report: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.threads = min(self.limits.threads, cores.available())
        self._folder = TemporaryFolder("zygote")
        self._run = self._folder.path
        # Below 2**31, from where on a number is negative to who keeps it in 32 bits.
        # A random thousand: threads are limited by number, and another grader on this machine hands out its own.
        self._uids = iter(range(FIRST_UID + 1000 * secrets.randbelow(1_000_000), 2**31))
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def worker(self, submission: str) -> Worker:
        """Fork a worker for one submission; it has locked itself in when this returns.

        Raises:
            SetupError: if the zygote cannot do it.
        """
        if not self.report:
            self._wait()
        uid = next(self._uids)
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        try:
            order = self._order(submission, uid)
            socket.send_fds(self._control, [json.dumps(order).encode()], [theirs.fileno(), write_end])
            message, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE, 1)
            if not message:
                raise SetupError("the zygote has ended")
            pid = json.loads(message)["pid"]
        except OSError as error:
            ours.close()
            os.close(read_end)
            raise SetupError(f"the zygote does not answer: {error}") from None
        finally:
            # Held here, they would keep the end of the worker from showing as the end of its streams.
            theirs.close()
            os.close(write_end)
        return Worker(ours, read_end, descriptors[0], functools.partial(self._reap, pid, order["scratch"]))

    def close(self) -> None:
        """End the zygote, every worker of it, and remove its files."""
        if hasattr(self, "_process"):
            self._control.close()
            # It waits for process 1 of the pid namespace, which dies when it does, and all workers with that.
            self._process.kill()
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
        self._folder.remove()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        """Lay out what it finds, and start it."""
        (self._run / "grader").mkdir()
        inside = self._run / "grader" / "inside"
        shutil.copytree(INSIDE, inside, ignore=shutil.ignore_patterns("__pycache__"))
        for own in (inside.parent, inside, *inside.rglob("*")):  # readable for workers, though ours may not be
            own.chmod(0o755 if own.is_dir() else 0o644)
        (self._run / "view").mkdir()
        # Where there are no namespaces to show a part of site-packages: a folder with nothing but what is allowed.
        links = self._run / "libraries"
        links.mkdir()
        paths = _library_paths(self.kind.distributions)
        for path in paths:
            (links / Path(path).name).symlink_to(path)
        self._plan: dict[str, Any] = {
            "stdlib": libraries.standard_library(),
            "libraries": paths,
            "library_folder": str(links),
            "grader": str(self._run / "grader"),
            "submissions": str(self.submissions.resolve()),
            "view": str(self._run / "view"),
            "modules": self.kind.modules,
            "optional_modules": self.kind.optional_modules,
            "off": list(self.off),
            "why_off": "switched off",
            "root": os.getuid() == 0,
        }
        self._launch()

    def _launch(self) -> None:
        """Start the process."""
        # Packets: an order and its descriptors come together, and an answer is never read in halves.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # No settings of whoever starts it (-I), no site-packages nor code of their .pth files (-S), no .pyc (-B).
        command = [os.path.realpath(sys.executable), "-I", "-S", "-B", "-X", "utf8", "-c", START]
        open_to_all = "descriptors" in self.off
        theirs.set_inheritable(open_to_all)
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), json.dumps(self._plan), self._plan["grader"]],
                pass_fds=[] if open_to_all else [theirs.fileno()],
                env=(dict(os.environ) if "environment" in self.off else {}) | _environment(self.threads),
                close_fds=not open_to_all,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the trusted side, which ends its zygotes in order
            )
        ours.settimeout(START_SECONDS)
        self._control = ours

    def _wait(self) -> None:
        """Wait until it serves; where it cannot with namespaces, start it without."""
        answer = self._answer()
        # In a new process: the first has failed half-way, with some of its namespaces perhaps.
        if "failed" in answer and "zygote-namespaces" not in self.off:
            self._plan |= {"off": [*self.off, "zygote-namespaces"], "why_off": answer["failed"]}
            self._launch()
            answer = self._answer()
        if "failed" in answer:
            raise SetupError(f"the sandbox does not start: {answer['failed']}")
        self.report = answer["ready"]

    def _answer(self) -> dict[str, Any]:
        """Wait for its first words, its last ones if it fails."""
        answer: dict[str, Any] = {}
        with contextlib.suppress(OSError):
            answer = json.loads(self._control.recv(MAX_MESSAGE) or b"{}")
        if "ready" in answer:
            self._control.settimeout(ORDER_SECONDS)
            return answer
        self._control.close()
        self._process.kill()
        _, errors = self._process.communicate()
        said = errors.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        return answer or {"failed": said[-1]}

    def _order(self, submission: str, uid: int) -> dict[str, Any]:
        scratch = self._run / f"scratch-{uid}"
        if self.report["zygote-namespaces"]:
            scratch.mkdir(mode=0o700)
            if os.getuid() == 0:
                os.chown(scratch, uid, uid)
        return {
            "submission": submission,
            "uid": uid,
            "scratch": str(scratch),
            "scratch_megabytes": self.limits.scratch_megabytes,
            "scratch_files": self.limits.scratch_files,
            "memory_megabytes": self.limits.memory_megabytes,
            # Threads, as nothing can fork. Training with a TensorBoard writer has three.
            "processes": 16 + 4 * self.limits.threads,
            # What all threads can take until the trusted side ends the checks: for a worker that nobody ends any more.
            "cpu_seconds": self.limits.total_seconds * self.limits.threads,
        }

    def _reap(self, pid: int, scratch: str) -> dict[str, int]:
        """Ask how a worker, that has been killed or has ended, came to its end."""
        # Its process has been killed: nothing writes there any more.
        remove_tree(Path(scratch))
        try:
            self._control.send(json.dumps({"reap": pid}).encode())
            answer: dict[str, int] = json.loads(self._control.recv(MAX_MESSAGE) or b"{}")
        except OSError:
            self._control.close()  # what comes late must not be taken for the answer to the next order
            return {}
        return answer


@functools.cache
def _library_paths(distributions: tuple[str, ...]) -> list[str]:
    return libraries.paths(distributions)


def _environment(threads: int) -> dict[str, str]:
    return {
        # Libraries keep caches there; in the box it is the scratch.
        "HOME": "/tmp",
        "USER": "student",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",  # small matrices are multiplied sooner by one
        **variables.MEMORY,
    }
