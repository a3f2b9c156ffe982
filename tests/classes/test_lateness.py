"""The lateness rule: what counts as late, what it costs, and what each student is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from homework import COURSE
from hypothesis import given
from hypothesis import strategies as st

from autograder.course import assignment as assignments
from autograder.course import report_rubric
from autograder.course.lateness import Deadlines, Extension, duration, load_extensions
from autograder.course.times import parse
from autograder.errors import RubricError, TableError

NEW_YORK = timezone(timedelta(hours=-5))
DUE = datetime(2024, 2, 19, 23, 59, tzinfo=NEW_YORK)
GRACE = datetime(2024, 2, 21, 23, 59, tzinfo=NEW_YORK)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def rule(late_per_day: str = "1") -> Deadlines:
    return Deadlines(DUE, GRACE, Fraction(late_per_day))


@pytest.mark.parametrize(
    ("handed_in", "rate", "share", "sentence"),
    [
        (DUE, "1", 1, "handed in on time"),
        (DUE + SECOND, "1", 1, "handed in 1 minute after it was due, within the grace period: no points are lost"),
        (GRACE, "1", 1, "handed in 2 days after it was due, within the grace period: no points are lost"),
        (GRACE + SECOND, "1", 0, "handed in 3 days after it was due, 1 minute after the grace period: nothing counts"),
        (
            GRACE + SECOND,
            "0.1",
            Fraction(9, 10),
            "handed in 3 days after it was due, 1 minute after the grace period: 10 % of the points are lost",
        ),
        (GRACE + DAY, "0.1", Fraction(9, 10), None),
        (GRACE + DAY + SECOND, "0.1", Fraction(8, 10), None),
        (GRACE + 40 * DAY, "0.1", 0, None),
        (GRACE + 40 * DAY, "0", 1, None),
    ],
)
def test_nothing_is_lost_until_grace_ends_and_a_share_with_each_day_begun(handed_in, rate, share, sentence) -> None:
    assert rule(rate).share(handed_in) == share
    if sentence:
        assert rule(rate).sentence(handed_in) == sentence


@given(hours=st.integers(-100, 1000), rate=st.integers(0, 100), offset=st.integers(-12, 14))
def test_the_zone_in_which_a_time_is_written_changes_nothing(hours: int, rate: int, offset: int) -> None:
    deadlines, handed_in = Deadlines(DUE, GRACE, Fraction(rate, 100)), GRACE + hours * HOUR
    elsewhere = handed_in.astimezone(timezone(timedelta(hours=offset)))
    assert deadlines.share(elsewhere) == deadlines.share(handed_in)
    assert deadlines.share(handed_in) >= deadlines.share(handed_in + HOUR)
    assert deadlines.sentence(elsewhere) == deadlines.sentence(handed_in)


def test_a_day_has_24_hours_when_the_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    due = datetime(2024, 3, 9, 23, 59, tzinfo=zone)  # the next day has 23 hours
    deadlines = Deadlines(due, due, Fraction(1, 10))
    assert deadlines.days(datetime(2024, 3, 11, 0, 59, tzinfo=zone)) == 1
    assert deadlines.days(datetime(2024, 3, 11, 1, 0, tzinfo=zone)) == 2


def test_half_a_hundredth_of_a_point_is_given_to_the_student() -> None:
    assert rule("0.5").kept(7201, GRACE + HOUR) == 3601
    assert rule("1").kept(7201, GRACE + HOUR) == 0
    assert rule("0.1").kept(7201, DUE) == 7201


def test_an_extension_moves_the_end_of_the_grace_period_along() -> None:
    later = rule().extended(Extension(due=DUE + 7 * DAY))
    assert (later.due, later.grace) == (DUE + 7 * DAY, GRACE + 7 * DAY)
    only_grace = rule().extended(Extension(grace=GRACE + DAY))
    assert (only_grace.due, only_grace.grace) == (DUE, GRACE + DAY)
    assert rule().extended(None) == rule()


@pytest.mark.parametrize(
    ("due", "grace", "rate", "message"),
    [
        (DUE, DUE - HOUR, 1, "grace ends at 2024-02-19 22:59-05:00, which is before 2024-02-19 23:59-05:00"),
        (DUE.replace(tzinfo=None), GRACE, 1, "due is 2024-02-19 23:59:00, which has no zone"),
        (DUE, GRACE, 2, "late_per_day is 2, expected a share from 0 to 1"),
    ],
)
def test_dates_that_contradict_each_other_are_refused(due, grace, rate, message) -> None:
    with pytest.raises(TableError, match=message):
        Deadlines(due, grace, Fraction(rate))


@pytest.mark.parametrize(
    "text",
    ["2024-02-19 23:59:00 -0500", "2024-02-19T23:59-05:00", "2024-02-20T04:59Z", "2024-02-19 23:59 America/New_York"],
)
def test_a_time_may_be_written_as_platforms_write_it(text) -> None:
    assert parse(text) == DUE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2024-02-19 23:59", "'2024-02-19 23:59' has no zone"),
        ("2024-02-19 23:59 Mars/Olympus", "there is no zone Mars/Olympus"),
        ("2024-02-19 23:59 America", "there is no zone America"),
        ("tomorrow", "'tomorrow' is no time"),
        ("2024-02-30 23:59 -0500", "is no time, expected one like"),
        ("9999-12-31 23:59 -0500", "is no time, expected one like"),
        ("", "'' is no time"),
    ],
)
def test_a_time_that_cannot_be_read_is_refused(text, message) -> None:
    with pytest.raises(TableError, match=message):
        parse(text)


def test_extensions_come_from_csv_or_toml_alike(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("student,due,grace\nann,2024-02-26 23:59 -0500,\nbob,,2024-03-01 12:00 -0500\n")
    (tmp_path / "a.toml").write_text(
        "[ann]\ndue = 2024-02-26T23:59:00-05:00\n[bob]\ngrace = '2024-03-01 12:00 -0500'\n"
    )
    from_csv, from_toml = load_extensions(tmp_path / "a.csv"), load_extensions(tmp_path / "a.toml")
    assert from_csv == from_toml
    assert from_csv["ann"] == Extension(due=DUE + 7 * DAY)
    assert from_csv["bob"].grace == datetime(2024, 3, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "student,due\nann,soon\n", "a.csv, row 2, column due: 'soon' is no time"),
        ("a.csv", "student,due\nann,2024-02-26Z\n", "a.csv, row 2, column due: '2024-02-26Z' has no time of day"),
        ("a.csv", "student,due\nann,\n", "a.csv, row 2, column due: neither due nor grace is given"),
        ("a.csv", "student,days\nann,3\n", "a.csv, row 1: 'days' is no known column"),
        ("a.csv", "name,due\nann,3\n", "a.csv, row 1: there is no column student"),
        ("a.toml", "[ann]\ndue = 2024-02-26\n", "a.toml, ann, due: '2024-02-26' has no zone"),
        ("a.toml", "[ann]\ndays = 3\n", "a.toml, ann: days is no setting"),
        ("a.toml", "ann = 3\n", "a.toml: ann is no table"),
        ("a.toml", "[ann\n", "a.toml: "),
    ],
)
def test_an_extension_that_cannot_be_used_is_named_by_its_place(tmp_path, name, text, message) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TableError, match=message):
        load_extensions(tmp_path / name)


@pytest.mark.parametrize("name", ["missing.toml", "missing.csv"])
def test_extensions_that_are_not_there_are_one_sentence(tmp_path, name) -> None:
    with pytest.raises(TableError, match=rf"{name}: No such file or directory$"):
        load_extensions(tmp_path / name)


def test_the_assignment_gives_its_own_deadlines() -> None:
    assignment = assignments.load(COURSE)
    assert assignment.deadlines == Deadlines(assignment.due, assignment.grace, Fraction(1))


def test_files_that_windows_marks_as_utf_8_are_read_like_others(tmp_path) -> None:
    for name in (assignments.FILE, "report/rubric.toml"):
        text = (COURSE.folder / name).read_text(encoding="utf-8")
        (tmp_path / Path(name).name).write_text(text, encoding="utf-8-sig", newline="\r\n")
    own, marked = assignments.load(COURSE), assignments.load(COURSE, tmp_path / assignments.FILE)
    assert marked.model_copy(update={"path": own.path}) == own
    assert report_rubric.load(tmp_path / "rubric.toml") == report_rubric.load(COURSE.folder / "report/rubric.toml")
    (tmp_path / "a.toml").write_text("[ann]\ndue = 2024-02-26T23:59:00-05:00\n", encoding="utf-8-sig")
    assert load_extensions(tmp_path / "a.toml")["ann"].due == DUE + 7 * DAY


def test_times_without_a_zone_are_in_that_of_the_assignment(tmp_path) -> None:
    text = (COURSE.folder / assignments.FILE).read_text()
    assert parse("2027-07-01 12:00", assignments.load(COURSE).clock) == datetime(2027, 7, 1, 17, tzinfo=UTC)
    (tmp_path / "hw.toml").write_text(f'zone = "America/New_York"\n{text}')
    summer = assignments.load(COURSE, tmp_path / "hw.toml").clock
    assert parse("2027-07-01 12:00", summer) == datetime(2027, 7, 1, 16, tzinfo=UTC)
    (tmp_path / "hw.toml").write_text(f'zone = "Mars/Olympus"\n{text}')
    with pytest.raises(RubricError, match=r"^hw\.toml: zone: there is no zone Mars/Olympus"):
        assignments.load(COURSE, tmp_path / "hw.toml")


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-19 23:59:00.123456000 -0500", "2024-02-20 04:59:00 UTC", "2024-02-20 04:59 GMT", "2024/02/19 23:59",
        "Feb 19, 2024 at 11:59pm", "Mon Feb 19, 2024 11:59 PM", "Monday, 19 February 2024, 11:59 PM",
        "Monday, February 19, 2024, 11:59\u202fPM", "19.02.2024 23:59", "19.2.2024, 23:59", "02/19/2024 11:59 p.m.",
        "19/02/2024 23:59", "Montag, 19. Februar 2024, 23:59", "lundi 19 février 2024, 23:59",
        "lunes, 19 de febrero de 2024, 23:59", "2024-02-19 20:59 PST", "2024-02-20 05:59 CET",
    ],
)  # fmt: skip
def test_a_time_is_read_as_platforms_and_countries_write_it(text) -> None:
    assert parse(text, NEW_YORK) == DUE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("02/03/2024 23:59", "may be 2024-02-03 or 2024-03-02, expected one like 2027-02-19 23:59 -0500"),
        ("2024-02-19", "has no time of day"),
        ("Feb 19 at 11:59pm", "is no time"),
        ("13:00 PM 2024-02-19", "is no time"),
        ("2024-02-19 13:00 PM", "is no time"),
        ("2024-02-19 24:00", "is no time"),
        ("Foo 19, 2024 at 11:59pm", "is no time"),
    ],
)
def test_a_time_that_may_be_another_is_asked_for(text, message) -> None:
    with pytest.raises(TableError, match=message):
        parse(text, NEW_YORK)


def test_an_assignment_whose_grace_ends_too_early_is_refused(tmp_path) -> None:
    text = (COURSE.folder / assignments.FILE).read_text().replace("grace = 2027-02-21", "grace = 2027-02-18")
    (tmp_path / "hw.toml").write_text(text)
    with pytest.raises(RubricError, match=r"hw.toml: grace ends at 2027-02-18 23:59-05:00, which is before"):
        assignments.load(COURSE, tmp_path / "hw.toml")


@pytest.mark.parametrize(
    ("minutes", "text"), [(1, "1 minute"), (60, "60 minutes"), (61, "2 hours"), (1440, "24 hours"), (1441, "2 days")]
)
def test_a_span_of_time_is_written_in_units_begun(minutes, text) -> None:
    assert duration(timedelta(minutes=minutes)) == text
