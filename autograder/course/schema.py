"""JSON schemas of the tables of a course, for editors: `#:schema` in the first line of a file names one."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from pydantic import BaseModel

from autograder.course import assignment, course_file, definition, handouts

MODELS: dict[str, type[BaseModel]] = {
    assignment.FILE: assignment.Assignment,
    definition.FILE: course_file.Definition,
    handouts.FILE: handouts.Handout,
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def name(file: str) -> str:
    """Name the file of a schema: "course.schema.json"."""
    return f"{file.removesuffix('.toml')}.schema.json"


def text(file: str) -> str:
    """Write the schema of a file of a course."""
    return json.dumps(schema(file), indent=2) + "\n"


def schema(file: str) -> dict[str, Any]:
    """Make the schema of a file of a course; what a key means is taken from the docstring of its table.

    Args:
        file: one of MODELS.
    """
    model = MODELS[file]
    found = model.model_json_schema()
    for name in ("course", "path", "code"):  # where the file lies, and what lies beside it, not what is in it
        found["properties"].pop(name, None)
    found.get("$defs", {}).pop("Course", None)
    found["required"] = [name for name in found["required"] if name in found["properties"]]
    tables = {each.__name__: each for each in vars(inspect.getmodule(model)).values() if _is_table(each)}
    for key, table in [(model.__name__, found), *found["$defs"].items()]:
        if key in tables:
            _describe(table, tables[key])
    return {"$schema": DIALECT, "title": file, **{key: value for key, value in found.items() if key != "title"}}


def _is_table(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _describe(table: dict[str, Any], model: type[BaseModel]) -> None:
    """Enter the sentences of the docstring's section Attributes."""
    said = inspect.getdoc(model) or ""
    _, _, section = said.partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", section, re.MULTILINE)
    meant = {key: " ".join(sentence.split()) for key, sentence in entries}
    table["description"] = said.partition("\n")[0]
    for key, value in table["properties"].items():
        value.pop("title", None)
        if key in meant:
            value["description"] = meant[key]
