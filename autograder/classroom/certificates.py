"""The certificate by which the processes of a Dask cluster know each other, so that nobody else reads or joins.

One for all of them: whoever holds its key is part of the cluster. It says nothing of hosts.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.errors import SetupError

CERTIFICATE, KEY = "cluster.pem", "cluster.key"
DAYS = 180  # a term


def make(folder: Path) -> None:
    """Make a folder with a certificate and its key, both in one step, that only its owner can read.

    Raises:
        SetupError: if there is something in it already, or openssl cannot make it.
    """
    if (folder / KEY).exists():
        raise SetupError(f"{folder / KEY} is there already, expected none: a running cluster may use it")
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-", ignore_cleanup_errors=True) as partial:
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", str(DAYS), "-subj", "/CN=autograder", "-keyout", f"{partial}/{KEY}"]
        try:
            subprocess.run([*command, "-out", f"{partial}/{CERTIFICATE}"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(f"openssl cannot make a certificate ({type(error).__name__}): install it") from None
        try:
            os.rename(partial, place)  # takes the place of an empty folder, never of another one
        except OSError as error:
            raise SetupError(f"{folder}: {error.strerror}, expected an empty folder, or none") from None


def settings(folder: Path) -> dict[str, str]:
    """What Dask calls them, for scheduler, workers and client.

    Raises:
        SetupError: if they are not there.
    """
    if missing := [name for name in (CERTIFICATE, KEY) if not (folder / name).is_file()]:
        raise SetupError(f"{folder} holds no {missing[0]}: autograder certificate --out {folder} makes one")
    certificate, key = (str((folder / name).resolve()) for name in (CERTIFICATE, KEY))
    found = {"tls_ca_file": certificate}
    for role in ("scheduler", "worker", "client"):
        found |= {f"tls_{role}_cert": certificate, f"tls_{role}_key": key}
    return found
