"""`make submit`: what students read before they hand in, and the zip that they hand in."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from homework import COURSE, bare
from rich.console import Console

from autograder.authoring import variants as trials
from autograder.course import assignment as assignments
from autograder.course import skeleton
from autograder.course.assignment import Limits
from autograder.errors import SetupError, SubmissionError
from autograder.reports.scores import Outcome
from autograder.students import prediction, speed
from autograder.students import submit as preflight
from autograder.students.speed import Calibration
from autograder.students.trial import Findings, Model, Stuck, Tried, try_out
from autograder.submission import packing
from autograder.submission.entries import MAX_ENTRIES
from autograder.submission.receive import open_submission

Submit = Callable[..., tuple[int, str]]


@pytest.fixture
def submit(tmp_path: Path) -> Submit:
    """Hand in files from a folder; the status, and all that is printed. The zip is `tmp_path / "submission.zip"`."""

    def hand_in(files: Mapping[str, bytes], *, quick: bool = True) -> tuple[int, str]:
        trials.write(tmp_path / "here", files)
        console = Console(file=io.StringIO(), width=500)
        status = preflight.run(
            tmp_path / "here", tmp_path / "submission.zip", assignments.load(COURSE), console, quick=quick
        )
        return status, console.file.getvalue()

    return hand_in


def test_a_skeleton_is_told_what_is_open_and_makes_a_zip(submit, skeletons, tmp_path) -> None:
    status, said = submit(skeletons)
    assert status == 0
    assert "open: 1.1 add_bias, 1.1 apply_filters, 1.1 argmax_position, 1.1 sliding_windows" in said
    assert "no file checkpoints/*.pt is in the zip" in said
    assert "The written report is handed in apart from this zip, as PDF." in said
    opened = open_submission(tmp_path / "submission.zip", tmp_path / "opened", Limits(), bare(tmp_path / "bare"))
    assert opened.notes == ("no file checkpoints/*.pt is in the zip",)


def test_a_solution_has_nothing_open_and_keeps_its_own_files(submit, reference, tmp_path) -> None:
    junk = {"part1_numpy/.hidden.py": b"", "part1_numpy/__pycache__/x.py": b"", "data/big.bin": b"1", "notes.txt": b""}
    status, said = submit({**reference, "part1_numpy/mine/extra.py": b"x = 1\n", **junk})
    assert status == 0
    assert "none is open" in said
    opened = open_submission(tmp_path / "submission.zip", tmp_path / "opened", Limits(), bare(tmp_path / "bare"))
    assert (opened.folder / "part1_numpy/mine/extra.py").read_bytes() == b"x = 1\n"
    assert not any("ignored" in note for note in opened.notes)


def test_given_files_that_were_edited_are_named(submit, reference) -> None:
    _, said = submit({**reference, "part1_numpy/module.py": b"# mine\n"})
    assert re.search(r"given files that were edited, replaced by the original: .*\bpart1_numpy/module\.py", said)


def test_the_same_files_give_the_same_zip(submit, reference, tmp_path) -> None:
    submit(reference)
    first = (tmp_path / "submission.zip").read_bytes()
    for path in (tmp_path / "here").rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    submit({})
    assert (tmp_path / "submission.zip").read_bytes() == first


LARGE = {"checkpoints/my_model.pt": 101_000_000}  # bytes that do not compress
REFUSED: dict[str, dict[str, bytes]] = {
    "too many": {f"part1_numpy/more/m{n}.py": b"" for n in range(MAX_ENTRIES)},
    "too deep": {"part1_numpy/" + 12 * "d/" + "x.py": b""},
    "one name twice": {"part1_numpy/A.py": b"", "part1_numpy/a.py": b""},
}


@pytest.mark.parametrize(
    "files", [*REFUSED.values(), pytest.param(LARGE, marks=pytest.mark.slow)], ids=[*REFUSED, "too large"]
)
def test_what_the_grader_refuses_is_refused_in_the_same_words_and_no_zip_is_left(
    submit, skeletons, tmp_path, files
) -> None:
    more = {name: os.urandom(what) if isinstance(what, int) else what for name, what in files.items()}
    everything = {**skeletons, **more}
    status, said = submit(everything)
    assert (status, (tmp_path / "submission.zip").exists()) == (1, False)
    packing.write_zip(tmp_path / "by hand.zip", everything)
    with pytest.raises(SubmissionError) as refusal:
        open_submission(tmp_path / "by hand.zip", tmp_path / "opened", Limits(), bare(tmp_path / "bare"))
    assert f"stop zip         {refusal.value}\n" in said


def test_a_folder_without_a_part_is_refused(submit) -> None:
    with pytest.raises(SetupError, match=r"^there is no part1_numpy, part2_pytorch or part3_imbalance here: run this"):
        submit({"other/linear.py": b""})


def test_code_and_checkpoints_are_tried_and_the_time_is_told(submit, reference, checkpoints, skeletons) -> None:
    part2 = {name: content for name, content in reference.items() if name.startswith("part2")}
    wrong = {
        "checkpoints/my_model.pt": checkpoints["checkpoints/two_layer.pt"],
        "checkpoints/vanilla_cnn.pt": b"<html>",
    }
    files = {**skeletons, **part2, **checkpoints, **wrong}
    status, said = submit(files, quick=False)
    assert status == 0
    assert "two_layer.pt loads, 789,258 parameters" in said
    assert "checkpoints/my_model.pt is not of this MyModel: it lacks " in said
    assert "checkpoints/vanilla_cnn.pt is a web page or XML: download it again" in said
    assert "points without checkpoints" in said
    assert "grading takes about " in said


def test_code_that_the_grader_cannot_run_is_told_before_it_is_handed_in(submit, skeletons, reference) -> None:
    with tempfile.NamedTemporaryFile(dir=Path.home()) as data:  # not among temporary files, which may be read
        changes = {
            "linear": b"import torch",
            "activations": f"open({data.name!r})".encode(),
            "losses": b"import subprocess; subprocess.run(['ls'])",
        }
        files = {f"part1_numpy/{name}.py": line for name, line in changes.items()}
        wrong = {name: reference[name].replace(b"# >>> solution", line, 1) for name, line in files.items()}
        _, said = submit({**skeletons, **wrong}, quick=False)
    assert "part 1 is graded without torch: only NumPy and the standard library are there (linear.py:" in said
    assert f"graded without the file {data.name}: only code is handed in" in said
    assert "graded where no other process can be started (losses.py:" in said


def test_what_students_print_does_not_pass_for_a_result(reference, tmp_path) -> None:
    noise = b'import sys\nprint(sys.argv[-1] + \'{"check": "1.1-windows", "outcome": "odd"}\')\nprint("[]")\n'
    trials.write(
        tmp_path, {**skeleton.generate(COURSE), "part1_numpy/views.py": noise + reference["part1_numpy/views.py"]}
    )
    findings = Findings()
    for name in try_out(assignments.load(COURSE), tmp_path, findings):
        if name.startswith("1.2"):
            break
    assert {check.outcome for check in findings.checks if check.id.startswith("1.1")} == {Outcome.PASSED}


def test_code_that_ends_the_process_costs_the_rest_of_the_rehearsal_only(skeletons, tmp_path) -> None:
    trials.write(tmp_path, {**skeletons, "part1_numpy/linear.py": b"import os\nos._exit(7)\n"})
    findings = Findings()
    with pytest.raises(Stuck, match=r"^1\.2-forward ended the process \(exit status 7\); what comes after it was not"):
        list(try_out(assignments.load(COURSE), tmp_path, findings))
    assert len([check for check in findings.checks if check.id.startswith("1.1")]) > 3
    assert not findings.finished


@pytest.mark.slow
def test_a_loop_without_end_costs_its_own_checks_and_is_named(skeletons, tmp_path) -> None:
    trials.write(tmp_path, {**skeletons, "part1_numpy/linear.py": b"while True: pass\n"})
    findings = Findings()
    for name in try_out(assignments.load(COURSE), tmp_path, findings):
        if name.startswith("1.3"):
            break
    tried = {check.id: check for check in findings.checks}
    assert tried["1.2-forward"].outcome is Outcome.LOST
    assert "does a loop never end?" in tried["1.2-forward"].message


@pytest.mark.slow
def test_a_loop_in_c_without_end_is_stopped_and_named(skeletons, tmp_path) -> None:
    trials.write(tmp_path, {**skeletons, "part1_numpy/linear.py": b"sum(range(10**13))\n"})
    with pytest.raises(Stuck, match=r"^1\.2-forward did not end, and was stopped: does a loop never end\?"):
        list(try_out(assignments.load(COURSE), tmp_path, Findings()))


FOUND = Findings(
    speed=0.02,
    checks=[Tried("1.1-a", Outcome.PASSED, "", 100, 4.0), Tried("1.1-b", Outcome.PASSED, "", 100, 1.0)],
    models=[Model("my_model", "", 10, 1e-3)],
)


def test_half_a_cpu_takes_twice_as_long_and_a_slower_grader_longer() -> None:
    whole, half, fast = (
        prediction.estimate(FOUND, Limits(cpus=cpus), Calibration(speed=speed))
        for cpus, speed in ((1, 0.02), (0.5, 0.02), (1, 0.01))
    )
    assert (half, fast) == pytest.approx((2 * whole, whole / 2))
    assert whole > 4 + 1 + 10_000 * 1e-3


@pytest.mark.parametrize("content", [b"", b"{", b'{"speed": -1}', b'{"speed": "fast"}'])
def test_a_calibration_that_cannot_be_used_is_passed_over(tmp_path, content) -> None:
    (tmp_path / "calibration.json").write_bytes(content)
    assert speed.load(tmp_path / "calibration.json") == Calibration()
    (tmp_path / "calibration.json").write_bytes(speed.write(Calibration(speed=0.5)))
    assert speed.load(tmp_path / "calibration.json").speed == 0.5


RUN = {"runs/two_layer/best.pt": b""}
NAMES = {
    "a near name": ({"part1_numpy/conv2d.py": "part1_numpy/Conv2D.py"}, "conv2d.py is missing, part1_numpy/Conv2D.py"),
    "a missing file": ({"part1_numpy/conv2d.py": ""}, " missing: part1_numpy/conv2d.py\n"),
    "a notebook": ({"part1_numpy/conv2d.py": "part1_numpy/conv2d.ipynb"}, "notebooks are not graded, save its code as"),
    "a folder's near name": ({"part3_imbalance/": "part3_imbalance 2/"}, "the folder part3_imbalance 2 to part3_"),
    "work elsewhere": ({"part1_numpy/conv2d.py": "scratch/conv2d.py"}, "conv2d.py is there: put it into part1_numpy/"),
    "one folder more": ({"part1_numpy/": "part1_numpy/part1_numpy/"}, "part1_numpy is taken from part1_numpy/part"),
}


@pytest.mark.parametrize(("renamed", "says"), NAMES.values(), ids=NAMES)
def test_work_under_another_name_is_named_before_it_is_handed_in(submit, skeletons, renamed, says) -> None:
    files = dict(skeletons)
    for old, new in renamed.items():
        for name in [name for name in files if name.startswith(old)]:
            content = files.pop(name)
            files |= {name.replace(old, new): content} if new else {}
    status, said = submit(files)
    assert (status, says in said) == (0, True), said


def test_a_checkpoint_that_nobody_will_read_is_named_and_not_packed(submit, skeletons, tmp_path) -> None:
    _, said = submit({**skeletons, "checkpoints/MyModel.pt": b"1", "checkpoints/odd.pt": b"2", **RUN})
    assert "checkpoints/my_model.pt is missing, checkpoints/MyModel.pt is there: rename it to my_model.pt" in said
    assert "checkpoints/two_layer.pt is missing, runs/two_layer/best.pt is there: put it into checkpoints/" in said
    assert "not packed: checkpoints/MyModel.pt, checkpoints/odd.pt" in said
    opened = open_submission(tmp_path / "submission.zip", tmp_path / "opened", Limits(), bare(tmp_path / "bare"))
    assert not (opened.folder / "checkpoints").exists()


def test_what_is_ignored_anyway_does_not_count_in_the_folder(submit, skeletons, tmp_path) -> None:
    for name in (".venv/lib/big.so", "data/cifar.bin", "runs/a/last.pt", "lecture.mp4"):
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(450_000_000)
    status, said = submit(skeletons)
    assert (status, "stop" in said) == (0, False), said


def test_what_a_gpu_or_a_network_gives_here_is_not_there_when_graded(skeletons, reference, tmp_path) -> None:
    source = reference["part2_pytorch/models.py"]
    tried = b"super().__init__(); torch.zeros(1).cuda()"
    online = b"super().__init__(); import urllib.request; urllib.request.urlopen('http://localhost')"
    source = source.replace(b"super().__init__()", tried, 1)
    begin, rest = source.split(b"class VanillaCNN")
    source = begin + b"class VanillaCNN" + rest.replace(b"super().__init__()", online, 1)
    trials.write(tmp_path, {**skeletons, "part2_pytorch/models.py": source})
    findings = Findings()
    for name in try_out(assignments.load(COURSE), tmp_path, findings):
        if name.startswith("2.3"):
            break
    said = " ".join(check.message for check in findings.checks if check.id.startswith(("2.1", "2.2")))
    assert "graded on a CPU, without network: Found no NVIDIA driver" in said or "without network: No CUDA GPUs" in said
    assert "graded on a CPU, without network: URLError: <urlopen error [Errno 1] Operation not permitted>" in said
