"""The figures that the pages quote, read from what `make bench` and `make audit` have written to docs/measured/."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
PAGE = "docs/reference/figures.md"  # has all of them
BEGIN, END = "<!-- written by docs/write.py -->", "<!-- end -->"

Records = Mapping[str, Mapping[str, Any]]


def records(folder: Path = DOCS / "measured") -> dict[str, dict[str, Any]]:
    """Read every record: each benchmark, and what audits of each part have written."""
    found: dict[str, dict[str, Any]] = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*-*.json")):  # one of each part
        figures = json.loads(path.read_text(encoding="utf-8"))
        if mutants := figures.get("mutants"):
            mutants["live"] = mutants["total"] - mutants["equivalent"]
        found[path.stem] = {"run": figures.pop("run"), "figures": figures}
    second = json.loads((folder / "second.json").read_text(encoding="utf-8"))
    sets = second["sets"].values()
    live = sum(one["total"] - one["equivalent"] for one in sets)
    total = {"caught": sum(one["caught"] for one in sets), "live": live, "sets": len(sets)}
    found["second"] = {"run": second["run"], "figures": total}
    return found


def tables() -> dict[str, int]:
    """Count what the tests of security hand in."""
    from autograder.conformance.bad_checkpoints import rows
    from autograder.conformance.bad_zips import ATTACKS as ZIPS
    from autograder.conformance.table import ATTACKS

    return {"attacks": len(ATTACKS), "zips": len(ZIPS), "checkpoints": len(rows(""))}


def blocks(text: str, page: str, found: Records) -> str:
    """Write the figures of a page anew, between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, f"{page} has no place for figures"
    rows = tomllib.loads((DOCS / "figures.toml").read_text(encoding="utf-8"))["figure"]
    own = [row for row in rows if page == PAGE or page in row.get("pages", ())]
    lines = _all(own, found) if page == PAGE else _quoted(own, found)
    return f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}"


def _filled(template: str, found: Records) -> str:
    return template.format(**{name: record["figures"] for name, record in found.items()}, tables=tables())


def _quoted(rows: Iterable[Mapping[str, Any]], found: Records) -> list[str]:
    head = ["| what | figure | by |", "|---|---|---|"]
    return head + [f"| {row['what']} | {_filled(row['shown'], found)} | `{row['by']}` |" for row in rows]


def _all(rows: Iterable[Mapping[str, Any]], found: Records) -> list[str]:
    lines = ["| what | figure | n | by |", "|---|---|---|---|"]
    used = dict[str, None]()
    for row in rows:
        record = row.get("record", "")
        used |= {record: None} if record else {}
        n = _filled(row.get("n", "1"), found)
        lines.append(f"| {row['what']} | {_filled(row['shown'], found)} | {n} | `{row['by']}` |")
    lines += ["", "| record | on | machine | busy besides | versions |", "|---|---|---|---|---|"]
    for name in used:
        run = found[name]["run"]
        lines.append(f"| {name} | {run['date']} | {run['machine']} | {run['beside']} | {run['versions']} |")
    return lines
