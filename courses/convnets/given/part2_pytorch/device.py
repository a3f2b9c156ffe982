"""Where to compute and in which precision, so that training is fast on whatever there is. Given.

CUDA, Apple's MPS, else the CPU. On CPUs with bfloat16 instructions (AVX512-BF16, AMX) a convolution takes about half
the time in bfloat16; on CPUs without them, several times as long: `precision = "auto"` looks first.
"""

from __future__ import annotations

import ctypes
import sys

import torch
from torch import nn

PAGE = 2**21  # bytes
RESERVED = 2**31 - PAGE  # bytes; the most that mallopt takes


def pick_device() -> torch.device:
    """Take the fastest device there is."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def fast_at_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is quicker than float32 there."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return bool(known.get("avx512_bf16") or known.get("amx_bf16"))
    return False


def precision_of(device: torch.device, wanted: str) -> torch.dtype:
    """Say what the forward pass computes in, for "float32", "bfloat16" or "auto"."""
    takes_bfloat16 = wanted == "bfloat16" or (wanted == "auto" and fast_at_bfloat16(device))
    return torch.bfloat16 if takes_bfloat16 else torch.float32


def prepare(model: nn.Module, device: torch.device, precision: str) -> nn.Module:
    """Move a model to its device, channels-last, its forward pass in the precision that a configuration names.

    Parameters, gradients and scores stay float32, names and shapes of the state_dict stay the same. Lazy layers, whose
    sizes follow from the first batch, get them here: the optimizer needs them.
    """
    if any(map(nn.parameter.is_lazy, model.parameters())):
        with torch.no_grad():
            model.eval()(torch.zeros(2, 3, 32, 32))
        model.train()
    torch.set_flush_denormal(True)  # numbers below 1e-38 count as 0: on a CPU they cost a hundred times the time
    model.to(device).to(memory_format=torch.channels_last)
    if precision_of(device, precision) is torch.bfloat16:
        forward = torch.autocast(device.type, dtype=torch.bfloat16)(model.forward)
        model.forward = lambda x: forward(x).float()
    return model


def reuse_memory() -> None:
    """Have the C library keep what is freed, in pages of 2 MB: on Linux CPUs, a step of training takes a fifth less.

    Otherwise it hands large tensors back to the system, which clears every page of 4 kB again when it is next touched.
    The numbers are parameters of glibc's mallopt(3), -1 for never, and of madvise(2); elsewhere nothing happens.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(libc, "mallopt"):
        return
    max_mappings, trim_threshold, top_pad = -4, -1, -2
    for parameter, value in ((max_mappings, 0), (trim_threshold, -1), (top_pad, RESERVED)):
        libc.mallopt(parameter, value)
    libc.sbrk.restype = libc.malloc.restype = ctypes.c_void_p
    start = libc.sbrk(0)
    libc.free(ctypes.c_void_p(libc.malloc(ctypes.c_size_t(2**28))))  # makes the heap grow, by addresses alone
    first, last = -(-start // PAGE) * PAGE, libc.sbrk(0) // PAGE * PAGE
    if last > first:
        huge_pages = 14
        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), huge_pages)
