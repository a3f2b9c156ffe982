"""Loads a checkpoint into the student's own model and asks it for scores. Labels are not here, nor is any verdict.

What is in the file is compared with the model before anything is copied: a tensor of 4 TiB takes no memory as long as
nobody reads it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

KEY = "model_state_dict"
VIEW = "view size is not compatible"
MAX_NAMED = 5  # names in one answer
PREFIXES = ("module.", "_orig_mod.")  # what DataParallel and torch.compile put before every name

Report = dict[str, Any]


class Candidate:
    """A model and its checkpoint.

    Args:
        model: made by the student's code, with fresh weights.
        mean, deviation: of each colour; they normalise the images.
    """

    def __init__(self, model: nn.Module, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self.model = model
        self.scale = (1 / (255 * torch.tensor(deviation)))[:, None, None]
        self.offset = (torch.tensor(mean) / torch.tensor(deviation))[:, None, None]

    def load(self, content: np.ndarray) -> Report:
        """Load a file of `torch.save`, (bytes,) uint8, and say in plain values what it holds.

        Returns:
            parameters: how many numbers the model learns; and one of these, where it does not fit:
            no_model, unreadable, unfit: the type of what stood in the way. keys: found instead of a state_dict.
            missing, unexpected: the first names, and how many there are; prefix: what all found names begin with.
            wrong: a name, the shape found, the shape expected. infinite: the name of a tensor.
        """
        if not isinstance(self.model, nn.Module):
            return {"no_model": type(self.model).__name__}
        try:
            loaded = torch.load(io.BytesIO(content.data), map_location="cpu", weights_only=True)
        except MemoryError:
            raise
        except Exception as error:  # a damaged file raises almost anything; torch's text advises unsafe loading
            return {"unreadable": type(error).__name__}
        state = _state(loaded)
        if state is None:
            keys = loaded.keys() if isinstance(loaded, Mapping) else ()
            return {"keys": [str(key)[:80] for key in list(keys)[:MAX_NAMED]], "type": type(loaded).__name__}
        return self._fit(state)

    def scores(self, images: np.ndarray) -> Any:
        """What the model makes of images (N, 32, 32, 3), uint8; (N, 10) if it is right."""
        with torch.no_grad():
            pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()  # channels-last in memory, as in data.py
            pixels.mul_(self.scale).sub_(self.offset)
            try:
                return self.model(pixels)
            except RuntimeError as error:
                if VIEW not in str(error):
                    raise
                return self.model(pixels.contiguous())  # slower; what a network that uses `view` was trained on

    def _fit(self, state: dict[str, torch.Tensor]) -> Report:
        expected = self.model.state_dict()
        missing = [name for name in expected if name not in state]
        unexpected = [name for name in state if name not in expected]
        if missing or unexpected:
            prefix = next((p for p in PREFIXES if state and all(name.startswith(p) for name in state)), "")
            return {"missing": _few(missing), "unexpected": _few(unexpected), "prefix": prefix}
        shapes = {name: (_shape(state[name]), _shape(expected[name])) for name in expected}
        if wrong := [name for name, (found, right) in shapes.items() if right is not None and found != right]:
            return {"wrong": (wrong[0][:80], *shapes[wrong[0]])}
        try:
            if infinite := [name for name, value in state.items() if not bool(torch.isfinite(value).all())]:
                return {"infinite": infinite[0][:80]}
            self.model.load_state_dict(state)
        except MemoryError:
            raise
        except Exception as error:  # tensors of another kind: quantised, sparse, complex
            return {"unfit": type(error).__name__}
        self.model.eval()
        return {"parameters": sum(parameter.numel() for parameter in self.model.parameters())}


def _state(loaded: Any) -> dict[str, torch.Tensor] | None:
    """Find the state_dict in what was loaded."""
    if isinstance(loaded, Mapping) and isinstance(loaded.get(KEY), Mapping):
        loaded = loaded[KEY]
    if not isinstance(loaded, Mapping) or not loaded:
        return None
    if not all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in loaded.items()):
        return None
    return dict(loaded)


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape, or None where a layer has none before its first input."""
    return None if nn.parameter.is_lazy(value) else tuple(getattr(value, "shape", ()))


def _few(names: list[str]) -> tuple[list[str], int]:
    return [name[:80] for name in names[:MAX_NAMED]], len(names)
