"""Write the tables of docs/how-it-works/attacks.md: `python tests/security/attacks/report.py`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "security")]

from attacks.honest import UPLOADS  # noqa: E402 (found by the line above)
from autograder.conformance.bad_zips import ATTACKS as ZIPS  # noqa: E402
from autograder.conformance.mechanisms import MECHANISMS  # noqa: E402
from autograder.conformance.table import ATTACKS, CLASSES  # noqa: E402

FILE = ROOT / "docs" / "how-it-works" / "attacks.md"
BEGIN, END = "<!-- written by tests/security/attacks/report.py -->", "<!-- end -->"


def main() -> None:
    """Write it into the file."""
    FILE.write_text(updated(FILE.read_text(encoding="utf-8")), encoding="utf-8")


def updated(text: str) -> str:
    """Replace what stands between the two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def tables() -> str:
    """Put all three together."""
    return "\n\n".join([_by_class(), _by_mechanism(), _by_attack()])


def _by_class() -> str:
    rows = []
    for kind, what in CLASSES.items():
        own = [row for row in ATTACKS if row.kind == kind]
        stopped = Counter(row.stopped_by for row in own).most_common()
        seen = sum(row.open for row in own)
        rows.append((kind, what, len(own), seen or "", ", ".join(f"{name} {count}" for name, count in stopped)))
    rows.append(("malformed", "zips that no honest program writes", len(ZIPS), "", f"zip reader {len(ZIPS)}"))
    rows.append(
        ("honest", "what people upload without meaning harm", len(UPLOADS), "", "graded or refused in a sentence")
    )
    head = ("class", "what it tries", "submissions", "seen to succeed with all off", "stopped first by")
    return _table(head, rows)


def _by_mechanism() -> str:
    rows = []
    for name in MECHANISMS:
        alone = sum(name in row.alone for row in ATTACKS)
        only = sum(row.alone == (name,) or row.falls_without == name for row in ATTACKS)
        rows.append((name, alone, only))
    return _table(("mechanism", "attacks that it stops alone, all others off", "that nothing else stops"), rows)


def _by_attack() -> str:
    rows = [(row.kind, row.name, row.outcome, row.stopped_by, ", ".join(row.alone)) for row in ATTACKS]
    return _table(("class", "attack", "its check", "stopped first by", "each of these alone stops it"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    main()
