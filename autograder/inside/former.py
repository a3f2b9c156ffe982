"""Names that NumPy had when a handout was written, and has no longer: what uses them was right, and is.

Only for the homework of others: its students were told to use the NumPy of their term.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FORMER: dict[str, Any] = {
    "int": int,
    "float": float,
    "complex": complex,
    "object": object,
    "str": str,
    "bool": bool,
    "float_": np.float64,
    "complex_": np.complex128,
    "Inf": np.inf,
    "Infinity": np.inf,
    "NaN": np.nan,
    "product": np.prod,
    "cumproduct": np.cumprod,
    "alltrue": np.all,
    "sometrue": np.any,
    "round_": np.round,
    "in1d": np.isin,
    "row_stack": np.vstack,
    "asfarray": np.asarray,
    "asscalar": np.asarray,
}


def restore() -> None:
    """Give NumPy the names that it lacks."""
    for name, meaning in FORMER.items():
        if name not in vars(np):
            setattr(np, name, meaning)
