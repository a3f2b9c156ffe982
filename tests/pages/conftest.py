"""Score cards of every kind, a browser, and the pages of a small class for it to open.

Needs Chromium and its driver (Debian: chromium and chromium-driver), and selenium. CI has them; elsewhere the tests
are skipped without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from class_records import small_class
from homework import ROOT
from report_cards import HOSTILE, filled_with, make_card, make_mark

from autograder.errors import Finding
from autograder.reports import class_page, html
from autograder.reports.scores import Outcome, Scorecard

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
SECONDS = 60  # for the browser to start and to answer, on a machine that is busy

Open = Callable[..., "Chrome"]


@pytest.fixture(scope="session")
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
    class_page.write(tmp_path / "class.html", small_class())
    return tmp_path


@pytest.fixture(scope="session")
def docs_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The docs, built as `make site` does; a warning is an error."""
    site: Path = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return site


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


@pytest.fixture
def card() -> Scorecard:
    """One mark of each outcome, and what a scorecard may hold besides."""
    overlap = Finding("dx equals what you get when windows overwrite each other", ((0, 128), (255, 7), (0, 0)))
    return make_card(
        make_mark("1.1-view", printed="seen in passing"),
        make_mark("1.6-stride", Outcome.LOST, "no answer after 10 s", max_cents=35),
        make_mark("1.7-forward", max_cents=33),
        make_mark(
            "1.7-overlap",
            Outcome.FAILED,
            "dx[0, 1] is -0.41, expected 1.07",
            finding=overlap,
            help="Draw two\nwindows.",
            printed="dx is 3",
            max_cents=67,
        ),
        make_mark("1.7-average", Outcome.RAISED, "ValueError: no (pooling.py:41 in forward)"),
        make_mark("1.8-up", Outcome.UNFINISHED, "TODO 1.8: Upsample2d.forward (resampling.py:9 in forward)"),
        make_mark("1.8-down", Outcome.UNFINISHED, "TODO 1.8: Downsample2d.forward (resampling.py:30 in forward)"),
        make_mark("1.8-both", Outcome.UNFINISHED, "TODO 1.8: Upsample2d.forward (resampling.py:9 in forward)"),
        make_mark("1.9-adjoint", Outcome.SKIPPED, "needs 1.8-forward, which has not passed"),
        make_mark("1.10-matrix", Outcome.PENDING, "not reached yet"),
        make_mark("2.6-accuracy", Outcome.BROKEN, "the data set is not on this machine"),
        seconds={"1.1-view": 0.0123},
        notes=["part1_numpy/module.py was changed, the given one was used"],
        isolation="A",
        mechanisms={"seccomp": "held", "network": "not held: no namespaces"},
        places={"1.7": "part1_numpy/pooling.py"},
    )


@pytest.fixture(params=HOSTILE, ids=lambda name: name.replace(" ", "-"))
def hostile(request: pytest.FixtureRequest) -> Scorecard:
    """A scorecard that holds one hostile text wherever a text can be."""
    return filled_with(HOSTILE[request.param])
