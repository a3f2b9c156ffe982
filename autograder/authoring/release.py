"""What leaves the house: the handout for students, and the package for Gradescope.

Both are lists of what goes in, never of what stays out: a new file is released only if someone writes it down here.
"""

from __future__ import annotations

import ast
import contextlib
import io
import multiprocessing
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from autograder import oracles
from autograder.authoring import skeleton
from autograder.checking import recordings, rubric
from autograder.checking.expect import every_suspect_computed
from autograder.checking.student import LocalStudent
from autograder.course import assignment as assignments
from autograder.course import keys
from autograder.course.assignment import ROOT
from autograder.errors import GraderError, RubricError, SetupError
from autograder.students import speed
from autograder.submission import packing
from autograder.submission.layout import CONFIGS, GIVEN

Files = dict[str, bytes]

# Of `autograder/`, what students run: no sandbox, no oracle, nothing that knows the reference.
STUDENTS = (
    "__init__.py", "__main__.py", "cli.py", "errors.py",
    "checking/*.py", "checks/**/*.py", "submission/*.py", "students/**/*.py",
    "course/__init__.py", "course/assignment.py", "course/datasets.py", "course/lateness.py", "course/tables.py",
    "course/times.py", "course/report_rubric.py",
    "conformance/__init__.py", "conformance/doctor.py",
    "grading/__init__.py", "grading/candidates.py", "grading/changes.py", "grading/engine.py", "grading/exam.py",
    "grading/public_exam.py", "grading/scaling.py", "grading/second_look.py",
    "inside/__init__.py", "inside/checkpoint_probe.py", "inside/host.py", "inside/loss_probes.py",
    "inside/model_probes.py", "inside/names.py", "inside/probes.py", "inside/steps.py", "inside/surroundings.py",
    "inside/targets.py", "inside/torch_probes.py", "inside/wire.py",
    "reports/__init__.py", "reports/files.py", "reports/scores.py", "reports/sheets.py", "reports/terminal.py",
    "reports/words.py",
)  # fmt: skip
# Of the whole project, what grading needs: no reference, no mistakes.
GRADER = (
    "assignment.toml", "pyproject.toml", "README.md", "requirements.lock",
    "autograder/*.py", "autograder/checking/*.py", "autograder/checks/**/*.py", "autograder/conformance/*.py",
    "autograder/conformance/*.toml", "autograder/course/*.py", "autograder/grading/*.py", "autograder/inside/*.py",
    "autograder/oracles/*.py", "autograder/presets/*.toml", "autograder/reports/**/*", "autograder/sandbox/*.py",
    "autograder/students/*.py", "autograder/submission/*.py",
)  # fmt: skip
REPORT = ("report/template.md", "report/rubric.toml")
STUB = '''"""Stands for the oracles of this name: what they returned for the cases of `make test`."""

from autograder.checking.recordings import recorded

'''
PACKAGE = '"""What the oracles returned for the cases of `make test`, for `autograder.checking.recordings`."""\n'


def handout() -> Files:
    """Collect what students get.

    Raises:
        RubricError: if the reference does not pass a check, so that nothing can be recorded.
    """
    parts = skeleton.generate()
    own = {f"autograder/{name}": content for name, content in _matching(ROOT / "autograder", STUDENTS).items()}
    given = {name: parts[name] for name in parts if _is_given(name)}
    text = _matching(ROOT / "handout", ("Makefile", "README.md", "checkpoints/README.md"))
    text[".gitignore"] = (ROOT / "handout" / "gitignore").read_bytes()
    shared = _matching(ROOT, ("assignment.toml", "pyproject.toml", "requirements.lock", *REPORT))
    copies = {f"autograder/given/{name}": content for name, content in given.items()}
    calibration = {"autograder/calibration.json": speed.write(speed.measure())}
    return _unix({**parts, **own, **_stand_ins(), **copies, **calibration, **shared, **text})


