"""What leaves the house: the handout for students, and the package for Gradescope.

Both are lists of what goes in, never of what stays out: a new file is released only if someone writes it down here.
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import multiprocessing
import os
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from autograder.authoring import handout_text
from autograder.checking import oracles, recordings, rubric
from autograder.checking.declarations.contradictions import RECORDED
from autograder.checking.local_student import LocalStudent
from autograder.course import assignment as assignments
from autograder.course import keys, mistaken, mistakes, recorded_slips, selection, skeleton
from autograder.course.assignment import Assignment
from autograder.course.definition import PACKAGE, PROJECT, Course
from autograder.diagnosis.suspects import every_suspect_computed
from autograder.errors import GraderError, RubricError, SetupError
from autograder.students import pytest_plugin, speed
from autograder.submission import packing

Files = dict[str, bytes]

# Of `autograder/`, what students run: no sandbox, no oracle, nothing that knows the reference.
STUDENTS = (
    "__init__.py", "__main__.py", "cli.py", "errors.py",
    "cases/*.py", "checking/**/*.py", "diagnosis/*.py", "submission/*.py", "students/**/*.py", "students/pytest.ini",
    "course/__init__.py", "course/assignment.py", "course/mistaken.py", "course/course_file.py", "course/datasets.py",
    "course/definition.py", "course/handouts.py", "course/lateness.py", "course/layout.py", "course/options.py",
    "course/recorded_slips.py", "course/regions.py", "course/report_rubric.py", "course/selection.py",
    "course/skeleton.py", "course/tables.py", "course/times.py", "course/toml_files.py",
    "conformance/__init__.py", "conformance/doctor.py",
    "grading/__init__.py", "grading/blocked.py", "grading/candidates.py", "grading/changes.py",
    "grading/exam.py", "grading/marking.py", "grading/public_exam.py", "grading/scaling.py", "grading/second_look.py",
    "inside/__init__.py", "inside/absent.py", "inside/adapted.py", "inside/advice.py", "inside/former.py",
    "inside/host.py", "inside/names.py", "inside/not_python.py", "inside/operands.py", "inside/probes/*.py",
    "inside/surroundings.py", "inside/targets.py", "inside/variables.py", "inside/wire.py",
    "reports/__init__.py", "reports/causes.py", "reports/files.py", "reports/scores.py", "reports/sheets.py",
    "reports/terminal.py", "reports/words.py",
)  # fmt: skip
# Of `autograder/`, what grading needs.
GRADER = (
    "*.py", "cases/*.py", "checking/**/*.py", "conformance/*.py", "conformance/*.toml", "conformance/course/*",
    "course/*.py", "diagnosis/*.py", "grading/*.py", "inside/**/*.py", "reports/**/*", "sandbox/*.py", "students/*.py",
    "submission/*.py",
)  # fmt: skip
ADAPTER = ("adapter.*",)  # of a course whose checks are those of another
INSTALL = ("pyproject.toml", "requirements.lock", "LICENSE")  # what pip needs beside a README
STUB = '''"""Stands for the oracles of this name: what they returned for the cases of `make test`."""

from autograder.checking.recordings import recorded

'''
PACKAGE_TEXT = '"""What the oracles returned for the cases of `make test`, for `autograder.checking.recordings`."""\n'


def handout(course: Course, assignment_file: str | Path = "") -> Files:
    """Collect what students get: nothing of the TODOs that the assignment leaves out.

    Raises:
        RubricError: if the assignment contradicts itself, or the reference does not pass a check, so that nothing can
            be recorded.
    """
    assignment = assignments.load(course, assignment_file)
    text = handout_text.write(assignment)
    text |= {".gitignore": text.pop("gitignore")} if "gitignore" in text else {}
    own = _under("autograder", _matching(PACKAGE, STUDENTS))
    calibration = {"autograder/calibration.json": speed.write(speed.measure())}
    text |= {"pytest.ini": pytest_plugin.ini(assignment.course).encode()}
    checks = checks_of(assignment.course)
    report = handout_text.report(assignment) if assignment.report.points else {}
    shown = _unsolved({name: content for name, content in checks.items() if name.startswith("checks/")})
    rest = _course(assignment.course, shown | report)
    rest[f"courses/{course.name}/{assignments.FILE}"] = assignment.path.read_bytes()
    stand_ins = _under(f"courses/{course.name}", _stand_ins(assignment.course, checks))
    parts = skeleton.generate(assignment.course)
    rest |= _suspects(assignment.course)
    return _unix({**parts, **own, **rest, **stand_ins, **calibration, **_matching(PROJECT, INSTALL), **text})


def gradescope(
    course: Course, visibility: str = "visible", key: Path = keys.FILE, assignment_file: str | Path = ""
) -> Files:
    """Collect what Gradescope gets: the grader, the course, the secret key, and two scripts.

    Args:
        visibility: when students see the rows of their results.
        key: of the hidden cases; made if it is not there.
        assignment_file: TOML, or the name of a preset; that of the course unless given.
    """
    assignment = assignments.load(course, assignment_file)
    assignment.cents(assignment.checks())
    scripts = _matching(Path(__file__).parent / "gradescope", ("setup.sh", "run_autograder"))
    scripts["run_autograder"] = scripts["run_autograder"].replace(b"@VISIBILITY@", visibility.encode())
    scripts["run_autograder"] = scripts["run_autograder"].replace(b"@COURSE@", shlex.quote(course.name).encode())
    own = _under("autograder", _matching(PACKAGE, GRADER))
    rest: Files = {}
    rest |= _suspects(assignment.course)
    for one in filter(None, (assignment.course, course.base)):
        rest |= _course(one, selection.read(one.folder, ("checks", "oracles", "assignments")))
    rest[f"courses/{course.name}/{assignments.FILE}"] = assignment.path.read_bytes()
    project = _matching(PROJECT, (*INSTALL, "README.md"))
    secret = {"secret.key": keys.read_or_make(key)}
    return {**_unix({**own, **rest, **project, **scripts, **secret}), **_images(assignment)}


def checks_of(course: Course) -> Files:
    """Read the modules of checks and oracles that what is asked for needs."""
    every = selection.read(course.folder, ("checks", "oracles"))
    declared = {check.body.__module__.removeprefix(f"{course.package}.") for check in course.checks()}
    roots = [f"{module.replace('.', '/')}{end}" for module in declared for end in (".py", "/__init__.py")]
    needed = selection.follow(every, [*roots, *selection.of_checks(every, course.todos)])
    return {name: content for name, content in every.items() if name in needed}


def _course(course: Course, files: Files) -> Files:
    """Of a course what both get: no reference, no mistakes; skeletons, where it has a reference."""
    work = {f"{part}/{name}" for part, names in course.layout.work.items() for name in names}
    own = {} if course.base else skeleton.generate(course)
    skeletons = {name: content for name, content in own.items() if name in work}
    files = files | _matching(course.folder, ("course.toml", assignments.FILE, *ADAPTER))
    return _under(f"courses/{course.name}", files | _under("given", course.given()) | _under("skeleton", skeletons))


def _suspects(course: Course) -> Files:
    """Record what the checks see of mistakes: neither package holds the reference."""
    recorded = {recorded_slips.FILE: recorded_slips.of(course)} if recorded_slips.known(course) else {}
    if not course.base and any(one.suspect for one in mistakes.load(course)):
        recorded[mistaken.FILE] = mistaken.record(course, course.checks())
    return _under(f"courses/{course.name}", recorded)


def _unsolved(files: Files) -> Files:
    """Take out of declarations the lines that say in PyTorch what a layer does: what came out of them is recorded."""
    return {name: _without_lines(one) if name.endswith(".py") else one for name, one in files.items()}


def _without_lines(source: bytes) -> bytes:
    starts = list(itertools.accumulate((len(line) for line in source.splitlines(keepends=True)), initial=0))
    for line in sorted(_lines(ast.parse(source)), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        end = starts[(line.end_lineno or 1) - 1] + (line.end_col_offset or 0)
        start = starts[line.lineno - 1] + line.col_offset
        source = source[:start] + f'"{RECORDED}"'.encode() + source[end:]
    return source


def _lines(node: ast.AST) -> Iterator[ast.expr]:
    """Find the lines of PyTorch in a module of checks: of declarations, and of the mistakes that they tell."""
    inside: list[ast.expr] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("layer", "function"):
        inside = [*node.args[2:3], *(keyword.value for keyword in node.keywords if keyword.arg == "like")]
    elif isinstance(node, ast.Dict):  # of clauses, each with what comes out
        inside = [line for clause, line in zip(node.keys, node.values, strict=True) if _tells(clause, line)]
    yield from inside
    for below in ast.iter_child_nodes(node):
        if below not in inside:
            yield from _lines(below)


def _tells(clause: ast.expr | None, line: ast.expr) -> bool:
    called = isinstance(line, ast.Call) and isinstance(line.func, ast.Attribute) and line.func.attr == "format"
    text = isinstance(line, ast.JoinedStr) or (isinstance(line, ast.Constant) and isinstance(line.value, str))
    words = isinstance(clause, ast.Constant) and isinstance(clause.value, str) and " " in clause.value
    return words and (called or text) and "(" in ast.unparse(line)


def _under(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _unix(files: Files) -> Files:
    """End the lines of texts as Linux does: a clone on Windows may have other ends, with which no script starts."""
    return {name: content if b"\0" in content else content.replace(b"\r\n", b"\n") for name, content in files.items()}


def write(path: Path, files: Files) -> None:
    """Write a zip, the same for the same files, in one step; with a secret key in it, for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(0o600 if keys.FILE.name in files else 0o666)  # before there is a secret in it
    packing.write_zip(partial, files)
    os.replace(partial, path)


