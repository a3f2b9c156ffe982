"""Write the pages and schemas of docs/reference/ that follow from the code, and all figures: `python docs/write.py`."""

from __future__ import annotations

import ast
import html
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "docs")]

import figures  # noqa: E402 (found by the line above)
from test_architecture import FLOORS  # noqa: E402

from autograder import cli  # noqa: E402 (found by the line above)
from autograder.course import schema  # noqa: E402

Schema = dict[str, Any]
WIDTH, GAP = 760, 10  # pixels
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">
<title>The rooms of the engine, floor upon floor</title>
<style>rect {{ fill: #eef1f8; stroke: #8c9cc4 }} text {{ font-size: 13px; fill: #333 }}
.room {{ font-weight: bold; font-size: 14px; fill: #1f2f5c }}</style>
{shapes}
</svg>
"""
COMMANDS = """# Commands

`autograder COMMAND`, or `python -m autograder COMMAND`. `autograder --install-completion` lets the shell complete them.
"""
INTRODUCTION = {
    "assignment.toml": "What an instructor edits. Presets of the same form lie in the course's `assignments/`.",
    "adapter.toml": "How the checks of one course are asked of the handout of another, whose names are its own.",
    "course.toml": "What a homework is made of: parts, what is collected of a zip, networks and their checkpoints.",
}


def pages() -> dict[str, str]:
    """Make every page, by its name in docs/reference/."""
    found = {"commands.md": commands(), "../images/rooms.svg": picture()}
    for file in schema.MODELS:
        made = schema.schema(file)
        stem = file.removesuffix(".toml")
        found[schema.name(file)] = schema.text(file)
        found[f"{stem}.md"] = "\n".join(_table_page(file, made)) + "\n"
    measured = figures.records()
    for page in (figures.PAGE, "README.md", "SPECIFICATION.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        found[f"../../{page}"] = figures.blocks(text, page, measured)
    return found


def picture() -> str:
    """Draw the rooms of the engine on their floors, each with its sentence."""
    rows = [[room for room in floor if room != "__main__"] for floor in reversed(FLOORS)]
    shapes, top = [], 0
    for row in filter(None, rows):
        boxes = [(room, textwrap.wrap(_sentence(room).replace("`", ""), 96 // len(row) - 4)) for room in row]
        height = 34 + 17 * max(len(lines) for _, lines in boxes)
        for number, (room, lines) in enumerate(boxes):
            left, width = WIDTH * number // len(row), WIDTH // len(row) - GAP
            shapes.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="5"/>')
            shapes.append(f'<text class="room" x="{left + 12}" y="{top + 22}">{room}</text>')
            shapes += [
                f'<text x="{left + 12}" y="{top + 40 + 17 * line}">{html.escape(text)}</text>'
                for line, text in enumerate(lines)
            ]
        top += height + GAP
    return SVG.format(width=WIDTH, height=top, shapes="\n".join(shapes))


def _sentence(room: str) -> str:
    """The first sentence of a room's, or a module's, docstring."""
    path = ROOT / "autograder" / room / "__init__.py"
    source = path if path.is_file() else ROOT / "autograder" / f"{room}.py"
    return re.split(r"(?<=[.])\s|\n\n", ast.get_docstring(ast.parse(source.read_bytes())) or "")[0].replace("\n", " ")


def commands() -> str:
    """List every command with its arguments and options."""
    group = cli.command_line()
    lines = [COMMANDS]
    context = click.Context(group, info_name="autograder")
    for name, command in group.commands.items():
        inner = click.Context(command, info_name=name, parent=context, max_content_width=1000)
        usage = command.get_usage(inner).removeprefix("Usage: ")
        lines += [f"## {name}", "", (command.help or "").strip(), "", f"    {usage}", ""]
        if command.params:
            lines += ["| option | what |", "|---|---|", *map(_parameter, command.params), ""]
    return "\n".join(lines)


def _parameter(parameter: click.Parameter) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        names = [str(parameter.name).upper()]
    said = " ".join((getattr(parameter, "help", "") or "").split())
    default = parameter.default
    if isinstance(default, str | float | Path) and str(default):
        said += f" Otherwise `{default}`."
    return f"| `{'`, `'.join(names)}` | {said} |"


def _table_page(file: str, made: Schema) -> Iterator[str]:
    stem = file.removesuffix(".toml")
    yield from (f"# {file}", "", INTRODUCTION[file], "")
    yield from (
        f"Editors that read `#:schema` complete and check it: [{stem}.schema.json]({stem}.schema.json), also",
        "written by `autograder schema`. An unknown key, or a value of another kind, is named when the file is read.",
        "",
    )
    yield from _keys("At the top", made)
    for name, table in made["$defs"].items():
        yield from _keys(_heading(made, name), table)


def _heading(made: Schema, name: str) -> str:
    """Name the table as it is written in the file."""
    for key, value in made["properties"].items():
        if f"#/$defs/{name}" in json.dumps(value):
            return f"[{key}.NAME]" if "additionalProperties" in value or "patternProperties" in value else f"[{key}]"
    return name


def _keys(heading: str, table: Schema) -> Iterator[str]:
    yield from (
        f"## {heading}",
        "",
        table.get("description", ""),
        "",
        "| key | kind | if not given | what |",
        "|---|---|---|---|",
    )
    for key, value in table["properties"].items():
        default = (
            "must be there"
            if key in table.get("required", ())
            else f"`{json.dumps(value['default'])}`"
            if "default" in value
            else ""
        )
        yield f"| `{key}` | {_kind(value)} | {default} | {value.get('description', '')} |"
    yield ""


def _kind(value: Schema) -> str:
    if "$ref" in value:
        return "table"
    if "enum" in value:
        return " or ".join(f"`{each}`" for each in value["enum"])
    if "anyOf" in value:
        return " or ".join(_kind(each) for each in value["anyOf"])
    kind = {"object": "table", "array": "list", "string": value.get("format", "text")}.get(
        value.get("type"), value.get("type", "any")
    )
    bounds = [
        f"{word} {value[key]}"
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in value
    ]
    return " ".join([str(kind).replace("-", " "), *bounds])


def main() -> None:
    """Write them."""
    for name, text in pages().items():
        (ROOT / "docs" / "reference" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
