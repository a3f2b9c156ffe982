"""The texts of a handout: README and Makefile are templates, and what an instructor edits stands in the README.

A template of `handout/` may use, in the words of Jinja, `title`, `course` and `summary` (what is asked for until when,
and what it is worth), and ask what is in the assignment: `{% if 2 in parts %}`, `{% if "1.6" in todos %}`,
`{% if models %}`, `{% if report %}`. A README that does not place the summary ends with it. Of other files there, those
that speak of a TODO which is left out are left out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError

from autograder.course import regions, selection
from autograder.course import report_rubric as criteria
from autograder.course.assignment import Assignment, LateDays
from autograder.errors import RubricError
from autograder.reports.scores import points

Files = dict[str, bytes]
README, TEMPLATES = "README.md", ("README.md", "Makefile")
PLACE = "summary"
REPORT = re.compile(r"report/[^/]+\.(md|toml)")
SHOWN = 4  # functions of a TODO that are named


def write(assignment: Assignment) -> Files:
    """Fill in the texts of the course's folder `handout/`.

    Raises:
        RubricError: with the file, where a template cannot be filled in.
    """
    found = selection.read(assignment.course.folder, ("handout",))
    files = {name.partition("/")[2]: content for name, content in found.items()}
    if not assignment.course.models:
        files = {name: content for name, content in files.items() if not name.startswith("checkpoints/")}
    left = assignment.course.left_out
    files = {name: content for name, content in files.items() if _is_template(name) or not _about(content) & left}
    texts = {
        name: fill(selection.unlisted(content, left).decode(), name, assignment).encode()
        if _is_template(name)
        else content
        for name, content in files.items()
    }
    readme = texts.get(README, f"# {assignment.title}\n".encode())
    if PLACE not in files.get(README, b"").decode():
        readme = readme.rstrip() + b"\n\n" + summary(assignment).encode() + b"\n"
    return texts | {README: readme}


def _is_template(name: str) -> bool:
    return name.rpartition("/")[2] in TEMPLATES


def _about(content: bytes) -> set[str]:
    """The TODOs that a file speaks of."""
    return set(re.findall(r"\bTODO (\d+\.\d+)", content.decode(errors="replace")))


def report(assignment: Assignment) -> Files:
    """Read template and rubric of the written report, without the sections about parts that are left out.

    Raises:
        RubricError: if the rubric cannot be used.
    """
    folder = assignment.course.folder
    texts = {
        name: text.decode() for name, text in selection.read(folder, ("report",)).items() if REPORT.fullmatch(name)
    }
    rubric = f"report/{criteria.FILE}"
    for section in criteria.load(folder / rubric).left_out(assignment.parts) if rubric in texts else ():
        blocks = re.split(r"^(?=\[)", texts[rubric], flags=re.M)
        kept = [block for block in blocks if not re.search(rf'^number = "{section}\.', block, re.M)]
        texts[rubric] = re.sub(rf"^(# )?{section} .*\n", "", "".join(kept), flags=re.M)
        for name in texts.keys() - {rubric}:
            texts[name] = re.sub(rf"^# {section} .*?(?=^# |\Z)", "", texts[name], flags=re.M | re.S)
    return {name: text.encode() for name, text in texts.items()}


def fill(text: str, name: str, assignment: Assignment) -> str:
    """Fill in one template."""
    course = assignment.course
    known = {
        "title": assignment.title, "course": course.name, PLACE: summary(assignment), "parts": sorted(assignment.parts),
        "todos": in_order(assignment), "models": sorted(course.models), "report": assignment.report.points,
    }  # fmt: skip
    try:
        rules = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
        return rules.from_string(text).render(known)
    except TemplateError as error:
        line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise RubricError(f"handout/{name}{line}: {error.message}") from None


def summary(assignment: Assignment) -> str:
    """Say, in Markdown, until when what is to be done, and what it is worth."""
    return "\n\n".join(filter(None, (_dates(assignment), _table(assignment), _tiers(assignment))))


def in_order(assignment: Assignment) -> list[str]:
    """The TODOs that are asked for, in the order of their numbers."""
    return sorted(assignment.course.todos, key=lambda todo: [int(number) for number in todo.split(".")])


def _dates(assignment: Assignment) -> str:
    rule = assignment.deadlines
    rate = f"{100 * float(rule.late_per_day):g} % of the points"
    late = "nothing counts" if rule.late_per_day == 1 else f"each day begun costs {rate}"
    after = "After that" if rule.late_per_day else ""
    if rule.grace > rule.due:
        after = f"Until {_time(assignment, rule.grace)} that costs nothing; after that" if after else ""
    said = f"**Due {_time(assignment, rule.due)}.** " + (f"{after} {late}." if after else "Later costs nothing.")
    return f"{said} {_bank(assignment.late_days)}".rstrip()


def _bank(rule: LateDays | None) -> str:
    if not rule:
        return ""
    most = f"at most {rule.per_assignment:g} for one assignment"
    count = f"a {rule.unit} that has begun counts whole"
    saves = "they are spent by themselves where that saves points"
    return f"You have {rule.per_term:g} late days for the term, {most}; {count}, and {saves}."


def _time(assignment: Assignment, time: datetime) -> str:
    here = time.astimezone(assignment.clock)
    return f"{here:%Y-%m-%d %H:%M} {assignment.zone or here.tzname()}"


def _table(assignment: Assignment) -> str:
    """What is to be written, where, for how many points."""
    checks = assignment.checks()
    cents, places = assignment.cents(checks), assignment.course.places()
    rows = ["| TODO | file | what you write | points |", "|---|---|---|---:|"]
    total = 0
    for number, part in assignment.parts.items():
        for todo in in_order(assignment):
            if todo.startswith(f"{number}."):
                worth = sum(cents[check.id] for check in checks if check.todo == todo)
                file, what = places.get(todo, ""), ", ".join(_written(assignment, todo))
                rows.append(f"| {todo} | {f'`{file}`' if file else ''} | {what} | {_points(worth)} |")
        whole = round(100 * part.points)
        total += whole
        rows.append(f"| | | **part {number}: {part.title}** | **{_points(whole)}** |")
    if assignment.report.points:
        total += round(100 * assignment.report.points)
        rows.append(f"| | | **written report** | **{_points(round(100 * assignment.report.points))}** |")
    return "\n".join([*rows, f"| | | **in all** | **{_points(total)}** |"])


def _points(cents: int) -> str:
    return points(cents).removesuffix(".00")


def _written(assignment: Assignment, todo: str) -> Iterator[str]:
    """Name the functions and classes that hold a region of a TODO, and the networks that it trains."""
    course = assignment.course
    file = course.places().get(todo)
    found = regions.find(course.files()[file].decode(), file) if file else []
    names = list(dict.fromkeys(f"`{region.function.partition('.')[0]}`" for region in found if region.todo == todo))
    yield from names[:SHOWN]
    if len(names) > SHOWN:
        yield f"{len(names) - SHOWN} more"
    yield from (f"`checkpoints/{name}.pt`" for name, model in course.models.items() if model.todo == todo)


def _tiers(assignment: Assignment) -> str:
    """The accuracies that trained networks must exceed."""
    course = assignment.course
    gone = [name for name in course.definition.models if name not in course.models]
    tiers = [tier for tier in assignment.tiers() if not tier.startswith(tuple(gone))] if course.models else []
    if not tiers:
        return ""
    named = ", ".join(f"`{tier}` {assignment.threshold(tier):.2f}" for tier in tiers)
    return f"Accuracy to exceed on the test images ({assignment.dataset.partition(':')[0]}): {named}."
