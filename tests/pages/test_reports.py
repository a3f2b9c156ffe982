"""What reports make of scorecards: hostile texts, exact sums, whole files."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autograder.errors import Finding
from autograder.reports import files, html, terminal, words
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Mark, Outcome, Scorecard

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "closes a style or a comment": "</style></pre>--> ]]> </details>",
    "jinja": "{{ 7 * 7 }} {% raw %} {{ card.title.__class__ }}",
    "rich markup": "[red]x[/red] [/] [link=http://a.b]y[/link] :smile:",
    "colours": "\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1H",
    "window title and clipboard": "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x1b\\ \x9b31m \x90q\x9c",
    "unfinished escape": "\x1b[ \x1b]8;;http://a.b",
    "controls": "a\x00b\x07c\x08d\re\x7f\x85\x9f",
    "bidi": "abc \u202e fed \u2066 x \u2069 \u200f",
    "invisible": "a\u200bb\ufeffc\xadd\U000e0041e\u2028f",
    "surrogates": "\ud83d \ud800\udfff \udc80",
    "not a number": "NaN Infinity -Infinity null",
    "a megabyte": "x" * 1_000_000,
    "a megabyte of escapes": "\x1b[31m" * 200_000,
    "a megabyte of open commands": "\x1b]" * 500_000,
    "a megabyte of wide letters": "\U0001f600" * 250_000,
    "lines": "\n" * 100_000,
    "empty": "",
}


def make_mark(check: str, outcome: Outcome = Outcome.PASSED, message: str = "", **details: Any) -> Mark:
    todo = check.partition("-")[0]
    details.setdefault("max_cents", 120)
    details.setdefault("title", f"Layer.backward of {check} is right.")
    return Mark(check=check, todo=todo, outcome=outcome, message=message, **details)


def make_card(*marks: Mark, **details: Any) -> Scorecard:
    details.setdefault("part_titles", {1: "NumPy layers"})
    return Scorecard("Convolutional networks", {mark.check: mark for mark in marks}, **details)


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


def filled_with(text: str) -> Scorecard:
    """A scorecard that holds one text wherever a text can be."""
    finding = Finding(text, ((0, 255),))
    marks = [
        make_mark(f"1.{number}-check", outcome, text, title=text, help=text, printed=text, finding=finding)
        for number, outcome in enumerate(Outcome, start=1)
    ]
    names = {"part_titles": {1: text}, "places": {"1.2": text}}
    return make_card(*marks, notes=[text], isolation=text, mechanisms={text: text}, **names)


@pytest.fixture(params=HOSTILE, ids=lambda name: name.replace(" ", "-"))
def hostile(request: pytest.FixtureRequest) -> Scorecard:
    """A scorecard that holds one hostile text wherever a text can be."""
    return filled_with(HOSTILE[request.param])


def strict(text: str) -> Any:
    """Parse JSON, refusing NaN and the infinities."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def shown(card: Scorecard, width: int = 80) -> str:
    """What a file gets that the terminal's output is sent to."""
    stream = io.StringIO()
    terminal.print_table(card, Console(file=stream, width=width))
    return stream.getvalue()


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


