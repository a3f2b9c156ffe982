"""Make a class of zips: right ones, every catalogued mistake, skeletons, half done, hostile, and what is no zip.

    PYTHONPATH=tests python tests/classes/make_class.py build/class --size 200
    python -m autograder batch build/class --out build/graded --dataset shapes

The same size gives the same class.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import random
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from homework import COURSE

from autograder.course import mistakes as catalogue
from autograder.course import skeleton
from autograder.course.mistakes import Mistake
from autograder.errors import RubricError
from autograder.submission import packing

FIRST = ("Ada", "Alan", "Barbara", "Claude", "Dana", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "Katherine")
LAST = ("Abel", "Bell", "Curie", "Dirac", "Euler", "Fermat", "Gauss", "Hopper", "Ito", "Jacobi", "Kepler", "Lamarr")
MODULE = "part1_numpy/activations.py"
HOSTILE = {
    "exits": "import os; os._exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "takes all memory": "hoard = np.ones(2**33)",
    "forks": "import os\nwhile True: os.fork()",
    "writes everywhere": "import os\nfor name in ('/results.json', '/tmp/x', '../x'): open(name, 'w')",
    "prints without end": "for _ in range(200): print('\\x1b[31m<script>alert(1)</script>' * 10**4)",
    "hangs": "while True: pass",
}
Files = dict[str, bytes]


def contents(size: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield what each student hands in, with the kind of it; the first few are one of each kind.

    Args:
        size: of the class.
        seed: draws who makes which mistakes.
    """
    draw = random.Random(seed)
    right = COURSE.files("shapes")
    mistakes = list(catalogue.load(COURSE))
    draw.shuffle(mistakes)
    kinds = [_right(right), _mistaken(right, mistakes, draw), _half_done(right, draw), _hostile(right), _no_zip(right)]
    shares = [4, 18, 2, 1, 1]  # of each kind in a row of 26
    order = list(range(len(kinds))) + [kind for kind, share in enumerate(shares) for _ in range(share - 1)]
    for number in range(size):
        yield next(kinds[order[number % len(order)]])


def students() -> Iterator[str]:
    """Yield names, no two equal."""
    for number, (last, first) in enumerate(itertools.cycle(itertools.product(LAST, FIRST))):
        again = f" {number // (len(LAST) * len(FIRST)) + 1}" if number >= len(LAST) * len(FIRST) else ""
        yield f"{first} {last}{again}"


def write(folder: Path, size: int, seed: int = 0) -> None:
    """Write the zips, one a student."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, content) in zip(students(), contents(size, seed), strict=False):
        (folder / f"{name}.zip").write_bytes(content)


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack files in memory."""
    target = io.BytesIO()
    packing.write_zip(target, files)
    return target.getvalue()


def hostile(files: Mapping[str, bytes], body: str) -> Files:
    """Make ReLU.forward begin with some code."""
    source = files[MODULE].decode()
    start = source.index("# >>> solution")
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return {**files, MODULE: f"{source[:start]}# hostile\n{lines}        {source[start:]}".encode()}


def _right(right: Files) -> Iterator[tuple[str, bytes]]:
    while True:
        yield "right", packed(right)
        yield "right, in a folder", packed({f"homework/{name}": content for name, content in right.items()})


def _mistaken(right: Files, mistakes: list[Mistake], draw: random.Random) -> Iterator[tuple[str, bytes]]:
    """Every mistake alone, then some together."""
    for mistake in mistakes:
        yield mistake.name, packed(mistake.apply(right))
    while True:
        files, names = right, []
        for mistake in draw.sample(mistakes, 4):
            try:
                files = mistake.apply(files)
            except (RubricError, ValueError, KeyError):  # two mistakes in one place
                continue
            names.append(mistake.name)
        yield " + ".join(names), packed(files)


def _half_done(right: Files, draw: random.Random) -> Iterator[tuple[str, bytes]]:
    untouched = skeleton.generate(COURSE)
    yield "skeleton", packed(untouched)
    while True:
        files = {name: right[name] if name in right and draw.random() < 0.5 else untouched[name] for name in untouched}
        yield "half done", packed(files)


def _hostile(right: Files) -> Iterator[tuple[str, bytes]]:
    while True:
        for name, body in HOSTILE.items():
            yield f"hostile: {name}", packed(hostile(right, body))


def _no_zip(right: Files) -> Iterator[tuple[str, bytes]]:
    whole = packed(right)
    while True:
        yield "cut short", whole[: len(whole) // 2]
        yield "empty file", b""
        yield "a RAR archive", b"Rar!\x1a\x07\x01\x00" + bytes(100)
        yield "a bomb", _bomb()
        yield "leaves its folder", packed({**right, "../../evil.py": b""})
        yield "somebody's holidays", packed({"holidays/beach.jpg": b"\xff\xd8\xff"})


def _bomb() -> bytes:
    """Half a megabyte that unpacks to a thousand times as much."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part1_numpy/views.py", bytes(450 * 10**6))
    return target.getvalue()


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def gradebook(out: Path) -> dict[str, dict[str, str]]:
    """The rows of what a batch wrote, by name."""
    return {row["name"]: row for row in table(out / "gradebook.csv")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.folder, options.size, options.seed)


if __name__ == "__main__":
    main()
