"""The table of attacks: submissions that mean harm, by class, each with what must hold and what stops it.

A row of the TOML files says what becomes of the check of ReLU, in whose forward pass its body runs first:

    name        a clause that says what is tried
    stopped_by  the mechanism that stops it first
    body        runs in ReLU.forward, with x at hand; or at the end of the module, where `where = "import"`
    source      instead of a body: the whole module
    base        "right" or "wrong": what follows the body; wrong in forge.toml, right elsewhere
    files       further files of the submission
    outcome     of the check
    says        in its sentence; `unsaid` must be nowhere in what the student reads
    from_312    outcome and words from Python 3.12 on, where that ends it in another way
    seconds     limit of each check
    seed        of the cases; the public one by default
    open        whether the body raises Reached, as it has succeeded, where every mechanism is off
    alone       mechanisms each of which stops it when all others are off
    falls_without   one mechanism without which alone, with all others on, it succeeds
    slow        takes more than a second
    naive       whether the same submission may run, as a control, in one process with a grader that has no defence: it
                does no harm there; true in forge.toml

$NAME in a body is replaced by what `bait.py` has laid out.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
CLASSES = {
    "forge": "a mark without an answer",
    "leak": "read answers, seeds, other submissions, the machine",
    "escape": "processes, network, signals, files and limits outside the box",
    "dos": "more than its share of time, memory, disk, processes, output",
    "malformed": "code that cannot be read",
}
MODULE = "layers/activations.py"
ATTACKED, SAME_WORKER, NEXT_WORKER = "1.1-relu", "1.1-sigmoid", "1.2-shares"
CHECKS = (ATTACKED, SAME_WORKER, NEXT_WORKER)

PREAMBLE = '''
class Reached(Exception):
    """What was tried has succeeded."""


def syscall(number, *arguments):
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in (number, *arguments)))
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
'''


@dataclass(frozen=True)
class Attack:
    """One row; the module's docstring says what the fields are."""

    kind: str
    name: str
    stopped_by: str
    outcome: str
    body: str = ""
    source: str | None = None
    where: str = "call"
    base: str = "right"
    files: dict[str, str] = field(default_factory=dict)
    says: str = ""
    unsaid: str = ""
    seconds: float = 5.0
    seed: int = 0
    open: bool = False
    alone: tuple[str, ...] = ()
    falls_without: str = ""
    slow: bool = False
    naive: bool = False

    @property
    def id(self) -> str:
        """What pytest calls it."""
        return f"{self.kind}: {self.name}"

    @property
    def needs_x86(self) -> bool:
        """Whether it names system calls by their numbers there."""
        return "syscall(" in self.body or "int 0x80" in self.name

    def holds_with(self, mechanisms: set[str]) -> bool:
        """Whether it is stopped where these mechanisms hold, as the controls have shown of each of them."""
        return not self.alone or not mechanisms.isdisjoint(self.alone)

    def apply(self, right: dict[str, bytes], bait: dict[str, object]) -> dict[str, bytes]:
        """Make the submission from the files of a right one."""
        files = {name: content.encode() for name, content in self.files.items()}
        if self.source is not None:
            return {**right, **files, MODULE: self.source.encode()}
        body = Template(self.body).safe_substitute(bait)
        return {**right, **files, MODULE: _inserted(right[MODULE].decode(), self, body).encode()}


def _inserted(source: str, attack: Attack, body: str) -> str:
    imports = source.index("import numpy")
    source = source[:imports] + PREAMBLE + source[imports:]
    if attack.where == "import":
        return f"{source}\n{body}\n"
    start = source.index("# >>> solution")
    indent = 8 * " "
    lines = [*body.splitlines(), *(["return 2 * x"] if attack.base == "wrong" else [])]
    return source[:start] + "# attack\n" + "".join(f"{indent}{line}\n" for line in lines) + indent + source[start:]


def load() -> tuple[Attack, ...]:
    """Read the whole table."""
    rows = []
    for kind in CLASSES:
        defaults = (
            {"base": "wrong", "naive": True}
            if kind == "forge"
            else {"open": True}
            if kind in ("leak", "escape")
            else {}
        )
        for row in tomllib.loads((FOLDER / f"{kind}.toml").read_text(encoding="utf-8"))["attack"]:
            newer = row.pop("from_312", {})
            row |= newer if sys.version_info >= (3, 12) else {}
            alone = tuple(row.get("alone", ()))
            rows.append(Attack(**{"kind": kind, **defaults, **row, "alone": alone}))
    return tuple(rows)


ATTACKS = load()
