"""Right solutions that look like nobody's: each earns everything. A false alarm is as bad as a miss."""

from __future__ import annotations

import codecs
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from homework import COURSE

from autograder.authoring import reference as proof
from autograder.authoring import variants as trials
from autograder.authoring.auditing.unusual import changed
from autograder.checking.expect import expect_close
from autograder.grading import candidates
from autograder.reports.scores import Outcome

FOLDER = COURSE.folder / "unusual"
SOLUTIONS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
MODELS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("part2/*.toml"))}

# Two models that have taken a step of training each, as `make train` makes and saves them, and what they say of images.
TRAINED = """
import torch
from part2_pytorch import config, device, models
for name in ("two_layer", "vanilla_cnn"):
    settings = config.load_config(f"part2_pytorch/configs/{name}.toml")
    model = device.prepare(models.build_model(name), torch.device("cpu"), settings.precision)
    optimizer = config.build_optimizer(model, settings)
    x = (torch.arange(6144.0).reshape(2, 3, 32, 32) % 256 / 255 - 0.5) / 0.25
    config.build_criterion(settings)(model(x), torch.tensor([0, 1])).backward()
    optimizer.step()
    torch.save(model.state_dict(), f"{name}.pt")
    trained = models.build_model(name)
    trained.load_state_dict(model.state_dict())
    print(trained.eval()(x).tolist())  # in float32, whatever it was trained in
"""
ALONE = {**os.environ, "PYTHONPATH": "."}
Files = dict[str, bytes]


@pytest.mark.parametrize("solution", SOLUTIONS.values(), ids=SOLUTIONS)
def test_an_unusual_right_solution_earns_everything_and_is_suspected_of_nothing(
    grade, reference, solution: dict[str, Any]
) -> None:
    """All but the points for few loops, where a solution has many on purpose and says so in `loses`."""
    card = grade(changed(reference, solution["change"]))
    assert card.refusal == ""
    lost = [mark.check for mark in proof.failed(card)]
    assert set(lost) == set(solution.get("loses", [])), proof.everything_passed(card)
    assert Outcome.SKIPPED not in {mark.outcome for mark in card.marks.values()}
    assert card.attempts == {}


@pytest.mark.parametrize("solution", MODELS.values(), ids=MODELS)
def test_unusual_right_models_earn_everything(grade, reference, solution: dict[str, Any]) -> None:
    card = grade(changed(reference, solution["change"]), todos=("2.1", "2.2"))
    assert card.refusal == ""
    assert proof.everything_passed(card) == ""


@pytest.mark.parametrize("solution", MODELS.values(), ids=MODELS)
def test_unusual_models_can_be_trained_and_score_in_the_box_as_where_they_were_trained(
    box, assignment, reference, tmp_path, solution: dict[str, Any]
) -> None:
    files = changed(reference, solution["change"])
    trials.write(tmp_path / "own", files)
    made = subprocess.run(
        [sys.executable, "-c", TRAINED], cwd=tmp_path / "own", capture_output=True, text=True, check=True, env=ALONE
    )
    with box.room() as folder:
        trials.write(folder, files)
        for line, name in zip(made.stdout.splitlines(), ("two_layer", "vanilla_cnn"), strict=True):
            checkpoint = (tmp_path / "own" / f"{name}.pt").read_bytes()
            trials.write(folder, {f"checkpoints/{name}.pt": checkpoint})
            student = box.student(folder, "torch")
            student.allow(60)
            images = (np.arange(6144) % 256).astype(np.uint8).reshape(2, 3, 32, 32).transpose(0, 2, 3, 1)
            entry = candidates.enter(student, folder, assignment, name)
            candidate = entry.load(mean=(0.5,) * 3, deviation=(0.25,) * 3).remote
            expect_close(candidate.scores(images), np.array(json.loads(line)), "scores", dtype="float32")
            student.renew()


def in_bytes(change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    """Change the bytes of every module."""
    return lambda files: {name: change(content) if name.endswith(".py") else content for name, content in files.items()}


def with_tabs(source: bytes) -> bytes:
    return re.sub(rb"(?m)^(?: {4})+", lambda indent: b"\t" * (len(indent[0]) // 4), source)


def in_latin_1(source: bytes) -> bytes:
    """Not UTF-8: what an old editor writes, which says so in its first line."""
    text = source.decode().replace("self.weight = ", "größe = None  # für später\n        self.weight = ")
    return ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1")


def from_a_mac(files: Files) -> Files:
    """Zipped in the Finder, with what editors and Python left in the folder."""
    junk = {
        "HW2 Ève (final) 2/.DS_Store": b"\0\0\0\1Bud1",
        "HW2 Ève (final) 2/part1_numpy/__pycache__/conv2d.cpython-311.pyc": b"stale",
        "HW2 Ève (final) 2/part1_numpy/.conv2d.py.swp": b"b0VIM",
        "HW2 Ève (final) 2/.venv/lib/python3.11/site-packages/numpy/__init__.py": b"raise SystemExit",
        "HW2 Ève (final) 2/notes.ipynb": b"{}",
        "HW2 Ève (final) 2/report/report.pdf": b"%PDF-1.7",
    }
    own = {f"HW2 Ève (final) 2/{name}": content for name, content in files.items()}
    return own | junk | {f"__MACOSX/{name.replace('/', '/._', 1)}": b"\0\5\x16\7" for name in own}


def from_windows(files: Files) -> Files:
    """Zipped by a program that writes backslashes, from an editor that writes CRLF."""
    crlf = in_bytes(lambda source: source.replace(b"\n", b"\r\n"))(files)
    return {"hw2\\" + name.replace("/", "\\"): content for name, content in crlf.items()} | {"hw2\\desktop.ini": b"[x]"}


FORMS: dict[str, Callable[[Files], Files]] = {
    "a byte order mark and CRLF": in_bytes(lambda source: codecs.BOM_UTF8 + source.replace(b"\n", b"\r\n")),
    "CR alone, as on a very old Mac": in_bytes(lambda source: source.replace(b"\n", b"\r")),
    "tabs": in_bytes(with_tabs),
    "latin-1 with umlauts in names": in_bytes(in_latin_1),
    "no line end at the end, a form feed before": in_bytes(lambda source: b"\f\n" + source.rstrip() + b"\n\f# end"),
    "a zip of the Finder": from_a_mac,
    "a zip with backslashes": from_windows,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_reference_in_an_unusual_form_earns_everything(grade, reference, form) -> None:
    card = grade(form(dict(reference)))
    assert card.refusal == ""
    assert proof.everything_passed(card) == ""
