#!/usr/bin/env bash
# Gradescope runs this once, as root, when the image is built; Ubuntu 22.04 or later.
set -euo pipefail
ROOT="${AUTOGRADER_ROOT:-/autograder}"
VENV="${AUTOGRADER_VENV:-/opt/autograder}"

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3.11 python3.11-venv || apt-get install -y --no-install-recommends python3 python3-venv
PYTHON="$(command -v python3.11 || command -v python3)"
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup.sh: found $("$PYTHON" --version), expected 3.11 or later: choose Ubuntu 22.04 or later for the container" >&2
    exit 1
fi

"$PYTHON" -m venv "$VENV"
"$VENV/bin/python" -m pip install --no-cache-dir --disable-pip-version-check \
    --constraint "$ROOT/source/requirements.lock" --editable "$ROOT/source[grading]"

# The data set that judges checkpoints; shapes and images need nothing.
cd "$ROOT/source"
if grep -qE '^dataset *= *"cifar10"' assignment.toml; then
    "$VENV/bin/python" -m part2_pytorch data
fi

# Student code runs as another user, who finds no file of the grader readable.
chmod -R go-rwx "$ROOT/source"
"$VENV/bin/python" -m autograder doctor || true
