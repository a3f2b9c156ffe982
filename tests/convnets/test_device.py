"""The given file that says where to compute: what it does to the process in which a student trains."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys

import pytest
from homework import solution

# Large tensors, made and freed; prints how many bytes glibc has mapped for single tensors while they are there, and
# how many it keeps for the next ones when they are gone. The names are those of mallinfo2(3).
LARGE_TENSORS = """
import ctypes, json
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
del tensors
print(json.dumps({"mapped": mapped, "kept": mallinfo2().fordblks}))
"""


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
