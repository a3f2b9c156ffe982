"""From a zip to a submission: what is refused, what is accepted, and what is said about it."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from homework import COURSE, bare
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import give, tree

from autograder.conformance import archives, target
from autograder.conformance.bad_zips import ATTACKS, CODE, FOLDER, LINK, Raw, honest, pack, zip64
from autograder.course.assignment import Limits
from autograder.errors import SubmissionError
from autograder.submission.entries import clean
from autograder.submission.receive import open_submission

GOOD = Raw("part1_numpy/conv2d.py")
KEPT = {"part1_numpy/conv2d.py": CODE}


@pytest.mark.parametrize(("content", "sentence"), ATTACKS.values(), ids=ATTACKS)
def test_a_zip_that_is_not_as_it_should_be_is_refused_in_a_sentence(content, sentence) -> None:
    assert archives.wrong(content, sentence, Limits()) == ""


@pytest.mark.parametrize("content", [content for content, _ in ATTACKS.values()], ids=ATTACKS)
def test_a_refusal_is_fit_to_be_shown_and_leaves_nothing_beside_the_folder(content, refusal, tmp_path) -> None:
    refusal(content, course=target.COURSE)
    tree(tmp_path)


def streamed() -> bytes:
    """Write to a pipe: sizes come after the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        seek = tell  # type: ignore[assignment]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(GOOD.name, CODE)
    return pipe.getvalue()


def with_zip64_headers() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open(GOOD.name, "w", force_zip64=True) as file:
        file.write(CODE)
    return buffer.getvalue()


MAC = "Übung 2"
HONEST = {
    "parts at the root": pack(GOOD),
    "inside one folder": pack(Raw("hw2/part1_numpy/conv2d.py")),
    "inside folders in folders": pack(Raw("a/b/c/part1_numpy/conv2d.py"), Raw("a/notes.txt")),
    "a part's folder inside a part": pack(GOOD, Raw("part1_numpy/part2_pytorch.txt")),
    "folders listed": pack(Raw("part1_numpy/", b"", attributes=FOLDER), GOOD),
    "folders listed twice": pack(*[Raw("part1_numpy/", b"", attributes=FOLDER)] * 2, GOOD),
    "a folder without its slash": pack(Raw("part1_numpy", b"", attributes=FOLDER), GOOD),
    "the root listed": pack(Raw("./", b"", attributes=FOLDER), GOOD),
    "names that begin with a dot and a slash": pack(Raw("./part1_numpy/conv2d.py")),
    "Windows separators": pack(Raw("hw2\\", b""), Raw("hw2\\part1_numpy\\conv2d.py")),
    "no attributes": pack(Raw(GOOD.name, attributes=0)),
    "attributes of DOS": pack(Raw("part1_numpy/", b"", attributes=0x10), Raw(GOOD.name, attributes=0x20)),
    "stored": pack(Raw(GOOD.name, method=0)),
    "sizes after the data": streamed(),
    "headers of zip64": with_zip64_headers(),
    "sizes of zip64": pack(zip64(GOOD, size=len(CODE))),
    "a comment": pack(GOOD, comment=b"handed in late"),
    "bytes behind the end": pack(GOOD, behind=bytes(100)),
    "Finder's junk": pack(
        Raw(f"{MAC}/part1_numpy/conv2d.py", flags=0),
        Raw(f"{MAC}/.DS_Store", flags=0),
        Raw(f"{MAC}/Icon\r", b"", flags=0),
        Raw(f"__MACOSX/{MAC}/._Icon\r", flags=0),
        Raw(f"__MACOSX/{MAC}/part1_numpy/._conv2d.py", flags=0),
    ),
    "compiled and native code": pack(
        GOOD,
        Raw("part1_numpy/__pycache__/conv2d.cpython-311.pyc"),
        Raw("part1_numpy/conv2d.pyc"),
        *(Raw(f"part1_numpy/conv2d.{suffix}") for suffix in ("so", "dylib", "dll", "pyd", "pth", "pyx", "ipynb")),
    ),
    "virtual environments": pack(
        GOOD,
        Raw("part1_numpy/mine/pyvenv.cfg"),
        Raw("part1_numpy/mine/bin/activate_this.py"),
        Raw("part1_numpy/venv/lib/site-packages/numpy.py"),
        Raw("part1_numpy/venv/bin/tool.py"),
        Raw("part1_numpy/venv/bin/python", b"/usr/bin/python3", attributes=LINK),
    ),
    "a link to the data set": pack(GOOD, Raw("data", b"/datasets/cifar10", attributes=LINK)),
}


