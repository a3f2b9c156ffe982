"""`autograder author`: each thing that can be forgotten is on the list, and a whole course has an empty one."""

from __future__ import annotations

import io
import re

import pytest
from homework import COURSE
from rich.console import Console

from autograder.authoring import author, new, oversights
from autograder.course import assignment as assignments
from autograder.course.definition import Course
from autograder.errors import RubricError, SetupError

SOLUTION = "reference/layers/energy.py"
ANSWER = "    return (x**2).mean(axis=1)\n"
GIVEN = "given/layers/__init__.py"
IN_PLACE = '''import numpy as np


def energy(x: np.ndarray) -> None:
    """x (N, D) is doubled where it is."""
    # TODO 1.1: in place.
    # >>> solution
    x *= 2
    # <<< solution
'''
CHECKS = '''from autograder.checking.expect import expect_close
from autograder.checking.rubric import check


@check("1.1-values")
def energy_doubles(student, rng):
    """energy doubles x in place."""
    x = rng.normal(size=(2, 3))
    right, held = 2 * x, student.hold(x)
    student.call("layers.energy:energy", held)
    suspects = {"it is left as it was": lambda: right / 2, "its sign and size are lost": lambda: 0 * right + 7}
    expect_close(held.fetch(), right, "x", suspects=suspects)


@check("1.1-again")
def energy_can_be_asked(student, rng):
    """energy can be asked for no rows."""
    student.call("layers.energy:energy", rng.normal(size=(0, 3)))
'''
MISTAKE = """[[mistake]]
name = "energy does nothing"
file = "layers/energy.py"
replace = "x *= 2"
by = "x *= 1"
loses = ["1.1-values"]
says = "it is left as it was"
"""


@pytest.fixture
def course(tmp_path) -> Course:
    new.course(tmp_path / "vectors", "Vectors", "layers", "energy", 10)
    return Course(tmp_path / "vectors")


def edit(course: Course, name: str, before: str, after: str) -> None:
    path = course.folder / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def found(course: Course) -> list[tuple[str, str]]:
    return [(one.kind, f"{one.where}: {one.what}") for one in oversights.find(course)]


@pytest.mark.parametrize(
    ("name", "before", "after", "kind", "said"),
    [
        ("checks/energy.py", '"1.1"', '"1.2"', "TODO without a check", "1.1: layers/energy.py"),
        (SOLUTION, "TODO 1.1", "TODO 1.2", "check without a TODO", "1.1: no solution has a comment"),
        (
            "mistakes/energy.toml",
            "loses",
            "named = false\nloses",
            "mistake without a sentence of its own",
            "energy adds",
        ),
        (
            "mistakes/energy.toml",
            "1.1-values",
            "1.1-value",
            "mistake that names no check of the course",
            "1.1-value, expected one of 1.1-inputs, 1.1-values",
        ),
        (
            "mistakes/energy.toml",
            "layers/energy.py",
            "energy.py",
            oversights.UNFIT,
            "there is no energy.py in reference/",
        ),
        (
            "mistakes/energy.toml",
            'e = ".mean',
            'e = ".means',
            oversights.UNFIT,
            "its text occurs 0 times in layers/energy.py",
        ),
        ("mistakes/energy.toml", 'n = "energy"', 'n = "power"', oversights.UNFIT, "power has no solution region"),
        ("mistakes/energy.toml", "x *= x", "x *= (x", oversights.UNFIT, "it is no Python: '(' was never closed"),
        (SOLUTION, "(N, D) -> (N,): the", "The", "TODO text without shapes", "1.1: layers/energy.py"),
        (
            GIVEN,
            '"""\n',
            '"""\n\n\ndef f(x):\n    return (x**2).mean(axis=1)\n',
            "given file that solves a TODO",
            "1.1, energy",
        ),
        (
            "assignment.toml",
            "points = 10",
            "points = 11",
            "points that do not add up",
            "points = 11, its TODOs have 10",
        ),
        (
            "assignment.toml",
            '"1.1" = 10',
            '"1.1" = 10, "1.2" = 0',
            "points that do not add up",
            "TODO 1.2: 0.00 points",
        ),
    ],
    ids=lambda text: text if " " in text and "\n" not in text else "",
)
def test_what_was_forgotten_is_on_the_list(course, name, before, after, kind, said) -> None:
    if kind.startswith("TODO text"):
        edit(course, SOLUTION, "      (N, D)", "")
        edit(course, SOLUTION, "          (N,)", "")
    edit(course, name, before, after)
    assert [text for its, text in found(course) if its == kind and said in text]


