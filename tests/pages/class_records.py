"""Records of a small class, made by hand: every outcome, every state, models, and texts that attack the page."""

from __future__ import annotations

from autograder.errors import Finding
from autograder.reports.records import Person, Record
from autograder.reports.scores import Mark, ModelResult, Outcome, Scorecard

OVERLAP = "windows overwrite each other"
ATTACK = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"


def model(right: int, shifted: float, name: str = "my_model") -> ModelResult:
    """A network with two classes that takes so many of 100 images for what they are."""
    confusion = ((right, 50 - right), (0, 50)) if right <= 50 else ((50, 0), (100 - right, right - 50))
    changed = {"as they are": right / 100, "mirrored": shifted}
    return ModelResult(name, "shapes", ("disc", "ring"), confusion, 12345, 10**6, 1.5, changed)


def record(key: str, *passed: bool, seconds: float = 1.0, name: str = "", printed: str = "", **details) -> Record:
    """One submission whose checks 1.1-view, 1.7-overlap, 1.10-matrix passed, or went wrong each in its own way."""
    overlap = Finding(f"dx equals what you get when {OVERLAP}", ((0, 128), (255, 7)))
    failures = {
        "1.1-view": (Outcome.UNFINISHED, "TODO 1.1: sliding_windows", Finding()),
        "1.7-overlap": (Outcome.FAILED, "dx[0, 1] is -0.41, expected 1.07 " + printed, overlap),
        "1.10-matrix": (Outcome.LOST, "no answer after 10 s", Finding()),
    }
    marks = {
        check: Mark(check, check.partition("-")[0], f"{check} holds.", 100, Outcome.PASSED, "")
        if good
        else Mark(check, check.partition("-")[0], f"{check} holds.", 100, outcome, message, finding, printed=printed)
        for (check, (outcome, message, finding)), good in zip(failures.items(), passed, strict=True)
    }
    late = details.pop("late", False)
    card = Scorecard("Layers", marks, {1: "NumPy layers"}, dict.fromkeys(marks, seconds / 3), **details)
    return Record(key, (Person(name or key.title(), f"id-{key}"),), card, late=late, seconds=seconds)


def small_class() -> list[Record]:
    """Eight submissions."""
    return [
        record("ada", True, True, True, seconds=2, models={"my_model": model(90, 0.88)}),
        record("bell", True, False, True, seconds=3, models={"my_model": model(80, 0.78)}),
        record("curie", True, False, True, seconds=11, models={"my_model": model(85, 0.65)}, late=True),
        record("dirac", False, True, False, seconds=10.5),
        record("euler", False, False, False, seconds=9),
        record("fermat", False, False, False, seconds=0.1, refusal="the zip is empty"),
        record("gauss", False, False, False, fault="the sandbox does not start"),
        record("attack", False, False, True, name=ATTACK, printed=ATTACK, notes=[ATTACK]),
    ]
