"""A case told by words names the trait that matters; an exception names what stood where it arose."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.cases.situations import Situation, Trait, situations
from autograder.checking import each
from autograder.checking.each import for_each
from autograder.checking.oracles import oracle
from autograder.checking.student import Prompt, Student
from autograder.errors import CheckFailed
from autograder.inside.host import Host, describe
from autograder.inside.wire import Reference

TRAITS = (
    Trait("list", "the labels are a list", "for labels as an array", "kind"),
    Trait("tensor", "the labels are a tensor", "for labels as an array", "kind"),
    Trait("last", "the last class does not occur", "where the last class occurs"),
    Trait("one", "there is one image only", "for several images"),
)


def told(fails: Callable[[Situation], bool], *cases: str, explains: bool = True) -> str:
    """What is said of the first case that fails."""
    student = Prompt(lambda request: (None, []))
    student.explains = explains

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        if fails(case):
            raise CheckFailed("wrong")

    with pytest.raises(CheckFailed) as caught:
        for_each(student, np.random.default_rng(0), situations("5 labels", TRAITS, *cases), body)
    return str(caught.value)


def test_the_trait_that_matters_is_named_and_no_other() -> None:
    assert told(lambda case: "last" in case, "list last one") == (
        "wrong, for 5 labels where the labels are a list and the last class does not occur and there is one image "
        "only; "
        "works where the last class occurs, fails as soon as the last class does not occur"
    )


def test_two_traits_are_named_where_only_both_together_fail() -> None:
    message = told(lambda case: "last" in case and "list" in case, "list last one")
    assert message.endswith("both meet: the labels are a list and the last class does not occur")


def test_a_case_that_fails_whatever_its_traits_is_told_without_one() -> None:
    assert told(lambda case: True, "", "list") == "wrong, for 5 labels"


def test_the_time_in_which_a_value_is_worked_out_is_none_of_the_neighbours(monkeypatch) -> None:
    monkeypatch.setattr(each, "SECONDS", 0.1)

    @oracle
    def slow(words: str) -> int:
        time.sleep(0.15)
        return len(words)

    message = told(lambda case: slow(str(case)) > 0 and "last" in case, "list last")
    assert message.endswith("works where the last class occurs, fails as soon as the last class does not occur")


def test_no_neighbour_is_a_list_and_a_tensor() -> None:
    for case in situations("labels", TRAITS, "list last", "", "tensor one"):
        assert not any("list" in near and "tensor" in near for near in case.neighbours())


def test_on_secret_cases_nothing_is_asked() -> None:
    assert told(lambda case: "last" in case, "last", explains=False) == (
        "wrong, for 5 labels where the last class does not occur"
    )


CODE = {
    "a @ b": "matmul: Input operand 1 has a mismatch",
    "self.rows + b": "operands could not be broadcast together with shapes (4,) (2,3)",
    "a[self.count]": "index 7 is out of bounds for axis 0 with size 2",
    "self.nothing.shape": "'NoneType' object has no attribute 'shape'",
    "self.count[0]": "'int' object is not subscriptable",
    "self.kernal": "'Layer' object has no attribute 'kernal'",
    "self.cache": "'Layer' object has no attribute 'cache'",
    "self.far": "'Layer' object has no attribute 'far'",
    "1 / zero": "division by zero",
    "table['size']": "'size'",
    "coutn": "name 'coutn' is not defined",
    "np.matmull": "module 'numpy' has no attribute 'matmull'",
    "Layer(1)": "Layer.__init__() takes 1 positional argument but 2 were given",
    "late": "cannot access local variable 'late' where it is not associated with a value",
    "[].none": "'list' object has no attribute 'none'",
    "a.sum(axis=0) + self.rows": "operands could not be broadcast together with shapes (3,) (4,)",
    "self.rows[index] + b": "operands could not be broadcast together with shapes (2,) (2,3)",
    "nested['inner']['gone']": "'gone'",
    "made.size": "'NoneType' object has no attribute 'size'",
    "read({}, 'size')": "'str' object has no attribute 'keys'",
    "Path('a')[count]": "'PosixPath' object is not subscriptable",
    "path[0]": "'PosixPath' object is not subscriptable",
    "np.zeros(3, 3)": "Cannot interpret '3' as a data type",
    "np.random.default_rng(0).choice(places, 2, replace=False)": "Cannot take a larger sample than population",
}
SAYS = {
    "a @ b": "a of shape (2, 3), b of shape (2, 3)",
    "self.rows + b": "self.rows of shape (4,), b of shape (2, 3)",
    "a[self.count]": "a of shape (2, 3), self.count is 7",
    "self.nothing.shape": "self.nothing is None",
    "self.count[0]": "self.count is the number 7",
    "self.kernal": "is kernel meant?",
    "self.cache": "it is set in keep only",
    "self.far": "no method sets it",
    "1 / zero": "zero is 0",
    "table['size']": "table has the keys 'shape', 3",
    "coutn": "is count meant?",
    "np.matmull": "is matmul meant?",
    "Layer(1)": "Layer is a class: its parentheses take what makes an object, which is then called",
    "late": "it is set in lines only that have not been run",
    "[].none": "[] is a list of 0",
    "a.sum(axis=0) + self.rows": "sum over axis 0 of a leaves (3,), self.rows of shape (4,), a of shape (2, 3)",
    "self.rows[index] + b": (
        "self.rows[index] of shape (2,), b of shape (2, 3), self.rows of shape (4,), index of shape (2,)"
    ),
    "nested['inner']['gone']": "nested['inner'] has the keys 'there', nested['other'] has it",
    "made.size": "made is None: nothing ends without return",
    "read({}, 'size')": "name and table are exchanged",
    "Path('a')[count]": "count is the number 3",
    "path[0]": "path is a path, nothing that was read from it",
    "np.zeros(3, 3)": "a second argument is taken for a dtype: a shape of several axes is a tuple",
    "np.random.default_rng(0).choice(places, 2, replace=False)": (
        "places is a tuple of one array, as of np.where without [0]"
    ),
}
MODULE = """
from pathlib import Path

