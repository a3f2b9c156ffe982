"""A published handout is graded as it is: in its layouts, by its names, and told in its words."""

from __future__ import annotations

import dataclasses
import re

import pytest
from published import COURSE, PART, bare, edit, grade, said, solved, tarred, wrong, zipped

from autograder.course import assignment as assignments
from autograder.course import mistakes
from autograder.sandbox.box import Box

OURS = re.compile(r"part1_numpy|Conv2d\b|MaxPool2d|\bdy\b|adapt|course_code|inside|Traceback")
CONV, BASE = "modules/convolution.py", "optimizer/_base_optimizer.py"
FIRST = tuple(dict.fromkeys(check.todo for check in COURSE.checks() if check.part == 1))
BACK = "self.dx = self.reference.backward(dout)"
KINDS = "{*map(type, getattr(self, 'modules', 0) or model.modules)}"
SINGLE = "out = self.reference.forward(x.astype(np.float32)).astype((np.float32, float)[x.ndim % 2])"
FROM = "from modules import Conv2D, Linear, ReLU"
# An update of what is made of Linear, and of nothing else.
ONLY = "self.reference.model = type(model)([m if isinstance(m, Linear) else ReLU() for m in model.modules])"
BASES = {
    "later": b"class _BaseOptimizer:\n    def __init__(self, model, learning_rate=1, reg=1): self.reg = 7\n",
    "earlier": b"class _BaseOptimizer:\n    grad_tracker = {}\n",
}


@pytest.fixture(scope="module")
def box():
    with Box(assignments.load(COURSE).limits) as box:
        yield box


@pytest.fixture(scope="module")
def files():
    return solved(PART)


def test_the_reference_behind_its_interface_earns_everything(box, files, tmp_path) -> None:
    card = grade(box, zipped(tmp_path / "s.zip", files, "outer/"), *FIRST, seed=12345)
    assert not card.refusal + card.fault + said(card)
    assert card.cents == 3000


def test_the_empty_handout_earns_nothing(box, files, tmp_path) -> None:
    card = grade(box, zipped(tmp_path / "s.zip", bare(files)), *FIRST)
    assert (card.cents, card.fault) == (0, "")
    assert not OURS.search(said(card))


@pytest.mark.parametrize("form", ["no folder", "tar", "tar.gz", "other names", "with junk"])
def test_every_form_in_which_it_is_handed_in_is_recognised(box, files, tmp_path, form) -> None:
    inner = {name.partition("/")[2]: content for name, content in files.items()}
    match form:
        case "no folder":
            path = zipped(tmp_path / "s.zip", inner)
        case "tar" | "tar.gz":
            path = tarred(tmp_path / f"handin.{form}", inner, "w:gz" if form == "tar.gz" else "w")
        case "other names":
            path = zipped(
                tmp_path / "s.zip", {f"hw2/My Part/{n.replace('modules', 'Modules')}": c for n, c in inner.items()}
            )
        case _:
            path = zipped(
                tmp_path / "s.zip", {**files, f"__MACOSX/{PART}/modules/._linear.py": b"\0", ".DS_Store": b""}
            )
    card = grade(box, path, "1.1", "1.6")
    assert not card.refusal + said(card)


@pytest.mark.parametrize("generation", BASES)
def test_the_base_of_optimizers_is_ours_and_of_the_term_that_it_was_written_for(
    box, files, tmp_path, generation
) -> None:
    kept = edit("optimizer/sgd.py", "self.apply_regularization(model)", (
        "assert self.learning_rate == 0.25\n        self.apply_regularization(model)\n        "
        "assert (0 in getattr(self, 'grad_tracker', ())) == " + str(generation == "earlier")
    ))(files)  # fmt: skip
    card = grade(box, zipped(tmp_path / "s.zip", {**kept, f"{PART}/{BASE}": BASES[generation]}), "1.6")
    assert not said(card)


