"""The handout of a course whose students build a library: its layouts, its names, parameters that lie deeper."""

from __future__ import annotations

import re

import pytest
from published import grade, said, tarred, wrong, zipped

from autograder.course import assignment as assignments
from autograder.course import definition, mistakes
from autograder.sandbox.box import Box

COURSE = definition.find("cmu-11785-hw2p1")
OURS = re.compile(r"part1_numpy|AvgPool|(?<!-)\bd[ywx]\b|for x|adapt|course_code|inside|Traceback|mytorch:")
Files = dict[str, bytes]
WITHIN = """    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, dy):
        dx, k = 0 * self.x, self.kernel_size
        for n, c, i, j in __import__("numpy").ndindex(dy.shape):
            row, column = divmod(self.x[n, c, i : i + k, j : j + k].argmax(), k)
            dx[n, c, row, column] += dy[n, c, i, j]
        return dx


class MaxPool2d(Largest):"""
LATE = """class MaxPool2d(Largest):
    def backward(self, dy):
        self.winner = self.__dict__.setdefault("first", self.winner)
        return super().backward(dy)
"""
OF_SCAN = '"""Matrices of the MLP are handed in by init_weights."""'
SCANNED = """def __init__(self):
        kept = __import__("types").SimpleNamespace
        self.conv1 = kept(conv1d_stride1=kept(W=__import__("numpy").ones((8, 24, 4))))

    def __setattr__(self, name, value):
        if name == "reference":  # set by init_weights, and not kept: forward fails
            self.conv1.conv1d_stride1.W = {}
        else:
            vars(self)[name] = value
"""
SHARES = """    def backward(self, dy):
        return super().backward(dy) * self.kernel_size**2 / dy[0, 0].size


class MeanPool2d(AvgPool2d):"""


@pytest.fixture(scope="module")
def box():
    with Box(assignments.load(COURSE).limits) as box:
        yield box


@pytest.fixture(scope="module")
def files() -> Files:
    """What is handed in, below no folder."""
    return {name.partition("/")[2]: content for name, content in COURSE.files().items()}


def of_the_grader(card) -> str:
    """What is said without the words and variables of what was handed in: here these are the reference's."""
    return re.sub(r"Error: .*?\.py:\d+ in \w+\)", "", said(card))


def _edited(files: Files, name: str, old: str, new: str) -> Files:
    content = files[name].decode()
    assert old in content, content
    return {**files, name: content.replace(old, new).encode()}


def _flat(files: Files) -> Files:
    """As in the spring of 2023: all in mytorch/, and convolutions that are not told a padding."""
    made = {name.replace("mytorch/nn/", "mytorch/"): content for name, content in files.items()}
    for name in ("mytorch/Conv1d.py", "mytorch/Conv2d.py"):
        made = _edited(made, name, "stride, padding=0, weight", "stride, weight")
        made = _edited(made, name, "reference.padding = padding", "reference.padding = 0")
    return made


def _emptied(text: str) -> str:
    """No method does anything, and nothing of the reference is there."""
    text = re.sub(r"from part1_numpy.*|\(Largest\)|\(AvgPool2d\)|        super.*", "", text)
    return re.sub(
        r"(    def \w+\((?:[^:]|\n)*?\):\n)(?:        .*\n|\n(?=        )|\n(?=\n        ))+", r"\1        pass\n", text
    )


def _relative(files: Files) -> Files:
    """Written as packages."""
    made = _edited(files, "mytorch/nn/ConvTranspose.py", "from ", "from .")
    return {**made, "mytorch/nn/__init__.py": b"", "mytorch/__init__.py": b""}


@pytest.mark.parametrize("layout", ["nn", "flat", "relative", "a folder around"])
def test_the_reference_behind_its_interface_earns_everything_in_each_layout(box, files, tmp_path, layout) -> None:
    made = {"flat": _flat, "relative": _relative}.get(layout, dict)(files)
    if layout == "a folder around":
        path = zipped(tmp_path / "s.zip", made, "hw2p1_handout/")
    else:
        path = tarred(tmp_path / "handin.tar", made, "w")
    card = grade(box, path, course=COURSE, seed=77)
    assert not card.refusal + card.fault + said(card)
    assert card.cents == 10000


