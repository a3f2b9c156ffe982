"""Weights are read as torch would read them, without torch, and no lie in a file makes more of it than it is."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.conformance.bad_checkpoints import archive
from autograder.errors import BadCheckpoint, NoCheckpoint
from autograder.submission import checkpoints, tensors

Read = Callable[[bytes], tensors.Arrays]
NAME = "checkpoints/my_model.pt"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def from_bytes(content: bytes) -> tensors.Arrays:
        (tmp_path / "model.pt").write_bytes(content)
        return tensors.read(tmp_path / "model.pt", NAME, 1)

    return from_bytes


def saved(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def forged(content: bytes, old: bytes, new: bytes) -> bytes:
    """Change the pickle of a checkpoint."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith("data.pkl"):
                assert data.count(old) == 1
                data = data.replace(old, new)
            archive.writestr(info.filename, data)
    return target.getvalue()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_every_view_of_every_precision_is_what_torch_reads(read, dtype) -> None:
    torch.manual_seed(0)
    base = torch.randn(4, 6, 2, 3).to(dtype)
    state = {
        "plain": base,
        "turned": base.transpose(0, 2),
        "part": base[1:3, ::2, :, 1],
        "channels last": base.to(memory_format=torch.channels_last),
        "one": base[0, 0, 0, 0],
        "none": base[:0],
        "parameter": torch.nn.Parameter(base[2]),
    }
    whole = {"epoch": 3, "model_state_dict": state | {"steps": torch.arange(3)}, "optimizer": {"a": torch.zeros(9)}}
    found = read(saved(whole))
    assert list(found) == list(state)
    for name, value in state.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], value.detach().float().numpy())


def test_what_torch_stretches_is_no_larger_than_the_file(read) -> None:
    with pytest.raises(BadCheckpoint, match="is damaged"):
        read(saved({"a": torch.zeros(1).expand(1000, 1000, 1000)}))


def test_a_tensor_outside_of_its_storage_is_refused(read) -> None:
    content = saved({"a": torch.zeros(7, 5)})
    assert read(content)["a"].shape == (7, 5)
    with pytest.raises(BadCheckpoint, match="is damaged"):
        read(forged(content, b"K\x07K\x05\x86", b"K\x08K\x05\x86"))  # (7, 5) becomes (8, 5)
    with pytest.raises(BadCheckpoint, match="is damaged"):
        read(forged(content, b"K\x05K\x01\x86", b"K\x05J\xff\xff\xff\xff\x86"))  # a stride of -1


def test_nothing_is_called(read, tmp_path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "made"),)

    with pytest.raises(BadCheckpoint, match="expected tensors"):
        read(saved({"a": torch.zeros(3), "b": Evil()}))
    with pytest.raises(BadCheckpoint, match="a bare pickle"):
        read(pickle.dumps(Evil()))
    assert not (tmp_path / "made").exists()


def test_what_is_missing_has_its_sentence(tmp_path) -> None:
    with pytest.raises(NoCheckpoint):
        tensors.read(tmp_path / "none.pt", NAME, 1)


def text(word: str) -> bytes:
    return b"X" + len(word).to_bytes(4, "little") + word.encode()


def named(names: int, value: bytes) -> bytes:
    """Items of a dictionary that all have one value."""
    return b"".join(text(f"{number:x}") + value for number in range(names))


STORAGE = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x01tQ"
TENSOR = b"ctorch._utils\n_rebuild_tensor\n(" + STORAGE + b"K\x00%sK\x01\x85tR"
ONE = text("one") + TENSOR % b"K\x01\x85" + b"q\x01"
SHORT = {  # what some bytes make many times over
    "a state_dict with many names": ONE + text("all")
    + b"}(" + named(2000, b"h\x01") + b"uq\x02" + named(2000, b"h\x02"),
    "dictionaries made of one list": ONE + text("all")
    + b"](" + b"".join(b"(" + text(f"{number:x}") + b"h\x01t" for number in range(500)) + b"e\x85q\x02"
    + named(2000, b"ccollections\nOrderedDict\nh\x02R"),
    "a shape of many numbers": text("one") + TENSOR % (b"(" + b"K\x01" * 20_000 + b"t") + b"q\x01"
    + named(2000, b"h\x01"),
}  # fmt: skip


@pytest.mark.parametrize("case", SHORT)
def test_what_has_many_names_in_a_file_is_no_larger_than_the_file(case, tmp_path) -> None:
    (tmp_path / "a.pt").write_bytes(archive(b"\x80\x02}(" + SHORT[case] + b"u.", {"m/data/0": bytes(4)}))
    tracemalloc.start()
    try:
        with contextlib.suppress(BadCheckpoint):
            assert checkpoints.read(tmp_path / "a.pt", NAME, 1).parameters == 1
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
