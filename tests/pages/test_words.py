"""The words of a report: what is shown of a text, a sentence for every outcome, and what to do next."""

from __future__ import annotations

import pytest
from report_cards import HOSTILE, make_card, make_mark

from autograder.reports import terminal, words
from autograder.reports.scores import Outcome, Scorecard


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
