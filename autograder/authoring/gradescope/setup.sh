#!/usr/bin/env bash
# Gradescope runs this once, as root, when the image is built; Ubuntu 22.04 or later.
set -euo pipefail
ROOT="${AUTOGRADER_ROOT:-/autograder}"
VENV="${AUTOGRADER_VENV:-/opt/autograder}"

install() { apt-get install -y --no-install-recommends "$@"; }
# What Ubuntu 22.04 calls Python 3.11 is a candidate for its release, in which a part of torch cannot be imported.
find_python() {
    for name in python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11, 0, "final"))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

export DEBIAN_FRONTEND=noninteractive
apt-get update
install python3.11 python3.11-venv || install python3 python3-venv
if ! PYTHON="$(find_python)" && install software-properties-common && add-apt-repository -y ppa:deadsnakes/ppa; then
    install python3.11 python3.11-venv || true
fi
if ! PYTHON="$(find_python)"; then
    echo "setup.sh: no release of Python 3.11 or later can be installed here: choose a later system for the container" >&2
    exit 1
fi

"$PYTHON" -m venv "$VENV"
"$VENV/bin/python" -m pip install --no-cache-dir --disable-pip-version-check \
    --constraint "$ROOT/source/requirements.lock" --editable "$ROOT/source[grading]"

# The images that judge checkpoints, where they can be fetched.
cd "$ROOT/source"
"$VENV/bin/python" -m autograder data

# Student code runs as another user, who finds no file of the grader readable.
chmod -R go-rwx "$ROOT/source"
# 1: while an image is built, isolation may be weaker than later. Otherwise nothing can be graded, and this says why.
"$VENV/bin/python" -m autograder doctor || [ $? -eq 1 ]
