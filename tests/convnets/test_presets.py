"""The presets: the same work with the points of other courses."""

from __future__ import annotations

from pathlib import Path

import pytest
from homework import COURSE

from autograder.course import assignment as assignments
from autograder.course.times import parse
from autograder.errors import RubricError


@pytest.mark.parametrize("preset", sorted((COURSE.folder / "assignments").glob("*.toml")), ids=lambda path: path.stem)
def test_a_preset_gives_every_point_to_a_check(preset) -> None:
    assignment = assignments.load(COURSE, preset)
    checks = assignment.checks()
    cents = assignment.cents(checks)
    for number, part in assignment.parts.items():
        assert sum(cents[check.id] for check in checks if check.part == number) == round(100 * part.points)


def test_hw2_2024_gives_the_own_network_two_of_seven_points() -> None:
    assignment = assignments.load(COURSE, Path("hw2-2024"))
    checks = assignment.checks()
    cents = assignment.cents(checks)
    assert {check.part for check in checks} == {1, 2}
    assert [sum(cents[check.id] for check in checks if check.part == part) for part in (1, 2)] == [700, 700]
    own = {id: value for id, value in cents.items() if id.startswith("2.6-my-model")}
    assert own == {"2.6-my-model": 100, "2.6-my-model-high": 100}
    assert cents["2.6-two-layer"] == cents["2.6-vanilla-cnn"] == 30
    assert assignment.report.points == 6
    assert assignment.due == parse("2024-02-19 23:59 America/New_York")
    assert assignment.grace == parse("2024-02-21 23:59 America/New_York")


def test_a_preset_is_found_by_its_bare_name_and_a_file_of_that_name_comes_first(tmp_path, monkeypatch) -> None:
    assert assignments.load(COURSE, Path("hw2p1")).parts[1].points == 100
    monkeypatch.chdir(tmp_path)
    Path("hw2p1").write_text("title = 3\n")
    with pytest.raises(RubricError, match="hw2p1: title: input should be a valid string"):
        assignments.load(COURSE, Path("hw2p1"))


def test_a_name_that_is_no_preset_is_refused_with_those_that_are() -> None:
    with pytest.raises(RubricError, match=r"hw9: there is no such file, .* presets are hw2-2024, hw2p1, normalised"):
        assignments.load(COURSE, Path("hw9"))
    with pytest.raises(RubricError, match="No such file"):
        assignments.load(COURSE, Path("nowhere/hw2p1.toml"))


def test_points_for_a_check_that_there_is_not_are_refused(tmp_path) -> None:
    text = (COURSE.folder / "assignments" / "hw2-2024.toml").read_text().replace("2.6-my-model-high", "2.6-his-model")
    (tmp_path / "odd.toml").write_text(text)
    with pytest.raises(RubricError, match=r"check 2.6-his-model: 1.00 points and no check"):
        assignments.load(COURSE, tmp_path / "odd.toml").cents(COURSE.checks())
