"""Training that tells the truth: curves after an interruption, and a loss that is NaN. Real runs of a small model."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from drawn import make_images, python
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

IMAGES, BATCHES, EPOCHS = 200, 3, 4  # training images of which a tenth is for validation; batches of 64 in an epoch
CONFIG = 'model = "two_layer"\nschedule = "constant"\nbatch_size = 64\nsave_every = 3\n'
TRAIN = ("train", "two_layer", "--config", "my.toml", "--dataset", "images:images")
EVERY_STEP = """
import sys
from part2_pytorch import train
from part2_pytorch.__main__ import app
call, stop, nan = train.LoggedCriterion.__call__, int(sys.argv.pop(1)), int(sys.argv.pop(1))
keep, end = train.run_state, int(sys.argv.pop(1))
def run_state(model, optimizer, scheduler, history, config):
    if len(history) == end:
        raise KeyboardInterrupt
    return keep(model, optimizer, scheduler, history, config)
train.run_state = run_state
def logged(self, scores, labels):
    self.writer.add_scalar("Train/every_step", 0.0, self.step)
    if self.step == stop:
        raise KeyboardInterrupt
    return call(self, scores * float("nan") if self.step == nan else scores, labels)
train.LoggedCriterion.__call__ = logged
app()
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    return make_images(tmp_path_factory.mktemp("drawn"), train=IMAGES, test=10)


@pytest.fixture
def home(images: Path, tmp_path: Path) -> Path:
    (tmp_path / "images").symlink_to(images)
    (tmp_path / "my.toml").write_text(CONFIG + f"epochs = {EPOCHS}\nlr = 0.01\n")
    return tmp_path


def _train(home: Path, *, stop: int = -1, nan: int = -1, end: int = -1) -> subprocess.CompletedProcess[str]:
    """Train, with Ctrl-C at one step or at the end of one epoch, or with scores that become NaN at one step."""
    return python("-c", EVERY_STEP, str(stop), str(nan), str(end), *TRAIN, folder=home)


def _steps(home: Path, tag: str) -> list[int]:
    """The points of a curve as TensorBoard shows them."""
    events = EventAccumulator(str(home / "runs/two_layer"), size_guidance={"scalars": 0})
    events.Reload()
    return [value.step for value in events.Scalars(tag)]


@pytest.mark.slow
def test_a_curve_does_not_go_back_after_interruptions(home: Path) -> None:
    first, amid, begin, end = {"stop": 1}, {"stop": BATCHES + 1}, {"stop": 2 * BATCHES}, {"end": 3}
    for where in (first, amid, begin, end, {}):  # at the end of an epoch its points are written, its state is not saved
        done = _train(home, **where)
        assert done.returncode == (130 if where else 0), done.stdout + done.stderr
    assert _steps(home, "Train/every_step") == list(range(EPOCHS * BATCHES))
    assert _steps(home, "Train/loss_batch") == [0]
    assert _steps(home, "Train/loss") == list(range(1, EPOCHS + 1))


def test_a_loss_that_is_nan_ends_the_run_in_a_sentence_and_the_best_weights_stay(home: Path) -> None:
    done = _train(home, nan=2 * BATCHES + 1)
    assert (done.returncode, done.stderr) == (1, "")
    said = f"the loss is nan at step {2 * BATCHES + 1}, in epoch 3: lower lr (0.01) in the configuration"
    kept = "checkpoints/two_layer.pt holds the best epoch before"
    assert done.stdout.rstrip().splitlines()[-1] == f"{said}; {kept}"
    best = home / "checkpoints/two_layer.pt"
    assert best.read_bytes() == (home / "runs/two_layer/best.pt").read_bytes()


def test_a_rate_that_is_far_too_high_ends_the_run_within_the_first_epoch(home: Path) -> None:
    (home / "my.toml").write_text(CONFIG + "epochs = 2\nlr = 1e36\nmuon_lr = 0.0\n")
    done = python("-m", "part2_pytorch", *TRAIN, folder=home)
    assert (done.returncode, done.stderr) == (1, "")
    said = (
        r"the loss is (nan|inf) at step \d, in epoch 1: lower lr \(1e\+36\) in the configuration; no epoch before was"
    )
    assert re.match(said, done.stdout.rstrip().splitlines()[-1])
    assert not (home / "checkpoints").exists()