def test_text_that_names_what_an_assignment_leaves_out_is_on_the_list(course) -> None:
    new.todo(course, "1", "Mean power", "mean_power", 5)
    assert found(course) == []
    text = (course.folder / "assignment.toml").read_text()
    short = text.replace(', "1.2" = 5', "").replace("points = 15", "points = 10")
    (course.folder / "assignments").mkdir()
    (course.folder / "assignments/short.toml").write_text(short)
    assert found(course) == []
    edit(course, "handout/README.md", "{{ summary }}", "{{ summary }}\n\nTODO 1.2 is hard; mean_power.py has hints.")
    assert [text for _, text in found(course)] == [
        "assignments/short.toml: README.md: TODO 1.2",
        "assignments/short.toml: README.md: mean_power.py",
    ]


@pytest.mark.slow
def test_grading_shows_what_no_file_does(course) -> None:
    for name, text in ((SOLUTION, IN_PLACE), ("checks/energy.py", CHECKS), ("mistakes/energy.toml", MISTAKE)):
        (course.folder / name).write_text(text)
    out = io.StringIO()
    assert author.run(course, Console(file=out, width=200), 0, None, 1) == 1
    said = out.getvalue()
    assert "right solution that is refused: 1\n  1.1-values: x[0, 0] is " in said
    assert "+x = x.copy() if isinstance(x, np.ndarray) else x" in said
    assert "check that no mistake or mutant loses: 1\n  1.1-again: energy can be asked for no rows." in said
    assert "suspect that is never told: 1\n  layers: its sign and size are lost" in said


def test_a_solution_that_is_no_python_is_told_by_its_line(course) -> None:
    edit(course, SOLUTION, "import numpy as np\n", "import numpy as (np\n")
    with pytest.raises(RubricError, match=r"^layers/energy.py:7: it is no Python: invalid syntax$"):
        found(course)


def test_a_todo_that_there_is_not_is_refused(course) -> None:
    with pytest.raises(SetupError, match=r"vectors has no TODO 1\.9"):
        author.run(course, Console(), 0, None, 1, todo="1.9")


def test_the_files_of_the_homework_show_nothing_but_mistakes_without_a_sentence() -> None:
    assert {one.kind for one in oversights.find(COURSE)} <= {"mistake without a sentence of its own"}


MODEL = '[models.{}]\ntarget = "{}"\ntodo = "1.1"\n\n[parts.1]'


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        (
            "course.toml",
            '"layers"',
            '"1st"',
            "parts.1.folder: '1st', expected letters, digits, _ and -, a letter first",
        ),
        ("course.toml", '"layers"', '"json"', "parts.1.folder: json is a package that everybody imports"),
        ("course.toml", "[parts.1]", MODEL.format("1st", "a:B"), "models.1st: '1st', expected letters, digits and _"),
        ("course.toml", "[parts.1]", MODEL.format("net", "a"), "models.net.target: 'a', expected a module and a name"),
        ("assignment.toml", '"shapes"', '"mnist"', "dataset: 'mnist', expected cifar10, images:PATH or shapes"),
    ],
)
def test_text_of_another_form_is_told_in_words(course, name, before, after, message) -> None:
    edit(course, name, before, after)
    with pytest.raises(RubricError, match=f"^{re.escape(f'{name}: {message}')}"):
        assignments.load(Course(course.folder))
