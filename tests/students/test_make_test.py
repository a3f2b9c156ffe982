"""`make test` as a student runs it, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from homework import COURSE, NO_PLUGINS, ROOT, points

from autograder.authoring import variants as trials
from autograder.course import mistakes as catalogue
from autograder.errors import OutOfTime
from autograder.students import speed
from autograder.students.time_limit import time_limit

Run = Callable[..., subprocess.CompletedProcess[str]]
LOADED = """
import sys
from autograder.__main__ import main
try:
    main()
finally:
    print("loaded:", *{name.partition(".")[0] for name in sys.modules})
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_tests(files: Mapping[str, bytes], *options: str) -> subprocess.CompletedProcess[str]:
        trials.write(tmp_path, files)
        return subprocess.run(
            [sys.executable, "-m", "autograder", "test", "--part", "1", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **NO_PLUGINS},
            capture_output=True,
            text=True,
            check=False,
        )

    return run_tests


def test_an_untouched_checkout_scores_nothing_and_says_what_to_do_first(run, skeletons) -> None:
    done = run(skeletons)
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(rf"\b0\.00 (of|/) {points('1')}", done.stdout), done.stdout
    assert "1.1" in done.stdout
    assert "open" in done.stdout
    assert " failed" not in done.stdout


def test_the_reference_scores_everything(run, reference) -> None:
    done = run(reference)
    assert done.returncode == 0, done.stdout
    assert re.search(rf"{points('1')} (of|/) {points('1')}", done.stdout), done.stdout


def test_a_wrong_value_is_told_in_a_sentence_without_a_traceback(run, reference) -> None:
    mistake = next(one for one in catalogue.load(COURSE) if one.loses and one.loses[0].startswith("1.7"))
    done = run(mistake.apply(reference), "--todo", "1.7")
    assert done.returncode == 1
    assert mistake.says.split()[0] in done.stdout
    assert not re.search("Traceback|During handling|full-trace|autograder/", done.stdout), done.stdout


def test_an_exception_is_shown_with_the_line_that_raised_it(run, reference) -> None:
    source = reference["part1_numpy/linear.py"].decode()
    wrong = source.replace("# >>> solution", "raise KeyError('oh')", 1)
    done = run({**reference, "part1_numpy/linear.py": wrong.encode()}, "--todo", "1.2")
    assert done.returncode == 1
    assert "raise KeyError('oh')" in done.stdout
    assert not re.search(r"During handling|full-trace|host\.py|student\.py|local\.py", done.stdout), done.stdout


def _sleep(catches: type[BaseException] | tuple[()], times: int = 1) -> None:
    """Sleep for long, and again where that is interrupted by something that is caught."""
    for _ in range(times):
        try:
            time.sleep(60)
        except catches:
            continue
    time.sleep(60)


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
@pytest.mark.parametrize("catches", [(), Exception, BaseException])
def test_an_endless_loop_is_interrupted_and_again_where_it_catches_that(ctrl_c, catches, request) -> None:
    before = signal.signal(signal.SIGINT, ctrl_c)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with pytest.raises(OutOfTime, match=r"^no answer after 0.3 s: does a loop never end\?$"), time_limit(0.3):
        _sleep(catches)
    assert signal.getsignal(signal.SIGINT) is ctrl_c


def test_what_ends_in_time_is_not_interrupted() -> None:
    with time_limit(60):
        pass
    with pytest.raises(KeyboardInterrupt), time_limit(60):
        signal.raise_signal(signal.SIGINT)


def test_a_check_has_the_time_of_grading_scaled_by_how_slow_the_machine_is() -> None:
    assert speed.slower(0.02, speed.Calibration()) == 1
    assert speed.slower(0.022, speed.Calibration(speed=0.02)) == 1
    assert speed.slower(0.01, speed.Calibration(speed=0.02)) == 1
    assert speed.slower(0.05, speed.Calibration(speed=0.02)) == 2.5


def test_a_machine_is_timed_only_until_it_is_known_to_be_no_slower() -> None:
    left = iter([3.0, 1.0, 2.0, 0.5])
    assert speed.fastest(left, 1.5) == 1
    assert list(left) == [2, 0.5]
    assert speed.fastest([3.0, 1.0, 2.0], 0.5) == 1
    assert speed.slower_here(speed.Calibration(speed=3600)) == 1 < speed.slower_here(speed.Calibration(speed=1e-6))


def test_one_todo_of_numpy_loads_neither_torch_nor_what_is_installed_beside_pytest(
    handout, reference, tmp_path
) -> None:
    trials.write(tmp_path, handout | {name: reference[name] for name in reference if name.startswith("part1_numpy/")})
    environment = {key: value for key, value in os.environ.items() if key not in NO_PLUGINS}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "test", "--todo", "1.6"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.rpartition("loaded: ")[2].split())
    assert "11 passed" in done.stdout
    assert {"numpy", "pytest", "part1_numpy"} <= loaded
    assert loaded.isdisjoint({"torch", "hypothesis", "_hypothesis_pytestplugin", "xdist"})


def _with(reference: Mapping[str, bytes], line: str, at: str = "# >>> solution") -> dict[str, bytes]:
    """The reference with one more line in `Linear.forward`, or at the top of its module."""
    source = reference["part1_numpy/linear.py"].decode()
    return {**reference, "part1_numpy/linear.py": source.replace(at, line, 1).encode()}