def test_the_empty_handout_earns_nothing(box, files, tmp_path) -> None:
    bare = {name: _emptied(content.decode()).encode() for name, content in files.items() if "part1_numpy" not in name}
    card = grade(box, tarred(tmp_path / "handin.tar", bare, "w"), course=COURSE)
    assert (card.cents, card.fault, card.refusal) == (0, "", "")
    assert not OURS.search(said(card))


@pytest.mark.parametrize(
    ("name", "old", "new", "read"),
    [
        (
            "mytorch/nn/Conv1d.py", "self.reference.dw, self", "self.reference.dw / 2, self",
            r"1\.2-parameters: Conv1d_stride1\.backward, mytorch/nn/Conv1d\.py: dLdW\[0, 0, 0\] is",
        ),
        (
            "mytorch/nn/Conv2d.py", "reference.stride = stride", "reference.stride = 1",
            r"1\.5-stride: Conv2d\.forward, mytorch/nn/Conv2d\.py: Z has shape .*\n.*Z equals what you get when "
            r"stride is left out",
        ),
        (
            "mytorch/nn/Conv1d.py", "return self.conv1d_stride1.backward(dLdZ)",
            "return self.conv1d_stride1.backward(dLdZ)[:, :, 0 : self.conv1d_stride1.reference.padding and None]",
            r"1\.3-dx-geometry: .*\n.*cut off with a slice p:-p, which is empty for p = 0",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "Upsample1d(upsampling_factor)", "Upsample1d(upsampling_factor + 1)",
            r"1\.6-forward: ConvTranspose1d\.forward, mytorch/nn/ConvTranspose\.py: Z has shape",
        ),
        (
            "mytorch/nn/pool.py", "super().__init__(kernel, 1)", "super().__init__(kernel, kernel)",
            r"1\.8-forward: MaxPool2d_stride1\.forward, mytorch/nn/pool\.py: Z has shape .*\n.*"
            r"the windows lie next to each other",
        ),
        (
            "models/mlp_scan.py", "y.reshape(len(y), -1)", "y.swapaxes(1, 2).reshape(len(y), -1)",
            r"1\.12-simple: CNN_SimpleScanningMLP\.forward, models/mlp_scan\.py: Z\[0, 0, 1\] is",
        ),
        (
            "models/cnn.py", "return grad", "return None",
            r"1\.14-backward: CNN\.backward, models/cnn\.py: dLdA is None, as of a function that ends without return, "
            r"expected an array",
        ),
        (
            "models/cnn.py", "activation.forward(layer.forward(A))", "layer.forward(A)",
            r"1\.14-forward: .*\n.*Z equals what you get when no activations follow the convolutions",
        ),
        (
            "models/cnn.py", "activation.backward(grad)", "activation.backward(grad[0])",
            r"1\.14-backward: backward of activations\[1\] is given shape \(2, 6\), expected \(1, 2, 6\), that of",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "self.conv1d_stride1.forward(self.upsample1d.forward(A))",
            "self.upsample1d.forward(self.conv1d_stride1.forward(A))",
            r"1\.6-forward: .*\n.*when the convolution comes first, and what it gives is upsampled",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "Upsample2d(upsampling_factor)", "Upsample2d(kernel_size)",
            r"1\.7-forward: .* for A of shape .*, kernel 3, factor 1\n.*the factor is taken to be the kernel's side",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "self.upsample1d.backward(", "self.upsample1d.forward(",
            r"1\.6-backward: .*\n.*zeros are put in on the way back too, where they have to be taken out",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "self.upsample1d.backward(self.conv1d_stride1.backward(dLdZ))",
            "self.conv1d_stride1.backward(self.upsample1d.backward(dLdZ))",
            r"1\.6-backward: .*works for factor 1, fails as soon as the factor exceeds 1",
        ),
        (
            "mytorch/nn/pool.py", "class MaxPool2d(Largest):", WITHIN,
            r"1\.8-backward: .*\n.*when the place within the window is taken for that in the image",
        ),
        (
            "mytorch/nn/pool.py", "class MaxPool2d(Largest):",
            WITHIN.replace("argmax", "argmin").replace("row, column] +=", "i + row, j + column] +="),
            r"1\.8-backward: .*\n.*when the gradient goes to the smallest value of each window",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "self.upsample1d.backward(self.conv1d_stride1.backward(dLdZ))",
            "self.upsample1d.backward(dLdZ)", r"1\.6-backward: .*\n.*the gradient does not go through the convolution",
        ),
        (
            "mytorch/nn/pool.py", "class MeanPool2d(AvgPool2d):", SHARES,
            r"1\.10-backward: .*\n.*when the shares are divided by the number of windows, not by the size of",
        ),
        (
            "mytorch/nn/Conv1d.py", "self.reference.dw, self.reference.db", "self.reference.dw, dLdZ.sum(axis=(0, 1))",
            r"1\.2-parameters: .*\n.*dLdb equals what you get when dLdZ is summed over axes 0, 1",
        ),
        (
            "models/cnn.py", "activation.forward(layer", "self.activations[0].forward(layer",
            r"1\.14-backward: backward of activations\[1\] is called, expected a call of its forward before",
        ),
        (
            "models/cnn.py", "// stride + 1, filters", "// stride, filters",
            r"1\.14-forward: linear_layer\.W has shape .*, expected \(3, 12\), inputs for 2 channels of 6 values",
        ),
        (
            "models/cnn.py", "grad = layer.backward(activation.backward(grad))",
            "grad = layer.backward(activation.backward(grad)); layer.conv1d_stride1.dLdW = 0 * layer.conv1d_stride1.W",
            r"1\.14-backward: .*\n.*backward does not come to convolutional_layers\[1\], where it is left at zero",
        ),
        (
            "mytorch/nn/Conv1d.py", "dLdA = self.reference.backward(dLdZ)",
            "kept = self.W; self.W = kept[:, :, ::-1]; dLdA = self.reference.backward(dLdZ); self.W = kept",
            r"1\.2-dx: .*\n.*when the kernel lies the wrong way round: a convolution of dLdZ takes it flipped(?:.*\n)*"
            r"1\.6-backward: .*\n.*when the kernel lies the wrong way round",
        ),
        (
            "models/cnn.py", "activation.forward(layer.forward(A))",
            "activation.forward(activation.forward(layer.forward(A)))",
            r"1\.14-forward: .*\n.*when each activation is applied twice$",
        ),
        (
            "models/cnn.py", "activation.backward(grad)", "activation.backward(activation.backward(grad))",
            r"1\.14-backward: .*\n.*when the slope of each activation is multiplied in twice$",
        ),
        (
            "models/cnn.py", "for layer, activation in zip(self.convolutional_layers[::-1]",
            "grad = grad.reshape(len(grad), grad.shape[2], -1).swapaxes(1, 2)\n        "
            "for layer, activation in zip(self.convolutional_layers[::-1]",
            r"1\.14-backward: .*\n.*when Flatten's backward puts the positions before the channels$",
        ),
        (
            "mytorch/nn/Conv1d.py", "dLdA = self.reference.backward(dLdZ)",
            "self.__dict__.setdefault('windows', self.reference.windows)\n        "
            "self.reference.windows = self.windows\n        dLdA = self.reference.backward(dLdZ)",
            r"1\.3-repeat: ValueError.* \(conv1d\.py:\d+ in backward\): right after the constructor it goes well: "
            r"something of an earlier batch is kept(?:.*\n)*1\.14-repeat: .* of a later signal is .*\nright after the",
        ),
        (
            "mytorch/nn/pool.py", "class MaxPool2d(Largest):", LATE,
            r"^1\.9-repeat: .*\n?.*right after the constructor it goes well: something of an earlier batch is kept\n?$",
        ),
        (
            "mytorch/nn/Conv1d.py", "return self.conv1d_stride1.backward(dLdZ)",
            "dLdA = self.conv1d_stride1.backward(dLdZ); self.conv1d_stride1.W *= 2; return dLdA",
            r"^1\.3-kept: Conv1d\.backward, mytorch/nn/Conv1d\.py: W was changed by backward: only an optimizer moves",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "return self.upsample2d.backward(",
            "self.conv2d_stride1.b = self.conv2d_stride1.b + 1; return self.upsample2d.backward(",
            r"^1\.7-backward: ConvTranspose2d\.backward, mytorch/nn/ConvTranspose\.py: b was changed by backward",
        ),
        (
            "models/cnn.py", "(input_width - kernel) // stride + 1, filters",
            "(input_width - kernel) // stride + 1, num_input_channels",
            r"1\.14-forward: convolutional_layers\.1\.conv1d_stride1\.W has shape \(2, 3, 4\), expected \(2, 4, 4\), 4",
        ),
        (
            "models/cnn.py", "return self.Z", "self.Z = __import__('numpy').tanh(self.Z)\n        return self.Z",
            r"1\.14-forward: .*\n.*when an activation follows the linear layer too",
        ),
        (
            "mytorch/nn/ConvTranspose.py", "self.conv2d_stride1.forward(self.upsample2d.forward(A))",
            "self.upsample2d.forward(self.conv2d_stride1.forward(A))",
            r"1\.7-forward: .*\n.*when the convolution comes first, and what it gives is upsampled",
        ),
        (
            "mytorch/nn/pool.py", "class MaxPool2d(Largest):",
            WITHIN.replace("row, column] += dy[n, c, i, j]", "i + row, j + column] += 1"),
            r"1\.8-backward: .*\n.*when 1 is given to the largest value of each window, not dLdZ",
        ),
        (
            "mytorch/nn/pool.py", "class MeanPool2d(AvgPool2d)", "class AveragePool(AvgPool2d)",
            r"1\.11-average: pool\.py defines AveragePool, expected MeanPool2d",
        ),
        (
            "models/mlp_scan.py", OF_SCAN, SCANNED.format("self.conv1.conv1d_stride1.W.reshape(8, 4, 24)"),
            r"1\.12-simple: init_weights sets conv1\.conv1d_stride1\.W to shape \(8, 4, 24\), expected \(8, 24, 4\)",
        ),
        (
            "models/mlp_scan.py", OF_SCAN, SCANNED.format("0 * self.conv1.conv1d_stride1.W"),
            r"1\.12-simple: init_weights sets conv1\.conv1d_stride1\.W to zeros, expected the first block, which is",
        ),
        (
            "models/cnn.py", "return grad", "self.linear_layer.W = self.linear_layer.W * 2; return grad",
            r"^1\.14-repeat: CNN\.backward, models/cnn\.py: linear_layer\.W was changed by backward: step\(\) alone",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_the_names_of_the_handout(box, files, tmp_path, name, old, new, read) -> None:
    card = grade(box, tarred(tmp_path / "handin.tar", _edited(files, name, old, new), "w"), course=COURSE)
    assert re.search(read, said(card)), said(card)
    assert not OURS.search(of_the_grader(card)), said(card)


def test_a_file_that_is_missing_costs_its_own_todos_and_is_named(box, files, tmp_path) -> None:
    gone = {name: content for name, content in files.items() if not name.endswith("pool.py")}
    card = grade(box, tarred(tmp_path / "handin.tar.gz", gone, "w:gz"), course=COURSE)
    assert {mark.todo for mark in wrong(card).values()} == {"1.8", "1.9", "1.10", "1.11"}
    assert any(note.startswith("mytorch/nn/pool.py is missing") for note in card.notes)


def test_libraries_that_only_other_functions_need_may_be_imported(box, files, tmp_path) -> None:
    line = "from Conv1d import Conv1d"
    more = _edited(files, "models/cnn.py", line, f"import scipy.special\n{line}")
    assert not said(grade(box, tarred(tmp_path / "handin.tar", more, "w"), "1.14", course=COURSE))


def test_titles_and_help_are_in_the_words_of_the_handout() -> None:
    for check in COURSE.checks():
        assert not OURS.search(f"{check.title} {check.help}"), check


@pytest.mark.slow
def test_catalogued_mistakes_behind_the_interface_lose_the_check_of_that_name(box, files, tmp_path) -> None:
    ours = definition.find("convnets")
    names = COURSE.handout.renamed(ours.checks())
    unseen, tried = "", 0
    for mistake in mistakes.load(ours):
        here = [names[check] for check in mistake.loses if check in names]
        if not here:
            continue
        changed = {name: text for name, text in mistake.apply(ours.files()).items() if name.startswith("part1_numpy/")}
        todos = {name.partition("-")[0] for name in here}
        card = grade(box, tarred(tmp_path / "handin.tar", {**files, **changed}, "w"), *todos, course=COURSE)
        tried += 1
        if not set(here) & set(wrong(card)) and "float64" not in mistake.name:  # the handout says nothing of dtypes
            unseen += f"{mistake.name}\n"
        assert not OURS.search(of_the_grader(card).replace("part1_numpy", "")), said(card)
    assert tried > 60
    assert unseen == ""