def strings(value: Any) -> Iterator[str]:
    """Every text in a parsed JSON value, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


class TestClean:
    def test_removes_escapes_and_shows_what_cannot_be_seen(self) -> None:
        assert words.clean("\x1b[1;31mred\x1b[0m \x1b]0;title\x07end") == "red end"
        assert words.clean("a\u202eb\ud800c\x00") == "a\ufffdb\ufffdc\ufffd"

    def test_keeps_letters_of_any_language_and_turns_tabs_and_line_ends_into_plain_ones(self) -> None:
        assert words.clean("größer, 卷积, שלום") == "größer, 卷积, שלום"
        assert words.clean("a\r\nb\rc\td") == "a\nb\nc    d"

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_gives_a_short_text_that_it_would_not_change_again(self, text: str) -> None:
        cleaned = words.clean(text)
        assert words.clean(cleaned) == cleaned
        assert len(cleaned.encode()) <= words.MAX_BYTES
        assert all(letter.isprintable() or letter == "\n" for letter in cleaned)

    def test_says_where_it_cut(self) -> None:
        assert words.clean("x" * 5000).endswith("x [cut here]")
        assert words.clean("\x1b[0m" * 5000) == " [cut here]"
        assert words.clean("x" * words.MAX_BYTES) == "x" * words.MAX_BYTES


class TestWords:
    @pytest.mark.parametrize(
        ("outcome", "message", "sentence"),
        [
            (Outcome.PASSED, "", ""),
            (Outcome.PENDING, "not reached yet", "not reached yet"),
            (Outcome.PENDING, "600 s are used up", "not reached: 600 s are used up"),
            (Outcome.FAILED, "y is 1, expected 2", "y is 1, expected 2"),
            (Outcome.UNFINISHED, "TODO 1.8: up", "still open: TODO 1.8: up"),
            (Outcome.UNFINISHED, "", "still open"),
            (Outcome.RAISED, "ValueError: no", "your code raised ValueError: no"),
            (Outcome.LOST, "no answer after 10 s", "no answer after 10 s"),
            (Outcome.LOST, "out of memory", "no answer: out of memory"),
            (Outcome.SKIPPED, "needs 1.7-forward", "skipped: needs 1.7-forward"),
            (Outcome.BROKEN, "", words.GRADED_AGAIN),
            (Outcome.BROKEN, "no data", f"{words.GRADED_AGAIN} (no data)"),
        ],
    )
    def test_every_outcome_has_a_sentence(self, outcome: Outcome, message: str, sentence: str) -> None:
        assert words.explain(make_mark("1.8-up", outcome, message)) == sentence

    def test_every_outcome_has_a_label(self) -> None:
        assert set(words.LABELS) == set(Outcome)

    def test_open_functions_are_named_once_and_those_of_another_todo_with_it(self) -> None:
        messages = [
            "TODO 1.9: ConvTranspose2d.forward (transpose.py:3 in forward)",
            "TODO 1.8: Upsample2d.forward (resampling.py:3 in forward)",
            "TODO 1.9: ConvTranspose2d.forward (transpose.py:3 in forward)",
            "later (transpose.py:3 in forward)",
        ]
        marks = [make_mark(f"1.9-{n}", Outcome.UNFINISHED, message) for n, message in enumerate(messages)]
        assert words.open_functions(marks) == [
            "ConvTranspose2d.forward",
            "Upsample2d.forward of TODO 1.8",
            "later (transpose.py:3 in forward)",
        ]


class TestNextStep:
    def test_is_the_first_thing_that_is_wrong(self, card: Scorecard) -> None:
        assert terminal.next_step(card) == "Fix TODO 1.6 in part 1: no answer after 10 s"

    def test_names_file_and_suspect(self, card: Scorecard) -> None:
        del card.marks["1.6-stride"]
        assert terminal.next_step(card) == (
            "Fix TODO 1.7 in part1_numpy/pooling.py: dx equals what you get when windows overwrite each other"
        )

    def test_is_the_first_open_todo_where_nothing_is_wrong(self, card: Scorecard) -> None:
        card.marks = {id: mark for id, mark in card.marks.items() if mark.outcome not in words.WRONG}
        assert terminal.next_step(card) == "Write TODO 1.8 in part 1: Upsample2d.forward, Downsample2d.forward"

    @pytest.mark.parametrize(
        ("card", "sentence"),
        [
            (make_card(make_mark("1.1-a")), "Nothing is left to do: every check passed"),
            (make_card(refusal="the zip is empty"), "Change this and submit again: the zip is empty"),
            (make_card(fault="no disk"), "Nothing is left to do: the grader had a fault, "),
            (make_card(make_mark("1.1-a", Outcome.BROKEN)), "Nothing is left to do: the grader had a fault, "),
            (
                make_card(make_mark("2.6-a", Outcome.SKIPPED, "run make data")),
                "See why 2.6-a did not run: skipped: run make data",
            ),
            (make_card(), "Choose checks that exist: none was run"),
        ],
    )
    def test_is_said_in_every_other_case(self, card: Scorecard, sentence: str) -> None:
        assert terminal.next_step(card).startswith(sentence)


class TestGradescope:
    KEYS = (
        *("number", "name", "name_format", "score", "max_score", "status"),
        *("output", "output_format", "visibility", "tags", "extra_data"),
    )

    def test_every_check_is_a_row_of_gradescopes_format(self, card: Scorecard) -> None:
        rows = gradescope.results(card)["tests"]
        assert [row["extra_data"]["check"] for row in rows] == list(card.marks)
        assert len({row["number"] for row in rows}) == len(rows)
        for row, mark in zip(rows, card.marks.values(), strict=True):
            assert tuple(row) == self.KEYS
            assert row["number"].startswith(f"{mark.todo}.")
            assert row["tags"] == [mark.todo, mark.outcome.value]
            assert row["status"] == ("passed" if mark.outcome is Outcome.PASSED else "failed")
            assert row["name_format"] == row["output_format"] == "text"
            assert row["output"]

    def test_a_row_says_sentence_suspect_help_and_what_was_printed(self, card: Scorecard) -> None:
        row = next(row for row in gradescope.results(card)["tests"] if row["number"] == "1.7.2")
        assert row["output"] == (
            "dx[0, 1] is -0.41, expected 1.07\n\ndx equals what you get when windows overwrite each other\n\n"
            "Draw two\nwindows.\n\nYour code printed:\ndx is 3"
        )

    def test_rows_sum_to_the_score(self) -> None:
        outcomes = (Outcome.PASSED, Outcome.PASSED, Outcome.FAILED)
        marks = [make_mark(f"1.1-{n}", outcomes[n % 3], "no", max_cents=n * 7 % 100) for n in range(300)]
        content = gradescope.results(make_card(*marks))
        assert round(math.fsum(row["score"] for row in content["tests"]), 2) == content["score"]
        assert content["score"] == sum(mark.cents for mark in marks) / 100
        assert all(f"{row['max_score']:.2f}" == f"{row['max_score']:.10f}"[:-8] for row in content["tests"])

    def test_the_text_above_says_what_happened_to_the_submission(self, card: Scorecard) -> None:
        text = gradescope.results(card, execution_seconds=12.3456)["output"]
        for words_of_it in (
            "1.53 of 10.95 points",
            "What to do next: Fix TODO 1.6",
            "1 of 11 checks",
            "module.py",
            "A",
        ):
            assert words_of_it in text
        assert gradescope.results(card, execution_seconds=12.3456)["execution_time"] == 12.35
        assert "execution_time" not in gradescope.results(card)

    def test_a_refused_submission_gets_0_and_one_sentence(self, card: Scorecard) -> None:
        card.refusal = "the zip is 131 MB, expected at most 100 MB"
        content = gradescope.results(card, visibility="hidden")
        assert content["score"] == 0
        assert content["tests"] == []
        assert content["visibility"] == "visible"
        assert "refused, nothing of it was graded: the zip is 131 MB" in content["output"]

    def test_a_fault_of_ours_is_no_silent_zero(self) -> None:
        card = make_card(make_mark("1.1-a"), make_mark("1.1-b", Outcome.BROKEN, "no data"), fault="no disk")
        content = gradescope.results(card)
        assert content["extra_data"]["grade_again"]
        assert f"{words.GRADED_AGAIN} (no disk)" in content["output"]
        assert content["score"] == 1.2
        assert "does not count as zero (no data)" in content["tests"][1]["output"]

    def test_hidden_rows_leave_the_score_unsaid(self, card: Scorecard) -> None:
        content = gradescope.results(card, visibility="after_published")
        assert {row["visibility"] for row in content["tests"]} == {"after_published"}
        assert "points" not in content["output"]
        assert "next" not in content["output"]

    def test_refuses_a_visibility_that_gradescope_does_not_know(self, card: Scorecard) -> None:
        with pytest.raises(ValueError, match="visibility is 'secret', expected one of visible, hidden, after_due"):
            gradescope.results(card, visibility="secret")

    def test_equal_runs_give_equal_rows(self, card: Scorecard) -> None:
        before = gradescope.results(card)["tests"]
        card.seconds["1.1-view"] = 9.0
        assert gradescope.results(card)["tests"] == before

    def test_hostile_text_leaves_it_strict(self, hostile: Scorecard, tmp_path: Path) -> None:
        path = tmp_path / "results.json"
        gradescope.write(path, hostile, execution_seconds=1.0)
        data = path.read_bytes()
        assert data.isascii()
        content = strict(data.decode())
        assert content == gradescope.results(hostile, execution_seconds=1.0)
        assert content["score"] == 1.2
        assert all(letter.isprintable() or letter == "\n" for text in strings(content) for letter in text)
        assert len(data) < 2**20

    def test_what_is_no_number_is_an_error_and_leaves_the_old_file(self, card: Scorecard, tmp_path: Path) -> None:
        path = tmp_path / "results.json"
        gradescope.write(path, card)
        before = path.read_bytes()
        with pytest.raises(ValueError, match="JSON compliant"):
            gradescope.write(path, card, execution_seconds=math.nan)
        assert path.read_bytes() == before


class TestFiles:
    def test_a_file_is_replaced_and_nothing_else_is_left(self, tmp_path: Path) -> None:
        for text in ("old", "new\n"):
            files.replace(tmp_path / "page", text)
            assert (tmp_path / "page").read_bytes() == text.encode()
            assert list(tmp_path.iterdir()) == [tmp_path / "page"]

    @pytest.mark.parametrize("fails", ["write", "replace"])
    def test_the_old_file_stays_whole_when_writing_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
    ) -> None:
        path = tmp_path / "page"
        files.replace(path, "old")

        def fail(*_: object) -> None:
            raise OSError("no space left on device")

        if fails == "replace":
            monkeypatch.setattr("os.replace", fail)
        text = "new" * 10_000 + ("\ud800" if fails == "write" else "")  # the codec stops at a lone surrogate
        with pytest.raises((OSError, UnicodeEncodeError)):
            files.replace(path, text)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


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
        data = base64.b64decode(re.search(r"base64,([^\"]+)", html.picture(rows))[1])  # type: ignore[index]
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        start = data.index(b"IDAT") + 4
        assert zlib.decompress(data[start:-16]) == bytes([0, 0, 1, 2, 0, 253, 254, 255])

    def test_write_replaces_the_page(self, card: Scorecard, tmp_path: Path) -> None:
        html.write(tmp_path / "report.html", card, execution_seconds=2.0)
        assert (tmp_path / "report.html").read_text(encoding="utf-8") == html.render(card, execution_seconds=2.0)


class TestTerminal:
    def test_shows_points_failures_and_what_is_open(self, card: Scorecard) -> None:
        text = shown(card)
        lines = [line.rstrip() for line in text.splitlines()]
        assert " 1.7 pooling.py 0.33 / 2.20 1 passed, 1 wrong, 1 raised" in re.sub(" +", " ", text)
        assert "1.7-overlap  Layer.backward of 1.7-overlap is right." in lines
        assert "    dx[0, 1] is -0.41, expected 1.07" in lines
        assert "    dx equals what you get when windows overwrite each other" in lines
        assert "1.8 open: Upsample2d.forward, Downsample2d.forward (3 checks)" in lines
        assert "1.9 waits for 1.8-forward (1 check)" in lines
        assert "Next: Fix TODO 1.6 in part 1: no answer after 10 s." in lines
        assert lines[-1] == "Total: 1.53 of 10.95 points"

    def test_fits_80_columns_and_is_plain_where_it_is_no_terminal(self, card: Scorecard) -> None:
        assert max(map(len, shown(card).splitlines())) <= 80
        assert "\x1b" not in shown(card)

    def test_is_short_when_everything_passed(self) -> None:
        text = shown(make_card(make_mark("1.1-a"), make_mark("1.2-b")))
        assert len(text.splitlines()) <= 10
        assert "every check passed" in text

    def test_a_refusal_and_a_fault_are_said(self) -> None:
        assert "refused, 0.00 points\nthe zip is empty\n" in shown(make_card(refusal="the zip is empty"))
        assert "count as zero\n(no disk)" in shown(make_card(fault="no disk"), width=76)

    def test_hostile_text_is_shown_as_text(self, hostile: Scorecard) -> None:
        text = shown(hostile)
        assert all(letter.isprintable() or letter == "\n" for letter in text)
        assert len(text) < 100_000

    def test_markup_is_not_read(self) -> None:
        text = "[red]x[/red] [/] [link=http://a.b]y[/link] :smile:"
        stream = io.StringIO()
        console = Console(file=stream, width=200, force_terminal=True, color_system=None)
        terminal.print_table(make_card(make_mark("1.1-a", Outcome.FAILED, text)), console)
        assert text in stream.getvalue()

    def test_a_terminal_without_the_letters_gets_question_marks(self) -> None:
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        terminal.print_table(make_card(make_mark("1.1-a", Outcome.FAILED, "größer 卷积")), Console(file=stream))
        stream.seek(0)
        assert "gr??er ??" in stream.read()
