"""The same file twice: what different students handed in alike is listed for staff, and nothing else is."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from homework import COURSE

from autograder.authoring import variants as trials
from autograder.classroom import exports
from autograder.classroom.copies import identical_files as twins
from autograder.reports.records import Alike
from autograder.submission import packing

LONG = b"".join(b"value_%d = some_function_of(%d)\n" % (n, n) for n in range(20))
WEIGHTS = os.urandom(1000)


@pytest.fixture
def alike(tmp_path: Path):
    """Look at a class: files by student, each as a zip, or as a folder where the name ends in a slash."""

    def find(**students: Mapping[str, bytes]) -> list[Alike]:
        for name, files in students.items():
            if name.endswith("_folder"):
                trials.write(tmp_path / "class" / name, files)
            else:
                (tmp_path / "class").mkdir(exist_ok=True)
                packing.write_zip(tmp_path / "class" / f"{name}.zip", files)
        return twins.find(exports.find(tmp_path / "class", COURSE.layout).handed, COURSE)

    return find


def test_equal_zips_are_named_once(alike, reference) -> None:
    assert alike(ada=reference, bell=reference) == [Alike("the whole zip", ("ada", "bell"))]


def test_equal_files_and_checkpoints_are_named_under_any_name_in_zips_and_folders(alike) -> None:
    ada = {"part1_numpy/conv2d.py": LONG, "checkpoints/my_model.pt": WEIGHTS, "part1_numpy/views.py": LONG + b"a = 1\n"}
    bell = {"hw/part1_numpy/mine.py": LONG, "hw/checkpoints/my_model.pt": WEIGHTS}
    assert alike(ada=ada, bell_folder=bell, curie={"part1_numpy/conv2d.py": LONG + b"b = 2\n"}) == [
        Alike("checkpoints/my_model.pt, part1_numpy/conv2d.py = part1_numpy/mine.py", ("ada", "bell_folder"))
    ]


def test_what_everyone_got_or_would_write_does_not_count(alike, skeletons, reference) -> None:
    module = "part1_numpy/views.py"
    windows = {name: content.replace(b"\n", b"\r\n") for name, content in skeletons.items()}
    short = skeletons[module] + b"\nANSWER = 42\n"
    students = {"ada": {**skeletons, module: short}, "bell": {**skeletons, module: short}, "curie": windows}
    given = {"part1_numpy/__init__.py": b"", "part1_numpy/mine.py": b"from part1_numpy.views import add_bias\n"}
    assert alike(**students, dirac=windows, euler=given, fermat=given) == []


def test_those_of_one_student_do_not_count(alike, tmp_path) -> None:
    assert alike(ada={"part1_numpy/conv2d.py": LONG}, bell={"part1_numpy/conv2d.py": LONG[1:]}) == []
    trials.write(tmp_path / "class" / "ada", {"part1_numpy/conv2d.py": LONG})
    assert alike() == []


def test_a_checksum_that_is_forged_to_look_alike_accuses_nobody(alike, tmp_path) -> None:
    alike(ada={"part1_numpy/conv2d.py": LONG})
    other = bytes(reversed(LONG))
    packing.write_zip(tmp_path / "class" / "eve.zip", {"part1_numpy/conv2d.py": other})
    content = (tmp_path / "class" / "eve.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "class" / "ada.zip") as ada, zipfile.ZipFile(tmp_path / "class" / "eve.zip") as eve:
        real, wanted = (archive.infolist()[0].CRC.to_bytes(4, "little") for archive in (eve, ada))
    (tmp_path / "class" / "eve.zip").write_bytes(content.replace(real, wanted))
    assert twins.find(exports.find(tmp_path / "class", COURSE.layout).handed, COURSE) == []


def test_equal_files_that_are_no_zips_are_named_if_they_are_not_tiny(alike, tmp_path) -> None:
    alike(ada={"part1_numpy/conv2d.py": LONG})
    for name in ("bell.rar", "curie.rar"):
        (tmp_path / "class" / name).write_bytes(b"Rar!" + WEIGHTS)
    assert twins.find(exports.find(tmp_path / "class", COURSE.layout).handed, COURSE) == [
        Alike("the whole file", ("bell", "curie"))
    ]


def test_what_is_no_zip_is_passed_over(alike, tmp_path) -> None:
    alike(ada={"part1_numpy/conv2d.py": LONG})
    for name in ("bell.zip", "curie.zip"):
        (tmp_path / "class" / name).write_bytes(b"PK\3\4")
    (tmp_path / "class" / "dirac.zip").symlink_to(tmp_path / "class" / "ada.zip")
    assert twins.find(exports.find(tmp_path / "class", COURSE.layout).handed, COURSE) == []