@pytest.mark.parametrize(
    ("change", "todo", "read"),
    [
        (
            edit(CONV, BACK, f"{BACK}\n        p = slice(0, -0)  # p:-p\n        self.dx = self.dx[:, :, p, p]"),
            "1.3",
            r"1\.3-dx: Conv2D\.backward, modules/convolution\.py: dx has shape \(2, 3, 0, 0\), expected \(2, 3, 5, 4\)"
            r"(.*\n)*dx equals what you get when the padding is cut off with a slice p:-p, which is empty for p = 0",
        ),
        (
            edit(CONV, BACK, f"{BACK[5:]}; self.dw, self.db = self.reference.dw, self.reference.db; return dx"),
            "1.3",
            r"^1\.3-dx: Conv2D\.backward, modules/convolution\.py: dx is returned, not set, expected an array of shape "
            r"\(2, 3, 5, 4\).*\n*$",
        ),
        (edit(CONV, "stride=1, padding=0", "stride=1"), "1.3", r"1\.3-forward: Conv2D\.__init__ takes .*kernel"),
        (
            edit(CONV, BACK, f"{BACK}; self.dW, self.dw, self.db = 1, None, self.reference.db; return"),
            "1.3",
            r"1\.3-dw: Conv2D\.backward sets dW, expected dw\n",
        ),
        (
            edit(CONV, BACK, "raise ValueError('mine')"),
            "1.3",
            r"1\.3-dx: ValueError: mine \(convolution\.py:\d+ in backward\)",
        ),
        (
            edit("modules/linear.py", "self.reference.dw.T,", "self.reference.dw.T / 3,"),
            "1.1",
            r"1\.1-parameters: Linear\.backward, modules/linear\.py: dw\[0, 0\] is",
        ),
        (
            edit("modules/linear.py", "self.reference.dw.T,", "self.reference.dw.T[:1],"),
            "1.1",
            r"dw has shape \(1, 3\), expected \(3, 3\)",
        ),
        (
            edit("optimizer/sgd.py", "self.apply", "self.apply_regularization(model)\n        self.apply"),
            "1.6",
            r"1\.6-decay: SGD\.update, optimizer/sgd\.py: weight\[0, 0\] of .*\n.*when regularisation counts twice",
        ),
        (
            edit("optimizer/sgd.py", "self.reference.step()", f"{FROM}\n        {ONLY}\n        self.reference.step()"),
            "1.6",
            r"1\.6-layers: .*\n.*when weight of module 1 is not moved",
        ),
        (
            edit("modules/conv_classifier.py", "self.reference.forward(x, y)", "(self.reference.forward(x, y),)"),
            "1.5",
            r"^$",
        ),
    ],
    ids=[
        "p:-p", "returned", "another name", "other constructor", "raises", "a mean", "a shape", "twice", "one kind",
        "nested",
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_the_names_of_the_handout(box, files, tmp_path, change, todo, read) -> None:
    text = said(grade(box, zipped(tmp_path / "s.zip", change(files)), todo))
    assert re.search(read, text), text
    assert not OURS.search(text)


@pytest.mark.parametrize(
    ("change", "todo"),
    [
        (edit("modules/linear.py", "out = self", "assert np.product(x.shape) == np.int(x.size); out = self"), "1.1"),
        (edit("modules/linear.py", "out = self.reference.forward(x)", SINGLE), "1.1"),
        (edit("modules/linear.py", "class L", "from torch import nn\nimport scipy.signal as s\n\n\nclass L"), "1.1"),
        (edit("modules/conv_classifier.py", "own = [", f"assert {KINDS} == {{Linear, ReLU}}; own = ["), "1.5"),
        (edit("optimizer/sgd.py", "self.app", f"{FROM}; assert {KINDS} <= {{Conv2D, Linear, ReLU}}; self.app"), "1.6"),
    ],
    ids=["names of an earlier NumPy", "buffers of float32", "unused libraries", "modules", "parameters"],
)  # fmt: skip
def test_what_is_right_by_the_handout_of_some_term_is_right(box, files, tmp_path, change, todo) -> None:
    made = {name: b"import numpy as np\n" + content for name, content in change(files).items()}
    card = grade(box, zipped(tmp_path / "s.zip", made), todo)
    assert not card.refusal + card.fault + said(card)


def test_what_the_handout_does_not_say_is_told_and_costs_nothing(box, files, tmp_path) -> None:
    ties = next(one for one in mistakes.load(COURSE) if one.name.endswith("each of several equal maxima"))
    card = grade(box, zipped(tmp_path / "s.zip", ties.apply(COURSE.files())), "1.4")
    assert [*wrong(card)] == ["1.4-max-ties"]
    assert "each of the equal pixels gets the whole gradient" in said(card)
    assert card.cents == 600


def test_a_library_that_is_not_there_is_missed_where_it_is_used(box, files, tmp_path) -> None:
    used = edit("modules/linear.py", "out = self", "import torch\n        x = torch.tensor(x)\n        out = self")(
        files
    )
    text = said(grade(box, zipped(tmp_path / "s.zip", used), "1.1"))
    assert "1.1-forward: ModuleNotFoundError: No module named 'torch' (linear.py:" in text


def test_a_file_that_is_missing_or_called_otherwise_is_named(box, files, tmp_path) -> None:
    gone = {name: content for name, content in files.items() if "max_pool" not in name}
    for more, note in ({}, "is missing"), ({f"{PART}/modules/maxpool.py": b"x = 1\n"}, "maxpool.py is there: call it"):
        card = grade(box, zipped(tmp_path / "s.zip", {**gone, **more}), "1.1", "1.4")
        assert any(text.startswith("modules/max_pool.py is missing") and note in text for text in card.notes)
        assert {mark.todo for mark in wrong(card).values()} == {"1.4"}
        assert "modules/max_pool.py is missing" in said(card)
    refused = grade(box, zipped(tmp_path / "s.zip", {"essay.txt": b"x"}))
    assert refused.refusal.startswith("none of the files of this homework is in the zip: modules/linear.py")
    second = {name.replace(PART, "old"): content + b"#" for name, content in files.items()}
    refused = grade(box, zipped(tmp_path / "s.zip", {**files, **second}))
    assert refused.refusal == "old and part1-convnet both hold this homework and differ: leave one of them out"


def test_a_secret_seed_draws_other_cases_and_tells_the_public_ones(box, files, tmp_path) -> None:
    wrong_dx = edit(CONV, BACK, f"{BACK}\n        self.dx = self.dx * 2")(files)
    card = grade(box, zipped(tmp_path / "s.zip", wrong_dx), "1.3", seed=99)
    assert card.marks["1.3-dx"].message.startswith("Conv2D.backward, modules/convolution.py: dx[0, 0, 0, 0] is ")


def test_titles_and_help_are_in_the_words_of_the_handout() -> None:
    for check in COURSE.checks():
        assert not OURS.search(f"{check.title} {check.help}"), check
        assert not re.search(r"Sigmoid|Tanh|AvgPool|Flatten|SGD\.step", check.title), check
    assert len({dataclasses.replace(check).id for check in COURSE.checks()}) == len(COURSE.checks()) > 30
