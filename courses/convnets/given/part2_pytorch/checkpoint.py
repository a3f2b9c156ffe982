"""The files of a training run: written whole or not at all, never mixed with those of another run. Given.

Below `runs/`, in a folder named after the model:
    last.pt    all that a run needs to go on
    best.pt    the weights that did best on the validation images; `make train` copies it to checkpoints/
    old-1/     the files of an earlier run that this one could not go on from
"""

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .config import Config

LAST = "last.pt"
BEST = "best.pt"


def save(state: dict[str, Any], path: Path) -> None:
    """Write `state` to `path` so that an interruption leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote: tensors (on the CPU), numbers, text, lists and dicts of them, and nothing executable."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def why_not_resume(path: Path, model: nn.Module, config: Config) -> str:
    """Say why a run with this model and configuration cannot go on from `path`; empty text if it can.

    Expects `state["config"]` to be `config.to_dict()` and `state["model"]` to be `model.state_dict()`.
    """
    try:
        state = load(path)
        saved_config, saved_model = dict(state["config"]), dict(state["model"])
    except FileNotFoundError:
        return f"there is no {path}"
    except Exception:  # a damaged or foreign file raises almost anything: IndexError, EOFError, UnpicklingError ...
        return f"{path} cannot be read"
    settings = config.to_dict()
    for name in sorted(settings.keys() | saved_config.keys()):
        if settings.get(name) != saved_config.get(name):
            return f"{name} was {saved_config.get(name)!r} and is now {settings.get(name)!r}"
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    saved_shapes = {name: list(tensor.shape) for name, tensor in saved_model.items()}
    for name in sorted(shapes.keys() | saved_shapes.keys()):
        if shapes.get(name) != saved_shapes.get(name):
            return f"{name} had shape {saved_shapes.get(name)} and now has {shapes.get(name)} (None: not there)"
    return ""


def set_aside(out_dir: Path) -> Path | None:
    """Move the files of an earlier run into a folder of their own; return it, or None if there was nothing to move."""
    found = [path for path in (out_dir / LAST, out_dir / BEST) if path.exists()]
    if not found:
        return None
    found += sorted(out_dir.glob("events.out.tfevents.*"))  # TensorBoard then shows the earlier run beside this one
    number = 1
    while (out_dir / f"old-{number}").exists():
        number += 1
    old = out_dir / f"old-{number}"
    old.mkdir()
    for path in found:
        path.rename(old / path.name)
    return old
