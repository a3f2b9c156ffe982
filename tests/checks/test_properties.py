"""A failing check names its case, and the property of it that matters, whatever the symptom; and says nothing else."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from homework import COURSE

from autograder.cases.properties import difference
from autograder.cases.sizes import Sizes
from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.student import Prompt, Student
from autograder.course.mistakes import Mistake
from autograder.diagnosis.suspects import every_suspect_computed
from autograder.errors import CheckFailed, NotRecorded, OutOfTime, StudentRaised
from autograder.reports.scores import Outcome

ROWS = tomllib.loads((Path(__file__).parent / "properties.toml").read_text())["mistake"]
SYMPTOMS = {"crash": Outcome.RAISED, "shape": Outcome.FAILED, "value": Outcome.FAILED}
OBLONG = Sizes((2, 3, 7, 5), 4, 3, 2, 1, padded=True)


def wrong(row: dict[str, str], reference: dict[str, bytes]) -> dict[str, bytes]:
    """The reference with one mistake."""
    change = {name: row[name] for name in ("name", "file", "replace", "by")}
    return Mistake(**change, loses=(row["check"],), says=row["name"]).apply(reference)


def needed(check: str) -> tuple[str, ...]:
    """The TODO of a check, and those that its checks need."""
    todos, waiting = set(), [check.partition("-")[0]]
    while waiting:
        todos.add(todo := waiting.pop())
        needs = {need.partition("-")[0] for one in COURSE.checks() if one.todo == todo for need in one.needs}
        waiting += needs - todos
    return tuple(todos)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_property_that_matters_is_named_and_no_other(grade, reference, row) -> None:
    mark = grade(wrong(row, reference), todos=needed(row["check"])).marks[row["check"]]
    told, _, says = mark.message.partition("; ")
    assert mark.outcome is SYMPTOMS[row["symptom"]]
    assert (" has shape " in told) == (row["symptom"] == "shape")
    assert ", for " in told
    assert says == row["says"]


def test_there_are_mistakes_of_every_symptom_in_every_layer() -> None:
    files = {row["file"] for row in ROWS}
    layers = ("views", "linear", "activations", "losses", "conv1d", "conv2d", "pooling", "resampling", "transpose")
    assert {f"part1_numpy/{name}.py" for name in (*layers, "toeplitz")} == files
    assert {row["symptom"] for row in ROWS} == set(SYMPTOMS)


def test_on_secret_cases_the_property_is_that_of_the_public_ones(grade, reference) -> None:
    row = next(row for row in ROWS if row["name"] == "conv2d width twice")
    marks = [grade(wrong(row, reference), todos=("1.6",), seed=seed).marks[row["check"]] for seed in (0, 7)]
    assert marks[0].message == marks[1].message
    assert row["says"] in marks[0].message


# What follows needs no student: the body of a check decides.

Body = Callable[[Student, np.random.Generator, Sizes], None]


def told(body: Body, cases: tuple[Sizes, ...] = (OBLONG,), explains: bool = True) -> str:
    """What is said of the first case that fails."""
    student = Prompt(lambda request: (None, []))
    student.explains = explains
    with pytest.raises((CheckFailed, StudentRaised)) as caught:
        for_each(student, np.random.default_rng(0), cases, body)
    return str(caught.value)


def failing(when: Callable[[Sizes], bool]) -> Body:
    """A body that crashes on some cases."""

    def body(_student: Student, _rng: np.random.Generator, sizes: Sizes) -> None:
        if when(sizes):
            raise StudentRaised("IndexError: 3 (a.py:1 in f)")

    return body


def oblong(sizes: Sizes) -> bool:
    return len(set(sizes.lengths)) == 2


CASE = "IndexError: 3 (a.py:1 in f), for x of shape (2, 3, 7, 5), 4 filters, kernel 3, stride 2, padding 1"


def test_a_crash_names_its_case_and_what_matters() -> None:
    assert told(failing(oblong)) == f"{CASE}; works for square images, fails as soon as height and width differ"


def test_a_module_that_cannot_be_imported_has_no_case() -> None:
    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        raise StudentRaised("SyntaxError: invalid syntax (a.py:1)", whatever=True)

    assert told(body) == "SyntaxError: invalid syntax (a.py:1)"


def test_no_neighbour_is_asked_where_cases_are_secret() -> None:
    asked: list[Sizes] = []

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        asked.append(sizes)
        failing(oblong)(student, rng, sizes)

    assert told(body, explains=False) == CASE
    assert asked == [OBLONG]


def test_two_properties_are_named_where_it_takes_both() -> None:
    words = (
        "works for stride 1 and for padding 0, fails as soon as both meet: the stride exceeds 1 and there is padding"
    )
    assert told(failing(lambda sizes: sizes.stride > 1 and sizes.padding > 0)).endswith(words)


def test_two_properties_are_named_where_either_is_enough() -> None:
    words = "works only for stride 1 and for padding 0, fails as soon as the stride exceeds 1 or there is padding"
    assert told(failing(lambda sizes: sizes.stride > 1 or sizes.padding > 0)).endswith(words)


@pytest.mark.parametrize(
    "when",
    [
        lambda sizes: True,
        lambda sizes: sum(sizes.shape) % 2 == 1,
        lambda sizes: sizes == OBLONG,
        lambda sizes: sizes.stride > 1 and sizes.padding > 0 and sizes.images > 1,
    ],
    ids=["everything fails", "an odd sum", "this case alone", "three properties"],
)
def test_nothing_is_said_where_no_property_fits(when) -> None:
    assert told(failing(when)) == CASE


def test_nothing_is_said_of_a_case_that_passes_when_asked_again() -> None:
    turns = itertools.count()
    assert told(failing(lambda sizes: next(turns) == 0)) == CASE


def test_an_unrecorded_neighbour_is_passed_over() -> None:
    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        if sizes.images == 1:
            raise NotRecorded("no value")
        failing(oblong)(student, rng, sizes)

    assert told(body).endswith("works for square images, fails as soon as height and width differ")


@pytest.mark.parametrize("error", [OutOfTime("no answer"), ZeroDivisionError("ours")], ids=["late", "a fault of ours"])
def test_a_neighbour_that_cannot_be_asked_leaves_the_failure_as_it_was(error) -> None:
    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        if not oblong(sizes):
            raise error
        failing(oblong)(student, rng, sizes)

    assert told(body) == CASE


def test_a_suspect_that_fits_is_enough() -> None:
    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        expect_close(np.ones(2), np.full(2, 2.0), "y", suspects={"it is halved": lambda: np.ones(2)})

    assert "; works" not in told(body)


def test_neighbours_are_rehearsed_where_oracles_are_recorded() -> None:
    asked: list[Sizes] = []
    student = Prompt(lambda request: (None, []))
    with every_suspect_computed():
        for_each(student, np.random.default_rng(0), [OBLONG], lambda student, rng, sizes: asked.append(sizes))
    assert asked == [OBLONG, *OBLONG.neighbours()]


@pytest.mark.parametrize(
    "sizes", [OBLONG, Sizes((1, 5), 2, flat=True), Sizes((2, 2, 5), kernel=1, stride=2, step="factor")]
)
def test_neighbours_are_possible_cases_each_once_and_few(sizes) -> None:
    found = list(sizes.neighbours())
    assert found[0] == sizes
    assert len(set(found)) == len(found) <= 45
    assert all(min((*one.shape, *one.results)) > 0 for one in found)


def test_a_rest_is_not_blamed_for_an_image_that_is_not_square() -> None:
    """Both are true of the case; the neighbours tell which matters."""
    case = Sizes((1, 1, 6, 4), kernel=3, stride=2)
    assert any(case.rests)
    assert told(failing(lambda sizes: any(sizes.rests)), (case,)).endswith(
        "works where no rest is left, fails as soon as a rest is left that holds no window"
    )
    assert told(failing(oblong), (case,)).endswith("works for square images, fails as soon as height and width differ")


def test_without_a_case_that_passed_nothing_is_said() -> None:
    assert difference(OBLONG, {OBLONG: False}) == ""
