"""The docs: short where they must be, true where they follow from the code, and whole as a site."""

from __future__ import annotations

import datetime
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from homework import COURSE, ROOT

from autograder.course import assignment, schema
from autograder.course.definition import SHIPPED
from autograder.course.toml_files import read_table
from autograder.errors import RubricError

DOCS = ROOT / "docs"
TABLES = sorted((*SHIPPED.glob("*/*.toml"), *SHIPPED.glob("*/assignments/*.toml")))
TABLES = [path for path in TABLES if path.name in schema.MODELS or path.parent.name == "assignments"]


def _kind(path: Path) -> str:
    return path.name if path.name in schema.MODELS else "assignment.toml"


def _as_json(table: dict[str, Any]) -> dict[str, Any]:
    """As an editor sees it: text for keys and dates."""

    def plain(value: object) -> str:
        assert isinstance(value, datetime.datetime)
        return value.isoformat()

    found: dict[str, Any] = json.loads(json.dumps(table, default=plain))
    return found


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 700


def test_the_promise_is_read_in_a_minute() -> None:
    assert len((ROOT / "SECURITY.md").read_text().splitlines()) <= 60


def test_pages_that_follow_from_the_code_are_of_this_code() -> None:
    source = importlib.util.spec_from_file_location("write_docs", DOCS / "write.py")
    write = importlib.util.module_from_spec(source)
    source.loader.exec_module(write)
    for name, text in write.pages().items():
        assert (DOCS / "reference" / name).read_text() == text, f"{name}: python docs/write.py writes another"


def test_the_site_is_built_without_a_warning_and_no_link_leads_nowhere(docs_site) -> None:
    assert (docs_site / "how-it-works" / "architecture" / "index.html").is_file()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SPECIFICATION.md", "SECURITY.md"])
def test_a_link_of_the_project_s_own_pages_leads_somewhere(name) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text()):
        assert (ROOT / target).exists(), target


def test_each_promise_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SPECIFICATION.md").read_text())
    assert len(named) > 40
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "/".join(path.parts[-2:]))
def test_an_editor_takes_each_file_of_a_course_by_the_schema_that_it_names(path) -> None:
    first, _, _ = path.read_text().partition("\n")
    named = (path.parent / first.removeprefix("#:schema ")).resolve()
    assert named == DOCS / "reference" / schema.name(_kind(path))
    jsonschema.validate(_as_json(read_table(path)), json.loads(named.read_text()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("late_per_day = 1.0", "late_per_day = 2.0"),
        ("title =", "titel ="),
        ("[report]", "[reports]"),
        ("points = 38", "points = -38"),
    ],
)
def test_an_editor_refuses_what_the_grader_refuses(old, new, tmp_path) -> None:
    file = tmp_path / "assignment.toml"
    file.write_text((COURSE.folder / "assignment.toml").read_text().replace(old, new, 1))
    with pytest.raises(RubricError):
        assignment.load(COURSE, file)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_as_json(read_table(file)), schema.schema("assignment.toml"))


def test_the_sentences_of_the_tables_are_in_the_schema() -> None:
    folder = schema.schema("course.toml")["$defs"]["PartFiles"]["properties"]["folder"]
    assert folder["description"].startswith("the package that students write")


@pytest.mark.parametrize("file", schema.MODELS)
def test_every_key_of_a_table_says_what_it_means(file) -> None:
    made = schema.schema(file)
    for name, table in [(file, made), *made["$defs"].items()]:
        assert table["description"], name
        assert [key for key, value in table["properties"].items() if not value.get("description")] == [], name
