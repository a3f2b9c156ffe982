"""Weights are read as torch would read them, without torch, and no lie in a file makes more of it than it is."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import BadCheckpoint, NoCheckpoint
from autograder.submission import tensors

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
