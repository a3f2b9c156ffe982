"""What a declared layer should return, and its gradients: worked out by PyTorch from a line of the declaration.

The line is an expression of the author's, such as "F.layer_norm(x, (D,), weight, bias, eps)". It may speak of inputs,
parameters and buffers (of "norm.weight" as norm_weight), of lengths and options, of `training`, of torch, nn and F, of
modules of the course's oracles, and of `run(module, x)`, which gives a module of PyTorch the parameters and buffers of
those names, or with of="norm" those of "norm.weight" and its like. Its gradients are those of autograd. Nothing here
knows a layer, and the handout holds no such line: only what came out.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograder.checking import recordings
from autograder.checking.declarations.chance import Statistics, statistics
from autograder.checking.oracles import oracle
from autograder.errors import NotRecorded, RubricError

Arrays = Mapping[str, np.ndarray]
REFUSALS = (RuntimeError, ValueError, IndexError, ZeroDivisionError)
ROUGH = 1e-3  # a result that float32 gives with a larger relative error depends on rounding: it is no case
FINE = 2e-5  # likewise where float32 is asked for, for each entry
LITTLE = 1e-6  # by which an entry is moved
TRIALS = 40  # calls of a random layer


@dataclass(frozen=True)
class Question:
    """One case of a counterpart.

    Attributes:
        numbers: lengths and options, and `training`.
        arrays: inputs, parameters and buffers.
        upstream: the gradient of each output; none where gradients are not asked for.
    """

    numbers: Mapping[str, Any]
    arrays: Arrays
    upstream: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Counterpart:
    """A line of PyTorch and what it is handed.

    Attributes:
        name: of the declaration, "1.7-norm".
        line: the expression.
        package: of the course.
        leaves: the inputs and parameters that have a gradient.
        buffers: arrays that a call may change.
        arrays: all that there may be.
    """

    name: str
    line: str
    package: str
    leaves: tuple[str, ...]
    buffers: tuple[str, ...]
    arrays: tuple[str, ...] = ()

    @property
    def recorded(self) -> bool:
        """Whether this is a handout, in which nothing is worked out."""
        return (_oracles(self.package) / recordings.FILE).exists()

    @property
    def refusal(self) -> str:
        """Why the latest case was none; empty where that is not known."""
        return _refusals.get(self, "")

    def ask(self, question: Question, how: str = "values") -> Result | None:
        """Work out a case; None where there is no such case: PyTorch refuses it, or rounding decides.

        Args:
            how: "fine" where it is to be as good in float32; "even" where a little more or less may not matter to what
                comes out, "smooth" nor to its gradients; "sure" where an author has listed it.
        """
        return self._sorted(_consulted(self, how)(question), question)

    def entry(self, question: Question, kind: str, index: int) -> np.ndarray:
        """One array of `ask`, by itself: what a suspect is compared with; NaN where there is no such case."""
        found: np.ndarray = _consulted(self, f"{kind}-{index}")(question)
        return found

    def statistics(self, question: Question) -> list[Statistics]:
        """What is always so in a random layer, for each output: of many calls for one input."""
        found: list[np.ndarray] = _consulted(self, "statistics")(question)
        size = len(Statistics._fields)
        return [Statistics(*found[start : start + size]) for start in range(0, len(found), size)]

    def work_out(self, what: str, question: Question) -> Any:
        """Do the work behind the three others, with PyTorch."""
        if what == "statistics":
            first = next(iter(question.arrays.values()))
            return [array for those in _draws(self, question) for array in statistics(those, first)]
        if what == "sure":
            return _evaluated(self, question)
        if what in ("values", "fine", "even", "smooth"):
            return _values(self, question, what)
        kind, _, index = what.partition("-")
        found = self._sorted(_values(self, question), question)
        those = getattr(found, kind, [])
        return those[int(index)].copy() if int(index) < len(those) else np.full((), np.nan)

    def _sorted(self, found: list[np.ndarray], question: Question) -> Result | None:
        if found[0].dtype == bool and len(found) == 1 and not found[0].ndim:
            return None
        end = len(found) - (len(self.leaves) if question.upstream else 0)
        start = end - len(self.buffers)
        return Result(found[:start], found[start:end], found[end:])


class Result(NamedTuple):
    """What comes out of a case: outputs, buffers afterwards, and the gradient of each leaf."""

    outputs: list[np.ndarray]
    buffers: list[np.ndarray]
    gradients: list[np.ndarray]


def _oracles(package: str) -> Path:
    return Path(importlib.import_module(package).__path__[0]) / "oracles"


@functools.cache
def _consulted(counterpart: Counterpart, what: str) -> Callable[[Question], Any]:
    """Look up what was recorded, in a handout; work it out everywhere else."""

    def by_torch(numbers: Any, arrays: Any, upstream: Any) -> Any:
        return counterpart.work_out(what, Question(dict(numbers), dict(arrays), upstream))

    by_torch.__name__ = f"like.{counterpart.name}.{what}"
    place = str(_oracles(counterpart.package) / "any")
    function = recordings.recorded(by_torch.__name__, place) if counterpart.recorded else oracle(by_torch)
    return lambda asked: function(tuple(asked.numbers.items()), tuple(asked.arrays.items()), asked.upstream)


_refusals: dict[Counterpart, str] = {}


@functools.lru_cache(maxsize=256)
def _compiled(line: str) -> tuple[Any, frozenset[str]]:
    tree = ast.parse(line.strip(), mode="eval")
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return compile(tree, "<declaration>", "eval"), names


def _values(counterpart: Counterpart, question: Question, how: str = "values") -> list[np.ndarray]:
    """Outputs, buffers and gradients in a row; a single False for what is no case."""
    try:
        found = _evaluated(counterpart, question)
        rough = _evaluated(counterpart, question, "float32")
        uneven = how in ("even", "smooth") and not _continuous(counterpart, question, found, how == "smooth")
    except REFUSALS as refusal:
        _refusals[counterpart] = f"PyTorch says {_sentence(refusal)}"
        return [np.array(False)]
    if uneven:
        _refusals[counterpart] = "it jumps there"
        return [np.array(False)]
    for right, other in zip(found, rough, strict=True):
        error, size = np.abs((right - other).astype(np.float64)), np.abs(right.astype(np.float64))
        mean = np.linalg.norm(size) / math.sqrt(max(1, size.size))
        rough = np.linalg.norm(error) > ROUGH * np.linalg.norm(size)
        if how == "fine":
            rough = (error > FINE * (size + mean)).any()
        if not np.isfinite(mean) or rough:
            _refusals[counterpart] = "rounding decides" if np.isfinite(mean) else "PyTorch returns no finite numbers"
            return [np.array(False)]
    return found


def _continuous(counterpart: Counterpart, question: Question, found: list[np.ndarray], gradients: bool) -> bool:
    """Whether what comes out is nearly the same where all entries are a little more or less."""
    own = question.arrays
    count = len(found) if gradients or not question.upstream else len(found) - len(counterpart.leaves)
    for sign in (1, -1):
        little = {name: sign * LITTLE * np.cos(np.arange(own[name].size)) for name in counterpart.leaves if name in own}
        moved = {name: own[name] + step.reshape(own[name].shape) for name, step in little.items()}
        others = _evaluated(counterpart, Question(question.numbers, {**own, **moved}, question.upstream))
        for right, other in zip(found[:count], others, strict=False):
            size = np.abs(right.astype(np.float64))
            if size.size and (np.abs(right.astype(np.float64) - other) > ROUGH * (size + size.mean() + ROUGH)).any():
                return False
    return True


def _evaluated(counterpart: Counterpart, question: Question, precision: str = "float64") -> list[np.ndarray]:
    import torch

    from autograder.inside.probes.autograd_probes import by_default

    torch.set_num_threads(1)  # the cases are small: waking a second thread takes longer than the work
    dtype = getattr(torch, precision)
    tensors = _tensors(question.arrays, dtype)
    leaves = [tensors[name].requires_grad_() for name in counterpart.leaves if question.upstream and name in tensors]
    with by_default(dtype):
        outputs = _call(counterpart, question, tensors)
    found = [*outputs, *(tensors[name] for name in counterpart.buffers)]
    if question.upstream:
        upstream = [torch.from_numpy(one.copy()).to(dtype) for one in question.upstream]
        reached = [(one, dy) for one, dy in zip(outputs, upstream, strict=True) if one.requires_grad]
        gradients = torch.autograd.grad(
            [one for one, _ in reached], leaves, [dy for _, dy in reached], allow_unused=True, materialize_grads=True
        )
        by_name = dict(zip((name for name in counterpart.leaves if name in tensors), gradients, strict=True))
        found += [by_name.get(name, torch.zeros(())) for name in counterpart.leaves]  # of those that are left out: 0
    return [np.array(one.detach().numpy()) for one in found]


def _draws(counterpart: Counterpart, question: Question) -> list[np.ndarray]:
    import torch

    from autograder.inside.probes.autograd_probes import by_default

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        with by_default(torch.float64):
            trials = [_call(counterpart, question, _tensors(question.arrays, torch.float64)) for _ in range(TRIALS)]
    return [np.stack([one.numpy() for one in those]) for those in zip(*trials, strict=True)]


def _tensors(arrays: Arrays, dtype: Any) -> dict[str, Any]:
    import torch

    found = {name: torch.from_numpy(np.array(value, order="C")) for name, value in arrays.items()}
    return {name: one.to(dtype) if one.is_floating_point() else one for name, one in found.items()}


def _call(counterpart: Counterpart, question: Question, tensors: Mapping[str, Any]) -> list[Any]:
    """Evaluate the line, and return its outputs one after the other, however they lie in tuples."""
    import torch
    from torch import nn

    dtype = next((one.dtype for one in tensors.values() if one.is_floating_point()), torch.float64)

    def run(module: nn.Module, *inputs: Any, of: str = "", **renamed: Any) -> Any:
        module.train(bool(question.numbers["training"])).to(dtype)
        own = {*dict(module.named_parameters()), *dict(module.named_buffers())}
        below = {name.removeprefix(f"{of}."): one for name, one in tensors.items()}
        state = {name: one for name, one in {**below, **renamed}.items() if name in own}
        return torch.func.functional_call(module, state, inputs)

    code, names = _compiled(counterpart.line)
    known = {"torch": torch, "nn": nn, "F": nn.functional, "math": math, "run": run, **question.numbers}
    # What is left out is None; a name of two parts is spoken of as one word.
    known |= {name.replace(".", "_"): tensors.get(name) for name in counterpart.arrays}
    for name in names - {*known} - {*dir(builtins)}:
        with contextlib.suppress(ModuleNotFoundError):
            known[name] = importlib.import_module(f"{counterpart.package}.oracles.{name}")
    try:
        return list(_flat(eval(code, known)))
    except (*REFUSALS, NotRecorded):
        raise
    except Exception as error:
        raise RubricError(f"PyTorch says {_sentence(error)}, expected what is right") from error


def _sentence(error: Exception) -> str:
    """The first line of what an exception says."""
    return f"{type(error).__name__}: {(str(error).strip() or 'nothing').splitlines()[0]}"


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    elif value is not None:
        yield value
