"""The folder of a class's results: one folder a student, whole at every moment, and who may write there."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.errors import MachineUnfit, SetupError
from autograder.reports import files, records
from autograder.reports.records import Alike, Record

CARD, ALIKE = "card.json", "alike.json"
PARTIAL, OLD = ".partial-", ".old-"


class Store:
    """Results by the submission's key.

    A folder is written under another name and then put into its place. What a kill leaves behind is put in order when
    the store is next opened.

    Args:
        out: only its owner may look into it, as marks depend on a secret seed.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.students, self.known = out / "students", (out / "models").resolve()

    @contextmanager
    def open(self) -> Iterator[Store]:
        """Lock it for this process.

        Raises:
            SetupError: if another process writes there, or it cannot be made.
        """
        try:
            self.students.mkdir(parents=True, exist_ok=True)
            self.out.chmod(0o700)
            lock = os.open(self.out, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SetupError(f"{self.out} cannot hold results: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise SetupError(f"another batch is writing to {self.out}: wait for it, or choose another folder") from None
        try:
            with self.writing():
                self._put_in_order()
            yield self
        finally:
            os.close(lock)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say in one sentence that there is no place for results, whatever is written meanwhile.

        Raises:
            MachineUnfit: if so.
        """
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            raise MachineUnfit(f"{self.out} cannot hold results: {why}; the same command goes on from here") from error

    def load(self, keys: Iterable[str]) -> dict[str, Record]:
        """Read what there is of these; a record that cannot be read is as good as none."""
        found = {}
        for key in keys:
            path = self.students / key / CARD
            if path.is_file() and (record := records.load(path.read_text(encoding="utf-8", errors="replace"))):
                found[key] = record
        return found

    def others(self, keys: Iterable[str]) -> list[str]:
        """Name the results that are there of other submissions than these."""
        return sorted({path.parent.name for path in self.students.glob(f"[!.]*/{CARD}")} - {*keys})

    def save(self, record: Record, pages: Mapping[str, str]) -> None:
        """Replace one student's results.

        A folder takes the place of another: to put one file into the place of another waits for the disk, on ext4.

        Args:
            pages: what there is to read beside the record, text by name.

        Raises:
            MachineUnfit: if there is no place for them.
        """
        folder, partial, old = (self.students / f"{prefix}{record.key}" for prefix in ("", PARTIAL, OLD))
        content = {**pages, CARD: records.dump(record)}
        with self.writing():
            partial.mkdir()
            for name, text in content.items():
                (partial / name).write_text(text, encoding="utf-8", newline="\n")
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
            shutil.rmtree(old, ignore_errors=True)

    def add(self, known: Mapping[str, str]) -> None:
        """Keep evaluations of models, text by name, for whoever hands in the same files.

        Raises:
            MachineUnfit: if there is no place for them.
        """
        with self.writing():
            self.known.mkdir(exist_ok=True)
            for name, text in known.items():
                files.replace(self.known / name, text)

    def remember(self, key: str, find: Callable[[], list[Alike]]) -> list[Alike]:
        """Say what was found to be alike when the key was the same, or find it."""
        path = self.out / ALIKE
        with suppress(OSError, ValueError, TypeError):
            known = json.loads(path.read_text(encoding="utf-8"))
            if known["key"] == key:
                return [Alike(what, tuple(who)) for what, who in known["alike"]]
        found = find()
        with self.writing():
            files.replace(path, json.dumps({"key": key, "alike": [[one.what, one.who] for one in found]}) + "\n")
        return found

    def _put_in_order(self) -> None:
        for left in self.out.glob(f".*{files.PARTIAL}"):
            left.unlink()
        for partial in self.students.glob(f"{PARTIAL}*"):
            shutil.rmtree(partial)
        for old in self.students.glob(f"{OLD}*"):
            folder = self.students / old.name.removeprefix(OLD)
            if folder.exists():
                shutil.rmtree(old)
            else:
                old.rename(folder)
