"""What an audit says of mutants that are caught, crash, survive, or are equivalent; on real graders."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from homework import COURSE, EVERYTHING, few
from rich.console import Console

from autograder.authoring import variants as trials
from autograder.authoring.auditing import audit, audited, forked, machines, mutants, places_audit, second_audit
from autograder.authoring.auditing.audit import Audit, Fate
from autograder.authoring.auditing.mutants import Mutant
from autograder.course import mistakes as catalogue
from autograder.course.definition import Course
from autograder.course.mistakes import Mistake
from autograder.errors import Finding, RubricError, SetupError
from autograder.reports.scores import Mark, Outcome, Scorecard

FILE = "part1_numpy/linear.py"
MUTANT = Mutant(FILE, "1.2", "Linear.forward", 3, "y = x + 1", "y = x - 1", "a\nb\ny = x - 1\nc\n")
MISTAKE = Mistake(name="the bias is left out", file=FILE, replace="x", loses=("1.2-a",), says="without its bias")


def card(*outcomes: Outcome, message: str = "", suspect: str = "") -> Scorecard:
    marks = [
        Mark(f"1.2-{number}", "1.2", "Title.", 100, outcome, message, Finding(suspect))
        for number, outcome in enumerate(outcomes)
    ]
    return Scorecard("title", {mark.check: mark for mark in marks})


def mutant(number: int, todo: str = "1.2") -> Mutant:
    return replace(MUTANT, todo=todo, after=f"y = x - {number}")


@pytest.mark.parametrize(
    ("outcomes", "known", "expected"),
    [
        ((Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED), (), Fate.VALUE),
        ((Outcome.FAILED, Outcome.RAISED), (), Fate.CRASH),
        ((Outcome.LOST,), (), Fate.CRASH),
        ((Outcome.UNFINISHED,), (), Fate.CRASH),
        ((Outcome.PASSED, Outcome.PASSED), (), Fate.SURVIVED),
        ((Outcome.PASSED, Outcome.PASSED), (MUTANT.key,), Fate.EQUIVALENT),
        ((Outcome.FAILED,), (MUTANT.key,), Fate.VALUE),
    ],
)
def test_what_became_of_a_mutant_follows_from_the_outcomes(outcomes, known, expected) -> None:
    assert audit.fate(MUTANT, card(*outcomes), known) is expected


def test_a_check_that_fails_by_itself_ends_the_audit() -> None:
    with pytest.raises(RubricError, match=r"1\.2-1 fails by itself on part1_numpy/linear.py:3 'y = x - 1'"):
        audit.fate(MUTANT, card(Outcome.FAILED, Outcome.BROKEN), ())


def test_a_mistake_is_named_by_a_message_or_a_suspect_and_only_if_that_was_claimed() -> None:
    lost = card(Outcome.FAILED, message="y[0] is 1", suspect="y equals what you get without its bias")
    assert audit.names(MISTAKE, lost)
    assert audit.names(MISTAKE, card(Outcome.RAISED, message="ValueError: without its bias"))
    assert not audit.names(MISTAKE, card(Outcome.FAILED, message="y[0] is 1"))
    assert not audit.names(MISTAKE, card(Outcome.PASSED, message="without its bias"))
    assert not audit.names(MISTAKE.model_copy(update={"named": False}), lost)


@pytest.fixture
def result() -> Audit:
    fates = [Fate.VALUE] * 5 + [Fate.CRASH] * 3 + [Fate.EQUIVALENT] * 2 + [Fate.SURVIVED]
    return Audit(
        mistakes=4,
        missed=["the sign is wrong"],
        unnamed=["the axes are exchanged"],
        fates={mutant(number, todo="1.10" if number else "1.9"): fate for number, fate in enumerate(fates)},
    )


def test_the_summary_counts_live_and_quiet_mutants(result) -> None:
    assert result.summary() == {
        "mistakes": {"total": 4, "caught": 3, "named": 2},
        "mutants": {"total": 11, "equivalent": 2, "caught": 8, "quiet": 6, "quiet_caught": 5},
    }


def test_shares_are_rounded_down_so_that_100_percent_means_all() -> None:
    assert audit.Share(9999, 10000).percent == "99.9 %"
    assert audit.Share(10000, 10000).percent == "100.0 %"
    assert audit.Share(0, 0).percent == ""


def test_the_page_shows_the_todos_in_order_and_each_survivor_as_a_diff(result) -> None:
    page = io.StringIO()
    audit.show(result, ["an entry is old"], {FILE: b"a\nb\ny = x + 1\nc\n"}, Console(file=page, width=100))
    text = page.getvalue()
    assert text.index("1.9") < text.index("1.10") < text.index("all")
    assert "8 of 9 live ones caught, 5 of 6 of those that crash in no check" in text
    assert "3 of 4 caught, 2 of 4 named" in text
    assert "part1_numpy/linear.py:3 Linear.forward\n@@ -1,4 +1,4 @@\n a\n b\n-y = x + 1\n+y = x - 1\n c\n" in text
    for words in ("the sign is wrong", "the axes are exchanged", "an entry is old"):
        assert f"  {words}\n" in text


AUDITS = {
    "mutants": lambda part: audit.run(COURSE, Console(), part, 1, 1, None),
    "second set": lambda part: second_audit.run(COURSE, Console(), part, 1, 1, None, "second", []),
    "places": lambda part: places_audit.run(COURSE, Console(), part, 1, 1, None),
    "machines": lambda part: machines.compare(COURSE, Console(), part, 1, []),
}


@pytest.mark.parametrize("run", AUDITS.values(), ids=AUDITS)
def test_a_part_that_there_is_not_is_refused_with_those_that_are(run) -> None:
    with pytest.raises(SetupError, match=r"^convnets has no part 9, its parts are 1, 2, 3$"):
        run(9)


def test_lines_are_looked_for_where_students_are_told_them() -> None:
    assert {fault.mutant.todo for fault in places_audit.sample(COURSE, 2, 60)} == {"2.1", "2.2", "2.4"}  # none trains


def test_what_a_solution_writes_where_it_runs_stays_in_its_own_folder() -> None:
    before = Path.cwd()
    with forked.laid_out({"part1_numpy/linear.py": b""}) as student:
        assert Path.cwd() == Path(student.folder).resolve()
        Path("debug.log").write_text("seen")
    assert Path.cwd() == before
    assert not Path(student.folder).exists()


def test_entries_that_match_no_mutant_or_a_caught_one_are_stale() -> None:
    equivalent = [mutant(1).key, mutant(2).key, mutant(3).key, ("part2_pytorch/models.py", "f", "x", "y")]
    fates = {mutant(1): Fate.EQUIVALENT, mutant(2): Fate.VALUE}
    assert audit.stale(equivalent, fates, fates, "part1_numpy") == [
        "part1_numpy/linear.py Linear.forward: no mutant is 'y = x - 3'",
        "part1_numpy/linear.py Linear.forward: 'y = x - 2' is caught",
    ]


@pytest.mark.parametrize("part", [1, 2, 3])
def test_no_entry_of_the_reviewed_file_has_lost_its_mutant(reference, part) -> None:
    folder = COURSE.parts[part].folder
    assert audit.stale(mutants.load_equivalent(COURSE), mutants.of_part(reference, folder), {}, folder) == []


@pytest.mark.parametrize("part", [1, 2, 3])
def test_no_mistake_loses_a_check_out_of_its_reach(reference, part) -> None:
    """Mistakes are graded by all checks: that shows on many changes what is taken for granted of mutants."""
    reach = mutants.reach(reference, COURSE.parts[part].folder)
    for mistake in catalogue.load(COURSE):
        if mistake.file in reach:
            assert {check.partition("-")[0] for check in mistake.loses} <= set(reach[mistake.file]), mistake.name


@pytest.mark.slow
def test_mistakes_and_mutants_are_graded_for_real(reference) -> None:
    source = reference[FILE].decode()

    def changed(before: str, after: str) -> Mutant:
        assert source.count(before) == 1
        return Mutant(FILE, "1.2", "Linear", 1, before, after, source.replace(before, after))

    right = "@ self.weight.T + self.bias"
    value, crash = changed(right, "@ self.weight.T - self.bias"), changed(right, "@ self.weight + self.bias")
    same, missed = changed(right, "@ self.weight.T + 1 * self.bias"), changed("self.x = x\n", "self.x = x + 0\n")
    wrong = Mistake(name="no bias", file=FILE, replace=" + self.bias", loses=("1.2-forward",), says="bias")
    harmless = wrong.model_copy(update={"name": "harmless", "by": " + 1 * self.bias"})
    chosen = [value, crash, same, missed]
    found = audit.grade(COURSE, 1, [wrong, harmless], chosen, {same.key}, 2, Console(file=io.StringIO()))
    assert [found.fates[one] for one in chosen] == [Fate.VALUE, Fate.CRASH, Fate.EQUIVALENT, Fate.SURVIVED]
    assert found.missed == ["harmless"]
    assert found.survivors == [missed]


def test_mutants_of_a_reference_that_is_wrong_itself_are_not_graded(tmp_path) -> None:
    folder = tmp_path / "convnets"
    shutil.copytree(COURSE.folder, folder, ignore=shutil.ignore_patterns("checkpoints", "__pycache__"))
    solved = folder / "reference" / FILE
    solved.write_text(solved.read_text().replace(" + self.bias", ""))
    with pytest.raises(RubricError, match=r"nothing can be learned .* loses 1\.2"):
        audit.grade(Course(folder), 1, [], [], {}, 1, Console(file=io.StringIO()))


@pytest.mark.slow
def test_a_crash_ends_the_grading_of_a_mutant(reference) -> None:
    source = reference[FILE].decode()
    crash = {**reference, FILE: source.replace("@ self.weight.T", "@ self.weight").encode()}
    (card,) = trials.run(COURSE, [crash], (1,), 1, todos=[{"1.2"}], until=audit.CERTAIN)
    outcomes = [mark.outcome for mark in card.marks.values() if mark.check.startswith("1.2-")]
    assert outcomes.count(Outcome.RAISED) == 1
    assert set(outcomes[outcomes.index(Outcome.RAISED) + 1 :]) == {Outcome.PENDING}


@pytest.mark.slow
@pytest.mark.parametrize(("part", "count"), [(1, 100), (2, 20), (3, 60)])
def test_the_checks_catch_all_mistakes_and_every_live_mutant(part, count) -> None:
    own = [mistake for mistake in catalogue.load(COURSE) if mistake.file.startswith(f"part{part}_")]
    wrong = mutants.sample(audited.of_part(COURSE, part, COURSE.files()), None if EVERYTHING else count)
    found = audit.grade(COURSE, part, few(own, 20), wrong, audited.equivalent(COURSE), 2, Console(file=io.StringIO()))
    assert found.missed == []
    assert found.survivors == []
    assert found.live().part > count / 2
