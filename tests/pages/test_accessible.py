"""Everybody can read the pages and the docs: axe-core finds nothing in any of them, on a screen and on a phone.

axe-core comes from npm's registry; the tests are skipped where that or a browser is missing, never in CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from class_records import small_class

AXE = "axe-core@4.11.0"
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document).then(found => done(found.violations.map(
    each => each.id + ": " + each.nodes.map(node => node.target + " " + node.failureSummary).join(" | "))));
"""
KINDS = ("student", "grade-a-class", "slurm", "commands", "adapter", "figures", "architecture", "01-two-processes")
PAGES = ("class.html", *(f"students/{record.key}/report.html" for record in small_class()))


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> str:
    """The source of axe-core."""
    folder = tmp_path_factory.mktemp("axe")
    reason = "no npm here"
    if npm := shutil.which("npm"):
        done = subprocess.run([npm, "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True, check=False)
        reason = done.stderr
        if done.returncode == 0:
            with tarfile.open(folder / done.stdout.split()[-1]) as archive:
                return archive.extractfile("package/axe.min.js").read().decode()
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.parametrize("phone", [False, True], ids=["screen", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_that_axe_knows(opened, axe, name, phone) -> None:
    page = opened(name, phone=phone)
    page.execute_script(axe)
    assert page.execute_async_script(RUN) == []


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(docs_site) -> Iterator[str]:
    """The address of the docs: their search needs one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=docs_site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 390])
def test_a_page_of_the_docs_has_no_fault_that_axe_knows(browser, axe, docs_site, served, width) -> None:
    shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    pages = sorted(path.relative_to(docs_site).as_posix() for path in docs_site.rglob("*.html"))
    assert len(pages) > 35
    if width < 500:  # what a phone lays out in another way is of a kind: a page of each
        pages = [name for name in pages if "/" not in name or name.split("/")[-2] in KINDS]
        assert len(pages) == len(KINDS) + 2
    found = {}
    for name in pages:
        browser.get(served + name.removesuffix("index.html"))
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, name
        browser.execute_script(axe)
        found[name] = browser.execute_async_script(RUN)
        loaded = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
        assert [each for each in loaded if not each.startswith(served)] == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert browser.get_log("browser") == []
