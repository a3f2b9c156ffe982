"""The table on a terminal: narrow, plain where it must be, and safe from what it shows."""

from __future__ import annotations

import io
import re

from report_cards import make_card, make_mark
from rich.console import Console

from autograder.reports import terminal
from autograder.reports.scores import Outcome, Scorecard


def shown(card: Scorecard, width: int = 80) -> str:
    """What a file gets that the terminal's output is sent to."""
    stream = io.StringIO()
    terminal.print_table(card, Console(file=stream, width=width))
    return stream.getvalue()


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