@pytest.mark.parametrize("content", HONEST.values(), ids=HONEST)
def test_what_people_really_upload_is_accepted(content, unpack) -> None:
    submission = unpack(content)
    assert tree(submission.folder) == KEPT
    assert submission.digest == hashlib.sha256(content).hexdigest()


def test_the_kinds_of_files_that_are_kept(unpack) -> None:
    kept = [
        "part1_numpy/mine/deep/er.py",
        "part1_numpy/env/notes.py",
        "part2_pytorch/configs/my_model.toml",
        "part2_pytorch/models.py",
        "part3_imbalance/runs/a/b.toml",
        "part3_imbalance/losses.py",
        "checkpoints/my_model.pt",
    ]
    dropped = [
        "README.md",
        "data/cifar.bin",
        "autograder/cli.py",
        "checkpoints/old/my_model.pt",
        "checkpoints/run.py",
        "part1_numpy/A.PY",
        "part1_numpy/a.toml",
        "part1_numpy/my_model.pt",
        "part1_numpy/.hidden/x.py",
        "part2_pytorch/my.toml",
        "part2_pytorch/configs/more/my.toml",
        "part2_pytorch/configs/my.toml.d/x.py",
    ]
    assert sorted(tree(unpack(honest(dict.fromkeys(kept + dropped, CODE))).folder)) == sorted(kept)


def test_modes_are_ours_whatever_the_zip_and_the_umask_say(unpack) -> None:
    raws = [Raw("part1_numpy/a/", b"", attributes=0o040777 << 16), Raw("part1_numpy/a/x.py", attributes=0o106777 << 16)]
    before = os.umask(0o077)
    try:
        folder = unpack(pack(*raws)).folder
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {"into": 0o755, "part1_numpy": 0o755, "a": 0o755, "x.py": 0o644}


def test_names_become_those_that_python_imports(unpack) -> None:
    names = {"part1_numpy/e\u0301.py": CODE}
    assert tree(unpack(honest(names)).folder) == {"part1_numpy/\xe9.py": CODE}


def test_without_directory_descriptors_the_same_files_are_written(unpack, monkeypatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", set())
    assert tree(unpack(pack(GOOD)).folder) == KEPT


def test_a_link_in_the_way_is_not_followed(unpack, tmp_path) -> None:
    """No zip can make one; this is the second line of defence."""
    (tmp_path / "into").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "into" / "part1_numpy").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotADirectoryError):
        unpack(pack(GOOD))
    assert not tree(tmp_path / "elsewhere")


def test_a_folder_that_is_not_empty_is_a_fault_of_ours_and_no_refusal(unpack) -> None:
    unpack(pack(GOOD))
    with pytest.raises(FileExistsError):
        unpack(pack(GOOD))


NO_ZIPS = {
    "an empty file": b"",
    "a RAR archive": b"Rar!\x1a\x07\x01\x00",
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "a gzip archive": zlib.compress(b"tar", wbits=31),
    "a bzip2 archive": b"BZh91AY",
    "an xz archive": b"\xfd7zXZ\0\0",
    "a PDF": b"%PDF-1.7",
    "a tar archive": b"part1_numpy/".ljust(257, b"\0") + b"ustar\x0000",
    "a web page": b"\xef\xbb\xbf\n<!DOCTYPE html><title>Sign in</title>",
    "something that does not start like a zip": b"x = 1",
}


