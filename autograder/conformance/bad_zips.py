"""Zips made by hand, byte by byte: what no honest program writes, and the sentence that refuses it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from autograder.conformance.table import MODULE
from autograder.submission.entries import MAX_DEPTH, MAX_ENTRIES, MAX_PATH_BYTES

CODE = b"x = 1\n"
DEFLATED = zlib.compress(CODE, 9, -15)
FILE, FOLDER, LINK, DEVICE = (kind << 16 for kind in (0o100644, 0o040755, 0o120777, 0o020666))
UTF8 = 0x800


@dataclass(frozen=True)
class Raw:
    """One entry as it stands in a zip; None is what an honest zip says."""

    name: str | bytes
    data: bytes = CODE
    method: int = 8
    flags: int = UTF8
    attributes: int = FILE
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    version: int = 20


def pack(*raws: Raw, prefix: bytes = b"", shift: int = 0, comment: bytes = b"", behind: bytes = b"") -> bytes:
    """Make a zip by hand; `shift` is added to where it says its directory is."""
    body, directory = io.BytesIO(), io.BytesIO()
    body.write(prefix)
    for raw in raws:
        name = raw.name.encode() if isinstance(raw.name, str) else raw.name
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(raw.data) + packer.flush() if raw.method == 8 else raw.data
        crc = zlib.crc32(raw.data) if raw.crc is None else raw.crc
        size = len(raw.data) if raw.size is None else raw.size
        packed = len(data) if raw.packed is None else raw.packed
        both = struct.pack("<HHH4xLLL", raw.version, raw.flags, raw.method, crc, packed, size)
        offset = body.tell() if raw.offset is None else raw.offset
        local = name if raw.local_name is None else raw.local_name
        body.write(b"PK\3\4" + both + struct.pack("<HH", len(local), 0) + local + data)
        rest = struct.pack("<HHH4xLL", len(name), len(raw.extra), 0, raw.attributes, offset)
        directory.write(b"PK\1\2\x14\x03" + both + rest + name + raw.extra)
    start, listed = body.tell() + shift, directory.getvalue()
    end = struct.pack("<4s4xHHLLH", b"PK\5\6", len(raws), len(raws), len(listed), start, len(comment)) + comment
    return body.getvalue() + listed + end + behind


def honest(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make a zip as Python's zipfile does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


GOOD = Raw(MODULE)


def zip64(raw: Raw, **values: int) -> Raw:
    """Move sizes or the offset into the extra field of zip64."""
    extra = struct.pack("<HH", 1, 8 * len(values)) + struct.pack(f"<{len(values)}Q", *values.values())
    moved: dict[str, Any] = dict.fromkeys(values, 0xFFFF_FFFF)
    return Raw(raw.name, extra=extra, **moved)


def quoted() -> bytes:
    """Let 50 entries share one file of zeros, as overlap bombs do."""
    names = [f"layers/{number}.py" for number in range(50)]
    return pack(*(Raw(name, bytes(100_000), offset=0) for name in names))


DEEP = "/".join(["layers", *["a"] * (MAX_DEPTH - 1), "x.py"])
LONG = "layers/" + "a" * (MAX_PATH_BYTES - 9) + ".py"
VENV = {f"hw2/more/lib/python3/{number}.py": b"" for number in range(MAX_ENTRIES)}

ATTACKS = {
    "traversal": (pack(GOOD, Raw("layers/../../x.py")), r"^layers/../../x.py leads out of its folder"),
    "traversal of a file that would be dropped": (pack(GOOD, Raw("../notes.txt")), r"leads out of its folder"),
    "traversal by backslash": (pack(GOOD, Raw("layers\\..\\..\\x.py")), r"leads out of its folder"),
    "absolute": (pack(GOOD, Raw("/layers/x.py")), r"^/layers/x.py is an absolute path"),
    "absolute by backslash": (pack(GOOD, Raw("\\layers\\x.py")), r"is an absolute path"),
    "drive": (pack(GOOD, Raw("C:\\layers\\x.py")), r"is an absolute path"),
    "drive further down": (pack(GOOD, Raw("layers/c:x.py")), r"is an absolute path"),
    "UNC": (pack(GOOD, Raw("\\\\host\\share\\layers\\x.py")), r"is an absolute path"),
    "NUL": (pack(GOOD, Raw("layers/x.py\0.txt")), r"x.py\\u0000.txt has a control character in its name"),
    "line feed": (pack(Raw("layers/x\n.py")), r"x\\u000a.py has a control character in its name"),
    "escape sequence": (pack(Raw("\x1b[31m/x.py")), r"^\\u001b\[31m/x.py has a control character"),
    "C1 control": (pack(Raw("layers/\x9b.py")), r"has a control character"),
    "right to left": (pack(Raw("layers/\u202eyp.x/..")), r"^layers/\\u202eyp.x/.. leads out"),
    "no name": (pack(GOOD, Raw("")), r"^an entry of the zip has no name"),
    "only a dot": (pack(GOOD, Raw("./.")), r"has no name"),
    "not UTF-8": (pack(Raw(b"layers/\xff.py")), r"^the zip is damaged .* \(UnicodeDecodeError\)"),
    "too deep": (pack(Raw(DEEP)), rf"lies {MAX_DEPTH + 1} folders deep, at most {MAX_DEPTH} are accepted"),
    "path too long": (pack(Raw(LONG)), rf"a path of {MAX_PATH_BYTES + 1} bytes, at most {MAX_PATH_BYTES}"),
    "path too long in bytes": (pack(Raw("layers/" + "é" * 118 + ".py")), r"a path of 246 bytes"),
    "so deep that its folders fill the memory": (
        pack(GOOD, *(Raw(f".{n}/" + "a/" * 1000 + "x", b"", local_name=b"x") for n in range(1500))),
        r"lies 1002 folders deep, at most 100 are read: leave it out",
    ),
    "names that take minutes to normalise": (
        pack(GOOD, *(Raw(f".{n}/" + "\u0345" * 8000 + "\u0334" * 8000, b"", local_name=b"x") for n in range(100))),
        r"has a path of 3200\d bytes, at most 2048 are read: leave it out",
    ),
    "too many entries": (
        honest({"hw2/" + MODULE: CODE} | VENV),
        r"has 2001 entries, at most 2000 .*; 2000 lie in hw2/more/lib/python3/: leave that out",
    ),
    "too many entries at the top": (honest({f"{n}.py": b"" for n in range(2001)}), r"at most 2000 are accepted$"),
    "a directory of 5 MB": (
        b"PK\3\4" + bytes(5 * 10**6) + struct.pack("<4s8xLLH", b"PK\5\6", 5 * 10**6, 4, 0),
        r"^the zip's list of files is too long",
    ),
    "unpacks to too much": (
        pack(GOOD, Raw("checkpoints/a.pt", size=300 * 10**6), Raw("data.bin", size=150 * 10**6)),
        r"unpacks to 450.0 MB, at most 400.0 MB are accepted; the biggest: checkpoints/a.pt \(300.0 MB\), data.bin",
    ),
    "overlap bomb": (quoted(), r"^layers/1.py overlaps another entry"),
    "nested overlap": (pack(GOOD, Raw("layers/b.py", offset=10)), r"overlaps another entry"),
    "beyond the directory": (pack(Raw(MODULE, packed=60)), r"is not where the zip says"),
    "offset into nothing": (pack(Raw(MODULE, offset=5)), r"is not where the zip says"),
    "offset past the end": (pack(Raw(MODULE, offset=2**31)), r"activations.py in the zip is damaged"),
    "directory said to be further on": (pack(GOOD, shift=9), r"overlaps another entry|damaged"),
    "directory said to be earlier": (pack(GOOD, shift=-9), r"is not where the zip says"),
    "smaller than it is": (pack(Raw(MODULE, size=5)), r"has 6 bytes, the zip declares 5"),
    "smaller, stored": (pack(Raw(MODULE, method=0, size=5)), r"has 6 bytes, the zip declares 5"),
    "much smaller than it is": (pack(Raw(MODULE, size=3)), r"activations.py in the zip is damaged"),
    "smaller, and the sum fits": (pack(Raw(MODULE, size=3, crc=zlib.crc32(CODE[:3]))), r"damaged"),
    "smaller by one, and the sum fits": (pack(Raw(MODULE, size=5, crc=zlib.crc32(CODE[:5]))), r"damaged"),
    "larger than it is": (pack(Raw(MODULE, size=100)), r"has 6 bytes, the zip declares 100"),
    "larger, stored": (pack(Raw(MODULE, method=0, size=100)), r"has 6 bytes, the zip declares 100"),
    "wrong sum": (pack(Raw(MODULE, crc=1)), r"activations.py in the zip is damaged .* \(BadZipFile\)"),
    "not deflate inside": (pack(Raw(MODULE, packed=1)), r"has 0 bytes|damaged"),
    "deflate's errors": (pack(GOOD).replace(DEFLATED, b"\xff" * len(DEFLATED)), r"unusual way \(error\)"),
    "two names of one file": (pack(Raw(MODULE, local_name=b"layers/other.py")), r"activations.py in the zip is dam"),
    "zip64 of exabytes": (pack(zip64(GOOD, size=2**63)), r"unpacks to 9223372036854.8 MB"),
    "zip64 packed exabytes": (pack(zip64(GOOD, packed=2**63)), r"is not where the zip says"),
    "zip64 offset": (pack(zip64(GOOD, offset=2**63)), r"damaged"),
    "zip64 field missing": (pack(Raw(MODULE, size=0xFFFF_FFFF, extra=struct.pack("<HH", 1, 0))), r"damaged"),
    "encrypted": (pack(Raw(MODULE, flags=UTF8 | 1)), r"activations.py is encrypted: make a zip without a password"),
    "strongly encrypted": (pack(Raw(MODULE, flags=UTF8 | 0x40)), r"is encrypted"),
    "masked directory": (pack(Raw(MODULE, flags=UTF8 | 0x2000)), r"is encrypted"),
    "patch data": (pack(Raw(MODULE, flags=UTF8 | 0x20)), r"packed in an unusual way \(NotImplementedError\)"),
    "from the future": (pack(Raw(MODULE, version=99)), r"packed in an unusual way \(NotImplementedError\)"),
    "bzip2": (honest({MODULE: CODE}, zipfile.ZIP_BZIP2), r"activations.py is compressed with bzip2, expected deflate"),
    "LZMA": (honest({MODULE: CODE}, zipfile.ZIP_LZMA), r"is compressed with LZMA, expected deflate"),
    "unknown method": (pack(Raw(MODULE, method=77)), r"is compressed with method 77, expected deflate"),
    "link to a file": (pack(Raw(MODULE, b"/etc/passwd", attributes=LINK)), r"activations.py is a link or a device"),
    "link to a folder": (pack(GOOD, Raw("checkpoints", b"/tmp", attributes=LINK)), r"^checkpoints is a link"),
    "link with a slash": (pack(GOOD, Raw("layers/a/", b"/tmp", attributes=LINK)), r"a is a link or a device"),
    "device": (pack(Raw(MODULE, b"", attributes=DEVICE)), r"activations.py is a link or a device"),
    "one name twice": (pack(GOOD, GOOD), r"activations.py and layers/activations.py have one name"),
    "names that differ by case": (
        pack(GOOD, Raw("layers/ACTIVATIONS.py")),
        r"activations.py and layers/ACTIVATIONS",
    ),
    "names that differ by sharp s": (pack(Raw("layers/ß.py"), Raw("layers/SS.py")), r"have one name"),
    "composed and decomposed": (pack(Raw("layers/\xe9.py"), Raw("layers/e\u0301.py")), r"have one name"),
    "names that differ by a dot": (pack(GOOD, Raw("./layers//activations.py")), r"have one name"),
    "names that differ by separator": (pack(GOOD, Raw("layers\\activations.py")), r"have one name"),
    "file used as a folder": (pack(GOOD, Raw(MODULE + "/x.py")), r"activations.py is both a file and a folder"),
    "file used as a folder, by case": (pack(GOOD, Raw("layers/Activations.py/x.py")), r"is both a file and a folder"),
    "file and folder of one name": (pack(GOOD, Raw(MODULE + "/", b"")), r"is both a file and a folder"),
    "cut short": (pack(GOOD, GOOD)[:-30], r"^the zip is damaged or packed in an unusual way \(BadZipFile\)"),
    "a program before it": (pack(GOOD, prefix=b"MZ" + bytes(100)), r"something that does not start like a zip"),
    "no entry": (pack(), r"^the zip is empty"),
}
