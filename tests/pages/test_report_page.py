"""The page that a student reads: all of it there, and no text of theirs is anything but text."""

from __future__ import annotations

import base64
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_cards import HOSTILE, filled_with, make_card, make_mark

from autograder.reports import html, pictures, words
from autograder.reports.scores import Outcome, Scorecard


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    VOID = ("meta", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


class TestHtml:
    def test_says_all_that_a_student_needs(self, card: Scorecard) -> None:
        page = Page(html.render(card, execution_seconds=12.34))
        for text in (
            "Convolutional networks",
            "1.53 of 10.95 points",
            "What to do next Fix TODO 1.6 in part 1: no answer after 10 s",
            "TODO 1.7 part1_numpy/pooling.py",
            "wrong 1.7-overlap",
            "dx[0, 1] is -0.41, expected 1.07",
            "dx equals what you get when windows overwrite each other",
            "Draw two windows.",
            "dx is 3",
            "where |error| is large: last two axes, darker = larger",
            "your code raised ValueError: no (pooling.py:41 in forward)",
            "still open Upsample2d.forward, Downsample2d.forward (3 checks)",
            "skipped: needs 1.8-forward, which has not passed",
            "not reached yet",
            words.GRADED_AGAIN,
            "part1_numpy/module.py was changed",
            "not held: no namespaces",
            "12.3 s in all",
            "0.012 s",
        ):
            assert text in page.text

    def test_loads_nothing_and_runs_nothing(self, card: Scorecard) -> None:
        text = html.render(card)
        page = Page(text)
        assert "default-src 'none'" in text
        assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
        for _, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")]
            assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
            assert (attributes.get("href") or "#").startswith("#")
        assert "url(" not in text
        assert "@import" not in text

    def test_links_lead_to_todos(self, card: Scorecard) -> None:
        elements = Page(html.render(card)).elements
        ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert ids == [f"todo-{todo}" for todo in card.todos()]
        assert [attributes["href"] for tag, attributes in elements if tag == "a"] == [f"#{id}" for id in ids]

    @pytest.mark.parametrize("text", [text for text in HOSTILE.values() if text], ids=lambda text: ascii(text[:12]))
    def test_hostile_text_adds_no_element_and_no_attribute(self, text: str) -> None:
        found, expected = (Page(html.render(filled_with(each))) for each in (text, "harmless"))
        assert [(tag, list(attributes)) for tag, attributes in found.elements] == [
            (tag, list(attributes)) for tag, attributes in expected.elements
        ]
        assert all(letter.isprintable() or letter == "\n" for letter in "".join(found.texts))

    def test_the_text_of_an_attack_can_be_read(self) -> None:
        text = HOSTILE["script"]
        assert text in Page(html.render(make_card(make_mark("1.1-a", Outcome.RAISED, text)))).text
        jinja = HOSTILE["jinja"]
        assert jinja in Page(html.render(make_card(make_mark("1.1-a", Outcome.RAISED, jinja)))).text

    def test_a_refused_submission_shows_the_reason_and_no_checks(self, card: Scorecard) -> None:
        card.refusal = "the zip holds no part1_numpy"
        page = Page(html.render(card))
        assert "This submission was refused, and nothing of it was graded. the zip holds no part1_numpy" in page.text
        assert "1.7-overlap" not in page.text

    def test_a_fault_is_ours(self) -> None:
        page = Page(html.render(make_card(fault="no disk")))
        assert "The grader had a fault. This submission will be graded again" in page.text
        assert "no disk" in page.text

    def test_a_picture_holds_its_rows(self) -> None:
        rows = ((0, 1, 2), (253, 254, 255))
        data = base64.b64decode(re.search(r"base64,([^\"]+)", pictures.picture(rows))[1])  # type: ignore[index]
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        start = data.index(b"IDAT") + 4
        assert zlib.decompress(data[start:-16]) == bytes([0, 0, 1, 2, 0, 253, 254, 255])

    def test_write_replaces_the_page(self, card: Scorecard, tmp_path: Path) -> None:
        html.write(tmp_path / "report.html", card, execution_seconds=2.0)
        assert (tmp_path / "report.html").read_text(encoding="utf-8") == html.render(card, execution_seconds=2.0)
