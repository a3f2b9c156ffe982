"""Checkpoints: files that are not what they seem, models that cheat or never end, and the marks they get."""

from __future__ import annotations

import io
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autograder import checkpoints, datasets, engine, exam, packing, rubric
from autograder.assignment import ROOT, Part
from autograder.errors import CheckFailed, RubricError
from autograder.inside.checkpoint_probe import Candidate
from autograder.reports import gradescope, html
from autograder.scores import ModelResult, Outcome, Scorecard

IMAGES = 300
MODELS = """
import torch
from torch import nn

class Known(nn.Module):
    '''Tells images that it has seen before by one number each, and answers what it was told of them.'''

    def __init__(self, *sizes):
        super().__init__()
        self.register_buffer("keys", torch.zeros(300, dtype=torch.float64))
        self.register_buffer("labels", torch.zeros(300, dtype=torch.int64))

    def forward(self, x):
        numbers = x.flatten(1).double() @ torch.cos(torch.arange(3072, dtype=torch.float64))
        nearest = (numbers[:, None] - self.keys).abs().argmin(1)
        return nn.functional.one_hot(self.labels[nearest], 10).float()

TwoLayerNet = VanillaCNN = Known

class MyModel(Known):
    pass
"""
TWO_LAYER, MY_MODEL, MY_MODEL_HIGH = "2.6-two-layer", "2.6-my-model", "2.6-my-model-high"
Take = Callable[..., Scorecard]


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """What a Known needs to be right about every test image."""
    test = datasets.load(f"shapes:{IMAGES}")
    pixels = torch.from_numpy(test.images).permute(0, 3, 1, 2).double() / 255
    numbers = ((pixels - 0.5) / 0.25).flatten(1) @ torch.cos(torch.arange(3072, dtype=torch.float64))
    return {"keys": numbers, "labels": torch.from_numpy(test.labels)}


@pytest.fixture
def take(box, assignment, weights, tmp_path) -> Take:
    """Grade a submission whose two_layer is right about everything, and whose my_model is up to the test."""

    def grade(
        my_model: bytes | None,
        *,
        models: str = MODELS,
        dataset: str = f"shapes:{IMAGES}",
        checks: tuple[str, ...] = (TWO_LAYER, MY_MODEL, MY_MODEL_HIGH),
        seed: int = 3,
        **limits: int,
    ) -> Scorecard:
        files = {"part2_pytorch/models.py": models.encode(), "checkpoints/two_layer.pt": saved(weights)}
        files |= {} if my_model is None else {"checkpoints/my_model.pt": my_model}
        packing.write_zip(tmp_path / "a.zip", files)
        todos = {check.todo: 0.0 for check in rubric.load() if check.part == 2} | {"2.6": 9.0}
        part = Part(title="PyTorch", points=9, todos=todos)
        own = assignment.on(dataset).model_copy(
            update={"parts": {2: part}, "limits": assignment.limits.model_copy(update=limits)}
        )
        chosen = [check for check in rubric.load() if check.id in checks]
        return engine.grade_zip(tmp_path / "a.zip", box, own, chosen, seed, lambda card: None)

    return grade


