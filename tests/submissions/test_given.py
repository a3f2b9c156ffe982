"""Files that are given stay given: replaced where they were edited, added where they are missing."""

from __future__ import annotations

import pytest
from homework import COURSE
from trees import give, tree

from autograder.conformance.bad_zips import CODE, honest
from autograder.course import assignment as assignments
from autograder.submission import packing
from autograder.submission.receive import open_submission


def test_edited_given_files_are_replaced_and_named(ours, unpack) -> None:
    give(
        ours.folder / "given",
        "part1_numpy/module.py",
        "part1_numpy/train.py",
        "part1_numpy/gradcheck.py",
        "part1_numpy/conv2d.py",
    )
    files = {
        "part1_numpy/module.py": b"a = 3\nb = 2\n",
        "part1_numpy/train.py": bytes(10**6),
        "part1_numpy/gradcheck.py": b"a = 1\nb = 2\n",
        "part1_numpy/conv2d.py": CODE,
    }
    submission = unpack(honest(files))
    original = b"a = 1\nb = 2\n"
    assert tree(submission.folder) == dict.fromkeys(files, original) | {"part1_numpy/conv2d.py": CODE}
    assert submission.notes[2:] == (
        "given files that were edited, replaced by the original: part1_numpy/module.py, part1_numpy/train.py",
    )


def test_line_ends_and_a_byte_order_mark_are_no_edit(ours, unpack) -> None:
    give(ours.folder / "given", "part1_numpy/module.py")
    submission = unpack(honest({"part1_numpy/module.py": b"\xef\xbb\xbfa = 1\r\nb = 2\r\n"}))
    assert tree(submission.folder) == {"part1_numpy/module.py": b"a = 1\nb = 2\n"}
    assert len(submission.notes) == 2


def test_missing_given_files_and_configurations_are_added_where_the_part_is(ours, unpack) -> None:
    give(ours.folder / "given", "part1_numpy/module.py", "part2_pytorch/data.py")
    give(ours.folder / "given", "part2_pytorch/configs/my_model.toml", "part2_pytorch/configs/two_layer.toml")
    files = {"part2_pytorch/models.py": CODE, "part2_pytorch/configs/My_Model.toml": CODE}
    submission = unpack(honest(files))
    added = {"part2_pytorch/data.py", "part2_pytorch/configs/two_layer.toml"}
    assert set(tree(submission.folder)) == {*files, *added}
    assert submission.notes[3:] == (
        "given files that were missing, added: part2_pytorch/configs/two_layer.toml, part2_pytorch/data.py",
    )


@pytest.mark.parametrize(
    "name",
    [
        "part1_numpy/module/__init__.py",
        "part1_numpy/Module/x.py",
        "part1_numpy/module.py/x.py",
        "part2_pytorch/configs/my_model.toml/x.py",
    ],
)
def test_nothing_stands_in_the_way_of_a_given_file(name, ours, unpack) -> None:
    give(ours.folder / "given", "part1_numpy/module.py", "part2_pytorch/configs/my_model.toml")
    submission = unpack(honest({name: CODE, "part1_numpy/x.py": CODE, "part2_pytorch/x.py": CODE}))
    assert name not in tree(submission.folder)
    assert name in submission.notes[-1]


def test_a_given_file_in_other_letters_is_the_given_file(ours, unpack) -> None:
    give(ours.folder / "given", "part1_numpy/module.py")
    assert list(tree(unpack(honest({"part1_numpy/Module.py": CODE})).folder)) == ["part1_numpy/module.py"]


def test_checkpoints_that_nobody_looks_at_stay_packed_and_cost_nothing_else(tmp_path) -> None:
    zip_path = tmp_path / "submission.zip"
    packing.write_zip(zip_path, COURSE.files("shapes"))
    limits = assignments.load(COURSE).limits
    whole = open_submission(zip_path, tmp_path / "whole", limits, COURSE)
    code = open_submission(zip_path, tmp_path / "code", limits, COURSE, checkpoints=False)
    assert (whole.notes, whole.digest) == (code.notes, code.digest)
    there = {path.name for path in whole.folder.iterdir()}
    assert there - {path.name for path in code.folder.iterdir()} == {"checkpoints"}
