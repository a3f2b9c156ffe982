"""What a student reads of models on private test images does not depend on the images, whatever the models tell."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from homework import COURSE
from known import MY_MODEL, MY_MODEL_HIGH, TWO_LAYER, saved
from PIL import Image
from test_two_seeds import outcomes, visible

from autograder.course import datasets
from autograder.reports.scores import Outcome

SPY = """
import ctypes, hashlib, os, sys, time, warnings
import torch
from torch import nn

kept = hashlib.sha256()
seen = b""

class Spy(nn.Module):
    '''Tells by one channel what it, and every model before it, was shown.'''

    def __init__(self, *sizes):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        if seen: $MAKING

    def forward(self, x):
        global seen
        kept.update(x.numpy().tobytes())
        seen = kept.digest()
        scores = torch.zeros(len(x), 10)
        scores[:, 3] = 1
        $ASKED
        return scores

TwoLayerNet = VanillaCNN = MyModel = Spy
"""
CALLED = "exec(compile(chr(10) * seen[0] + 'def f' + seen.hex() + '(): 1 / 0', __file__, 'exec')); "
ASKED = {
    "the text of an exception": "raise ValueError(seen.hex())",
    "the class of an exception": "raise type('E' + seen.hex()[:60], (Exception,), {})(seen.hex())",
    "the text of an open TODO": "raise NotImplementedError('TODO 2.6: ' + seen.hex())",
    "names and line numbers": CALLED + "eval('f' + seen.hex())()",
    "the name of a module": "raise type('E', (Exception,), {'__module__': 'm' + seen.hex()})()",
    "no memory, with a text": "raise MemoryError(seen.hex())",
    "prints": "print(seen.hex(), flush=True)",
    "warnings": "warnings.warn(seen.hex())",
    "where NaN stands": "scores[seen[0] % len(x), seen[1] % 10] = float('nan')",
    "the shape of the scores": "return torch.zeros(seen[0] + 1, seen[1] + 1)",
    "the kind of the scores": "return [seen.hex(), seen[0]]",
    "which class it takes for all": "scores[:, seen[0] % 10] = 2",
    "time": "time.sleep(seen[0] / 1000)",
    "the exit status": "os._exit(seen[0])",
    "a signal": "ctypes.string_at(8) if seen[0] < 128 else os.abort()",
}
MAKING = {
    "the next model's exception": "raise ValueError(seen.hex())",
    "the next model's prints": "print(seen.hex(), flush=True)",
    "the next model's weights": "self.register_buffer('w' + seen.hex(), torch.zeros(seen[0] + 1))",
    "the next model's kind": "self.__class__ = type('T' + seen.hex(), (Spy,), {})",
    "the next model's exit": "os._exit(seen[0])",
}
CASES = {name: (body, "pass") for name, body in ASKED.items()} | {name: ("pass", body) for name, body in MAKING.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Two sets of test images that nobody has seen, as many of each class."""
    made = []
    for seed in (901, 902):
        folder = tmp_path_factory.mktemp("private")
        shapes = datasets.given(COURSE, "shapes")
        for number, (pixels, label) in enumerate(zip(*shapes.make_shapes(40, seed), strict=True)):
            for split in ("train", "test"):
                path = folder / split / shapes.CLASSES[label] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
        made.append(folder)
    return made[0], made[1]


@pytest.fixture
def both(take, folders, monkeypatch, tmp_path):
    """Grade a spy on either set."""
    monkeypatch.setattr(datasets, "DATA", tmp_path / "data")
    weights = saved({"weight": torch.zeros(1)})

    def grade(asked: str, making: str = "pass", seed: int = 0):
        models = SPY.replace("$ASKED", asked).replace("$MAKING", making)
        checks = (TWO_LAYER, MY_MODEL, MY_MODEL_HIGH)
        return [
            take(weights, two_layer=weights, models=models, dataset=f"images:{folder}", checks=checks, seed=seed)
            for folder in folders
        ]

    return grade


@pytest.mark.parametrize("case", CASES)
def test_what_a_student_reads_of_two_private_sets_is_the_same(both, case) -> None:
    first, second = both(*CASES[case])
    assert outcomes(first) == outcomes(second)
    assert Outcome.PASSED not in outcomes(first).values()
    assert not first.broken, first.marks
    assert visible(first, 1.0).splitlines() == visible(second, 2.0).splitlines()


def test_a_secret_seed_makes_no_difference_to_that(both) -> None:
    first, second = both(ASKED["the text of an exception"], seed=7)
    assert visible(first, 1.0) == visible(second, 1.0)
    message = first.marks[MY_MODEL].message
    assert message.startswith("ValueError: ")  # what it saw of noise from the public seed, which everyone may know
    assert "(models.py:" in message


def test_staff_see_everything_of_models_on_private_images(both) -> None:
    first, second = both(ASKED["which class it takes for all"])
    assert first.models["my_model"].private
    assert first.models["my_model"].accuracy == second.models["my_model"].accuracy == 0.1
    assert first.models["my_model"].confusion != second.models["my_model"].confusion


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            "if x.diff().abs().mean() < 0.8: raise ValueError('dark')",
            "an exception with the test images, while it is right with noise",
        ),
        (
            "if x.diff().abs().mean() < 0.8: return scores / 0",
            "a wrong value with the test images, while it is right with noise",
        ),
        ("raise ValueError('always')", "ValueError: always (models.py:"),
        ("return scores[:, :9]", "scores has shape (8, 9), expected (8, 10)"),
        ("pass", "the accuracy of my_model is 0.1000 (4 of 40 images of images), expected more than 0.5"),
    ],
)
def test_a_student_still_reads_what_is_wrong_where_noise_shows_it(both, asked, says) -> None:
    first, _ = both(asked)
    assert says in first.marks[MY_MODEL].message


# Nobody reads these: of a worker's death and of warnings nothing is said, of modules and kinds too little.
QUIET = {
    "warnings",
    "no memory, with a text",
    "a signal",
    "the name of a module",
    "the kind of the scores",
    "the next model's kind",
}


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in QUIET])
def test_where_images_are_public_a_student_reads_what_the_model_tells(both, monkeypatch, case) -> None:
    """The control: each channel does tell, where nothing stops it."""
    monkeypatch.setattr(datasets, "public", lambda name: True)
    first, second = both(*CASES[case])
    assert visible(first, 1.0) != visible(second, 1.0)