@pytest.mark.parametrize(("what", "content"), NO_ZIPS.items(), ids=NO_ZIPS)
def test_another_kind_of_file_is_called_by_its_name(what, content, refusal) -> None:
    assert refusal(content).startswith(f"the submission is {what}")


def test_what_is_no_file_is_called_by_its_name(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path, "a folder"), (tmp_path / "none", "no file"), (tmp_path / "pipe", "no regular file")):
        with pytest.raises(SubmissionError, match=f"^the submission is {what}, expected a zip"):
            open_submission(path, tmp_path / "into", Limits(), COURSE)


def test_a_zip_too_large_and_damaged_is_refused_without_them(refusal) -> None:
    assert refusal(b"PK\3\4" + bytes(10**6), Limits(zip_megabytes=1)).endswith("at most 1 MB are accepted")


def test_a_file_is_unpacked_no_further_than_it_declares(refusal, tmp_path) -> None:
    refusal(pack(Raw("part1_numpy/x.py", bytes(50 * 10**6), size=1000)))
    assert sum(map(len, tree(tmp_path / "into").values())) <= 1001


def test_names_in_sentences_are_short_and_plain() -> None:
    assert clean("part1_numpy/conv2d.py") == "part1_numpy/conv2d.py"
    assert clean("a\x1b[2J\u202eb\u2028\x00") == r"a\u001b[2J\u202eb\u2028\u0000"
    assert len(clean("x" * 65_000)) == 80
    assert clean("a" * 100 + "/conv2d.py").endswith("a/conv2d.py")


SAMPLE = pack(
    GOOD,
    Raw("hw2/"),
    Raw("part1_numpy/__init__.py", method=0),
    Raw("checkpoints/my_model.pt", bytes(300)),
    Raw("link", attributes=LINK),
    Raw("part2_pytorch/ü.py", flags=0),
    zip64(Raw("part3_imbalance/x.py"), size=6),
    comment=b"end",
)
BYTES = st.one_of(st.sampled_from([0, 1, 0x2F, 0x5C, 0x7F, 0x80, 0xFF]), st.integers(0, 255))
CHANGES = st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), BYTES), min_size=1, max_size=6)
NAMES = st.text(st.sampled_from("ab./\\:\0\r\n\x7f\u202eÀé\u0301ß\U0001f600"), max_size=20)


def never_escapes(content: bytes) -> None:
    """Open a zip: it is refused or unpacked, and nothing but files and folders lies in the one folder."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "in.zip").write_bytes(content)
        give(base / "ours" / "given", "part1_numpy/__init__.py", "part2_pytorch/configs/a.toml")
        ours = bare(base / "ours")
        before = tree(base)
        try:
            sentences = open_submission(base / "in.zip", base / "a" / "into", Limits(), ours).notes
        except SubmissionError as error:
            sentences = (str(error),)
        assert all(text.isprintable() and len(text) < 1000 for text in sentences)
        after = tree(base)
        assert {name: after[name] for name in after if not name.startswith("a/into/")} == before


def test_the_zip_whose_bytes_are_changed_below_is_accepted_unchanged(unpack) -> None:
    assert len(tree(unpack(SAMPLE).folder)) == 5


@settings(max_examples=200, deadline=None)
@given(CHANGES, st.one_of(st.none(), st.integers(0, len(SAMPLE))))
def test_a_zip_with_changed_bytes_is_refused_or_stays_in_its_folder(changes, end) -> None:
    content = bytearray(SAMPLE)
    for position, value in changes:
        content[position] = value
    never_escapes(bytes(content[:end]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "part1_numpy/", "part2_pytorch/configs/"]), NAMES), max_size=4))
def test_a_zip_with_any_names_is_refused_or_stays_in_its_folder(names) -> None:
    never_escapes(pack(GOOD, *(Raw(f"{folder}{name}.py") for folder, name in names)))
