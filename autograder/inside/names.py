"""Names that were probably meant: `Relu` for `ReLU`, `conv2d (1).py` for `conv2d.py`; said, never acted on."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable

ENDINGS = re.compile(r"\.(py|txt|ipynb|rtf|docx?|pth?|ckpt|pkl|pickle|bin|safetensors|h5|npz|zip)$")
# What browsers, file managers and people put around the name of a copy.
COPIES = re.compile(
    r"^(copy of|kopie von|new|old|final)[ _-]+(?=...)"
    r"|[ _-]*(copy|kopie)( ?\d+)?$|[ _-]*\(\d+\)$|[ _-]+v?\d+$|[ _-]+(final|new|old|fixed|backup|solution)$"
)
CLOSE = 0.8  # of difflib: "foward" is close to "forward", "average" not to "maximum"


@functools.lru_cache(maxsize=4096)  # a submission's files are compared with each that is missing, all by one
def bare(name: str) -> str:
    """What is left of a name without its ending, the marks of a copy, case and punctuation.

    >>> bare("Copy of Conv2D (1).py.txt"), bare("my_net-final.pth") == bare("MyNet.pt")
    ('conv2d', True)
    """
    found = name.casefold()
    while (shorter := COPIES.sub("", ENDINGS.sub("", found))) != found:
        found = shorter
    return re.sub(r"\W|_", "", found) or re.sub(r"\W|_", "", name.casefold())


def nearest(wanted: str, names: Iterable[str], close: float = CLOSE) -> str | None:
    """The one of some names that was probably meant by `wanted`, or None; digits in it tell names apart."""
    right = bare(wanted)
    found = [(_likeness(right, bare(name), close), name) for name in names if name != wanted]
    best = max(found, key=lambda pair: pair[0], default=(0.0, ""))
    return best[1] if best[0] >= close else None


def _likeness(right: str, other: str, close: float) -> float:
    """How alike two names are; 0 where that is less than `close`, which their lengths or letters tell at once."""
    if re.findall(r"\d", right) != re.findall(r"\d", other):
        return 0.0
    both = difflib.SequenceMatcher(None, right, other)
    return both.ratio() if min(both.real_quick_ratio(), both.quick_ratio()) >= close else 0.0