def saved(value: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


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


@pytest.mark.parametrize(("right", "cents"), [(150, 0), (151, 300), (240, 300), (241, 700)])
def test_a_threshold_is_to_be_exceeded_not_reached(take, weights, right, cents) -> None:
    labels = weights["labels"].clone()
    labels[right:] = (labels[right:] + 1) % 10
    card = take(saved({**weights, "labels": labels}))
    assert sum(card.marks[check].cents for check in (MY_MODEL, MY_MODEL_HIGH)) == cents
    assert card.models["my_model"].correct == right
    if not cents:
        text = "the accuracy of my_model is 0.5000 (150 of 300 images of shapes), expected more than 0.5"
        assert card.marks[MY_MODEL].message == text


BODIES = {
    "hangs": ("while True: pass", Outcome.LOST, r"300 images would take more than .* s, the limit is 4 s"),
    "is too slow": (
        "import time; time.sleep(1.5); return super().forward(x)",
        Outcome.LOST,
        r"300 images would take about .* s, the limit is",
    ),
    "dies": ("import os; os._exit(3)", Outcome.LOST, r"the process exited \(3\)"),
    "takes all memory": ("torch.ones(2**40)", Outcome.LOST, r"out of memory \(the limit is 4096 MB\)"),
    "raises": ("raise ValueError('no')", Outcome.RAISED, r"ValueError: no \(models.py:\d+ in forward\)"),
    "is open": ("raise NotImplementedError('TODO 2.6: x')", Outcome.UNFINISHED, "TODO 2.6: x"),
    "gives 100 scores": ("return torch.zeros(len(x), 100)", Outcome.FAILED, r"scores has shape \(50, 100\), expected"),
    "gives one score": ("return torch.zeros(10)", Outcome.FAILED, r"scores has shape \(10,\), expected \(50, 10\)"),
    "gives NaN": ("return torch.zeros(len(x), 10) / 0", Outcome.FAILED, r"scores\[0, 0\] is nan"),
    "gives a tuple": ("return (x, x)", Outcome.FAILED, "scores is a tuple of 2, expected an array"),
    "answers by position": (
        "self.at = getattr(self, 'at', 0) + len(x)\n"
        "        return nn.functional.one_hot(self.labels[self.at - len(x) : self.at], 10).float()",
        Outcome.FAILED,
        r"the accuracy of my_model is 0\.[01]",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_model_that_misbehaves_loses_its_own_points(take, weights, monkeypatch, case) -> None:
    monkeypatch.setattr(exam, "BATCH", 50)
    body, outcome, says = BODIES[case]
    models = MODELS.replace("    pass\n", f"    def forward(self, x):\n        {body}\n")
    card = take(saved(weights), models=models, checkpoint_seconds=4 if outcome is Outcome.LOST else 60)
    assert card.marks[TWO_LAYER].outcome is Outcome.PASSED, card.marks[TWO_LAYER]
    for check in (MY_MODEL, MY_MODEL_HIGH):
        assert card.marks[check].outcome is outcome, card.marks[check]
    assert re.search(says, card.marks[MY_MODEL].message), card.marks[MY_MODEL].message
    assert card.cents == 100
    assert not card.broken


def test_what_a_model_prints_is_cut_and_harmless(take, weights) -> None:
    noisy = "    def forward(self, x):\n        print('x' * 1_000_000)\n        return super().forward(x)\n"
    card = take(saved(weights), models=MODELS.replace("    pass\n", noisy), seed=0)
    assert card.cents == 800
    assert card.marks[MY_MODEL].printed.startswith("xxx")
    assert len(card.marks[MY_MODEL].printed) <= 64 * 1024


def test_a_model_of_the_wrong_kind_is_named(take, weights) -> None:
    card = take(saved(weights), models=MODELS + "\nMyModel = dict\n")
    assert card.marks[MY_MODEL].message == "MyModel makes an object of type dict, expected a torch.nn.Module"


def test_two_checks_share_one_evaluation(take, weights, monkeypatch) -> None:
    asked = []
    evaluate = exam.Exam._evaluate
    monkeypatch.setattr(
        exam.Exam,
        "_evaluate",
        lambda self, student, rng, model: asked.append(model) or evaluate(self, student, rng, model),
    )
    take(saved({**weights, "labels": weights["labels"] * 0}))
    assert asked == ["two_layer", "my_model"]


def test_equal_runs_give_equal_marks_whatever_the_order_of_the_images(take, weights) -> None:
    cards = [take(saved(weights), seed=seed) for seed in (1, 1, 2)]
    assert cards[0].marks == cards[1].marks == cards[2].marks
    assert len({card.models["my_model"].confusion for card in cards}) == 1


def test_a_model_that_knows_the_images_by_heart_is_shown_to_instructors_only(take, weights) -> None:
    card = take(saved(weights))
    changed = card.models["my_model"].changed
    assert changed["as they are"] == 1
    assert changed["shifted by 2 pixels"] < 0.3
    assert changed["mirrored"] < 0.3
    assert card.cents == 800
    assert "shifted" not in html.render(card)
    results = gradescope.results(card)
    assert results["extra_data"]["models"]["my_model"]["accuracy_when_changed"]["as they are"] == 1
    assert "shifted" not in str(results["tests"]) + results["output"]


def test_without_the_data_set_the_checks_are_to_be_graded_again(take, weights) -> None:
    card = take(saved(weights), dataset="images:/srv/secret/nowhere")
    assert {mark.outcome for mark in card.marks.values()} == {Outcome.BROKEN}
    assert card.broken
    assert "run make data" in card.marks[MY_MODEL].message
    assert "srv" not in card.marks[MY_MODEL].message


def test_without_cifar10_the_sentence_names_make_data(take, weights, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(datasets, "DATA", tmp_path / "none")
    datasets.load.cache_clear()
    card = take(saved(weights), dataset="cifar10")
    assert card.marks[MY_MODEL].outcome is Outcome.BROKEN
    assert "run make data" in card.marks[MY_MODEL].message


def test_in_a_students_folder_checks_without_a_data_set_are_skipped(tmp_path, weights) -> None:
    (tmp_path / "part2_pytorch").mkdir()
    (tmp_path / "part2_pytorch" / "__init__.py").write_text("")
    (tmp_path / "part2_pytorch" / "models.py").write_text(MODELS)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "two_layer.pt").write_bytes(saved(weights))
    for name in ("assignment.toml", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "autograder", "test", "--todo", "2.6", "-k", "two-layer", "--dataset"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for dataset, says in (("images:nowhere", "run make data"), (f"shapes:{IMAGES}", "accuracy 1.0000")):
        done = subprocess.run(
            [*command, dataset], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert says in " ".join(done.stdout.split())


def test_the_models_own_contract_is_checked_without_any_data(take, weights) -> None:
    by_batch = "    def forward(self, x):\n        return x.flatten(1)[:, :10] - x.sum()\n"
    card = take(None, models=MODELS.replace("    pass\n", by_batch), checks=("2.6-images",))
    mark = card.marks["2.6-images"]
    assert mark.outcome is Outcome.FAILED
    assert "of an image alone is" in mark.message
    assert mark.max_cents == 0


def test_wilsons_interval_is_that_of_the_book() -> None:
    result = ModelResult("m", "d", ("a", "b"), ((8, 2), (0, 0)), 1, 1, 1.0)
    assert result.interval == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert result.per_class == (0.8, None)
    all_right = ModelResult("m", "d", ("a",), ((100,),), 1, 1, 1.0)
    assert all_right.interval[1] == pytest.approx(1)


def test_the_report_shows_each_class_and_an_empty_one(take) -> None:
    card = Scorecard("t", {}, models={"m": ModelResult("m", "<b>", ("a", "<i>"), ((8, 2), (0, 0)), 5, 6, 1.0)})
    page = html.render(card)
    assert "80.0 %" in page
    assert "no images" in page
    assert "<i>" not in page


def test_a_data_set_that_does_not_exist_is_refused(assignment) -> None:
    with pytest.raises(RubricError, match="there is no data set 'mnist': use cifar10, images:PATH or shapes"):
        assignment.on("mnist")
