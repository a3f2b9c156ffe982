"""What the class page and the gradebook make of records; `test_browser.py` looks at the page as a reader does."""

from __future__ import annotations

import csv
import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from class_records import ATTACK, OVERLAP, model, record, small_class
from homework import COURSE
from report_cards import HOSTILE, filled_with
from rich.console import Console

from autograder.reports import class_csv as gradebook
from autograder.reports import class_page as classpage
from autograder.reports import class_text, records
from autograder.reports.class_statistics import Classroom
from autograder.reports.records import Alike, LeftOut, Person, Record


@pytest.fixture
def room() -> Classroom:
    return Classroom(small_class())


def test_what_could_not_be_graded_counts_in_no_figure(room) -> None:
    assert [len(some) for some in (room.graded, room.refused, room.broken)] == [6, 1, 1]
    assert (room.mean, room.median) == (150, 150)
    assert sum(one.count for one in room.bins) == 6
    assert all(row.total == 6 for row in room.checks)


def test_marks_lie_in_the_columns_where_they_belong(room) -> None:
    assert {one.low: one.count for one in room.bins if one.count} == {0: 1, 30: 2, 60: 2, 90: 1}


def test_checks_are_ordered_by_how_few_passed_them(room) -> None:
    assert [(row.check, row.passed) for row in room.checks] == [("1.7-overlap", 2), ("1.1-view", 3), ("1.10-matrix", 4)]
    assert room.checks[0].words == "4 wrong"


def test_a_mistake_is_counted_once_for_each_who_made_it(room) -> None:
    (mistake,) = room.mistakes
    assert mistake.name == OVERLAP
    assert list(mistake.who) == ["bell", "curie", "euler", "attack"]
    assert list(mistake.checks) == ["1.7-overlap"]


def test_a_model_is_worth_a_look_beside_those_of_others(room) -> None:
    ((one, why),) = room.models[0].suspicious
    assert (one.key, why) == (
        "curie",
        "loses 0.20 of its accuracy when images are mirrored, as against 0.02 in this class",
    )
    same = Classroom([record(key, True, True, True, models={"my_model": model(90, 0.7)}) for key in "abc"])
    assert same.models[0].suspicious == []


def test_a_model_is_worth_a_look_by_its_own_figures_whatever_the_others_do() -> None:
    same = Classroom([record(key, True, True, True, models={"my_model": model(90, 0.5)}) for key in "abc"])
    why = "is right about 90 % of images, and about 50 % when they are mirrored"
    assert [said for _, said in same.models[0].suspicious] == [why] * 3


def test_the_slowest_come_first_with_their_slowest_check(room) -> None:
    assert [one.key for one, _, _ in room.slowest][:3] == ["curie", "dirac", "euler"]


def test_the_page_names_what_is_not_graded_and_what_is_alike() -> None:
    page = classpage.render(small_class(), [LeftOut("notes.txt", "no zip")], [Alike("the whole zip", ("Ada", "Bell"))])
    assert "1 in the folder is not graded" in page
    assert "notes.txt" in page
    assert "Ada; Bell" in page
    assert "This is no proof, and changes no mark" in page
    plain = classpage.render(small_class())
    assert "not graded" not in plain
    assert "The same file twice" not in plain


def test_half_a_class_with_one_file_takes_a_line_and_the_page_names_them_all() -> None:
    everyone = tuple(f"student {number}" for number in range(100))
    console = Console(record=True, width=400)
    class_text.say_aside([], [Alike("the whole zip", everyone)], console)
    few = "student 0; student 1; student 2; student 3; student 4 and 95 more"
    assert f"  {few}: the whole zip\n" in console.export_text()
    page = classpage.render(small_class(), [], [Alike("the whole zip", everyone)])
    assert f"<details><summary>{few}</summary>{'; '.join(everyone)}</details>" in page


def test_long_lists_of_what_was_tried_unfold() -> None:
    many = [record(f"s{number}", True, True, True, attempts={"escape: a socket": 1}) for number in range(12)]
    page = classpage.render(many)
    shown, _, rest = page.partition('id="tried"')[2].partition("</div>")[0].partition("<summary>2 more</summary>")
    assert [shown.count("<li>"), rest.count("<li>")] == [10, 2]
    assert "more</summary>" not in classpage.render(many[:10])


def test_an_empty_class_has_a_page() -> None:
    assert "Nothing was handed in" in classpage.render([])


class _Tags(HTMLParser):
    """Counts elements, and collects the attributes that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.bad = 0, []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.bad += [name for name, _ in attrs if name.startswith("on") or (name == "src" and tag != "img")]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=lambda text: repr(text[:12]))
def test_no_text_becomes_markup_on_the_class_page(text) -> None:
    hostile = Record("key", (Person(text, text, text),), filled_with(text), handed_in=text)
    page = classpage.render([hostile], [LeftOut(text, text)], [Alike(text, (text, text))])
    tags = _Tags()
    tags.feed(page)
    assert (tags.scripts, tags.bad) == (1, [])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)


def test_a_record_survives_its_file(room) -> None:
    for one in room.records:
        assert records.load(records.dump(one)) == one
    half = Record("key", (Person("\ud83d"),), filled_with("\udc80"))
    assert records.load(records.dump(half)) == Record("key", (Person("?"),), filled_with("?"))


@pytest.mark.parametrize("text", ["", "{", '{"key": 1}', '{"key": "ada"}'])
def test_what_is_no_record_is_none(text) -> None:
    assert records.load(text) is None


def test_the_gradebook_has_no_zero_for_a_fault_of_ours_and_no_formula(tmp_path) -> None:
    group = Record("k", (Person("=1+1", "1"), Person("Grace", "2")), small_class()[0].card)
    gradebook.write(tmp_path / "gradebook.csv", [*small_class(), group], tuple(COURSE.models), {})
    with (tmp_path / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert [rows[name]["points"] for name in ("Ada", "Fermat", "Gauss")] == ["3.00", "0.00", ""]
    assert (rows["Curie"]["late"], rows["Gauss"]["why"]) == ("late", "the sandbox does not start")
    assert [rows[name]["points"] for name in ("'=1+1", "Grace")] == ["3.00", "3.00"]
    assert ATTACK in rows


def test_who_failed_a_check_has_the_command_that_shows_it() -> None:
    page = html.unescape(classpage.render(small_class()))
    assert page.count("autograder show ") == 5  # neither who is right, nor who is refused or broken
    assert "autograder show bell --class submissions.zip --out shown/bell<" in page
    secret = [replace(one, card=replace(one.card, secret=True)) for one in small_class()]
    assert "autograder show bell --class submissions.zip --out shown/bell --key secret.key<" in classpage.render(secret)
