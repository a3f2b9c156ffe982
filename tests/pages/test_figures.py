"""What the pages say in numbers: a figure is what was measured last, a bound is that of its test."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from types import ModuleType

import pytest
from homework import ROOT

PAGES = ("README.md", "SPECIFICATION.md", "docs/reference/figures.md")
NUMBER = re.compile(r"(?<![\w.#])\d[\d,]*(?:\.\d+)?(?:e-\d+)?")
WORDS = {"200": "two_hundred", "40": "forty", "30": "thirty"}


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """The module that fills figures in."""
    source = importlib.util.spec_from_file_location("figures_of_docs", ROOT / "docs" / "figures.py")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    return module


def _lines(text: str, figures: ModuleType) -> list[str]:
    block = text.partition(figures.BEGIN)[2].partition(figures.END)[0]
    return [line for line in block.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("page", PAGES)
def test_a_figure_is_the_one_that_was_written_last(page, figures) -> None:
    text = (ROOT / page).read_text()
    assert figures.blocks(text, page, figures.records()) == text, "python docs/write.py writes another"
    assert len(_lines(text, figures)) > 4


@pytest.mark.parametrize("page", PAGES)
def test_a_figure_that_is_edited_on_one_side_only_is_seen(page, figures, tmp_path) -> None:
    text = (ROOT / page).read_text()
    row = next(line for line in _lines(text, figures) if re.search(r"\| \d", line))
    edited = text.replace(row, re.sub(r"(\| )(\d)", r"\g<1>9\2", row, count=1))
    assert edited != text
    assert figures.blocks(edited, page, figures.records()) == text
    for path in (ROOT / "docs" / "measured").iterdir():
        shutil.copy(path, tmp_path)
    audit = json.loads((tmp_path / "audit-1.json").read_text())
    audit["mistakes"]["named"] -= 1
    (tmp_path / "audit-1.json").write_text(json.dumps(audit))
    assert figures.blocks(text, page, figures.records(tmp_path)) != text


def test_every_record_says_how_it_came_about(figures) -> None:
    for name, record in figures.records().items():
        assert re.fullmatch(r"autograder (bench|audit) .*", record["run"]["command"]), name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["run"]["date"]), name
        assert all(record["run"][key] for key in ("machine", "beside", "versions")), name


def _promises() -> list[tuple[str, str]]:
    rows = (line.split("|") for line in (ROOT / "SPECIFICATION.md").read_text().splitlines() if "`tests/" in line)
    return [(cells[1].strip(), re.search(r"`(tests/[^`]+)`", cells[2]).group(1)) for cells in rows]


@pytest.mark.parametrize(
    ("promise", "test"), [row for row in _promises() if NUMBER.search(row[0])], ids=lambda text: text[:40]
)
def test_a_number_in_a_promise_stands_in_the_test_that_shows_it(promise, test) -> None:
    file, _, name = test.partition("::")
    source = (ROOT / file).read_text().replace("_", "")
    for number in NUMBER.findall(promise):
        plain = number.replace(",", "")
        shown = re.search(rf"(?<![\d.]){re.escape(plain)}(?![\d.])", source)
        assert shown or WORDS.get(plain, "\0") in name, f"{number} is nowhere in {file}"
