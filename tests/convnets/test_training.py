"""`python -m part2_pytorch`, behind `make train`: real processes on a few drawn images, stopped by a real signal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
import torch
from drawn import command, environment, make_images, python
from homework import COURSE, ROOT
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from autograder.course import datasets

config = datasets.given(COURSE, "config")

CONFIG = """
model = "my_model"
epochs = 12
small = 0.5
small_side = 20
batch_size = 64
lr = 0.05
muon_lr = 0.05
momentum = 0.9
crop = 2
flip = true
save_every = 5
"""
TRAIN = ("-m", "part2_pytorch", "train", "my_model", "--config", "my.toml", "--dataset", "images:images")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with images, a configuration, and a run of it that was never interrupted."""
    folder = tmp_path_factory.mktemp("training")
    make_images(folder, train=200, test=50)
    (folder / "my.toml").write_text(CONFIG)
    done = python(*TRAIN, folder=folder)
    assert not done.returncode, done.stdout + done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


@pytest.mark.slow
def test_every_epoch_is_told_and_the_best_weights_are_handed_in(home: Path) -> None:
    lines = [line for line in (home / "said.txt").read_text().splitlines() if line]
    assert re.fullmatch(r"my_model on images:images: [\d,]+ parameters, float32 on cpu", lines[0])
    assert [line[:12] for line in lines[1:13]] == [f"epoch {epoch:3d} of" for epoch in range(1, 13)]
    found = re.fullmatch(
        r"validation accuracy (\S+) in epoch (\d+) of 12, after +\d+ s; weights in (\S+) \(\S+ MB\)", lines[13]
    )
    assert found
    assert found[3] == "checkpoints/my_model.pt"
    best = torch.load(home / found[3], weights_only=True)
    assert best["epoch"] == int(found[2])
    assert f"{best['accuracy']:.4f}" == found[1]


@pytest.mark.slow
def test_tensorboard_gets_curves_filters_and_what_went_wrong(home: Path) -> None:
    events = EventAccumulator(str(home / "runs/my_model"))
    events.Reload()
    tags = ("Train/loss", "Train/accuracy", "Valid/loss", "Valid/accuracy", "LearningRate")
    assert {*tags, "Train/loss_batch"} == set(events.Tags()["scalars"])
    for tag in tags:
        assert [value.step for value in events.Scalars(tag)] == list(range(1, 13))
    assert set(events.Tags()["images"]) == {"Filters/first_layer", "Wrong/validation"}


@pytest.mark.slow
def test_a_run_that_is_interrupted_and_resumed_ends_with_the_same_parameters(home: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(home / "images")
    (tmp_path / "my.toml").write_text(CONFIG)
    variables = {**environment(), "PYTHONUNBUFFERED": "1"}
    # A shell's background jobs ignore the signal, and hand that on.
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), "env": variables, "cwd": tmp_path}
    with subprocess.Popen(command(*TRAIN), stdout=subprocess.PIPE, text=True, **heed) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if line.startswith("epoch   2 of 12"):
                first.send_signal(signal.SIGINT)
                break
        rest = first.stdout.read()
        assert first.wait(60) == 130
    assert "interrupted, saved up to the last whole epoch: the same command goes on from there\n" in rest

    second = python(*TRAIN, folder=tmp_path)
    assert not second.returncode, second.stderr
    resumed = re.search(
        r"^resuming after epoch (\d+) of 12; FRESH=1 starts again from the beginning$", second.stdout, re.M
    )
    assert resumed, second.stdout
    assert 1 <= int(resumed[1]) < 12
    whole, parts = (torch.load(path / "runs/my_model/last.pt", weights_only=True) for path in (home, tmp_path))
    assert parts["history"] == whole["history"]
    for name, tensor in whole["model"].items():
        assert torch.equal(parts["model"][name], tensor), name
    for tag in ("Train/loss_batch", "Train/loss", "Valid/accuracy"):
        one, two = (_scalars(path, tag) for path in (home, tmp_path))
        assert one == two, tag


