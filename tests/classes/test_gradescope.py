"""The package for Gradescope: what is in it, what it writes, and a grading in a tree laid out as there."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import uploads
from homework import COURSE, ROOT

from autograder.authoring import release
from autograder.authoring import variants as trials
from autograder.course import keys
from autograder.errors import SetupError
from autograder.grading import circumstances as occasion


@pytest.fixture
def package(tmp_path: Path) -> Mapping[str, bytes]:
    return release.gradescope(COURSE, "after_published", tmp_path / "secret.key")


def test_the_package_holds_the_grader_and_no_solution(package) -> None:
    assert {
        "setup.sh",
        "run_autograder",
        "secret.key",
        "courses/convnets/assignment.toml",
        "autograder/sandbox/box.py",
    } <= package.keys()
    places = {part for name in package for part in name.split("/")[:-1]}
    assert places & {"reference", "mistakes", "unusual", "tests", "handout", ".git"} == set()
    assert b"raise NotImplementedError" in package["courses/convnets/skeleton/part1_numpy/conv2d.py"]
    assert not any(name.endswith(".pt") for name in package)


def test_the_key_is_made_once_and_nobody_else_may_read_it(package, tmp_path) -> None:
    key = tmp_path / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert release.gradescope(COURSE, "visible", key)["secret.key"] == package["secret.key"] == key.read_bytes()
    other = release.gradescope(COURSE, "visible", tmp_path / "other.key")["secret.key"]
    assert other != package["secret.key"]
    whole = tmp_path / "gradescope.zip"
    release.write(whole, package)
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert keys.seed(key) == keys.seed(key) != keys.seed(tmp_path / "other.key")


def test_the_key_is_never_committed() -> None:
    done = subprocess.run(["git", "check-ignore", "-q", "secret.key"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_scripts_are_shell_and_know_the_visibility(package, tmp_path) -> None:
    trials.write(tmp_path, {name: package[name] for name in ("setup.sh", "run_autograder")})
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(tmp_path / name)], check=True)
    assert b"--visibility after_published\n" in package["run_autograder"]


@pytest.fixture
def on_windows(tmp_path: Path) -> Path:
    """The files of this project as git would check them out where core.autocrlf is set and nothing prevents it."""
    clone = tmp_path / "clone"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and name != ".gitattributes" and (ROOT / name).is_file():
            content = (ROOT / name).read_bytes()
            trials.write(clone, {name: content if b"\0" in content else content.replace(b"\n", b"\r\n")})
    return clone


@pytest.mark.slow
def test_a_package_built_from_a_clone_with_other_ends_of_lines_starts(on_windows, tmp_path) -> None:
    assert b"\r\n" in (on_windows / "autograder" / "authoring" / "gradescope" / "setup.sh").read_bytes()
    path = tmp_path / "package.zip"
    command = [sys.executable, "-m", "autograder", "gradescope", "--path", str(path)]
    done = subprocess.run(command, cwd=on_windows, env={**os.environ, "PYTHONPATH": str(on_windows)},
                          capture_output=True, encoding="utf-8", check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert [name for name, content in files.items() if b"\r\n" in content and b"\0" not in content] == []
    trials.write(tmp_path, {name: files[name] for name in ("setup.sh", "run_autograder")})
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(tmp_path / name)], check=True)


def test_every_clone_of_this_project_has_the_ends_of_lines_of_linux() -> None:
    scripts = [f"autograder/authoring/gradescope/{name}" for name in ("setup.sh", "run_autograder")]
    for name in (*scripts, "Makefile"):
        done = subprocess.run(["git", "check-attr", "eol", name], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == f"{name}: eol: lf"


def test_a_visibility_that_gradescope_does_not_know_is_refused() -> None:
    with pytest.raises(SetupError, match=r"^visibility is 'soon', expected one of visible, hidden, after_due_date, "):
        occasion.Occasion(visibility="soon")


def _grade(folder: Path, *options: str) -> tuple[int, uploads.Results, str]:
    """Grade `folder / "submission"` by the command line; its status, its results, and what it printed."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(folder / "submission"),
        "--out",
        str(folder / "results"),
    ]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    text = (folder / "results" / "results.json").read_text()
    return done.returncode, uploads.Results.model_validate_json(text), done.stdout + done.stderr


