"""Everybody can read the pages: axe-core finds nothing in any of them, on a screen and on a phone.

axe-core comes from npm's registry; the tests are skipped where that or a browser is missing, never in CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile

import pytest
from class_records import small_class

AXE = "axe-core@4.11.0"
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document).then(found => done(found.violations.map(
    each => each.id + ": " + each.nodes.map(node => node.target + " " + node.failureSummary).join(" | "))));
"""
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
