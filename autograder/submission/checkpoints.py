"""A checkpoint file before anything is loaded from it: whether it is what torch.save writes, and the box may open it.

Protects against archives that unpack to more than they are, whole pickled models, and anything that a pickle would
call. The pickle is read instruction by instruction and never run. Does not protect against tensors that claim to be
large: the box loads them, with its memory limit, and compares them with the model first.
"""

from __future__ import annotations

import io
import pickletools
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from autograder.errors import BadCheckpoint, NoCheckpoint
from autograder.submission import state_dicts
from autograder.submission.entries import MEGABYTE, BoundedReader, clean, megabytes

MAX_PICKLE = MEGABYTE  # bytes of data.pkl: names and shapes; 1,000 tensors take 0.15
MAX_DIRECTORY = MEGABYTE  # bytes of the archive's own list, and of any other single read
SAVE = "save it with torch.save(model.state_dict(), path)"

HEADS = {
    b"version https://git-lfs": "a git-LFS pointer instead of the file: run `git lfs pull` and make the zip again",
    b"\x89HDF": f"an HDF5 file, as Keras writes: {SAVE}",
    b"\x93NUMPY": f"a NumPy file: {SAVE}",
    b"\x1f\x8b": f"a gzip archive: {SAVE}",
    b"<": "a web page or XML: download it again",
    b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46": f"in the format of torch before 1.6: {SAVE}, with a torch of today",
    b"\x80": f"a bare pickle: {SAVE}",
}
# What a file of tensors, numbers and text names; protocol 2 writes bytes through _codecs.encode.
ALLOWED = re.compile(
    r"collections OrderedDict|_codecs encode|(__builtin__|builtins) set"
    r"|torch\._utils (_rebuild_tensor(_v2)?|_rebuild_parameter)"
    r"|torch ((Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage|Size|device)"
    r"|torch (b?float|int|uint|bool)\d*"
)
LIBRARY = {*sys.stdlib_module_names, "numpy", "torch", "__builtin__", "copy_reg"} - {"__main__"}
INDIRECT = {"STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that the box may load.

    Attributes:
        content: of the file.
        parameters: the numbers in its state_dict: weights and buffers, those that several names share once.
    """

    content: bytes
    parameters: int


def read(path: Path, name: str, max_megabytes: int) -> Checkpoint:
    """Read a checkpoint that the box may load; all that is said of it stems from the file alone.

    Args:
        path: untrusted.
        name: "checkpoints/net.pt", for the sentences.
        max_megabytes: more than this is not read.

    Raises:
        NoCheckpoint: if there is none.
        BadCheckpoint: with one sentence that says what it is instead, and what to do.
    """
    if not path.is_file():
        raise NoCheckpoint(f"{name} is missing")
    if (size := path.stat().st_size) > max_megabytes * MEGABYTE:
        raise BadCheckpoint(f"{name} has {megabytes(size)}, at most {max_megabytes} MB are accepted: {SAVE}")
    content = path.read_bytes()
    _expect_archive(content, name)
    try:
        with zipfile.ZipFile(BoundedReader(io.BytesIO(content), MAX_DIRECTORY)) as archive:
            pickled, storages = _judge(archive, len(content), name)
    except BadCheckpoint:
        raise
    except Exception:  # zipfile raises nearly everything
        raise BadCheckpoint(f"{name} is damaged or cut short: save or copy it again") from None
    _expect_tensors_only(pickled, name)
    try:
        return Checkpoint(content, state_dicts.count(pickled, storages))
    except Exception:  # instructions in an order that no torch.save writes
        raise BadCheckpoint(f"{name} is damaged: save or copy it again") from None


def _expect_archive(content: bytes, name: str) -> None:
    if content.startswith(b"PK\3\4"):
        return
    if not content:
        raise BadCheckpoint(f"{name} is empty: {SAVE}")
    for head, what in HEADS.items():
        if content.startswith(head):
            raise BadCheckpoint(f"{name} is {what}")
    if content[8:10] in (b'{"', b"{ "):
        raise BadCheckpoint(f"{name} is a safetensors file: {SAVE}")
    raise BadCheckpoint(f"{name} is no file of torch.save: {SAVE}")


def _judge(archive: zipfile.ZipFile, size: int, name: str) -> tuple[bytes, dict[str, int]]:
    """Return data.pkl of an archive that is laid out as torch.save does it, and the bytes of each storage."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    pickles = [info for info in infos if info.filename.count("/") == 1 and info.filename.endswith("/data.pkl")]
    if any(each.endswith("/constants.pkl") for each in names):
        raise BadCheckpoint(f"{name} is a TorchScript model: {SAVE}")
    if len(pickles) != 1:
        raise BadCheckpoint(f"{name} is a zip archive, but not one of torch.save: {SAVE}")
    top = pickles[0].filename.partition("/")[0]
    if any(info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 for info in infos):
        raise BadCheckpoint(f"{name} was packed again with compression, which torch.save does not do: {SAVE}")
    if any(not each.startswith(f"{top}/") for each in names) or len({each.casefold() for each in names}) < len(names):
        raise BadCheckpoint(f"{name} holds more than torch.save writes: {SAVE}")
    if any(info.file_size != info.compress_size for info in infos) or sum(info.file_size for info in infos) > size:
        raise BadCheckpoint(f"{name} declares more bytes than it has: save or copy it again")
    if pickles[0].file_size > MAX_PICKLE:
        raise BadCheckpoint(
            f"{name} holds {megabytes(pickles[0].file_size)} beside its tensors, at most {megabytes(MAX_PICKLE)} are "
            f"accepted: {SAVE}"
        )
    data = f"{top}/data/"
    storages = {info.filename.removeprefix(data): info.file_size for info in infos if info.filename.startswith(data)}
    return archive.read(pickles[0]), storages


def _expect_tensors_only(pickled: bytes, name: str) -> None:
    """Refuse a pickle that names anything but what holds tensors, numbers and text together."""
    try:
        named = list(_globals(pickled, name))
    except BadCheckpoint:
        raise
    except Exception:  # what pickletools raises for bytes that are no pickle
        raise BadCheckpoint(f"{name} is damaged: save or copy it again") from None
    strange = [each for each in named if not ALLOWED.fullmatch(each)]
    for each in strange:
        if _is_model(each):
            raise BadCheckpoint(f"{name} is a whole model ({_class(each)}), expected its weights alone: {SAVE}")
    if strange:
        raise BadCheckpoint(
            f"{name} holds something of the kind {_class(strange[0])}, expected tensors, numbers and text: {SAVE}"
        )


def _is_model(named: str) -> bool:
    """Whether a pickle names the class of a network: torch's own, or one of a student's."""
    return named.startswith(("torch.nn.", "torchvision.")) or re.split(r"[. ]", named)[0] not in LIBRARY


def _globals(pickled: bytes, name: str) -> Iterator[str]:
    """Yield what the pickle would import, as "module name"."""
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in INDIRECT or (opcode.name == "PROTO" and argument != 2):
            _refuse_protocol(name)
        if opcode.name == "GLOBAL":
            yield str(argument)


def _refuse_protocol(name: str) -> NoReturn:
    raise BadCheckpoint(f"{name} was saved with another pickle_protocol than torch's own: {SAVE}")


def _class(text: str) -> str:
    return clean(text.replace(" ", "."))
