"""Scorecards for tests of what reports make of them: of hostile texts, and of none."""

from __future__ import annotations

from typing import Any

from autograder.errors import Finding
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


def filled_with(text: str) -> Scorecard:
    """A scorecard that holds one text wherever a text can be."""
    finding = Finding(text, ((0, 255),), text)
    marks = [
        make_mark(f"1.{number}-check", outcome, text, title=text, help=text, printed=text, finding=finding)
        for number, outcome in enumerate(Outcome, start=1)
    ]
    names = {"part_titles": {1: text}, "places": {"1.2": text}}
    return make_card(*marks, notes=[text], isolation=text, mechanisms={text: text}, graded_with=text, **names)
