"""Checkpoint files that are not what they seem, what is said of them, and how many numbers they hold."""

from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from known import MODELS, MY_MODEL, MY_MODEL_HIGH, TWO_LAYER, saved
from torch import nn

from autograder.errors import CheckFailed
from autograder.inside.probes.checkpoint_probes import Candidate
from autograder.reports.scores import Outcome
from autograder.submission import checkpoints
from autograder.submission.checkpoints import read


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def load(content: Any, weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What the box says of a file for a model that has these weights."""
    model = nn.Module()
    for name, value in weights.items():
        model.register_buffer(name, torch.zeros_like(value))
    return Candidate(model, (0.5,) * 3, (0.5,) * 3).load(np.frombuffer(saved(content), dtype=np.uint8))


def as_state(weights: dict[str, torch.Tensor]) -> dict[str, bytes | None]:
    """The table of attacks and accidents: what my_model.pt holds."""
    good = saved(weights)
    files = unpacked(good)
    top = next(iter(files)).partition("/")[0]
    data = f"{top}/data.pkl"
    return {
        "missing": None,
        "empty": b"",
        "random": bytes(range(200)) * 10,
        "truncated": good[: len(good) // 2],
        "damaged pickle": packed({**files, data: b"\x80\x02" + b"\xff" * 50}),
        "damaged archive": good.replace(b"PK\1\2", b"PK\1\3"),
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
        "web page": b"<!doctype html><title>Sign in</title>",
        "old format": saved(weights, _use_new_zipfile_serialization=False),
        "bare pickle": pickle.dumps({"a": 1}, protocol=4),
        "safetensors": (40).to_bytes(8, "little") + b'{"keys":{"dtype":"F64"}}' + b" " * 16,
        "other archive": packed({"weights.bin": b"x"}),
        "TorchScript": packed({"m/data.pkl": b"\x80\x02N.", "m/constants.pkl": b"\x80\x02N."}),
        "packed again": packed({**files, f"{top}/data/0": bytes(50_000_000)}, zipfile.ZIP_DEFLATED),
        "more files": packed({**files, "evil/data/0": b"x"}),
        "much text": saved({**weights, "notes": "x" * 1_100_000}),
        "protocol": saved(weights, pickle_protocol=4),
        "whole model": saved(nn.Linear(3, 4)),
        "number of NumPy": saved({"model_state_dict": weights, "accuracy": np.float64(0.5)}),
        "code": saved({**weights, "run": Call(os.system, "touch /tmp/autograder-was-here")}),
        "other shape": saved({**weights, "keys": torch.zeros(5, 4)}),
        "other model": saved(nn.Conv2d(3, 4, 5).state_dict()),
        "wrapped": saved({f"module.{name}": value for name, value in weights.items()}),
        "not a number": saved({**weights, "keys": weights["keys"] * float("nan")}),
        "wrapped by torch.compile": saved({f"_orig_mod.{name}": value for name, value in weights.items()}),
        "wrapped by a module": saved({f"net.{name}": value for name, value in weights.items()}),
        "two that fit": saved({"model": weights, "ema": weights}),
        "another model in a wrapper": saved({"epoch": 3, "state_dict": nn.Conv2d(3, 4, 5).state_dict()}),
        "no weights": saved({"epoch": 3, "loss": 0.1}),
        "a list": saved([1, 2]),
        "4 TiB of one number": saved({**weights, "keys": torch.zeros(1, dtype=torch.float64).expand(2**39)}),
        "1 GiB from 1 KB": saved({**weights, "keys": Call(torch.FloatStorage, 2**28)}),
        "endless storage": saved({**weights, "keys": Call(torch.FloatStorage, 2**40)}),
    }


SAYS = {
    "missing": r"TODO 2\.6: checkpoints/my_model\.pt \(run make train MODEL=my_model\)",
    "empty": "is empty",
    "random": "is no file of torch.save",
    "truncated": "is damaged or cut short",
    "damaged pickle": "is damaged",
    "damaged archive": "is damaged or cut short",
    "pointer": "is a git-LFS pointer instead of the file: run `git lfs pull`",
    "web page": "is a web page",
    "old format": r"is in the format of torch before 1\.6",
    "bare pickle": "is a bare pickle",
    "safetensors": "is a safetensors file",
    "other archive": "is a zip archive, but not one of torch.save",
    "TorchScript": "is a TorchScript model",
    "packed again": "was packed again with compression",
    "more files": "holds more than torch.save writes",
    "much text": "holds 1.1 MB beside its tensors, at most 1.0 MB",
    "protocol": "was saved with another pickle_protocol",
    "whole model": r"is a whole model \(torch\.nn\.modules\.linear\.Linear\), expected its weights alone",
    "number of NumPy": r"holds something of the kind numpy.*scalar, expected tensors, numbers and text",
    "code": r"holds something of the kind posix\.system",
    "other shape": r"keys in checkpoints/my_model\.pt has shape \(5, 4\), expected \(300,\) as in MyModel",
    "other model": "is not of this MyModel: it lacks keys, labels and has weight, bias too many",
    "wrapped": r"all names in checkpoints/my_model\.pt begin with module\.",
    "not a number": "keys in checkpoints/my_model.pt holds NaN or infinity",
    "wrapped by torch.compile": r"all names in checkpoints/my_model\.pt begin with _orig_mod\., those of MyModel",
    "wrapped by a module": r"all names in checkpoints/my_model\.pt begin with net\., those of MyModel do not: save the",
    "two that fit": "holds weights of MyModel under model, ema, expected one: save it with",
    "another model in a wrapper": "is not of this MyModel: it lacks keys, labels and has weight, bias too many",
    "no weights": "holds epoch, loss, expected a state_dict",
    "a list": "holds an object of type list, expected a state_dict",
    "4 TiB of one number": r"keys in checkpoints/my_model\.pt has shape \(549755813888,\), expected \(300,\)",
    "1 GiB from 1 KB": "holds keys, labels, expected a state_dict|cannot be read by torch.load",
    "endless storage": "cannot be read by torch.load|holds keys, labels, expected a state_dict",
}


@pytest.mark.parametrize("case", SAYS)
def test_a_file_that_is_no_checkpoint_costs_its_own_points_and_is_named_in_one_sentence(take, weights, case) -> None:
    card = take(as_state(weights)[case])
    assert card.marks[TWO_LAYER].outcome is Outcome.PASSED
    for check in (MY_MODEL, MY_MODEL_HIGH):
        mark = card.marks[check]
        assert mark.outcome is (Outcome.UNFINISHED if case == "missing" else Outcome.FAILED), mark.message
        assert "weights_only=False" not in mark.message
        assert "\n" not in mark.message
    assert re.search(SAYS[case], card.marks[MY_MODEL].message), card.marks[MY_MODEL].message
    assert card.cents == 100
    assert list(card.models) == ["two_layer"]


def test_reading_a_file_runs_nothing_of_it(tmp_path, weights) -> None:
    traces = tmp_path / "was-here"
    (tmp_path / "a.pt").write_bytes(saved({**weights, "run": Call(os.mkdir, str(traces))}))
    with pytest.raises(CheckFailed, match=r"something of the kind posix\.mkdir"):
        checkpoints.read(tmp_path / "a.pt", "a.pt", 100)
    assert not traces.exists()


def test_a_file_that_is_too_large_is_not_read(tmp_path) -> None:
    with (tmp_path / "a.pt").open("wb") as file:
        file.truncate(2_500_000)
    with pytest.raises(CheckFailed, match=r"a.pt has 2.5 MB, at most 2 MB are accepted"):
        checkpoints.read(tmp_path / "a.pt", "a.pt", 2)


def test_a_list_of_entries_that_is_too_long_is_not_read(tmp_path) -> None:
    (tmp_path / "a.pt").write_bytes(packed({f"a/data/{'x' * 200}{number}": b"" for number in range(4000)}))
    with pytest.raises(CheckFailed, match=r"a.pt is damaged or cut short"):
        checkpoints.read(tmp_path / "a.pt", "a.pt", 100)


@pytest.mark.parametrize(
    "save",
    [
        lambda weights: saved(weights),
        lambda weights: saved({"model_state_dict": weights, "epoch": 3, "accuracy": 0.5, "shape": torch.Size([3])}),
        lambda weights: saved({name: nn.Parameter(value, requires_grad=False) for name, value in weights.items()}),
        lambda weights: saved({"model_state_dict": {name: value.float() for name, value in weights.items()}}),
    ],
    ids=["a state_dict", "a dict that holds one", "parameters", "another dtype"],
)
def test_what_torch_save_writes_is_accepted(take, weights, save) -> None:
    card = take(save(weights))
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.PASSED}, card.marks
    assert card.cents == 800


@pytest.mark.parametrize("key", ["state_dict", "model", "net", "weights", "ema_of_my_own"])
@pytest.mark.parametrize("prefix", ["", "model.", "module.", "net._orig_mod."])
def test_weights_in_a_wrapper_are_taken_where_one_alone_fits(key, prefix, weights) -> None:
    loss, optimizer = {f"loss.{key}": torch.zeros(3)}, {"momentum": torch.zeros(2, 2)}
    state = {f"{prefix}{name}": value for name, value in weights.items()} | (loss if prefix else {})
    assert load({"epoch": 3, key: state, "optimizer": optimizer}, weights).get("missing") is None
    both = load({key: state, "other": weights}, weights)
    assert both["several"] == [key, "other"]


def test_what_lightning_writes_is_graded(take, weights) -> None:
    state = {f"model.{name}": value for name, value in weights.items()}
    card = take(saved({"state_dict": state, "epoch": 3, "hyper_parameters": {"lr": 0.1}}))
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.PASSED}, card.marks
    assert card.cents == 800


NUMBERS = {
    "weights and buffers": (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).state_dict(), 16 + 4 * 4 + 1),
    "one that two names share": (lambda: dict.fromkeys(("a", "b"), torch.ones(6)), 6),
    "parts of one": (lambda: dict(zip("ab", torch.ones(6).split(2)[:2], strict=True)), 4),
    "parts that overlap": (lambda: (lambda one: {"a": one[:4], "b": one[1:]})(torch.ones(6)), 6),
    "one that claims to be many": (lambda: {"a": torch.zeros(1, dtype=torch.float64).expand(2**39)}, 1),
    "none": (lambda: {"a": torch.zeros(0, 5)}, 0),
    "under a key, beside what does not count": (
        lambda: {"model_state_dict": {"a": torch.ones(2, 3)}, "optimizer": {"b": torch.ones(50)}, "lr": 1e-3},
        6,
    ),
    "under a key of one's own": (lambda: {"net": {"a": torch.ones(2, 3)}, "history": {"b": torch.ones(5)}}, 6),
    "parameters": (lambda: {"a": nn.Parameter(torch.ones(7)), "b": torch.ones(2, dtype=torch.bfloat16)}, 9),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_the_numbers_of_a_checkpoint_are_counted_from_the_file(tmp_path, case) -> None:
    make, count = NUMBERS[case]
    (tmp_path / "a.pt").write_bytes(saved(make()))
    assert checkpoints.read(tmp_path / "a.pt", "a.pt", 100).parameters == count


def test_the_reference_has_as_many_as_its_models_say(tmp_path, checkpoints) -> None:
    for name, content in checkpoints.items():
        state = torch.load(io.BytesIO(content), weights_only=True)["model_state_dict"]
        (tmp_path / "a.pt").write_bytes(content)
        found = read(tmp_path / "a.pt", name, 100).parameters
        assert found == sum(value.numel() for value in state.values())


def test_a_model_cannot_tell_the_number_of_its_parameters(take, weights) -> None:
    forged = (
        MODELS
        + """
from inside.probes import checkpoint_probes
def load(self, content):
    self.model.load_state_dict(torch.load(__import__("io").BytesIO(content.data), weights_only=True))
    return {"parameters": 7}
checkpoint_probes.Candidate.load = load
nn.Module.parameters = lambda self, recurse=True: iter([])
"""
    )
    card = take(saved(weights), models=forged)
    assert card.marks[MY_MODEL].outcome is Outcome.FAILED
    card = take(saved(weights), models=forged.replace('{"parameters": 7}', "{}"))
    assert card.models["my_model"].parameters == 600
