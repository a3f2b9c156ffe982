"""Every catalogued mistake loses its own check, and says what it should; every check has a mistake of its own."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from homework import COURSE, few

from autograder.authoring import reference as proof
from autograder.authoring.auditing import mutants
from autograder.checking import rubric
from autograder.course import mistakes as catalogue
from autograder.course.definition import Course
from autograder.course.mistakes import Mistake
from autograder.errors import RubricError

MISTAKES = catalogue.load(COURSE)


TRAINS = "part2_pytorch/"  # its checks train networks, which takes seconds: what is wrong there is graded once, slowly


def _case(mistake: Mistake) -> Any:
    slow = not mistake.loses or mistake.file.startswith(TRAINS)
    return pytest.param(mistake, id=mistake.name, marks=[pytest.mark.slow] if slow else [])


SLIPS = [one for one in MISTAKES if not one.loses]  # each says more of a check that has a mistake already
CASES = [_case(mistake) for mistake in [*(one for one in MISTAKES if one.loses), *few(SLIPS, 80)]]


@functools.cache
def _reach(part: int) -> Mapping[str, tuple[str, ...]]:
    return mutants.reach(COURSE.files(), COURSE.parts[part].folder)


def _todos(mistake: Mistake) -> tuple[set[str], set[str]]:
    """Tell the TODOs that a mistake can spoil, by what imports its file, from the others of the part where it shows."""
    part = next(number for number, part in COURSE.parts.items() if mistake.file.startswith(f"{part.folder}/"))
    if mistake.loses:
        part = int(mistake.loses[0].partition(".")[0])
    todos = {todo for todo in proof.asked(COURSE, mistake) if todo.startswith(f"{part}.")}
    near = todos if mistake.file.startswith(TRAINS) else todos.intersection(_reach(part)[mistake.file])
    return near, todos - near


APART = [one for one in MISTAKES if _todos(one)[1]]


@pytest.mark.parametrize("mistake", CASES)
def test_one_mistake_costs_its_own_check(grade, reference, checkpoints, mistake) -> None:
    near, _ = _todos(mistake)
    if not mistake.loses and (own := mistake.todo(COURSE.files())):
        near = {own}  # a slip is there for its sentence
    files = {**reference, **checkpoints} if any(todo.startswith("2.") for todo in near) else reference
    assert proof.loses_its_own(mistake, grade(mistake.apply(files), todos=tuple(near), blocked="lose")) == ""


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [pytest.param(one, id=one.name) for one in few(APART, 30)])
def test_a_mistake_costs_nothing_where_its_file_is_not_imported(grade, reference, mistake) -> None:
    _, far = _todos(mistake)
    card = grade(mistake.apply(reference), todos=tuple(far))
    assert [mark for mark in proof.failed(card) if mark.todo in far] == []


def test_every_check_has_a_mistake_that_loses_it() -> None:
    lost = {check for mistake in MISTAKES for check in mistake.loses}
    assert {check.id for check in COURSE.checks()} - lost == set()


def test_the_document_of_what_students_read_has_every_mistake() -> None:
    """`make reference` writes it."""
    entries = re.findall(
        r"^\*\*(.+)\*\*\n\n- `(.+?)`", (COURSE.folder / proof.DOCUMENT).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name for name, _ in entries} == {mistake.name for mistake in MISTAKES}
    lost = {mistake.name: mistake.loses for mistake in MISTAKES}
    assert all(check in lost[name] for name, check in entries if lost[name])


@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("seed", [rubric.PUBLIC_SEED, 1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_reference_earns_everything_whatever_the_seed_and_is_suspected_of_nothing(
    grade, reference, checkpoints, part, seed
) -> None:
    files = {**reference, **checkpoints} if part == 2 else reference
    card = grade(files, part=part, seed=seed)
    assert proof.everything_passed(card) == ""
    assert card.attempts == {}
    assert {name: result.doubts for name, result in card.models.items()} == (
        dict.fromkeys(COURSE.models, ()) if part == 2 else {}
    )


@pytest.mark.parametrize("part", [1, 2, 3])
def test_the_untouched_skeleton_earns_nothing_and_says_which_todo_is_open(grade, skeletons, part) -> None:
    card = grade(skeletons, part=part)
    assert proof.nothing_passed(card) == ""
    assert card.cents == 0
    assert all("TODO" in mark.message or "needs" in mark.message for mark in card.marks.values())


def test_two_gradings_give_equal_marks(grade, reference) -> None:
    wrong = MISTAKES[0].apply(reference)
    assert grade(wrong, seed=7).marks == grade(wrong, seed=7).marks


def _begin(folder: Path) -> None:
    """A course that has one part, and room for mistakes."""
    (folder / "mistakes").mkdir()
    (folder / "course.toml").write_text('[parts.1]\nfolder = "layers"\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "a"\nfile = "f"\nloses = ["1.2-x"]\nsays = "s"', "give function and body, or replace and by"),
        ('name = "a"\nfile = "f"\nloses = []\nsays = "s"\nreplace = "x"', "give the checks that it loses"),
        (
            'name = "a"\nfile = "f"\nloses = ["1.2-x"]\nsays = "s"\nreplace = "x"\ntypo = 1',
            "typo: there is no such key here",
        ),
        ('name = "a"\nfile = "f"\nlose = ["1.2-x"]\nsays = "s"\nreplace = "x"', "loses: .*; there is no key lose"),
    ],
    ids=["no change", "loses nothing", "unknown key", "slip in a key"],
)
def test_a_malformed_entry_is_refused_by_file_and_number(tmp_path, text, message) -> None:
    _begin(tmp_path)
    (tmp_path / "mistakes" / "layers.toml").write_text(f"[[mistake]]\n{text}\n")
    with pytest.raises(RubricError, match=rf"layers.toml: mistake 1: .*{message}"):
        catalogue.load(Course(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[mistake]]\nname = "a', "Unterminated string"),
        ('[[mistakes]]\nname = "a"', r"mistakes: expected \[\[mistake\]\], or"),
        ('[mistake]\nname = "a"', r"mistake: expected \[\[mistake\]\], or"),
        ('[slips]\n"one" = ["a", "b"]', r"slips: expected \[\[mistake\]\], or"),
        ('[slips."f"]\n"one" = "a"', r"""slips: 'one' is 'a', expected \["text", "replacement"\]"""),
    ],
    ids=["no TOML", "unknown table", "no list", "no file", "no pair"],
)
def test_a_malformed_file_of_mistakes_is_refused_in_one_sentence(tmp_path, text, message) -> None:
    _begin(tmp_path)
    (tmp_path / "mistakes" / "layers.toml").write_text(text)
    with pytest.raises(RubricError, match=rf"^mistakes/layers.toml: {message}[^\n]*$"):
        catalogue.load(Course(tmp_path))


def test_a_slip_may_say_which_check_sees_it(tmp_path) -> None:
    _begin(tmp_path)
    rows = '"one" = ["a", "b"]\n[slips."f"."1.2-x"]\n"one" = ["a", "c"]\n"two" = [["a", "d"], ["a", "e"]]\n'
    (tmp_path / "mistakes" / "layers.toml").write_text(f'[slips."layers/pool.py"]\n{rows}')
    found = [(one.suspect, one.by, one.seen) for one in catalogue.load(Course(tmp_path))]
    told = ("1.2-x",)
    assert found == [("one", "b", ()), ("one", "c", told), ("two", "d", told), ("two", "e", told)]


def test_a_slip_that_names_a_check_is_made_in_what_that_check_asks() -> None:
    files, checks = COURSE.files(), {check.id for check in COURSE.checks()}
    seen = [(one, check) for one in MISTAKES for check in one.seen]
    assert {check for _, check in seen} - checks == set()
    assert [one.name for one, check in seen if one.todo(files) not in ("", check.partition("-")[0])] == []
    assert len(seen) > 20


def test_two_mistakes_of_one_name_are_refused(tmp_path) -> None:
    entry = '[[mistake]]\nname = "a"\nfile = "f"\nloses = ["1.2-x"]\nsays = "s"\nreplace = "x"\n'
    _begin(tmp_path)
    (tmp_path / "mistakes" / "layers.toml").write_text(entry * 2)
    with pytest.raises(RubricError, match="two mistakes are called 'a'"):
        catalogue.load(Course(tmp_path))


def test_a_change_that_does_not_fit_the_reference_is_refused(reference) -> None:
    mistake = MISTAKES[0].model_copy(update={"function": "", "body": "", "replace": "no such text"})
    with pytest.raises(RubricError, match="its text occurs 0 times in"):
        mistake.apply(reference)
