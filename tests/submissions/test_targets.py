"""What a check asks for and does not find: one sentence about the student's files, in the box and locally."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest
from homework import ROOT

from autograder.authoring import variants as trials
from autograder.reports.scores import Scorecard

Files = dict[str, bytes]
Change = Callable[[Files], None]


def edit(name: str, old: str, new: str, count: int = -1) -> Change:
    def change(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), count)

    return change


def add(name: str, text: str) -> Change:
    def change(files: Files) -> None:
        files[name] += text.encode()

    return change


def rename(old: str, new: str = "") -> Change:
    def change(files: Files) -> None:
        content = files.pop(old)
        if new:
            files[new] = content

    return change


NO_CLASS = "\nclass Conv2d:\n    def __init__(self, in_channels, out_channels):\n        pass\n"
P1 = "part1_numpy"
# A TODO, what is wrong, and what is said of it.
CASES: dict[str, tuple[str, Change, str]] = {
    "a class in other letters": (
        "1.3", edit(f"{P1}/activations.py", "class ReLU", "class Relu"), "activations.py defines Relu, expected ReLU"),
    "a class by a longer name": (
        "1.7", edit(f"{P1}/pooling.py", "class MaxPool2d", "class MaxPooling2d"), "pooling.py defines MaxPooling2d, "),
    "no such class": (
        "1.3", add(f"{P1}/activations.py", "\ndel ReLU\n"), "activations.py defines Sigmoid, Tanh, expected ReLU"),
    "a function for a class": (
        "1.3", add(f"{P1}/activations.py", "\ndef ReLU(x):\n    return x\n"), "ReLU is a function, expected a class ("),
    "a function in other letters": (
        "1.1", edit(f"{P1}/views.py", "def add_bias", "def addBias"), "views.py defines addBias, expected add_bias"),
    "a function of other arguments": (
        "1.1", edit(f"{P1}/views.py", "def add_bias(y: np.ndarray, bias: np.ndarray)", "def add_bias(y)"),
        "add_bias takes (y), expected to take 2 values (views.py:"),
    "a constructor of other arguments": (
        "1.6", add(f"{P1}/conv2d.py", NO_CLASS),
        "Conv2d.__init__ takes (in_channels, out_channels), expected to take 3 values, stride and padding (conv2d.py:"),
    "a method without self": (
        "1.3", add(f"{P1}/activations.py", "\ndef forward(x):\n    return x\nReLU.forward = forward\n"),
        "forward of ReLU takes (x), expected self first (activations.py:"),
    "a method in other letters": (
        "1.3", edit(f"{P1}/activations.py", "def backward", "def back_ward"), "ReLU has no backward; it has back_ward"),
    "a gradient in other letters": (
        "1.6", edit(f"{P1}/conv2d.py", "self.dw", "self.dW"), "Conv2d has no attribute dw after backward; it has dW"),
    "a gradient that is never set": (
        "1.2", edit(f"{P1}/linear.py", "self.dw = ", "dw = "), "Linear has no attribute dw after backward; it has"),
    "a weight by another name": (
        "1.2", edit(f"{P1}/linear.py", "self.weight", "self.W"), "Linear has no attribute weight; it has"),
    "no such file": ("1.6", rename(f"{P1}/conv2d.py"), "part1_numpy/conv2d.py is missing"),
    "a file that was downloaded twice": (
        "1.6", rename(f"{P1}/conv2d.py", f"{P1}/conv2d (1).py"), "missing, conv2d (1).py is there: rename it"),
    "a file with two endings": (
        "1.6", rename(f"{P1}/conv2d.py", f"{P1}/conv2d.py.py"), "missing, conv2d.py.py is there: rename it"),
    "an import of what is not defined": (
        "1.11", edit(f"{P1}/activations.py", "class ReLU", "class Relu"),
        "activations.py defines Relu, expected ReLU (scanning.py:"),
    "an import of a file that is not there": (
        "1.11", edit(f"{P1}/scanning.py", "from .conv1d", "from .conv1"),
        "part1_numpy/conv1.py is missing, conv1d.py is there (scanning.py:"),
    "an import in a circle": (
        "1.3", edit(f"{P1}/activations.py", "import numpy", "from .scanning import mlp\nimport numpy", 1),
        "activations.py and what it imports import each other, so ReLU is not defined yet (scanning.py:"),
    "a GPU": (
        "2.1", edit("part2_pytorch/models.py", "super().__init__()", "super().__init__(); torch.zeros(1).cuda()", 1),
        "graded on a CPU, without network: "),
    "Apple's GPU": (
        "2.1", edit("part2_pytorch/models.py", "super().__init__()", 'super().__init__(); torch.zeros(1).to("mps")', 1),
        "graded on a CPU, without network: PyTorch is not linked with support for mps devices: use the device of the"),
    "weights from the network": (
        "2.1", edit("part2_pytorch/models.py", "super().__init__()", "super().__init__(); import torchvision as t; "
                    "t.models.squeezenet1_1(weights='DEFAULT')", 1),
        "graded on a CPU, without network: URLError"),
}  # fmt: skip


def changed(reference: Mapping[str, bytes], change: Change) -> Files:
    files = dict(reference)
    change(files)
    return files


def expect_fit_for_students(messages: list[str]) -> None:
    for message in messages:
        assert not re.search(r"host\.py|targets\.py|/tmp/|Traceback|During handling|\n", message), message


@pytest.mark.parametrize(("todo", "change", "says"), CASES.values(), ids=CASES)
def test_what_is_not_there_is_named_with_what_is_there_instead(todo, change, says, reference, grade) -> None:
    card: Scorecard = grade(changed(reference, change), todos=(todo,))
    messages = [mark.message for mark in card.marks.values() if mark.message]
    assert [message for message in messages if says in message], messages
    expect_fit_for_students(messages)


@pytest.mark.parametrize(
    "case",
    ["a class in other letters", "a gradient in other letters", "a constructor of other arguments", "no such file"],
)
def test_the_same_is_said_before_anything_is_handed_in(case, reference, tmp_path) -> None:
    """In a process of its own, as each case imports modules of one name."""
    todo, change, says = CASES[case]
    trials.write(tmp_path, changed(reference, change))
    script = (
        "import sys, pathlib; from autograder.grading import marking\n"
        "from autograder.checking.local_student import LocalStudent\n"
        "student = LocalStudent(pathlib.Path(sys.argv[1]))\n"
        "from autograder.course.definition import find\n"
        "for check in find().checks():\n"
        "    if check.todo == sys.argv[2]: print(marking.judge(check, student, 0, None).message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), todo], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert says in done.stdout
    expect_fit_for_students([line.replace(str(tmp_path), "") for line in done.stdout.splitlines()])
