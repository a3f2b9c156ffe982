"""submission_metadata.json: whatever is in it, a submission is graded, and time counts from when it was created."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course.lateness import Deadlines
from autograder.grading import metadata

DUE = datetime.fromisoformat("2027-02-19T23:59:00-05:00")
DAY = timedelta(days=1)
RULE = Deadlines(DUE, DUE + 2 * DAY, Fraction(1, 10))
CLASS = {"due_date": DUE.isoformat(), "late_due_date": None, "title": "Layers", "total_points": "72.0"}


def _read(folder: Path, values: Any) -> metadata.Metadata:
    path = folder / "submission_metadata.json"
    path.write_text(json.dumps(values))
    return metadata.read(path)


def _handed_in(after: timedelta, *own: dict[str, Any], **more: Any) -> dict[str, Any]:
    users = [{"email": f"{n}@example.edu", "id": n, "assignment": dates} for n, dates in enumerate(own)]
    return {"created_at": (DUE + after).isoformat(), "assignment": CLASS, "users": users, **more}


@pytest.mark.parametrize(
    "time", ["2027-02-22T10:00:00.365935-05:00", "2027-02-22T10:00:00-05:00", "2027-02-22T15:00:00Z"]
)
def test_a_time_may_have_microseconds_or_not(tmp_path, time) -> None:
    found = _read(tmp_path, {"created_at": time})
    assert found.created_at is not None
    assert found.created_at.replace(microsecond=0) == datetime.fromisoformat("2027-02-22T10:00:00-05:00")


@pytest.mark.parametrize(
    ("own", "due"),
    [
        ([], DUE),
        ([CLASS], DUE),
        ([{**CLASS, "due_date": (DUE + DAY).isoformat()}], DUE + DAY),
        ([CLASS, {**CLASS, "due_date": (DUE + 3 * DAY).isoformat()}], DUE + 3 * DAY),
        ([{**CLASS, "due_date": (DUE - DAY).isoformat()}, CLASS], DUE),
        ([{"due_date": None, "late_due_date": None}], DUE),
        ([{"due_date": "tomorrow"}, {}], DUE),
    ],
    ids=["nobody", "no extension", "extension", "one of a group", "shorter for one", "null", "no date"],
)
def test_the_author_with_the_most_time_decides(tmp_path, own, due) -> None:
    rule = _read(tmp_path, _handed_in(DAY, *own)).deadlines(RULE)
    assert (rule.due, rule.grace) == (due, due + 2 * DAY)


def test_a_late_due_date_of_ones_own_is_the_end_of_grace(tmp_path) -> None:
    own = {**CLASS, "late_due_date": (DUE + 5 * DAY).isoformat()}
    assert _read(tmp_path, _handed_in(DAY, own)).deadlines(RULE).grace == DUE + 5 * DAY


@pytest.mark.parametrize(
    ("due", "late", "rate", "expected"),
    [
        (7 * DAY, None, "1", (7 * DAY, 9 * DAY)),
        (-1 * DAY, None, "1", (-1 * DAY, 1 * DAY)),
        (None, 5 * DAY, "1", (0 * DAY, 5 * DAY)),
        (None, 1 * DAY, "1", (0 * DAY, 2 * DAY)),
        (None, 5 * DAY, "0.1", (0 * DAY, 2 * DAY)),
        (7 * DAY, 12 * DAY, "1", (7 * DAY, 12 * DAY)),
    ],
    ids=["later", "earlier", "accepted late", "accepted for a shorter time", "late at a price", "both"],
)
def test_the_dates_that_students_see_at_gradescope_hold_and_staff_read_of_it(
    tmp_path, due, late, rate, expected
) -> None:
    dates = {"due_date": (DUE + (due or 0 * DAY)).isoformat(), "late_due_date": late and (DUE + late).isoformat()}
    everyone = Deadlines(DUE, DUE + 2 * DAY, Fraction(rate))
    for own in ([], [dates]):
        found = _read(tmp_path, {**_handed_in(3 * DAY, *own), "assignment": dates})
        rule = found.deadlines(everyone)
        assert (rule.due - DUE, rule.grace - DUE) == expected
        said = found.differences(everyone)
        assert bool(said) == ((rule.due, rule.grace) != (everyone.due, everyone.grace))
        assert all("at Gradescope, which holds; assignment.toml has 2027-02-" in text for text in said)


def test_an_extension_counts_from_the_dates_of_gradescope(tmp_path) -> None:
    dates = {**CLASS, "due_date": (DUE + 7 * DAY).isoformat()}
    own = {**dates, "due_date": (DUE + 9 * DAY).isoformat()}
    found = _read(tmp_path, {**_handed_in(DAY, dates, own), "assignment": dates})
    assert found.deadlines(RULE).due == DUE + 9 * DAY


def test_dates_that_contradict_each_other_take_nothing_from_anyone(tmp_path) -> None:
    own = {"due_date": (DUE + DAY).isoformat(), "late_due_date": (DUE - 9 * DAY).isoformat()}
    assert _read(tmp_path, _handed_in(DAY, own)).deadlines(RULE).due == DUE + DAY


def test_students_read_how_late_they_were_and_how_often_they_tried(tmp_path) -> None:
    earlier = [{"score": "12.5"}, {"score": None}, {"autograder_error": True}, {"score": 30}]
    found = _read(tmp_path, _handed_in(4 * DAY, CLASS, previous_submissions=earlier))
    notes = found.notes(RULE, show_scores=True)
    assert notes[0].startswith("handed in 4 days after it was due, 2 days after the grace period: 20 % of the points")
    assert notes[1] == "submission number 5; the best before it has 30.00 points"
    assert found.notes(RULE, show_scores=False)[1] == "submission number 5"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "submission_metadata.json is not there"),
        (b"", "submission_metadata.json is no JSON"),
        (b"\xff\xfe", "submission_metadata.json is no JSON"),
        (b"[" * 100_000, "submission_metadata.json is no JSON"),
        (b"[]", "submission_metadata.json holds no object"),
        (b"{}", "submission_metadata.json does not say when this was handed in"),
        (b'{"created_at": "2027-02-19 23:59"}', "submission_metadata.json does not say when this was handed in"),
    ],
    ids=["missing", "empty", "binary", "deep", "list", "nothing", "no zone"],
)
def test_without_a_time_nothing_is_lost_and_it_is_said(tmp_path, content, why) -> None:
    path = tmp_path / "submission_metadata.json"
    if content is not None:
        path.write_bytes(content)
    found = metadata.read(path)
    assert found.created_at is None
    assert found.notes(RULE, show_scores=True) == [f"{why}: nothing is lost for lateness"]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([DUE.isoformat(), "9999-12-31T23:59:59.999999-12:00", "0001-01-01T00:00:00+14:00", "-05:00"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["assignment", "due_date", "late_due_date", "score", "id"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("created_at", "assignment", "users", "previous_submissions", "id"), ODD)
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=FIELDS, users=st.lists(st.fixed_dictionaries({"assignment": ODD}), max_size=3))
def test_no_metadata_whatever_keeps_a_submission_from_being_graded(tmp_path, values, users) -> None:
    found = _read(tmp_path, {"users": users, **values})
    rule = found.deadlines(RULE)
    assert rule.grace >= rule.due
    assert found.notes(rule, show_scores=True)
    if found.created_at:
        assert 0 <= rule.kept(7200, found.created_at) <= 7200


@given(st.binary(max_size=64))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_whatever_raise(tmp_path, content) -> None:
    path = tmp_path / "submission_metadata.json"
    path.write_bytes(content)
    metadata.read(path)