def test_a_folder_handed_in_late_is_graded_and_loses_its_share(reference, tmp_path) -> None:
    trials.write(tmp_path / "submission", {name: reference[name] for name in reference if name.startswith("part1")})
    preset = (COURSE.folder / "assignments" / "hw2p1.toml").read_text()
    ours = re.sub(r"(?m)^(due|grace) = .*$", "", re.sub(r"(?m)^late_per_day.*$", "", preset))
    dates = f"late_per_day = 0.25\ndue = {uploads.DUE.isoformat()}\ngrace = {uploads.DUE.isoformat()}\n"
    trials.write(
        tmp_path, {"rule.toml": (dates + ours).encode(), "metadata.json": uploads.metadata(timedelta(hours=30))}
    )
    (tmp_path / "secret.key").write_text("k" * 64)
    options = ("--assignment", str(tmp_path / "rule.toml"), "--metadata", str(tmp_path / "metadata.json"))
    status, results, said = _grade(
        tmp_path, *options, "--key", str(tmp_path / "secret.key"), "--visibility", "after_due_date"
    )
    assert status == 0, said
    assert sum(row.score for row in results.tests) == pytest.approx(100)
    assert results.score == 50
    assert "handed in 2 days after it was due, 2 days after the grace period: 50 % of the points" in results.output
    assert {row.visibility for row in results.tests} == {"after_due_date"}
    assert "100.00" not in results.output


def test_staff_alone_read_that_gradescopes_dates_are_others_and_nobody_gets_a_zero(
    skeletons, reference, tmp_path
) -> None:
    files = {name: reference[name] for name in skeletons if name.startswith("part1") and name in reference}
    dates = {"due_date": (uploads.DUE + timedelta(days=7)).isoformat(), "late_due_date": None}
    given = uploads.metadata(timedelta(days=6), assignment=dates)
    trials.write(tmp_path, {"metadata.json": given} | {f"submission/{name}": text for name, text in files.items()})
    _, results, said = _grade(tmp_path, "--assignment", "hw2p1", "--metadata", str(tmp_path / "metadata.json"))
    sentence = "due is 2027-02-26 23:59-05:00 at Gradescope, which holds; assignment.toml has 2027-02-19 23:59-05:00"
    assert results.score == 100
    assert results.extra_data["for_staff"][0] == sentence
    assert f"for staff: {sentence}" in " ".join(said.split())
    assert "handed in on time (due 2027-02-26 23:59-05:00)" in results.output
    for text in (results.output, (tmp_path / "results" / "report.html").read_text()):
        assert "assignment.toml" not in text


def test_a_folder_that_cannot_be_graded_is_refused_in_results_json(tmp_path) -> None:
    trials.write(tmp_path / "submission", {"homework.py": b""})
    status, results, _ = _grade(tmp_path)
    assert (status, results.score, results.tests) == (1, 0, [])
    assert "no Python file lies in a folder part1_numpy" in results.output


@pytest.mark.parametrize("content", [None, b"short"])
def test_without_a_usable_key_nothing_is_graded_and_nobody_gets_a_silent_zero(tmp_path, skeletons, content) -> None:
    trials.write(tmp_path / "submission", skeletons)
    if content:
        (tmp_path / "secret.key").write_bytes(content)
    status, results, _ = _grade(tmp_path, "--key", str(tmp_path / "secret.key"))
    assert status == 2
    assert "will be graded again" in results.output


# As in a container without CAP_SYS_ADMIN: another root folder, below which there are no new namespaces. The interpreter
# lies where everyone may read it.
CONTAINED = """
tree=$0; home=$1; python=$2; shift 2
mount --rbind / "$tree"
if [ -n "$home" ]; then
    mount -t tmpfs -o mode=755 tmpfs "$tree$home"
    mkdir -p "$tree$python"
    mount --bind "$python" "$tree$python"
fi
exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin chroot "$tree" "$@"
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="lays out a tree as root, as on Gradescope")
@pytest.mark.parametrize("kind", uploads.UPLOADS)
def test_run_autograder_writes_results_for_any_submission_at_level_b(kind, package, tmp_path) -> None:
    root, source = tmp_path / "autograder", tmp_path / "autograder" / "source"
    tmp_path.chmod(0o711)
    trials.write(source, package)
    text = package[uploads.ASSIGNMENT].replace(b'dataset = "cifar10"', f'dataset = "{trials.DATASET}"'.encode())
    (source / uploads.ASSIGNMENT).write_bytes(text)
    for path in (source, *source.rglob("*")):  # as setup.sh does
        path.chmod(0o700 if path.is_dir() else 0o600)
    given = uploads.upload(kind, root)
    trials.write(root / "submission", given.files)
    (root / "results").mkdir()
    trials.write(root, {"submission_metadata.json": uploads.metadata(timedelta(hours=-1))})
    uploads.expect(_run_in_container(tmp_path, root), given)


def _run_in_container(tmp_path: Path, root: Path) -> uploads.Results:
    python = Path(os.path.realpath(sys.executable)).parent.parent
    closed = [folder for folder in python.parents if not folder.stat().st_mode & stat.S_IXOTH]
    (tmp_path / "tree").mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-ec", CONTAINED, str(tmp_path / "tree"),
         str(closed[-1]) if closed else "", str(python), "bash", str(root / "source" / "run_autograder")],
        env={"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), "AUTOGRADER_VENV": sys.prefix},
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "tree").rmdir()
    shutil.rmtree(root / "source")
    return uploads.Results.model_validate_json((root / "results" / "results.json").read_text())
