"""The package for Gradescope in a tree of its own: `setup.sh` from nothing, then `run_autograder`, as in a container.

The tree is what Gradescope starts from, an Ubuntu or Debian without Python, made with debootstrap. Both scripts run in
it as root without CAP_SYS_ADMIN and under a filter like docker's, so that no namespace can be made: level B.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import uploads
from attacks import places
from homework import COURSE

from autograder.authoring import release
from autograder.authoring import variants as trials

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="makes a tree as root, as on Gradescope"),
    pytest.mark.skipif(not shutil.which("debootstrap"), reason="debootstrap is not installed"),
]
KEYS = Path("/usr/share/keyrings")
UBUNTU, DEBIAN = "http://archive.ubuntu.com/ubuntu", "http://deb.debian.org/debian"
DEADSNAKES = "https://ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu"
# Mirror, keys, and what else setup.sh needs there: Ubuntu 22.04 has no release of Python 3.11 of its own.
SYSTEMS = {
    "bookworm": (DEBIAN, "debian-archive-keyring.gpg", ()),
    "jammy": (UBUNTU, "ubuntu-archive-keyring.gpg", (f"{DEADSNAKES}/dists/jammy/InRelease",)),
    "noble": (UBUNTU, "ubuntu-archive-keyring.gpg", ()),
}
# How this machine reaches the registries of packages, which the tree has to know as well.
NETWORK = ("/etc/resolv.conf", *map(str, Path("/etc/apt/apt.conf.d").glob("99*")))
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT")
CERTIFICATES = "etc/ssl/of-this-machine.crt"
# What docker mounts, for this one command: it ends with the mount namespace.
MOUNTS = """
tree=$0
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
mkdir "$tree/dev/shm" "$tree/dev/pts"
for device in null zero full random urandom tty; do touch "$tree/dev/$device"; mount --bind "/dev/$device" "$tree/dev/$device"; done
mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm"
exec "$@"
"""  # noqa: E501


@pytest.fixture(scope="module", params=SYSTEMS)
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a tree in which the package has been set up."""
    name, (mirror, keys, more) = request.param, SYSTEMS[request.param]
    folder = tmp_path_factory.mktemp(name)
    folder.chmod(0o755)  # becomes /
    _skip_without(KEYS / keys, f"{mirror}/dists/{name}/InRelease", *more)
    command = ["debootstrap", "--variant=minbase", f"--keyring={KEYS / keys}", name, str(folder), mirror]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    try:
        parts = "main universe" if mirror == UBUNTU else "main"
        sources = "".join(f"deb {mirror} {suite} {parts}\n" for suite in (name, f"{name}-updates"))
        (folder / "etc" / "apt" / "sources.list").write_text(sources, encoding="utf-8")
        _lay_out(folder, release.gradescope(COURSE, "after_published", tmp_path_factory.mktemp("key") / "secret.key"))
        _run(folder, "/autograder/source/setup.sh")
        yield folder
    finally:
        shutil.rmtree(folder)


def _skip_without(keys: Path, *addresses: str) -> None:
    if not keys.exists():
        pytest.skip(f"{keys} is not here, so packages cannot be verified")
    for address in addresses:
        try:
            urllib.request.urlopen(address, timeout=20).close()
        except OSError as error:
            pytest.skip(f"{address} cannot be reached: {error}")


def _lay_out(tree: Path, package: Mapping[str, bytes]) -> None:
    """Unpack the package as Gradescope does, and let the tree reach the registries as this machine does."""
    text = package[uploads.ASSIGNMENT].replace(b'dataset = "cifar10"', f'dataset = "{trials.DATASET}"'.encode())
    trials.write(tree / "autograder" / "source", {**package, uploads.ASSIGNMENT: text})
    trials.write(tree / "autograder", {"run_autograder": package["run_autograder"]})
    copies = {name: name.lstrip("/") for name in NETWORK if os.path.exists(name)}
    for name, place in {**copies, os.environ.get("PIP_CERT", ""): CERTIFICATES}.items():
        if name:
            (tree / place).parent.mkdir(parents=True, exist_ok=True)
            (tree / place).unlink(missing_ok=True)
            shutil.copy(name, tree / place)


def _run(tree: Path, script: str) -> str:
    """Run a script in the tree, with the rights that a container has, and return what it printed."""
    inside = ["/usr/sbin/chroot", str(tree), "/bin/bash", script]
    variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    if "PIP_CERT" in os.environ:
        variables["PIP_CERT"] = f"/{CERTIFICATES}"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-ec", MOUNTS, str(tree), sys.executable,
         str(Path(places.__file__).resolve()), "container", *inside],
        env={**variables, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_five_uploads_are_graded_in_a_tree_like_gradescopes(tree) -> None:
    root = tree / "autograder"
    for kind in uploads.UPLOADS:
        for name in ("submission", "results"):
            shutil.rmtree(root / name, ignore_errors=True)
            (root / name).mkdir()
        given = uploads.upload(kind, Path("/autograder"))
        trials.write(root / "submission", given.files)
        trials.write(root, {"submission_metadata.json": uploads.metadata(timedelta(hours=-1))})
        _run(tree, "/autograder/run_autograder")
        found = uploads.Results.model_validate_json((root / "results" / "results.json").read_text())
        uploads.expect(found, given)