def gradescope(visibility: str = "visible", key: Path = keys.FILE) -> Files:
    """Collect what Gradescope gets: the grader, the skeletons, the secret key, and two scripts.

    Args:
        visibility: when students see the rows of their results.
        key: of the hidden cases; made if it is not there.
    """
    scripts = _matching(ROOT / "gradescope", ("setup.sh", "run_autograder"))
    scripts["run_autograder"] = scripts["run_autograder"].replace(b"@VISIBILITY@", visibility.encode())
    secret = {"secret.key": keys.read_or_make(key)}
    return {**_unix({**skeleton.generate(), **_matching(ROOT, GRADER), **scripts, **secret}), **_images()}


def _unix(files: Files) -> Files:
    """End the lines of texts as Linux does: a clone on Windows may have other ends, with which no script starts."""
    return {name: content if b"\0" in content else content.replace(b"\r\n", b"\n") for name, content in files.items()}


def write(path: Path, files: Files) -> None:
    """Write a zip, the same for the same files, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    packing.write_zip(partial, files)
    os.replace(partial, path)


def record() -> bytes:
    """Run every check on the reference, and return what the oracles returned, as a file of `recordings`."""
    with tempfile.TemporaryDirectory(prefix="recording-") as folder:
        path = Path(folder) / "recorded.npz"
        # In a process of its own: the reference's modules have the names of the student's.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(_record, path).result()
        return path.read_bytes()


def _record(path: Path) -> None:
    found: dict[str, object] = {}
    student = LocalStudent(skeleton.REFERENCE)
    oracles.record(found.__setitem__)
    with every_suspect_computed(), contextlib.redirect_stdout(io.StringIO()):  # the reference tells what it does
        for check in rubric.load():
            if check.exam:  # judged by images, not by oracles
                continue
            try:
                check.run(student, rubric.PUBLIC_SEED, None)
            except GraderError as error:
                raise RubricError(f"{check.id}: the reference does not pass, nothing is recorded: {error}") from None
    recordings.save(path, found)


def _stand_ins() -> Files:
    """Make the package `autograder.oracles` of the handout: the same names, no function of ours."""
    files: Files = {"autograder/oracles/__init__.py": PACKAGE.encode(), "autograder/oracles/recorded.npz": record()}
    for path in sorted((ROOT / "autograder" / "oracles").glob("*.py")):
        if names := list(_oracles(path)):
            lines = (f'{name} = recorded("{name}")\n' for name in names)
            files[f"autograder/oracles/{path.name}"] = (STUB + "".join(lines)).encode()
    return files


def _oracles(path: Path) -> Iterable[str]:
    """Yield the names of a module's oracles."""
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "oracle" for mark in node.decorator_list):
            yield node.name


def _is_given(name: str) -> bool:
    part, _, rest = name.partition("/")
    return rest in GIVEN.get(part, ()) or name.startswith(f"{CONFIGS}/")


def _matching(root: Path, patterns: Iterable[str]) -> Files:
    """Read what lies below a folder and fits a pattern.

    Raises:
        SetupError: if a file is missing that is named as such.
    """
    files: Files = {}
    for pattern in patterns:
        found = sorted(path for path in root.glob(pattern) if path.is_file() and "__pycache__" not in path.parts)
        if not found and "*" not in pattern:
            raise SetupError(f"{pattern} is not in {root.name}, so nothing can be released")
        files |= {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
    return files


def _images() -> Files:
    """Read the images that judge checkpoints, where `assignment.toml` names a folder or an archive of this project.

    Raises:
        SetupError: if it lies elsewhere.
    """
    kind, _, place = assignments.load().dataset.partition(":")
    if kind != "images":
        return {}
    path = (ROOT / place).resolve()
    if not path.is_relative_to(ROOT) or not path.exists():
        raise SetupError(
            f"{place} is not in this folder: put the images here, data/ for one, so that they can be packed"
        )
    paths = [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
    return {inner.relative_to(ROOT).as_posix(): inner.read_bytes() for inner in paths}