import numpy as np
import torch


def nothing():
    print("no return")


def read(name: str, table: dict[str, int]):
    return table.keys() | {name}


class Layer:
    def __init__(self):
        self.count, self.nothing, self.kernel, self.rows = 7, None, 3, np.zeros(4)
        self._modules = [self.kernel]  # no dictionary, as that of torch's modules is

    def keep(self, x):
        self.cache = x

    def run(self):
        a = b = np.zeros((2, 3))
        zero, table, count = 0, {"shape": 1, 3: 2}, 3
        nested, index, path = {"inner": {"there": 1}, "other": {"gone": 2}}, np.array([0, 1]), Path("a")
        made = nothing()
        places = np.where(index)
        if zero:
            late = 1
        return EXPRESSION
"""


@pytest.mark.parametrize("expression", CODE)
def test_an_exception_says_what_stood_on_its_line(expression, tmp_path, monkeypatch) -> None:
    (tmp_path / "layer.py").write_text(MODULE.replace("EXPRESSION", expression))
    error = raised(tmp_path, monkeypatch)
    text = describe(error, tmp_path)["text"]
    assert text.startswith(CODE[expression])
    assert text.endswith(f": {SAYS[expression]}")


TORCH = {
    "torch.zeros(2).sum().backward()": (
        "is something on the way to it detached (detach, item, data), or computed without gradients (no_grad)?"
    ),
    "torch.set_grad_enabled(False) and None or torch.zeros(2, requires_grad=True).sum().backward()": (
        "gradients are switched off: set_grad_enabled(False) holds until it is undone"
    ),
    "torch.nn.CrossEntropyLoss()(torch.zeros(2, 3).long(), torch.zeros(2))": (
        "its scores are whole numbers: are they labels?"
    ),
    "torch.nn.CrossEntropyLoss()(torch.zeros(2), torch.zeros(2).long())": (
        "its scores have the shape of its labels, where they have one axis more"
    ),
    "torch.nn.Linear(1, 1).load_state_dict({'model': {'weight': 1, 'bias': 2}})": "",
    "torch.nn.Linear(1, 1).load_state_dict(saved)": "saved['model'] has them",
}


@pytest.mark.parametrize("expression", TORCH)
def test_what_is_behind_an_error_of_torch_is_said(expression, tmp_path, monkeypatch) -> None:
    module = MODULE.replace("made =", "saved = {'model': {'weight': 1, 'bias': 2}}\n        made =")
    (tmp_path / "layer.py").write_text(module.replace("EXPRESSION", expression))
    with torch.enable_grad():
        described = describe(raised(tmp_path, monkeypatch), tmp_path)
    assert described["text"].endswith(TORCH[expression])
    assert not described["unfinished"]


@pytest.mark.parametrize(
    ("expression", "still_open"),
    [("torch.bincount(torch.zeros(2))", False), ("torch.nn.Module()(1)", True), ("self.todo()", True)],
)
def test_what_torch_lacks_is_no_open_todo(expression, still_open, tmp_path, monkeypatch) -> None:
    todo = "def todo(self):\n        raise NotImplementedError\n\n    def run"
    (tmp_path / "layer.py").write_text(MODULE.replace("def run", todo).replace("EXPRESSION", expression))
    assert describe(raised(tmp_path, monkeypatch), tmp_path)["unfinished"] == still_open


OWN_WORDS = ["raise ValueError('no')", "raise NotImplementedError('TODO 1.1')", "assert count == zero, 'no'"]


@pytest.mark.parametrize("statement", OWN_WORDS)
def test_whoever_raises_in_words_of_their_own_is_not_corrected(statement, tmp_path, monkeypatch) -> None:
    (tmp_path / "layer.py").write_text(MODULE.replace("return EXPRESSION", statement))
    error = raised(tmp_path, monkeypatch)
    assert describe(error, tmp_path)["text"] == str(error)


COUNTED = {
    "len(places) < count": "no: places is a tuple of one array, as of np.where without [0]",
    "len(a) < count": "no: a of shape (2, 3)",
    "len(index) < count": "no",
}


@pytest.mark.parametrize("condition", COUNTED)
def test_whoever_refuses_a_number_of_entries_reads_what_is_counted(condition, tmp_path, monkeypatch) -> None:
    refused = f"if {condition}:\n            raise ValueError('no')"
    (tmp_path / "layer.py").write_text(MODULE.replace("return EXPRESSION", refused))
    assert describe(raised(tmp_path, monkeypatch), tmp_path)["text"] == COUNTED[condition]


def test_a_name_of_the_graders_own_is_told_to_nobody(tmp_path) -> None:
    with pytest.raises(KeyError, match="7041") as caught:
        Host(tmp_path).perform({"do": "fetch", "on": Reference(7041)})
    described = describe(caught.value, tmp_path)
    assert (described["type"], described["text"]) == ("", "what is asked for is not there")


def raised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Exception:
    """What `Layer().run()` of a folder raises."""
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "layer", raising=False)
    import layer

    try:
        layer.Layer().run()
    except Exception as error:
        monkeypatch.delitem(sys.modules, "layer")
        return error
    raise AssertionError("nothing is raised")
