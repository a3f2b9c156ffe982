"""Whether the same solutions get the same marks and read the same sentences, whatever computes them.

    python -m autograder.authoring.auditing.machines COURSE PART COUNT

writes what becomes of the reference, of so many unusual solutions, and of so many mutants, as JSON. `compare` lets it
do so with NumPy's and torch's wide instructions and without, with one thread and two, and with other versions of NumPy.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.authoring.auditing import forked, mutants, unusual
from autograder.authoring.auditing.mutants import Files
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.definition import PACKAGE, Course
from autograder.grading import marking
from autograder.grading.versions import versions
from autograder.students.time_limit import time_limit

SEEDS = (PUBLIC_SEED, 20_261_129)  # the second as if it were secret
SECONDS = 5.0
SHOWN = 5
Rows = dict[str, dict[str, list[str]]]  # what became of it, by solution, check and seed


def settings(numpys: Sequence[Path]) -> dict[str, dict[str, str]]:
    """What differs between machines, as environments; folders hold other versions of NumPy."""
    found: Mapping[str, bool] = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
    extra = [name for name in np._core._multiarray_umath.__cpu_dispatch__ if found[name]]  # type: ignore[attr-defined]
    narrow = {"NPY_DISABLE_CPU_FEATURES": " ".join(extra)}
    aten = {f"torch {name}": {"ATEN_CPU_CAPABILITY": name} for name in ("default", "avx2", "avx512")}
    threads = {"two threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}}
    others = {f"NumPy of {path.name}": {"PYTHONPATH": str(path)} for path in numpys}
    both = {"all narrow, two threads": {**narrow, **aten["torch default"], **threads["two threads"]}}
    return {"as it is": {}, **aten, "NumPy narrow": narrow, **threads, **both, **others}


def compare(course: Course, console: Console, part: int, count: int, numpys: Sequence[Path]) -> int:
    """Print for each setting what is not as on this machine, and return 1 if anything is.

    Raises:
        SetupError: if there is no such part.
    """
    course.part(part)
    table = Table("setting", "versions", "digest", "other results")
    first: Rows | None = None
    differences: list[str] = []
    for name, environment in settings(numpys).items():
        used, rows = results_with(course, part, count, environment)
        first = first or rows
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]
        other = [f"{name}: {line}" for line in differing(first, rows)]
        table.add_row(name, used, digest, f"{len(other)} of {sum(map(len, rows.values()))}")
        differences += other
    console.print(table)
    for line in differences:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if differences else 0


def differing(first: Rows, rows: Rows) -> list[str]:
    """Say where two tables differ."""
    return [
        f"{solution} {check}: {result}, was {first[solution][check]}"
        for solution, results in rows.items()
        for check, result in results.items()
        if result != first[solution][check]
    ]


def results_with(course: Course, part: int, count: int, environment: Mapping[str, str]) -> tuple[str, Rows]:
    """Ask in a process with such an environment; return the versions that it has, and the results."""
    path = os.pathsep.join(filter(None, [environment.get("PYTHONPATH", ""), str(PACKAGE.parent)]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__, str(course.folder), str(part), str(count)],
        env={**os.environ, **environment, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        check=True,
    )
    answer = json.loads(done.stdout)
    return answer["versions"], answer["rows"]


def results(course: Course, part: int, count: int) -> Rows:
    """Ask every solution, with every seed."""
    checks, reference = forked.checks_of(course, part), course.files()
    wrong = mutants.sample(mutants.of_part(reference, course.parts[part].folder), count)
    asked: dict[str, Files] = {"reference": reference, **dict(itertools.islice(unusual.load(course).items(), count))}
    todos = {f"{one.file}:{one.line} {one.after}": one for one in wrong}
    items = [(files, "") for files in asked.values()] + [(one.apply(reference), one.todo) for one in todos.values()]
    nothing: dict[str, list[str]] = {}
    answers = forked.each(course, checks, 1, partial(_ask, checks), items, nothing)
    return dict(zip([*asked, *todos], answers, strict=True))


def _ask(checks: Sequence[Check], item: tuple[Files, str]) -> dict[str, list[str]]:
    files, todo = item
    found: dict[str, list[str]] = {}
    with forked.laid_out(files) as student:
        for check in checks:
            for seed in SEEDS if todo in ("", check.todo) else ():
                try:
                    with time_limit(SECONDS):
                        verdict = marking.judge(check, student, seed, None)  # type: ignore[arg-type]
                except Exception as error:  # out of time
                    verdict = marking.verdict(error)
                told = [verdict.message, verdict.finding.suspect] if seed == PUBLIC_SEED else []
                found[f"{check.id} {seed}"] = [verdict.outcome.value, *told]
    return found


def main() -> None:
    """Serve `compare`."""
    course, part, count = Course(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"versions": versions(), "rows": results(course, part, count)}))


if __name__ == "__main__":
    main()
