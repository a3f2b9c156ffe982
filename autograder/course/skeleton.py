"""From the reference of a course to what students get: every solution region becomes a NotImplementedError."""

from __future__ import annotations

import shutil
from pathlib import Path

from autograder.course.definition import Course, Files
from autograder.course.regions import TODO, strip


def generate(course: Course) -> Files:
    """Make every file of the parts as students get them."""
    return {
        name: strip(content.decode(), name).encode() if TODO.search(content.decode(errors="replace")) else content
        for name, content in course.files().items()
    }


def write(course: Course, root: Path) -> list[str]:
    """Make the parts below `root` hold exactly the skeletons; return the names of files that changed."""
    changed, files = [], generate(course)
    for part in (part.folder for part in course.definition.parts.values()):
        for path in sorted((root / part).rglob("*"), reverse=True):
            if path.is_dir() and path.name == "__pycache__":
                shutil.rmtree(path)
            elif path.is_file() and path.relative_to(root).as_posix() not in files:
                path.unlink()
                changed.append(path.relative_to(root).as_posix())
    return changed + lay_out(files, root)


def lay_out(files: Files, root: Path) -> list[str]:
    """Write files below `root`; return the names of those that were missing or different."""
    changed = []
    for name, content in files.items():
        path = root / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            changed.append(name)
    return changed
