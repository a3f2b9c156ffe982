"""The handout: what is in it, what is not, and that a student gets by with it alone."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from homework import COURSE, NO_PLUGINS, PARTS, ROOT, few, points

from autograder.authoring import release
from autograder.authoring import variants as trials
from autograder.checking.declarations import contradictions
from autograder.course import assignment as assignments
from autograder.course import keys, regions, skeleton
from autograder.course import mistakes as catalogue
from autograder.errors import SetupError
from autograder.reports.scores import Outcome

Run = Callable[..., subprocess.CompletedProcess[str]]
ASSIGNMENT = assignments.load(COURSE)
SHORT = 30  # characters: statements up to here are anyone's, as `return dx`
# Statements that students read anyway, in files that are given.
PUBLIC = {
    "return ConvNet(modules, SoftmaxCrossEntropy())",  # part1_numpy/train.py makes a network in the same way
    "return (scores.gather(1, labels[:, None]) - 2).square().mean()",  # the odd criterion of inside/probes
    "for index, gradient in enumerate(those)",  # 1.13 draws its gradients
    "for kernel, stride in zip(kernels, strides, strict=True)",  # a given function of part1_numpy/scanning.py
}
# Stands for Windows: what cannot be imported or done there.
WINDOWS = """
import os, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {"fcntl", "resource", "pwd", "grp", "termios", *MORE}:
            raise ImportError(f"there is no {name} here")
sys.meta_path.insert(0, Missing())
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules.pop(name, None)
os.supports_dir_fd = set()
del os.fork
"""


@pytest.fixture
def run(tmp_path: Path, handout) -> Run:
    """Run the command line of an unpacked handout, where `files` replace others."""

    def command(files: Mapping[str, bytes], *options: str, without: tuple[str, ...] = ()):
        folder, machine = tmp_path / "handout", tmp_path / "machine"
        trials.write(folder, {**handout, **files})
        trials.write(machine, {"sitecustomize.py": f"MORE = {without!r}{WINDOWS}".encode()})
        return subprocess.run(
            [sys.executable, "-m", "autograder", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(machine), "USERNAME": "student", "COLUMNS": "200", **NO_PLUGINS},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return command


def _statements(tree: ast.AST) -> Iterator[str]:
    """Yield every statement as one line, whatever its layout and comments; of those with a body, the head."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom):
            yield ast.unparse(node).partition("\n")[0].rstrip(":")


def _solved() -> Iterator[str]:
    """Yield the statements of all solution regions that are asked for: what an assignment leaves out, it gives."""
    asked = {todo for part in ASSIGNMENT.parts.values() for todo in part.todos}
    for path in COURSE.solution.rglob("*.py"):
        source = path.read_text()
        marked = [region for region in regions.find(source, path.name) if region.todo in asked]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.stmt) and any(region.first < node.lineno < region.last for region in marked):
                yield from _statements(node)


def _oracular() -> Iterator[str]:
    """Yield the statements of all oracles and their helpers."""
    for path in (COURSE.folder / "oracles").glob("*.py"):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and path.name != "__init__.py":
                yield from (line for child in node.body for line in _statements(child))


@pytest.mark.parametrize("secrets", [_solved, _oracular], ids=["solutions", "oracles"])
def test_no_statement_of_a_solution_or_an_oracle_is_in_the_handout(handout, secrets) -> None:
    python = {name: ast.parse(content) for name, content in handout.items() if name.endswith(".py")}
    public = {line: name for name, tree in python.items() for line in _statements(tree)}
    secret = {line for line in secrets() if len(line) > SHORT}
    assert len(secret) > 100
    assert {line: public[line] for line in secret & public.keys() - PUBLIC} == {}


def test_a_solution_in_the_handout_would_be_found(handout, reference) -> None:
    lines = set(_statements(ast.parse(reference["part1_numpy/conv2d.py"])))
    assert {line for line in _solved() if len(line) > SHORT} & lines


def test_nothing_of_a_trained_network_is_in_the_handout(handout) -> None:
    found = list((COURSE.solution / "checkpoints").rglob("*.pt"))
    assert found
    everything = b"\0".join(handout.values())
    for path in found:
        content = path.read_bytes()
        assert content[len(content) // 2 :][:64] not in everything
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, content)
            assert digest.hexdigest().encode() not in everything
            assert digest.digest() not in everything


