"""A layer is declared in a few lines, and its checks pass what is right and catch what is not."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring.auditing import mutants
from autograder.checking.declare import Row
from autograder.checking.student import LocalStudent
from autograder.course import definition, mistaken, mistakes, skeleton
from autograder.course.definition import Course
from autograder.errors import CheckFailed, RubricError, StudentRaised

COURSE, DECLARED = definition.find("convnets"), definition.find(Path(__file__).parent / "declared")
OWN = {course: {part.folder for part in course.definition.parts.values()} for course in (COURSE, DECLARED)}
LAYERS = [(COURSE, "1.14"), (COURSE, "1.15"), *((DECLARED, f"1.{number}") for number in range(1, 10))]
LAYERS += [(DECLARED, f"2.{number}") for number in range(1, 4)]
MUTANTS = 12  # of each layer


@pytest.fixture
def ask(tmp_path) -> Callable[[Course, str, Mapping[str, bytes]], list[str]]:
    """Run the checks of a TODO on files, until one fails; its id, what it says, and the suspect."""
    count = iter(range(10_000))

    def run(course: Course, todo: str, files: Mapping[str, bytes], seed: int = 0) -> list[str]:
        for name in [name for name in sys.modules if name.partition(".")[0] in OWN[course]]:
            del sys.modules[name]
        folder = tmp_path / str(next(count))
        skeleton.lay_out(dict(files), folder)
        student = LocalStudent(folder)
        student.mistakes = mistaken.known(course)
        try:
            for check in course.checks():
                if check.todo == todo:
                    try:
                        check.run(student, seed, None)
                    except CheckFailed as error:
                        return [check.id, str(error), error.finding.suspect if error.finding else ""]
                    except StudentRaised as error:
                        return [check.id, str(error), ""]
        finally:
            sys.path.remove(str(student.folder))
        return []

    return run


@pytest.mark.parametrize(("course", "todo"), LAYERS, ids=[todo for _, todo in LAYERS])
def test_the_solution_passes_and_its_mutants_do_not(ask, course, todo) -> None:
    files = course.files()
    assert ask(course, todo, files) == []
    (folder,) = {name.partition("/")[0] for name, text in files.items() if f"TODO {todo}:".encode() in text}
    known = mutants.load_equivalent(course)
    own = [one for one in mutants.of_part(files, folder) if one.todo == todo and one.key not in known]
    # With cases that are secret: nothing is asked once more to say why.
    missed = [one.diff(files) for one in mutants.sample(own, MUTANTS) if not ask(course, todo, one.apply(files), 1)]
    assert not missed


@pytest.mark.parametrize("todo", [f"1.{number}" for number in range(10, 16)])
def test_what_has_no_gradient_or_may_be_left_out_is_declared_as_well(ask, todo) -> None:
    """Steps of an optimizer, sizes of a result, class weights, places, no input at all, no bias and no mask."""
    assert ask(DECLARED, todo, DECLARED.files()) == []


KINDS = "layers/kinds.py"


@pytest.mark.parametrize(
    ("todo", "pair", "loses"),
    [
        ("1.10", ("self.t += 1", "self.t = 1"), "1.10-values"),
        ("1.10", ("self.m = self.beta1", "self.m = self.beta2"), "1.10-values"),
        ("1.11", ("-(-(i + 1) * length // count)", "(i + 1) * length // count"), "1.11-values"),
        ("1.12", ("share = share / share.sum()", "share = share / len(y)"), "1.12-values"),
        ("1.13", ("+ np.arange(count) * self.size", ""), "1.13-values"),
        ("1.14", ("np.arange(0, features, 2)", "np.arange(0, features // 2)"), "1.14-values"),
        ("1.15", ("if self.bias is not None:", "if True:"), "1.15-values"),
        ("1.15", ("dy = dy * self.mask[:, None]", "dy = dy"), "1.15-gradient"),
    ],
)
def test_a_slip_in_a_layer_of_another_kind_is_seen(ask, todo, pair, loses) -> None:
    _, files = changed(KINDS, pair)
    assert ask(DECLARED, todo, files)[:1] == [loses]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"like": "F.linear(x, weight"}, "the line of PyTorch is no expression: '(' was never closed"),
        (
            {"like": "F.linear(x, wieght)"},
            "the line of PyTorch speaks of wieght, expected x, weight, N, D, U or a file",
        ),
        ({"args": ("D", "V")}, "args speak of V, expected N, D, U, x"),
        ({"axes": {"M": (1, 2)}}, "axes speak of M, which nothing else speaks of"),
        ({"axes": {"N": ()}}, "axes give no length for N, expected at least one"),
        ({"inputs": {"x": "N 2*)D"}}, "the axis '2*)D' is no term: unmatched ')'"),
        ({"call": ("x", "h")}, "call and draws speak of h, expected x, weight"),
        ({"rows": {"vlaues": Row()}}, "rows speak of vlaues, expected values, shares"),
        ({"start": "loss"}, "start is loss, expected an output: y"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_told_with_its_file(tmp_path, change, sentence) -> None:
    said = {"like": "F.linear(x, weight)", "args": ("D", "U"), "inputs": {"x": "N D"}, **change}
    course = shutil.copytree(DECLARED.folder, tmp_path / "wrong")
    text = "from autograder.checking.declare import Row, layer\n\n"
    text += f"layer('1.2', 'layers.kinds:Linear', parameters={{'weight': 'U D'}}, **{said!r})\n"
    (course / "checks/wrong.py").write_text(text)
    with pytest.raises(RubricError, match=f"^checks/wrong.py: 1.2: {re.escape(sentence)}"):
        definition.find(course).checks()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layer('1.2', 'layers.kinds:Linear', input={})", "checks/wrong.py:3: TypeError: layer() got an unexpected"),
        ("layer('1.2', 'layers.kinds:Linear', inputs={'x': 'N D'}", "checks/wrong.py:3: SyntaxError: '(' was never"),
        ("layer('1.2', 'layers.kinds:Linear', inputs={'x': ('N', 'D')})", "checks/wrong.py:3: AttributeError: "),
    ],
)
def test_checks_that_cannot_be_imported_are_told_with_their_file_and_line(tmp_path, text, sentence) -> None:
    course = shutil.copytree(DECLARED.folder, tmp_path / "wrong")
    (course / "checks/wrong.py").write_text(f"from autograder.checking.declare import layer\n\n{text}\n")
    with pytest.raises(RubricError, match=f"^{re.escape(sentence)}"):
        definition.find(course).checks()


def test_a_line_of_pytorch_that_returns_another_number_of_values_is_told_with_its_file(ask, tmp_path) -> None:
    course = shutil.copytree(DECLARED.folder, tmp_path / "wrong")
    cells = course / "checks/cells.py"
    cells.write_text(cells.read_text().replace('outputs=("y", "h")', 'outputs=("y", "h", "c")'))
    wrong = definition.find(course)
    OWN[wrong] = OWN[DECLARED]
    with pytest.raises(RubricError, match=r"^checks/cells\.py: 1\.1: PyTorch returns 2 values, expected y, h, c"):
        ask(wrong, "1.1", DECLARED.files())


BLOCKS = "blocks/blocks.py"


@pytest.mark.parametrize(
    ("todo", "pairs", "says"),
    [
        ("2.1", [("x.mean(dim=(2, 3))", "x.mean(dim=(2, 3)).detach()")], "dx[0, 0, 0, 0] is"),
        ("2.1", [("return x * excited", "return x.detach() * excited.detach()")], "nothing leads back to dx: .data"),
        ("2.1", [("    squeezed = x", "    x.data.clamp_(0)\n        squeezed = x")], "y[0, 0"),
        (
            "2.2",
            [("filters, 1, bias=False", "filters, 1")],
            "pointwise.bias of shape (5,), norm.weight of shape (5,), norm.bias of shape (5,), expected param",
        ),
        (
            "2.3",
            [('-F.cross_entropy(logits, y, reduction="none")', "logits.softmax(1)[range(len(y)), y].log()")],
            "loss is inf (it is not finite)",
        ),
    ],
)
def test_a_slip_in_a_module_of_pytorch_is_told(ask, todo, pairs, says) -> None:
    _, files = changed(BLOCKS, *pairs)
    found = ask(DECLARED, todo, files)
    assert found, pairs
    assert says in found[1] or not says, found


@pytest.mark.parametrize(
    ("todo", "pairs"),
    [
        ("2.1", [("self.reduce", "self.narrow"), ("self.expand", "self.wide")]),
        ("2.1", [("x * excited[:, :, None, None]", "torch.einsum('nchw,nc->nchw', x, excited)")]),
        ("2.1", [("x.mean(dim=(2, 3))", "torch.stack([one.mean((1, 2)) for one in x])")]),
        ("2.2", [("self.depthwise(x)", "self.depthwise(x.clone())"), ("self.norm", "self.bn")]),
        ("2.2", [("return x + y if", "return y.add_(x) if")]),
        ("2.3", [("F.cross_entropy(logits,", "F.cross_entropy(logits.float(),")]),
        ("2.3", [('-F.cross_entropy(logits, y, reduction="none")', "logits.log_softmax(1)[range(len(y)), y]")]),
    ],
)
def test_a_module_in_other_words_passes(ask, todo, pairs) -> None:
    _, files = changed(BLOCKS, *pairs)
    assert ask(DECLARED, todo, files) == []


def changed(file: str, *pairs: tuple[str, str]) -> tuple[Course, Mapping[str, bytes]]:
    course = COURSE if file.startswith("part1") else DECLARED
    files = dict(course.files())
    text = files[file].decode()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return course, {**files, file: text.encode()}


NORM, DROP, MORE = "part1_numpy/batchnorm.py", "part1_numpy/dropout.py", "layers/more.py"
LINEAR, CONV, NETWORK, BEND = (f"part1_numpy/{name}.py" for name in ("linear", "conv1d", "convnet", "activations"))


@pytest.mark.parametrize(
    ("todo", "file", "pairs"),
    [
        ("1.14", NORM, [("self.normalised", "self.kept")]),
        (
            "1.14",
            NORM,
            [
                (
                    "x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))",
                    "np.einsum('nchw->c', x) / x[:, 0].size, x.swapaxes(0, 1).reshape(x.shape[1], -1).var(1)",
                )
            ],
        ),
        (
            "1.14",
            NORM,
            [
                (
                    "self.running_mean = (1 - self.momentum) * self.running_mean + ",
                    "self.running_mean *= 1 - self.momentum; self.running_mean += ",
                )
            ],
        ),
        (
            "1.14",
            NORM,
            [
                (
                    "self.normalised * self.weight[:, None, None] + ",
                    "np.multiply(self.normalised, self.weight[:, None, None], out=np.empty_like(x)) + ",
                )
            ],
        ),
        (
            "1.15",
            DROP,
            [
                (
                    "self.rng.binomial(1, 1 - self.p, (*x.shape[:2], 1, 1))",
                    "(self.rng.uniform(0, 1, x.shape[1::-1]).T > self.p)[..., None, None]",
                )
            ],
        ),
        ("1.3", MORE, [("dy * self.weight\n", "np.einsum('ntd,d->ntd', dy, self.weight)\n")]),
        (
            "1.4",
            MORE,
            [("self.weight[tokens]", "np.eye(len(self.weight), dtype=self.weight.dtype)[tokens] @ self.weight")],
        ),
        ("1.5", MORE, [("1 / (1 + np.exp(-z))", "(1 + np.tanh(z / 2)) / 2")]),
        ("1.9", MORE, [("n, c // r**2, h * r, w * r)", "n, -1, h * r, w * r).copy(order='F')")]),
    ],
)
def test_what_is_right_and_unusual_passes(ask, todo, file, pairs) -> None:
    course, files = changed(file, *pairs)
    assert ask(course, todo, files) == []


@pytest.mark.parametrize(
    ("todo", "file", "pair", "loses", "says"),
    [
        (
            "1.14",
            NORM,
            ("* self.weight[:, None, None] + self.bias[:, None, None]", "* self.weight[:, None, None]"),
            "1.14-values",
            "bias is left out",
        ),
        (
            "1.14",
            NORM,
            ("self.dw = (dy * z)", "self.dw = self.dw + (dy * z)"),
            "1.14-latest",
            "adds to what an earlier backward has left",
        ),
        ("1.14", NORM, ("if self.training:", "if True:"), "1.14-evaluation", "taken to be in training"),
        (
            "1.14",
            NORM,
            ("np.sqrt(variance + self.eps)", "np.sqrt(variance + 1e-5)"),
            "1.14-values",
            "eps is 1e-05, not 0.1",
        ),
        (
            "1.15",
            DROP,
            ("(kept / (1 - self.p) if self.p < 1 else kept)", "kept"),
            "1.15-shares",
            "is 1 times what goes in, expected 0 or 1.25 times",
        ),
        ("1.15", DROP, ("(*x.shape[:2], 1, 1)", "x.shape"), "1.15-shares", "some are kept and some are not"),
        (
            "1.15",
            DROP,
            ("self.rng.binomial", "np.random.default_rng().binomial"),
            "1.15-seeds",
            "differs between two layers",
        ),
        ("1.15", DROP, ("return dy * self.factors", "return dy * self.factors[::-1]"), "1.15-same-draw", "dx["),
        ("1.5", MORE, ("dc = dc + dh", "dc = dh"), "1.5-gradient", "dc is 0"),
        ("1.8", MORE, ("(np.exp(logs) - target) / len(y)", "np.exp(logs) - target"), "1.8-gradient", "multiplied by N"),
        ("1.5", CONV, ("+ self.bias[:, None]", "+ 3 * self.bias[:, None]"), "1.5-forward", "bias counts K times"),
        ("1.3", BEND, ("dy * (1 - self.y**2)", "dy * 1 - self.y**2"), "1.3-tanh", "it is worked out as dy - y**2"),
        (
            "1.3",
            BEND,
            ("np.where(x >= 0, 1, small) / (1 + small)", "1 / 1 + np.exp(-x)"),
            "1.3-sigmoid",
            "y equals what you get when it is worked out as 1 / 1 + exp(-x)",
        ),
    ],
)
def test_a_slip_of_any_layer_is_named_without_a_suspect_of_its_own(ask, todo, file, pair, loses, says) -> None:
    course, files = changed(file, pair)
    found = ask(course, todo, files)
    assert found[:1] == [loses], found
    assert says in "\n".join(found), found


SLIPS = [one for one in mistakes.load(COURSE) if one.suspect and one.file == NORM]


@pytest.mark.parametrize("mistake", SLIPS, ids=lambda one: one.name)
def test_a_mistake_that_is_written_once_is_told_in_its_words(ask, mistake) -> None:
    """In the wording of another student, who wrote the same mistake with other names."""
    files = mistake.apply(COURSE.files())
    text = files[mistake.file].decode().replace("through_mean", "mean_of_dy").replace("normalised", "hat")
    found = ask(COURSE, "1.14", {**files, mistake.file: text.encode()})
    assert found[2].endswith(f"equals what you get when {mistake.suspect}"), found


def test_cases_differ_between_seeds_and_hold_every_edge() -> None:
    declared = next(check for check in DECLARED.checks() if check.id == "1.7-values").body.args[0]
    plans = [declared.plan.cases(np.random.default_rng(seed), 4) for seed in (0, 1)]
    assert plans[0] != plans[1]
    for cases in plans:
        for name in declared.plan.axes:
            assert any(case.numbers[name] == 1 for case in cases)
        assert {case.numbers["eps"] for case in cases} == {1e-5, 0.1}
        assert any(case.numbers["H"] != case.numbers["W"] for case in cases)


@pytest.mark.parametrize(
    ("todo", "file", "pair", "loses", "says"),
    [
        (
            "1.2",
            LINEAR,
            ("@ self.weight.T +", "@ self.weight.ravel().reshape(x[0].size, -1) +"),
            "1.2-forward",
            "y equals what you get when the weight is reshaped, not transposed",
        ),
        (
            "1.5",
            CONV,
            ("+ self.bias[:, None]", "- self.bias.reshape(-1, 1)"),
            "1.5-forward",
            "y equals what you get when bias has the other sign",
        ),
        (
            "1.12",
            NETWORK,
            ("ACTIVATIONS[activation]()]", "ACTIVATIONS['relu']()]"),
            "1.12-layers",
            "the row of layers equals what you get when the activation is always ReLU",
        ),
    ],
)
def test_of_the_mistakes_that_fit_one_value_the_one_that_fits_all_is_told(ask, todo, file, pair, loses, says) -> None:
    """The first weight is square: there, reshaping it is no transposing it."""
    course, files = changed(file, pair)
    found = ask(course, todo, files)
    assert (found[0], found[2]) == (loses, says)