def record(course: Course) -> bytes:
    """Run every check on the reference, and return what the oracles returned, as a file of `recordings`."""
    with tempfile.TemporaryDirectory(prefix="recording-") as folder:
        path = Path(folder) / "recorded.npz"
        # In a process of its own: the reference's modules have the names of the student's.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(_record, course, path).result()
        return path.read_bytes()


def _record(course: Course, path: Path) -> None:
    found: dict[str, object] = {}
    skeleton.lay_out(course.files(), path.parent)
    student = LocalStudent(path.parent)
    oracles.record(found.__setitem__)
    with every_suspect_computed(), contextlib.redirect_stdout(io.StringIO()):  # the reference tells what it does
        for check in course.checks():
            if check.exam:  # judged by images, not by oracles
                continue
            try:
                check.run(student, rubric.PUBLIC_SEED, None)
            except GraderError as error:
                raise RubricError(f"{check.id}: the reference does not pass, nothing is recorded: {error}") from None
    recordings.save(path, found)


def _stand_ins(course: Course, checks: Files) -> Files:
    """Make the folder `oracles` of the handout: the same names, no function of ours."""
    files: Files = {"oracles/__init__.py": PACKAGE_TEXT.encode(), f"oracles/{recordings.FILE}": record(course)}
    for name, content in checks.items():
        if name.startswith("oracles/") and (oracles := list(_oracles(content))):
            lines = (f'{oracle} = recorded("{oracle}", __file__)\n' for oracle in oracles)
            files[name] = (STUB + "".join(lines)).encode()
    return files


def _oracles(module: bytes) -> Iterable[str]:
    """Yield the names of a module's oracles."""
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "oracle" for mark in node.decorator_list):
            yield node.name


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


def _images(assignment: Assignment) -> Files:
    """Read the images that judge checkpoints, where `assignment.toml` names a folder or an archive below this one.

    Raises:
        SetupError: if it lies elsewhere.
    """
    kind, _, place = assignment.dataset.partition(":")
    if kind != "images":
        return {}
    here = Path.cwd()
    path = (here / place).resolve()
    if not path.is_relative_to(here) or not path.exists():
        raise SetupError(
            f"{place} is not in this folder: put the images here, data/ for one, so that they can be packed"
        )
    paths = [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
    return {inner.relative_to(here).as_posix(): inner.read_bytes() for inner in paths}