def test_the_handout_has_no_reference_sandbox_mistake_or_key(handout, tmp_path) -> None:
    allowed = (*PARTS, "autograder", "checkpoints", "courses", ".devcontainer", ".github")
    tops = {name.partition("/")[0] for name in handout if "/" in name}
    assert tops <= set(allowed)
    modules = {name for name in handout if name.startswith(("autograder/", "courses/"))}
    # They read what mistakes have returned, which holds none.
    modules -= {"autograder/course/mistaken.py", "autograder/diagnosis/known_mistakes.py"}
    words = ("sandbox", "mistake", "reference", "unusual", "release", "mutant", "mutation", "secret", "bench", ".pt")
    for word in words:
        assert not [name for name in modules if word in name]
    assert skeleton.generate(ASSIGNMENT.course).items() <= handout.items()


def test_whatever_a_module_of_the_handout_imports_at_once_is_in_it(handout) -> None:
    for name in handout:
        if not name.startswith("autograder/") or not name.endswith(".py"):
            continue
        for node in ast.parse(handout[name]).body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("autograder"):
                base = node.module.replace(".", "/")
                for alias in node.names:
                    places = (f"{base}.py", f"{base}/{alias.name}.py", f"{base}/__init__.py")
                    assert any(place in handout for place in places), f"{name} imports {node.module}.{alias.name}"


def test_every_oracle_has_a_stand_in(handout) -> None:
    for path in (COURSE.folder / "oracles").glob("*.py"):
        names = set(re.findall(r"^@oracle\ndef (\w+)", path.read_text(), re.MULTILINE))
        if names:
            text = handout[f"courses/convnets/oracles/{path.name}"].decode()
            assert names == set(re.findall(r'^(\w+) = recorded\("\1", __file__\)$', text, re.MULTILINE))


def test_an_untouched_handout_scores_nothing_without_torch_and_on_windows(run) -> None:
    done = run({}, "test", "--part", "1", without=("torch",))
    assert re.search(rf"\b0\.00 of {points('1')}", done.stdout), done.stdout + done.stderr
    assert "Next: Write TODO 1.1" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_reference_earns_all_of_part_1_without_torch_and_on_windows(run, reference) -> None:
    done = run(reference, "test", "--part", "1", without=("torch",))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{points('1')} of {points('1')}" in done.stdout, done.stdout


def test_a_mistake_is_named_in_the_handout_as_at_grading(run, reference) -> None:
    mistake = next(one for one in catalogue.load(COURSE) if one.named and one.loses and one.loses[0].startswith("1.7"))
    done = run(mistake.apply(reference), "test", "--todo", "1.7", without=("torch",))
    assert mistake.says in done.stdout, done.stdout


