"""A layer is declared in a few lines, and its checks pass what is right and catch what is not."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from declaring import COURSE, DECLARED, DROP, MORE, NORM, OWN, changed

from autograder.authoring.auditing import mutants
from autograder.checking.declare import Row
from autograder.course import definition
from autograder.errors import RubricError

LAYERS = [(COURSE, "1.14"), (COURSE, "1.15"), *((DECLARED, f"1.{number}") for number in range(1, 10))]
LAYERS += [(DECLARED, f"2.{number}") for number in range(1, 4)]
MUTANTS = 12  # of each layer


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


@pytest.mark.parametrize("todo", [f"1.{number}" for number in range(10, 18)])
def test_what_has_no_gradient_or_may_be_left_out_is_declared_as_well(ask, todo) -> None:
    """Steps of an optimizer, sizes of a result, class weights, places, no input at all, no bias and no mask."""
    assert ask(DECLARED, todo, DECLARED.files()) == []


def test_values_that_share_a_draw_are_few_and_differ_more_from_call_to_call(ask) -> None:
    files = DECLARED.files()
    assert [seed for seed in range(9) if ask(DECLARED, "1.16", files, seed)] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_mask_that_lets_nothing_through_is_a_case_where_pytorch_returns_a_number(ask, seed) -> None:
    _, files = changed(KINDS, ("max(1, int(mask.sum()))", "np.float64(mask.sum())"))
    assert ask(DECLARED, "1.17", files, seed)[:1] == ["1.17-values"]


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
        ("1.16", ("(len(x), 1, 1, 1)", "x.shape"), "1.16-shares"),
        ("1.16", ("(len(x), 1, 1, 1)", "(1, 1, 1, 1)"), "1.16-shares"),
        ("1.16", ("normal(0.0, self.spread", "normal(0.0, 1.5 * self.spread"), "1.16-shares"),
        ("1.16", ("normal(0.0", "normal(0.3"), "1.16-shares"),
        ("1.16", ("return x + ", "return x + self.rng.random() + "), "1.16-shares"),
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
        (
            "layer('1.2', 'layers.kinds.Linear', inputs={})",
            "checks/wrong.py: 1.2: it is of 'layers.kinds.Linear', expected",
        ),
        ("layer('1.x', 'layers.kinds:Linear', inputs={})", "wrong.py: a check is called '1.x-"),
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


def test_cases_differ_between_seeds_and_hold_every_edge() -> None:
    declared = next(check for check in DECLARED.checks() if check.id == "1.7-values").body.args[0]
    plans = [declared.plan.cases(np.random.default_rng(seed), 4) for seed in (0, 1)]
    assert plans[0] != plans[1]
    for cases in plans:
        for name in declared.plan.axes:
            assert any(case.numbers[name] == 1 for case in cases)
        assert {case.numbers["eps"] for case in cases} == {1e-5, 0.1}
        assert any(case.numbers["H"] != case.numbers["W"] for case in cases)


def test_a_side_that_may_be_empty_is_drawn_empty_where_a_declaration_says_so() -> None:
    """By itself none is: what stacks the results of each row is right, and has nothing to stack then."""
    plans = {
        check.id: check.body.args[0].plan for check in DECLARED.checks() if check.id in ("1.5-values", "1.6-values")
    }
    for seed in range(3):
        sizes = {
            id: {case.numbers["N"] for case in plan.cases(np.random.default_rng(seed), 4)} for id, plan in plans.items()
        }
        assert 0 in sizes["1.5-values"]
        assert 0 not in sizes["1.6-values"]
