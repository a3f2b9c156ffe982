"""A class on Slurm as docs/how-to/slurm.md says, with a stand-in for sbatch that runs each job on this machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import make_class
import pytest
from homework import COURSE, ROOT

from autograder.classroom import certificates
from autograder.classroom import executors as crew
from autograder.errors import SetupError

SBATCH = """#!/bin/bash
# Runs a job at once, in a session of its own, and numbers it by its process. The script is read before this ends, as
# Slurm's own reads it: who submits it deletes it then.
setsid bash -c "$(cat "${@: -1}")" >>"$JOBS/log" 2>&1 </dev/null &
echo "$!" >>"$JOBS/started"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
for job in "$@"; do kill -- "-$job" 2>/dev/null; done
exit 0
"""
OPENSSL = """#!/bin/sh
# Writes half a key, and ends whoever asked for it.
while [ $# -gt 0 ]; do test "$1" = -keyout && echo half > "$2"; shift; done
kill -9 $PPID
"""


def test_a_certificate_is_made_once_and_its_key_is_its_owners(tmp_path) -> None:
    certificates.make(tmp_path / "tls")
    key = tmp_path / "tls" / certificates.KEY
    assert key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) == 0
    assert "PRIVATE KEY" in key.read_text()
    with pytest.raises(SetupError, match="is there already, expected none"):
        certificates.make(tmp_path / "tls")
    with pytest.raises(SetupError, match=r"holds no cluster.pem: autograder certificate --out"):
        certificates.settings(tmp_path)
    with pytest.raises(SetupError, match="Directory not empty, expected an empty folder, or none"):
        certificates.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tls"]


def test_a_certificate_that_was_interrupted_leaves_nothing_under_its_name(tmp_path) -> None:
    openssl = tmp_path / "bin" / "openssl"
    openssl.parent.mkdir()
    openssl.write_text(OPENSSL)
    openssl.chmod(0o755)
    make = "import pathlib, autograder.classroom.certificates as c; c.make(pathlib.Path('tls'))"
    environment = {**os.environ, "PATH": f"{openssl.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", make], cwd=tmp_path, env=environment).returncode == -9
    assert [path.read_text() for path in tmp_path.rglob(f".tls-*/{certificates.KEY}")] == ["half\n"]
    assert not (tmp_path / "tls").exists()
    certificates.make(tmp_path / "tls")
    certificates.settings(tmp_path / "tls")


@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    """An environment in which jobs can be submitted."""
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "JOBS": str(tmp_path)}


@pytest.mark.slow
def test_a_class_on_slurm_goes_encrypted_and_outlives_a_lost_job(slurm, tmp_path) -> None:
    right = {name: content for name, content in COURSE.files().items() if name.startswith("part1")}
    (tmp_path / "class").mkdir()
    for name in "abcdefgh":
        (tmp_path / "class" / f"{name}.zip").write_bytes(make_class.packed({**right, f"{name}.txt": b""}))
    script = (ROOT / "docs/how-to/slurm_class.py").read_text(encoding="utf-8")
    (tmp_path / "slurm_class.py").write_text(script.replace("JOBS = 20", "JOBS = 2"))
    preset = COURSE.folder / "assignments" / "hw2p1.toml"
    command = [sys.executable, "slurm_class.py", "class", "--out", "graded", "--assignment", str(preset)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**slurm, "PYTHONPATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    done = tmp_path / "graded" / "students"
    while process.poll() is None and not list(done.glob("*/card.json")):
        time.sleep(0.1)
    first = (tmp_path / "started").read_text().split()[0]
    subprocess.run(["scancel", first], env=slurm, check=True)
    text, _ = process.communicate(timeout=400)
    assert process.returncode == 0, text + (tmp_path / "log").read_text()
    assert "8 submissions: 8 graded" in text
    table = (tmp_path / "graded" / "gradebook.csv").read_text()
    assert table.count(",100.00,100.00,100.00,") == 8
    assert "tls://" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tls://127.0.0.1:9"])
def test_a_cluster_that_does_not_answer_is_one_sentence(tmp_path, monkeypatch, address) -> None:
    monkeypatch.setattr(crew, "DASK_SECONDS", 1)
    tls = [tmp_path / "tls"] * address.startswith("tls")
    for folder in tls:
        certificates.make(folder)
    with pytest.raises(SetupError, match=f"no Dask scheduler answers at {address}"), crew.dask(address, *tls)():
        pass


@pytest.mark.parametrize(
    ("address", "options", "sentence"),
    [
        ("scheduler", [], "'scheduler' is no address of a Dask scheduler, expected one like tcp://scheduler:8786"),
        ("tsl://10.0.0.1:8786", [], "'tsl://10.0.0.1:8786' is no address of a Dask scheduler, expected one like"),
        ("tls://10.0.0.1:8786", [], "tls://10.0.0.1:8786 is encrypted, expected --certificate with the folder"),
        ("tcp://10.0.0.1:8786", ["--certificate", "tls"], "tcp://10.0.0.1:8786 is not encrypted, and --certificate"),
    ],
)
def test_an_address_that_cannot_be_a_schedulers_is_one_sentence(folder, tmp_path, address, options, sentence) -> None:
    command = [
        sys.executable,
        "-m",
        "autograder",
        "batch",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--dask",
        address,
    ]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