def _scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The points of a curve as TensorBoard shows them."""
    events = EventAccumulator(str(folder / "runs/my_model"), size_guidance={"scalars": 0})
    events.Reload()
    return [(value.step, value.value) for value in events.Scalars(tag)]


@pytest.mark.slow
def test_another_setting_starts_afresh_and_keeps_the_earlier_run(home: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(home / "images")
    two_layer = ("-m", "part2_pytorch", "train", "two_layer", "--dataset", "images:images")
    assert not python(*two_layer, "--epochs", "1", folder=tmp_path).returncode
    first = (tmp_path / "runs/two_layer/last.pt").read_bytes()
    done = python(*two_layer, "--epochs", "2", folder=tmp_path)
    assert "starting afresh: epochs was 1 and is now 2; the earlier run is kept in runs/two_layer/old-1" in done.stdout
    assert (tmp_path / "runs/two_layer/old-1/last.pt").read_bytes() == first

    (tmp_path / "runs/two_layer/last.pt").write_bytes(first[:1000])
    assert "starting afresh: runs/two_layer/last.pt cannot be read; the" in python(*two_layer, folder=tmp_path).stdout


@pytest.mark.slow
def test_a_network_that_takes_no_small_images_sees_whole_ones(home: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(home / "images")
    (tmp_path / "small.toml").write_text('model = "two_layer"\nepochs = 1\nsmall = 0.5\n')
    arguments = ("--config", "small.toml", "--dataset", "images:images")
    done = python("-m", "part2_pytorch", "train", "two_layer", *arguments, folder=tmp_path)
    assert not done.returncode, done.stderr
    sentence = "two_layer takes no images of 24 x 24 pixels: it sees those of full size from the start"
    assert done.stdout.splitlines()[1] == sentence


@pytest.mark.slow
def test_evaluate_counts_the_test_images(home: Path) -> None:
    arguments = ("evaluate", "my_model", "--dataset", "images:images")
    done = python("-m", "part2_pytorch", *arguments, folder=home)
    found = re.fullmatch(r"my_model on images:images: test accuracy (\S+) \((\d+) of 50\)\n", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) == int(found[2]) / 50
    assert json.loads((home / "runs/my_model/test.json").read_text()) == {"accuracy": float(found[1]), "images": 50}
    missing = python("-m", "part2_pytorch", "evaluate", "two_layer", *arguments[2:], folder=home)
    assert missing.returncode == 1
    assert missing.stdout == "there is no checkpoints/two_layer.pt: make train MODEL=two_layer writes it\n"


@pytest.mark.slow
def test_an_open_todo_is_named(home: Path) -> None:
    done = python(*TRAIN, "--runs", "other", folder=home, parts=ROOT)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "TODO 2.6: MyModel.__init__ is not written yet"


REFUSED = {
    "epochs = 0": "epochs is 0, expected at least 1",
    "epochs = 1.5": "epochs is 1.5, expected int",
    'lr = "high"': "lr is 'high', expected float",
    "crop = -1": "crop is -1, expected at least 0",
    "muon_lr = -0.1": "muon_lr is -0.1, expected at least 0",
    "small_side = 40": "small_side is 40, expected 8 to 32",
    "warmup = 1": "warmup is 1.0, expected a share of the steps: at least 0, below 1",
    "small = 1": "small is 1.0, expected a share of the steps: at least 0, below 1",
    "momentum = 0\nnesterov = true": "nesterov is true and momentum is 0, expected a momentum above 0",
    'schedule = "cosine"': "schedule is 'cosine', expected one of constant, one_cycle",
    "speed = 3": "speed is no setting; there are model, dataset, seed,",
    "lr = ": "Invalid value",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "my.toml").write_text(f'model = "my_model"\n{line}\n')
    with pytest.raises(config.ConfigError, match=re.escape(REFUSED[line])):
        config.load_config(tmp_path / "my.toml")


def test_a_missing_configuration_names_those_there_are() -> None:
    with pytest.raises(config.ConfigError, match=r"in configs/ are my_model, my_model_long, two_layer, vanilla_cnn$"):
        config.load_config("fast")
