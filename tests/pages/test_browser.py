"""The pages in a browser, opened from disk as a reader does: they sort and filter, and the console stays empty.

Needs Chromium and its driver (Debian: chromium and chromium-driver), and selenium. CI has them; elsewhere the tests
are skipped without.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from class_records import ATTACK, small_class

from autograder.reports import class_page as classpage
from autograder.reports import html

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
SECONDS = 60  # for the browser to start and to answer, on a machine that is busy

Open = Callable[..., "Chrome"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    try:
        from selenium import webdriver
    except ImportError:
        missing.append("selenium")
    if missing and not os.environ.get("CI"):
        pytest.skip(f"no browser here: {', '.join(missing)} not installed")
    assert not missing, f"CI must have {', '.join(missing)}"
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for switch in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"):
        options.add_argument(f"--{switch}")
    options.add_argument("--disable-background-networking")
    options.add_argument("--disable-component-update")
    options.add_argument("--window-size=1100,1000")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    driver.set_page_load_timeout(SECONDS)
    yield driver
    driver.quit()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The class page and its students' pages, laid out as a batch does."""
    for record in small_class():
        folder = tmp_path / "students" / record.key
        folder.mkdir(parents=True)
        html.write(folder / "report.html", record.card, execution_seconds=record.seconds)
    classpage.write(tmp_path / "class.html", small_class())
    return tmp_path


@pytest.fixture
def opened(browser: Chrome, site: Path) -> Iterator[Open]:
    """Open a page from disk; at the end, the console must be empty and nothing have been loaded."""

    def open_page(name: str, phone: bool = False) -> Chrome:
        if phone:
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        browser.get((site / name).as_uri())
        return browser

    yield open_page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


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
    assert page.execute_script("return window.innerWidth") == PHONE["width"]
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
