"""Checkpoint files made by hand, opcode by opcode: what torch.save never writes, and the sentence that refuses it."""

from __future__ import annotations

import io
import pickle
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import CheckFailed
from autograder.submission import checkpoints

NAME = "checkpoints/net.pt"
MEGABYTES = 100
EMPTY = b"\x80\x02}."  # {}, in protocol 2


def archive(pickled: bytes, more: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """Lay out files as torch.save does."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in {"m/data.pkl": pickled, "m/version": b"3\n", **(more or {})}.items():
            file.writestr(name, content)
    return stream.getvalue()


def _text(text: str) -> bytes:
    return b"X" + len(text).to_bytes(4, "little") + text.encode()


def rows(trace: str) -> dict[str, tuple[bytes, str]]:
    """Make each file, and say what its refusal says.

    Args:
        trace: a path that the code in some of them makes, where it runs.
    """
    touch, write = f"touch {trace}", f"open({trace!r}, 'w').close()"
    size = len(touch).to_bytes(1, "little")
    return {
        "a program that runs when the file is loaded": (
            archive(b"\x80\x02cos\nsystem\n" + _text(touch) + b"\x85R."), "of the kind os.system"),
        "Python code in the place of a tensor": (
            archive(b"\x80\x02cbuiltins\nexec\n" + _text(write) + b"\x85R."), "of the kind builtins.exec"),
        "a function that is found on the stack (protocol 4)": (
            archive(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + size + touch.encode() + b"\x85R."),
            "another pickle_protocol"),
        "an instance, which is made by a call (INST)": (
            archive(b"\x80\x02(" + _text(touch) + b"ios\nsystem\n."), "another pickle_protocol"),
        "an object, which is made by a call (OBJ)": (
            archive(b"\x80\x02(cos\nsystem\n" + _text(touch) + b"o."), "another pickle_protocol"),
        "a bare pickle": (
            b"\x80\x02cos\nsystem\n" + _text(touch) + b"\x85R.", "a bare pickle"),
        "an archive packed again, as bombs are": (
            archive(EMPTY, {"m/data/0": bytes(30_000_000)}, zipfile.ZIP_DEFLATED), "packed again with compression"),
        "files beside those of torch.save": (
            archive(EMPTY, {"other/data/0": b"x"}), "holds more than torch.save writes"),
        "one name twice, but for its case": (
            archive(EMPTY, {"m/data/0": b"x", "m/DATA/0": b"y"}), "holds more than torch.save writes"),
        "a megabyte of text among the tensors": (
            archive(pickle.dumps({"notes": "x" * 1_100_000}, protocol=2)), "beside its tensors"),
        "a list of files that leads past the end": (
            archive(EMPTY).replace(b"PK\1\2", b"PK\1\3"), "damaged or cut short"),
        "instructions that are none": (archive(b"\x80\x02" + b"\xff" * 50), "is damaged"),
    }  # fmt: skip


def wrong(content: bytes, says: str) -> str:
    """Say what is wrong with how a file is refused; empty if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.pt")
        path.write_bytes(content)
        try:
            checkpoints.read(path, NAME, MEGABYTES)
        except CheckFailed as error:
            return "" if says in str(error) else f"{error}, expected {says!r}"
    return "it is accepted"


def breach(content: bytes, trace: str) -> str:
    """Load a file as many graders do, and say what that led to; for a process that is thrown away."""
    import torch

    try:
        torch.load(io.BytesIO(content), weights_only=False)
    except Exception as error:  # torch raises many kinds for files that are none
        ended = type(error).__name__
    else:
        ended = ""
    if Path(trace).exists():
        Path(trace).unlink()
        return "its code runs while torch.load reads it"
    return "" if ended else "torch.load takes it without a word"