def test_students_see_their_own_commands_only(run) -> None:
    done = run({}, "--help")
    commands = re.findall(r"^  (\w+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert commands == ["test", "submit", "report"]


@pytest.mark.slow
def test_with_the_reference_put_in_a_student_gets_full_marks_and_an_accepted_zip(
    run, reference, checkpoints, tmp_path, box, assignment
) -> None:
    from autograder.grading import engine

    done = run({**reference, **checkpoints}, "test", "--dataset", trials.DATASET)
    assert f"{points()} of {points()}" in done.stdout, done.stdout
    done = run({**reference, **checkpoints, "part1_numpy/module.py": b"# mine\n"}, "submit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "part1_numpy/module.py" in done.stdout
    checks = [check for check in assignment.checks() if not check.exam]
    assert f"{len(checks)} of {len(checks)} pass" in done.stdout
    path = tmp_path / "handout" / "submission.zip"
    card = engine.grade_zip(path, box, assignment.on(trials.DATASET), assignment.checks(), 0, lambda card: None)
    assert (card.refusal, f"{card.cents / 100:.2f}") == ("", points())


# Runs the checks of some TODOs on each of many folders; a fork each, as modules have the same names in all of them.
TRIALS = """
import json, os, sys
from pathlib import Path
import torch.optim, torch.utils.data  # once, not in each fork
from autograder.checking import rubric
from autograder.course import assignment
from autograder.course.definition import find
from autograder.grading import marking
from autograder.checking.local_student import LocalStudent
part, jobs, out = int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
COURSE = find()
checks = [check for check in COURSE.checks() if check.part == part and not check.exam]
def told(folder, todos):
    card, student = marking.blank(assignment.load(COURSE), checks), LocalStudent(Path(folder))
    for check in checks:
        needs = [card.marks[need] for need in check.needs if need.partition("-")[0] in todos]
        if check.todo in todos and all(mark.outcome == "passed" for mark in needs):
            marking.settle(card, check, marking.judge(check, student, rubric.PUBLIC_SEED, None))
    marks = [mark for mark in card.marks.values() if mark.todo in todos]
    return [[mark.check, mark.outcome.value, mark.message, mark.finding.suspect] for mark in marks]
for folder, todos in jobs:
    if not (child := os.fork()):
        with out.open("a") as file:
            print(json.dumps([folder, told(folder, todos)]), file=file)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("part", [1, 2, 3])
def test_every_mistake_is_told_with_recorded_values_as_with_oracles(part, handout, reference, tmp_path) -> None:
    trials.write(tmp_path / "public", handout)
    own = [one for one in catalogue.load(COURSE) if one.loses and one.loses[0].startswith(f"{part}.")]
    mistakes = few((one for one in own if "2.6" not in one.loses[0]), 30)
    jobs = []
    for number, mistake in enumerate(mistakes):
        trials.write(tmp_path / str(number), mistake.apply(reference))
        jobs.append((str(tmp_path / str(number)), sorted({id.partition("-")[0] for id in mistake.loses})))
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    told = []
    for name, where in (("recorded", tmp_path / "public"), ("oracles", ROOT)):
        subprocess.run(
            [sys.executable, "-B", "-c", TRIALS, str(part), "jobs.json", name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(where)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        # Without numbers: some mistakes are random, and give others each time, of either sign.
        told.append([json.loads(re.sub(r"-?\d+", "0", row)) for row in (tmp_path / name).read_text().splitlines()])
    assert len(told[0]) == len(mistakes) > 10
    for mistake, recorded, expected in zip(mistakes, *told, strict=True):
        assert recorded == expected, mistake.name
        assert Outcome.BROKEN.value not in {outcome for _, outcome, *_ in recorded[1]}, mistake.name


def test_no_line_of_pytorch_of_a_declaration_is_in_the_handout() -> None:
    """Nor those of mistakes, wherever they stand; rules that a check of its own hands to an oracle stay."""
    source = """
LINES = {"the kernel is flipped": "F.conv1d(x, weight.flip(2))", "it is scaled": "{0}(2 * x)".format("F.relu")}
RULES = {"the mean is taken": "mean", "left": "F.left(x)"}
layer("1.1", "part:Layer", f"F.{name}(x)", wrong=LINES | {"it is shifted": f"F.{name}(x + 1)"}, args=("F", 2))
function("1.2", "part:function", like="torch.exp(x)", inputs={"x": "N D"})
"""
    kept = release._without_lines(source.encode()).decode()
    assert re.findall(r".*(?:F\.|torch|\{).*", kept.replace("{name", "")) == [
        'LINES = {"the kernel is flipped": "recorded", "it is scaled": "recorded"}',
        'RULES = {"the mean is taken": "mean", "left": "F.left(x)"}',
        'layer("1.1", "part:Layer", "recorded", wrong=LINES | {"it is shifted": "recorded"}, args=("F", 2))',
        'function("1.2", "part:function", like="recorded", inputs={"x": "N D"})',
    ]


@pytest.mark.parametrize("line", ["F.fold(x, K).mean(M)", contradictions.RECORDED])
def test_the_size_of_a_result_is_known_in_the_handout_too(line) -> None:
    """It is an axis of no input: arguments and the line speak of it, and a handout has no line."""
    assert contradictions.spoken(line, ("K", ("2 * M", "mean"))) == ["K", "M"]


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), (b"short\n", "has 5 bytes, expected at least")])
def test_a_key_that_keeps_no_secret_is_refused(tmp_path, content, why) -> None:
    path = tmp_path / "secret.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=why):
        keys.seed(path)