def test_a_loop_that_never_ends_is_told_beforehand_and_the_other_checks_go_on(run, reference) -> None:
    done = run(_with(reference, "while True: pass"), "-k", "1.2-f")
    assert "each check has 10 s, as in grading" in done.stdout
    assert "1.2-forward takes long; it is stopped after 10 s" in done.stdout
    assert "no answer after 10 s: does a loop never end?" in done.stdout
    assert re.search(r"1 passed, 1 no answer", done.stdout), done.stdout


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(
            "import itertools; sum(itertools.count())",
            "no answer after 10 s, in code that is not Python",
            marks=pytest.mark.slow,
        ),
        ("import os; os._exit(3)", "ended the process, so nothing after it was run"),
    ],
    ids=["hangs", "exits"],
)
def test_what_cannot_be_interrupted_ends_with_the_results_so_far(run, reference, line, says) -> None:
    done = run(_with(reference, line), "-k", "1.2")
    assert done.returncode
    assert says in done.stdout
    assert "1.2 not reached yet (5 checks)" in done.stdout
    assert f"Total: 0.00 of {points('1.2')} points" in done.stdout
    assert "Fatal" not in done.stderr


NOT_GRADED = {
    "import torch": "part 1 is graded without torch: only NumPy and the standard library are there",
    "import torch.nn as nn": "part 1 is graded without torch",
    "from torch import nn": "part 1 is graded without torch",
    "import pytest": "part 1 is graded without pytest: only NumPy and the standard library are there",
    "import importlib; importlib.import_module('torch.nn')": "part 1 is graded without torch",
    "import autograder.oracles": "part 1 is graded without autograder",
    "import helper": "helper is outside of the parts, which alone are handed in: move it into part1_numpy/",
    "open('data.npy', 'rb')": "graded without the file data.npy: only code is handed in, and sees no files but its own",
    "np.load('part1_numpy/data.npy')": "graded without the file part1_numpy/data.npy",
    "np.save('out.npy', 1)": "graded without the file out.npy",
    "import socket; socket.create_connection(('127.0.0.1', 1))": "without network",
    "import subprocess; subprocess.run(['ls'])": "graded where no other process can be started",
    "import os; os.system('ls')": "graded where no other process can be started",
    "import multiprocessing as m; m.get_context('fork').Process(target=print).start()": "graded where no other process",
}
ALLOWED = (
    "import tempfile; np.save(tempfile.mktemp('.npy'), 1)",
    "from part1_numpy.module import Module",
    "from . import module",
    "import numpy.testing, sqlite3, ctypes, multiprocessing, concurrent.futures",
    "open(__file__).read()",
    "import inspect; inspect.getsource(np.load)",
)
TRY = """
import json, pathlib, sys, torch, pytest
from autograder.course.definition import find
from autograder.students.as_graded import AsGraded
from autograder.checking.local_student import LocalStudent
folder, lines = pathlib.Path.cwd(), json.load(sys.stdin)
student = LocalStudent(folder)
student.surroundings = AsGraded(folder, find(), 1)
for number, line in enumerate(lines):
    (folder / f"part1_numpy/m{number}.py").write_text(f"import numpy as np\\ndef f():\\n    {line}\\n")
    (folder / f"part1_numpy/top{number}.py").write_text(f"import numpy as np\\n{line}\\ndef f(): pass\\n")
said = []
for number, line in enumerate(lines):
    for name in (f"m{number}", f"top{number}"):
        try:
            student.call(f"part1_numpy.{name}:f")
            said.append([line, ""])
        except Exception as error:
            said.append([line, str(error)])
open("said.json", "w").write(json.dumps(said))
import torch.nn
"""


def test_what_the_grader_lacks_is_refused_here_too_and_nothing_else(tmp_path) -> None:
    none = {"part1_numpy/__init__.py": b"", "part1_numpy/module.py": b"Module = int\n", "part1_numpy/data.npy": b"1"}
    trials.write(tmp_path, {**none, "data.npy": b"1", "helper.py": b""})
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    lines = json.dumps([*NOT_GRADED, *ALLOWED])
    done = subprocess.run([sys.executable, "-c", TRY], cwd=tmp_path, env=variables, input=lines, text=True, check=True)
    assert done.returncode == 0
    for line, said in json.loads((tmp_path / "said.json").read_text()):
        if line in NOT_GRADED:
            assert NOT_GRADED[line] in said, line
        else:
            assert not said, line


def test_part_1_with_torch_earns_here_what_it_earns_in_grading(run, reference) -> None:
    done = run(_with(reference, "import numpy as np\nimport torch", "import numpy as np"), "--todo", "1.2")
    assert f"0.00 of {points('1.2')}" in done.stdout
    assert "part 1 is graded without torch" in done.stdout


def test_a_library_that_a_part_needs_and_is_not_installed_is_named_with_the_command(tmp_path, reference) -> None:
    files = {**reference, "sitecustomize.py": b"import sys\nsys.modules['torch'] = None\n"}
    trials.write(tmp_path, files)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "test", "--todo", "2.1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", "COLUMNS": "200", **NO_PLUGINS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"torch, which part 2 needs, is not installed: python\S* -m pip install torch \(", done.stdout)
    assert "Traceback" not in done.stdout + done.stderr


def test_torch_is_there_for_part_2_after_part_1_has_been_run(run, reference) -> None:
    text = reference["part2_pytorch/models.py"].replace(
        b"import torch\n", b"import torch\nimport torchvision, sympy\n", 1
    )
    done = run({**reference, "part2_pytorch/models.py": text}, "--part", "", "-k", "forward")
    assert "2." in done.stdout
    assert done.returncode == 0, done.stdout


def test_an_expression_chooses_checks_and_those_they_need(run, reference) -> None:
    done = run(reference, "-k", "1.7-max-overlap")
    needs = {check.id: check.needs for check in COURSE.checks()}["1.7-max-overlap"]
    assert needs
    assert re.search(rf"\b{1 + len(needs)} passed", done.stdout), done.stdout
