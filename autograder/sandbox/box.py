"""Everything that grading on this machine needs to keep warm: one zygote a kind, and the folder of submissions."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.checking.adaptation import Adaptation
from autograder.course.assignment import Limits
from autograder.errors import SetupError
from autograder.sandbox.boxed_student import BoxedStudent
from autograder.sandbox.launch import NUMPY, TORCH, Kind, Zygote
from autograder.sandbox.level import Isolation, measure
from autograder.sandbox.temporary import TemporaryFolder, remove_tree
from autograder.sandbox.worker import Worker

KINDS = {"numpy": NUMPY, "torch": TORCH}


class Box:
    """Starts zygotes when they are first needed, or are soon to be, and ends them all.

    Attributes:
        submissions: where submissions are unpacked, a folder each.
    """

    def __init__(self, limits: Limits, off: tuple[str, ...] = ()) -> None:
        self.limits, self._off = limits, off
        self._folder = TemporaryFolder("submissions")
        self.submissions = self._folder.path
        self._zygotes: dict[Kind, Zygote] = {}

    @functools.cached_property
    def isolation(self) -> Isolation:
        """What holds on this machine, tried once."""
        # By one kind for both: they lock themselves in alike, and this one starts without the seconds that torch takes.
        return measure(self._zygote(KINDS["numpy"]))

    def begin(self, *libraries: str) -> None:
        """Let zygotes import "numpy" or "torch", or both, from now on, for a student who comes soon."""
        with contextlib.suppress(SetupError):  # raised again by whoever needs it
            for name in libraries:
                self._zygote(KINDS[name])

    def student(self, folder: Path, libraries: str, adaptation: Adaptation | None = None) -> BoxedStudent:
        """Make a student who finds some libraries.

        Args:
            folder: of the submission, a `room`.
            libraries: "numpy", or "torch" for PyTorch as well.
            adaptation: where its code is that of another handout.
        """
        kind = KINDS[libraries]
        return BoxedStudent(functools.partial(self._worker, kind, folder.name), self.limits, adaptation)

    def try_start(self, *libraries: str) -> None:
        """Start a worker that has "numpy", or "torch", or one of each.

        Raises:
            SetupError: with what keeps one from starting, say a library that cannot be imported.
        """
        self.begin(*libraries)
        with self.room() as folder:
            for name in libraries:
                self._worker(KINDS[name], folder.name).kill()

    @contextlib.contextmanager
    def room(self) -> Iterator[Path]:
        """Make a folder for one submission, and remove it afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="submission-", dir=self.submissions))
        folder.chmod(0o755)  # workers are other users; those of other submissions are kept out by the box
        try:
            yield folder
        finally:
            remove_tree(folder)

    def close(self) -> None:
        """End every zygote and worker, and remove what was unpacked."""
        # Before the folder: with them go their workers, who read there.
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        self._folder.remove()

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _worker(self, kind: Kind, name: str) -> Worker:
        """Fork a worker; a zygote that has died is started anew, once."""
        try:
            return self._locked_in(kind, name)
        except SetupError:
            if zygote := self._zygotes.pop(kind, None):  # it may not have started at all
                zygote.close()
            # Not in a loop: what fails again is this machine, and whoever runs it should read why.
            return self._locked_in(kind, name)

    def _locked_in(self, kind: Kind, name: str) -> Worker:
        """Fork a worker that holds whatever was found to hold on this machine, or none."""
        worker = self._zygote(kind).worker(name)
        # What held when it was tried can fail later, as when namespaces run out under load: the submission would run in
        # a weaker box than its score card says.
        found = self.isolation.mechanisms
        if lacking := [name for name, why in worker.report.items() if why and not found.get(name, why)]:
            worker.kill()
            raise SetupError(f"a worker starts without {', '.join(lacking)}, which this machine has")
        return worker

    def _zygote(self, kind: Kind) -> Zygote:
        if kind not in self._zygotes:
            self._zygotes[kind] = Zygote(kind, self.submissions, self.limits, self._off)
        return self._zygotes[kind]
