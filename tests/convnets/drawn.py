"""A few drawn images in folders, and the commands of the parts as a student runs them: what tests of training share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from homework import solution

MAKE_IMAGES = """
import sys
from pathlib import Path
from PIL import Image
from part2_pytorch.shapes import CLASSES, make_shapes
train, test = map(int, sys.argv[2:])
for split, count, seed in (("train", train, 1), ("test", test, 2)):
    for number, (pixels, label) in enumerate(zip(*make_shapes(count, seed))):
        path = Path(sys.argv[1], split, CLASSES[label], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
"""


def python(*arguments: str | Path, folder: Path, parts: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, with the packages of `parts`."""
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(parts), capture_output=True, text=True, timeout=300
    )


def command(*arguments: str | Path) -> list[str]:
    """Python as it runs here, with these arguments."""
    return [sys.executable, *map(str, arguments)]


def environment(parts: Path | None = None) -> dict[str, str]:
    """Variables in which the packages of `parts` are found, and lines have 120 columns."""
    return {**os.environ, "PYTHONPATH": str(parts or solution()), "COLUMNS": "120", "OMP_NUM_THREADS": "2"}


def make_images(folder: Path, train: int, test: int) -> Path:
    """Draw so many images of ten classes into `folder/images`; return that."""
    made = python("-c", MAKE_IMAGES, folder / "images", str(train), str(test), folder=folder)
    assert not made.returncode, made.stderr
    return folder / "images"
