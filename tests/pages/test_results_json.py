"""`results.json`: Gradescope's rows, exact sums, strict JSON, whole files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_cards import make_card, make_mark

from autograder.reports import files, html, words
from autograder.reports import results_json as gradescope
from autograder.reports.scores import Outcome, Scorecard


def strict(text: str) -> Any:
    """Parse JSON, refusing NaN and the infinities."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


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

    def test_versions_are_told_and_change_no_mark(self) -> None:
        plain = make_card(make_mark("1.1-a"))
        graded = make_card(make_mark("1.1-a"), graded_with="Python 3.11.7, NumPy 2.4.6")
        content = gradescope.results(graded)
        assert "Graded with Python 3.11.7, NumPy 2.4.6" in content["output"]
        assert content["extra_data"]["graded_with"] == "Python 3.11.7, NumPy 2.4.6"
        assert content["tests"] == gradescope.results(plain)["tests"]
        assert "Python 3.11.7, NumPy 2.4.6" in html.render(graded)

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
