"""The given file that says where to compute: what it does to the process in which a student trains."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autograder.assignment import ROOT

# Steps of training; prints how often they touch a page of memory that is new.
STEPS = """
import resource
import torch
from part2_pytorch.device import reuse_memory
from part2_pytorch.models import MyModel
if REUSE:
    reuse_memory()
model, images = MyModel(), torch.ones(128, 3, 32, 32)
def new_pages(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        model(images).sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
new_pages(3)
print(new_pages(6))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no glibc")
def test_memory_that_is_freed_is_used_again() -> None:
    def new_pages(reuse: bool) -> int:
        command = [sys.executable, "-c", STEPS.replace("REUSE", str(reuse))]
        done = subprocess.run(command, cwd=ROOT / "reference", capture_output=True, encoding="utf-8", check=True)
        return int(done.stdout)

    assert new_pages(reuse=True) < new_pages(reuse=False) / 10
