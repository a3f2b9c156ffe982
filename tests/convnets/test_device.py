"""The given file that says where to compute: what it does to the process in which a student trains."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest
from homework import solution

# Large tensors, made and freed. Prints how many bytes glibc has mapped for single tensors while they are there, how
# many of all lie in pages of 2 MB, and how many it keeps when they are gone. Names: mallinfo2(3) and proc(5).
LARGE_TENSORS = """
import ctypes, json, re
from pathlib import Path
import torch
from part2_pytorch.device import reuse_memory
NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in NAMES.split()]
mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Info
if REUSE:
    reuse_memory()
before = mallinfo2().hblkhd
tensors = [torch.ones(64, 2**18) for _ in range(4)]  # of 64 MB
mapped = mallinfo2().hblkhd - before
huge = 1024 * int(re.search(r"AnonHugePages: +([0-9]+) kB", Path("/proc/self/smaps_rollup").read_text())[1])
del tensors
print(json.dumps({"mapped": mapped, "huge": huge, "kept": mallinfo2().fordblks}))
"""

HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="there is no glibc")
def test_memory_that_is_freed_is_used_again() -> None:
    def measure(reuse: bool) -> dict[str, int]:
        command = [sys.executable, "-c", LARGE_TENSORS.replace("REUSE", str(reuse))]
        done = subprocess.run(command, cwd=solution(), capture_output=True, encoding="utf-8", check=True)
        return dict(json.loads(done.stdout))

    size = 4 * 2**26
    usual, reused = measure(reuse=False), measure(reuse=True)
    assert usual["mapped"] >= size > usual["kept"], "without it, they are handed back: the test would see nothing"
    assert reused["mapped"] == 0
    assert reused["kept"] >= size
    if HUGE_PAGES.exists() and "[never]" not in HUGE_PAGES.read_text():
        assert reused["huge"] >= size / 2  # the system gives them where it has some
