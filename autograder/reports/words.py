"""The words that all reports share, and the one function that makes a student's text safe to show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from autograder.reports.scores import Mark, ModelResult, Outcome, Scorecard

MAX_BYTES = 2048  # of one text, in UTF-8
CUT = " [cut here]"
NAMED = 5  # of a group, where all of them stand elsewhere

LABELS = {  # in the order in which they are counted
    Outcome.PASSED: "passed",
    Outcome.FAILED: "wrong",
    Outcome.RAISED: "raised",
    Outcome.LOST: "no answer",
    Outcome.UNFINISHED: "open",
    Outcome.SKIPPED: "skipped",
    Outcome.PENDING: "not reached",
    Outcome.BROKEN: "to regrade",
}
WRONG = (Outcome.FAILED, Outcome.RAISED, Outcome.LOST)  # to be fixed, as opposed to what is still to be written

GRADED_AGAIN = "a fault of the grader: this will be graded again and does not count as zero"

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, moves
    r"|(?:\x1b[]P^_X]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, what turns the writing direction or shows as nothing, lone surrogates, and what is no character.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_TODO_TEXT = re.compile(r"TODO (\d+\.\d+): ([^\s(]+)")
_EXCEPTION_TEXT = re.compile(r"an exception|\w+(: | \(|$)")
_NEEDS_TEXT = re.compile(r"needs (\S+), which has not passed")


def clean(text: str) -> str:
    r"""Make a text safe to show: no terminal escapes, nothing invisible, at most MAX_BYTES.

    >>> clean("\x1b[31mred\x1b[0m \u202e \ud800")
    'red \ufffd \ufffd'
    """
    if len(text) <= MAX_BYTES and text.isascii() and text.isprintable():
        return text
    whole, text = len(text), text[: 4 * MAX_BYTES]
    text = _LINE_END.sub("\n", _ESCAPE.sub("", text)).replace("\t", "    ")
    encoded = _UNSEEN.sub("\ufffd", text).strip("\n").encode()
    if len(encoded) <= MAX_BYTES and whole <= 4 * MAX_BYTES:
        return encoded.decode()
    return encoded[: MAX_BYTES - len(CUT)].decode(errors="ignore") + CUT


def line(text: str) -> str:
    """Clean a text and put it on one line."""
    return " ".join(clean(text).split())


def some(names: Sequence[str]) -> str:
    """Name a few of a group that may be half of a class.

    >>> some(["Ada", "Bell"]), some([f"s{n}" for n in range(200)])
    ('Ada; Bell', 's0; s1; s2; s3; s4 and 195 more')
    """
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more


def explain(mark: Mark) -> str:
    """Say what became of a check, in one sentence; empty when it passed."""
    message = clean(mark.message)
    if mark.outcome is Outcome.PASSED:
        return ""
    if mark.outcome is Outcome.RAISED:
        return f"your code raised {message}" if names_exception(message) else message
    if mark.outcome is Outcome.BROKEN:
        return f"{GRADED_AGAIN} ({message})" if message else GRADED_AGAIN
    opening = {
        Outcome.PENDING: "not reached",
        Outcome.UNFINISHED: "still open",
        Outcome.SKIPPED: "skipped",
        Outcome.LOST: "no answer",
    }.get(mark.outcome, "")
    if not opening or message.startswith(opening):
        return message
    return f"{opening}: {message}" if message else opening


def names_exception(message: str) -> bool:
    """Whether what became of code that raised begins with the exception; else it is a sentence of its own."""
    return bool(_EXCEPTION_TEXT.match(message))


def place(scorecard: Scorecard, todo: str) -> str:
    """Name the file to open for a TODO, or its part where the file is not known."""
    return scorecard.places.get(todo) or f"part {todo.partition('.')[0]}"


def part_title(scorecard: Scorecard, part: int) -> str:
    """Name a part: "Part 1: NumPy layers"."""
    return f"Part {part}: {scorecard.part_titles.get(part) or 'further checks'}"


def open_functions(marks: Iterable[Mark]) -> list[str]:
    """Name what is still to be written, each once, from messages such as "TODO N.M: Pool.forward (...)"."""
    names: dict[str, None] = {}
    for mark in marks:
        if mark.outcome is Outcome.UNFINISHED:
            message = line(mark.message)
            found = _TODO_TEXT.search(message)
            if not found:
                names[message] = None
            elif found[1] == mark.todo:
                names[found[2]] = None
            else:
                names[f"{found[2]} of TODO {found[1]}"] = None
    return list(names)


def waits_for(marks: Iterable[Mark]) -> list[str]:
    """Name the checks of other TODOs, or the reasons, that kept some of these from running, each once."""
    names: dict[str, None] = {}
    for mark in marks:
        if mark.outcome is Outcome.SKIPPED:
            found = _NEEDS_TEXT.match(line(mark.message))
            name = found[1] if found else line(mark.message)
            if name.partition("-")[0] != mark.todo:
                names[name] = None
    return list(names)


def model_line(result: ModelResult) -> str:
    """Say what a checkpoint scores: accuracy, where it lies with 95 % confidence, and what it took."""
    low, high = result.interval
    return (
        f"{result.model}: accuracy {result.accuracy:.4f} ({low:.3f} to {high:.3f}) on {result.images:,} images of "
        f"{result.dataset}, {result.parameters:,} parameters, {result.file_bytes / 1e6:.1f} MB, {result.seconds:.1f} s"
    )


def tally(marks: Iterable[Mark]) -> str:
    """Count by outcome: "3 passed, 1 wrong"."""
    counts = Counter(mark.outcome for mark in marks)
    return ", ".join(f"{counts[outcome]} {label}" for outcome, label in LABELS.items() if counts[outcome])


def next_step(scorecard: Scorecard) -> str:
    """Say in one sentence what a student does next: the first thing that is wrong, else the first that is open."""
    marks = list(scorecard.marks.values())
    if scorecard.refusal:
        return f"Change this and submit again: {line(scorecard.refusal)}"
    if wrong := [mark for mark in marks if mark.outcome in WRONG]:
        first = wrong[0]
        cause = line(first.finding.suspect or explain(first))
        return f"Fix TODO {first.todo} in {place(scorecard, first.todo)}: {cause}"
    if still_open := [mark for mark in marks if mark.outcome is Outcome.UNFINISHED]:
        todo = still_open[0].todo
        names = open_functions(mark for mark in still_open if mark.todo == todo)
        if all(name.startswith("checkpoints/") for name in names):
            return f"Train the models of TODO {todo} (make train): {', '.join(names)}"
        return f"Write TODO {todo} in {place(scorecard, todo)}: {', '.join(names)}"
    if scorecard.broken:
        return "Nothing is left to do: the grader had a fault, and this submission will be graded again"
    for mark in marks:
        if mark.outcome is not Outcome.PASSED:
            return f"See why {mark.check} did not run: {line(explain(mark))}"
    return "Nothing is left to do: every check passed" if marks else "Choose checks that exist: none was run"
