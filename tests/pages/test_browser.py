"""The pages in a browser, opened from disk as a reader does: they sort and filter, and the console stays empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from class_records import ATTACK

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def _all(page: Chrome, selector: str) -> list[Any]:
    return page.find_elements("css selector", selector)


def _press(page: Chrome, selector: str, number: int = 0) -> None:
    element = _all(page, selector)[number]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def _students(page: Chrome) -> list[str]:
    """The names in the table of everyone, as they are seen."""
    cells = _all(page, "#students tbody tr td:first-child")
    return [cell.text for cell in cells if cell.is_displayed()]


def _wide(page: Chrome) -> bool:
    return bool(page.execute_script("return document.documentElement.scrollWidth > window.innerWidth"))


def test_the_class_page_sorts_by_what_is_pressed(opened) -> None:
    page = opened("class.html")
    names = ["Ada", "Bell", "Curie", "Dirac", "Euler", "Fermat", "Gauss", ATTACK]
    assert _students(page) == names
    _press(page, "#students th button", 1)  # points: the best first, then the worst
    assert _students(page)[0] == "Ada"
    _press(page, "#students th button", 1)
    assert _students(page)[-1] == "Ada"
    assert _all(page, "#students th[aria-sort]")[0].get_attribute("aria-sort") == "ascending"
    _press(page, "#by-time th button", 1)  # 9.0 s does not come before 10.5 s, as its text would
    times = [cell.text for cell in _all(page, "#by-time td:nth-child(2)")]
    assert times == ["11.0 s", "10.5 s", "9.0 s", "3.0 s", "2.0 s", "1.0 s"]
    _press(page, "#by-check th button")
    codes = [code.text for code in _all(page, "#by-check td code")]
    assert codes == ["1.1-view", "1.7-overlap", "1.10-matrix"]


def test_the_class_page_shows_whom_one_asks_for(opened) -> None:
    page = opened("class.html")
    search = _all(page, "#text")[0]
    search.send_keys("ID-cur")
    assert _students(page) == ["Curie"]
    assert _all(page, "#shown")[0].text == "1 of 8 shown"
    search.clear()
    search.send_keys("1.10-matrix")
    assert _students(page) == ["Dirac", "Euler"]
    _press(page, "#clear")
    assert len(_students(page)) == 8
    for option, names in (("refused", ["Fermat"]), ("to grade again", ["Gauss"])):
        next(one for one in _all(page, "#state option") if one.text == option).click()
        assert _students(page) == names
    _press(page, "#clear")
    _press(page, ".bins button", 9)
    assert _students(page) == ["Ada"]
    _press(page, ".bins button", 9)
    _press(page, "#by-mistake button.find")
    assert _students(page) == ["Bell", "Curie", "Euler", ATTACK]


def test_a_name_on_the_class_page_leads_to_the_student_s_page(opened) -> None:
    page = opened("class.html")
    _press(page, "#students tbody a", 1)
    assert page.title == "Layers"
    assert "dx[0, 1] is -0.41" in _all(page, ".fail")[0].text


@pytest.mark.parametrize("name", ["class.html", "students/attack/report.html"])
def test_a_text_of_a_student_is_shown_and_does_nothing(opened, name) -> None:
    page = opened(name)
    assert "owned" not in page.title
    assert ATTACK in page.execute_script("return document.body.textContent")
    assert _all(page, "body img[src=x]") == []


@pytest.mark.parametrize("name", ["class.html", "students/euler/report.html", "students/fermat/report.html"])
def test_a_page_fits_a_phone(opened, name) -> None:
    page = opened(name, phone=True)
    assert page.execute_script("return window.innerWidth") == 360
    assert not _wide(page)


def test_the_student_s_page_shows_what_where_why_and_which_todo(opened) -> None:
    page = opened("students/euler/report.html")
    assert _all(page, ".total strong")[0].text == "0.00"
    failure = _all(page, "#todo-1\\.7 .fail")[0]
    assert "dx[0, 1] is -0.41, expected 1.07" in failure.text
    assert "dx equals what you get when" in failure.find_element("css selector", "mark").text
    picture = failure.find_element("css selector", "img")
    assert picture.get_property("naturalWidth") == 2
    assert picture.is_displayed()
    _press(page, ".parts a[href='#todo-1.7']")
    assert page.current_url.endswith("#todo-1.7")
