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

Report = dict[str, Any]
State = dict[str, torch.Tensor]


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
            Nothing where it fits, else one of these.
            no_model, unreadable, unfit: the type of what stood in the way. keys: found instead of a state_dict.
            several: keys under which weights lie that all fit.
            missing, unexpected: the first names, and how many there are; prefix: what all found names begin with.
            wrong: a name, the shape found, the shape expected. infinite: the name of a tensor.
        """
        if not isinstance(self.model, nn.Module):
            return {"no_model": type(self.model).__name__}
        try:
            # Weights alone are asked for: a pickle that runs code could answer in the model's place. They may have been
            # trained on a GPU, of which there is none.
            loaded = torch.load(io.BytesIO(content.data), map_location="cpu", weights_only=True)
        except MemoryError:
            raise
        except Exception as error:  # a damaged file raises almost anything; torch's text advises unsafe loading
            return {"unreadable": type(error).__name__}
        states = _states(loaded)
        if not states:
            keys = loaded.keys() if isinstance(loaded, Mapping) else ()
            return {"keys": [str(key)[:80] for key in list(keys)[:MAX_NAMED]], "type": type(loaded).__name__}
        if "" not in states:  # in some wrapper, as training libraries save: what fits is meant
            shapes = {name: _shape(value) for name, value in self.model.state_dict().items()}
            fitting = {key: fit for key, state in states.items() if (fit := _stripped(state, shapes)) is not None}
            if len(fitting) > 1:
                return {"several": _few(list(fitting))[0]}
            states = fitting or states
        return self._fit(next(iter(states.values())))

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
            prefix = _prefix(state, expected)
            prefix = prefix if all(name.startswith(prefix) for name in state) else ""
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
        return {}


def _states(loaded: Any) -> dict[str, State]:
    """Find what may be a state_dict in what was loaded, by its key; the file itself, or KEY in it, is meant by ""."""
    if not isinstance(loaded, Mapping):
        return {}
    if _is_state(loaded.get(KEY)):
        return {"": dict(loaded[KEY])}
    if _is_state(loaded):
        return {"": dict(loaded)}
    return {str(key): dict(value) for key, value in loaded.items() if _is_state(value)}


def _is_state(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in value.items())
    )


def _stripped(state: State, shapes: Mapping[str, Any]) -> State | None:
    """The part of a state that has the model's names, after a prefix, and its shapes; None where there is none."""
    prefix = _prefix(state, shapes)
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    fits = found.keys() == shapes.keys() and all(
        shape is None or shape == _shape(found[name]) for name, shape in shapes.items()
    )
    return found if fits else None


def _prefix(state: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """What stands before every name of the model: "module." of DataParallel, "_orig_mod." of torch.compile."""
    first = next(iter(expected), "")
    ends = [name.removesuffix(first) for name in state if name.endswith(first)] if first else []
    return next((each for each in sorted(ends, key=len) if all(f"{each}{name}" in state for name in expected)), "")


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape, or None where a layer has none before its first input."""
    return None if nn.parameter.is_lazy(value) else tuple(getattr(value, "shape", ()))


def _few(names: list[str]) -> tuple[list[str], int]:
    return [name[:80] for name in names[:MAX_NAMED]], len(names)
