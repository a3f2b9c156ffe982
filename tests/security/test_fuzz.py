"""Whatever comes in from outside: an answer or a sentence of ours, never another exception."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from homework import COURSE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_submission import BYTES, CHANGES, GOOD, NAMES, SAMPLE, Raw, never_escapes
from test_wire_random import TREES

from autograder.conformance.bad_zips import pack
from autograder.course import assignment as assignments
from autograder.course.assignment import FILE, Limits
from autograder.errors import CheckFailed, RubricError, StudentRaised, Unfinished, WorkerLost
from autograder.inside import wire
from autograder.inside.wire import Reference
from autograder.sandbox.boxed_student import BoxedStudent
from autograder.sandbox.worker import Worker
from autograder.submission import checkpoints

SHORT = 40
FEW_OR_MANY = pytest.mark.parametrize("examples", [SHORT, pytest.param(1000, marks=pytest.mark.slow)])


def hunt(examples: int, strategy: st.SearchStrategy[Any], judge: Any) -> None:
    """Try so many examples of a strategy."""
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]

    @settings(max_examples=examples, deadline=None, suppress_health_check=checks, database=None)
    @given(strategy)
    def run(example: Any) -> None:
        judge(example)

    run()


def mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    """Bytes of a sample, some of them changed, cut short or doubled."""
    places = st.integers(0, len(sample) - 1)

    def change(edits: list[tuple[int, int]], cut: int | None, copy: tuple[int, int]) -> bytes:
        content = bytearray(sample)
        for place, value in edits:
            content[place] = value
        start, end = sorted(copy)
        return bytes(content[:cut]) + bytes(content[start : min(end, start + 500)])

    return st.builds(
        change, st.lists(st.tuples(places, BYTES), max_size=8), st.none() | places, st.tuples(places, places)
    )


@FEW_OR_MANY
def test_any_bytes_of_a_zip_are_refused_or_stay_in_their_folder(examples) -> None:
    hunt(examples, mutated(SAMPLE) | st.builds(lambda c: bytes(SAMPLE) + bytes(len(c)), CHANGES), never_escapes)


@FEW_OR_MANY
def test_any_headers_of_a_zip_are_refused_or_stay_in_their_folder(examples) -> None:
    numbers = st.none() | st.sampled_from([0, 1, 5, 2**16, 2**31, 2**32 - 1])
    raws = st.builds(
        Raw, NAMES.map("part1_numpy/{}.py".format), flags=st.integers(0, 2**16 - 1), method=st.sampled_from([0, 8, 12]),
        attributes=st.sampled_from([0, 0o100644 << 16, 0o120777 << 16]), size=numbers, packed=numbers, crc=numbers,
        offset=numbers, extra=st.binary(max_size=40), version=st.integers(0, 99),
    )  # fmt: skip
    hunt(examples, st.lists(raws, max_size=4).map(lambda many: pack(GOOD, *many)), never_escapes)


class Impostor:
    """The worker's side of a channel, in the hands of a test: a real process, and bytes of the test's choice."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(["sleep", "60"])
        ours, self.channel = socket.socketpair()
        output, self.noise = os.pipe()
        self.channel.sendall(b"\0" + b"".join(wire.encode({"ready": {}})))  # the first byte comes without a listener
        self.worker = Worker(ours, output, os.pidfd_open(self.process.pid), lambda: {"status": self.process.wait()})

    def answer(self, reply: Any) -> None:
        """Read the question, and answer with `reply(id)`; then hang up."""
        with contextlib.suppress(OSError):
            question = wire.decode(lambda size: bytearray(self.channel.recv(size, socket.MSG_WAITALL)), 1 << 20)
            self.channel.sendall(reply(question["id"]))
            self.channel.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the process."""
        self.worker.kill()
        self.channel.close()
        os.close(self.noise)
        self.process.kill()
        self.process.wait()


def _framed(tree: Any, body: bytes, arrays: int) -> Any:
    def reply(identity: str) -> bytes:
        header = json.dumps({"id": identity, **tree}).encode()
        return wire.PREFIX.pack(len(header), arrays) + header + body

    return reply


def _changed(edits: list[tuple[int, int]], value: Any) -> Any:
    def reply(identity: str) -> bytes:
        message = bytearray(b"".join(wire.encode({"id": identity, "value": value, "warnings": []})))
        for place, byte in edits:
            message[place % len(message)] = byte
        return bytes(message)

    return reply


REPLIES = st.one_of(
    st.builds(
        _framed,
        st.dictionaries(st.sampled_from(["value", "error", "warnings", "id", "more"]), TREES, max_size=3),
        st.binary(max_size=64),
        st.integers(0, 3),
    ),
    st.builds(
        _changed,
        st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
        st.sampled_from([1.5, (1, [2]), torch.zeros(3).numpy(), {"a": None}]),
    ),
    st.binary(max_size=100).map(lambda raw: lambda identity: raw),
)


def _ask(reply: Any) -> None:
    impostor = Impostor()
    thread = threading.Thread(target=impostor.answer, args=(reply,))
    thread.start()
    student = BoxedStudent(lambda: impostor.worker, Limits())
    student.allow(5)
    began = time.monotonic()
    try:
        with contextlib.suppress(StudentRaised, Unfinished, WorkerLost):
            student.ask({"do": "fetch", "on": Reference(0)})
            assert all(len(text) <= 2000 for text in student.warned)
        assert time.monotonic() - began < 10
    finally:
        impostor.close()
        thread.join()


@FEW_OR_MANY
def test_any_answer_of_a_worker_is_a_value_an_error_or_a_lost_worker(examples, monkeypatch) -> None:
    from autograder.sandbox import worker

    monkeypatch.setattr(worker, "PATIENCE", 0.0)  # the process that stands for a worker never ends by itself
    hunt(examples, REPLIES, _ask)


def _checkpoint() -> bytes:
    stream = io.BytesIO()
    torch.save({"model_state_dict": torch.nn.Linear(3, 4).state_dict(), "epoch": 3}, stream)
    return stream.getvalue()


@FEW_OR_MANY
def test_any_file_is_a_checkpoint_or_described_in_a_sentence(examples, tmp_path: Path) -> None:
    path = tmp_path / "my_model.pt"

    def judge(content: bytes) -> None:
        path.write_bytes(content)
        sentence = ""
        try:
            assert checkpoints.read(path, "checkpoints/my_model.pt", 1).content == content
        except (CheckFailed, Unfinished) as error:
            sentence = str(error)
        assert sentence == "" or sentence.isprintable()
        assert len(sentence) < 500

    hunt(examples, mutated(_checkpoint()) | st.binary(max_size=100), judge)


TOML = (COURSE.folder / FILE).read_text(encoding="utf-8")
WORDS = sorted({word for word in TOML.replace("=", " ").split() if len(word) > 1})
VALUES = ["-1", "0", "1e400", "nan", "inf", "''", "[]", "{}", "true", "99999999999999999999", "1979-05-27", "'\\u0000'"]


@FEW_OR_MANY
def test_any_assignment_file_is_read_or_refused_in_a_sentence(examples, tmp_path: Path) -> None:
    path = tmp_path / "assignment.toml"
    checks = COURSE.checks()

    def judge(edits: list[tuple[str, str]]) -> None:
        text = TOML
        for old, new in edits:
            text = text.replace(old, new, 1)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        sentence = ""
        try:
            found = assignments.load(COURSE, path)
            found.cents(check for check in checks if check.part in found.parts)
        except RubricError as error:
            sentence = str(error)
        assert len(sentence) < 1000

    new = (
        st.sampled_from(WORDS) | st.sampled_from(VALUES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    )
    hunt(examples, st.lists(st.tuples(st.sampled_from(WORDS), new), max_size=4), judge)
