"""Folders as course systems export them, and who is found in them."""

from __future__ import annotations

from pathlib import Path

from homework import COURSE

from autograder.classroom import exports

GRADESCOPE = """\
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0815'
    :email: ada@example.org
  - :name: Charles Babbage
    :sid:
    :email: charles@example.org
  :created_at: 2027-02-18 21:03:11.123456000 Z
  :score: 12.0
submission_102:
  :submitters:
  - :name: Grace Hopper
    :sid: 4711
    :email: grace@example.org
  :created_at: 2027-02-19 08:00:00.000000000 Z
"""


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"PK")
    return folder


def found(folder: Path) -> dict[str, tuple[str, str]]:
    handed = exports.find(folder, COURSE.layout).handed
    return {one.key: (one.people[0].name, one.path.relative_to(folder).as_posix()) for one in handed}


def left_out(folder: Path) -> dict[str, str]:
    return {one.name: one.why for one in exports.find(folder, COURSE.layout).left_out}
