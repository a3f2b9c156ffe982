"""A student's module or function of tensors, asked as a layer of arrays is asked; autograd is its backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checking.student import Remote, Student
from autograder.inside.wire import Tensor

MODULE, FUNCTION = "module", "function"  # kinds of targets whose arrays are tensors
MODES = "train eval"
GRAD = ".grad"  # of a parameter, its gradient


def tensor(value: np.ndarray) -> Tensor:
    """The same as a tensor."""
    return Tensor(value, value.dtype.name)


class Graph(Remote):
    """What a call has made of its inputs; `set`, `get` and `call` do what they do to a layer.

    Args:
        called: the module or function.
        dtype: of all floats.
        parameters: their names; of all else that is set, the floats are buffers.
        after: what a function takes after its inputs.
    """

    def __init__(
        self,
        student: Student,
        called: Remote,
        dtype: str,
        seed: int | None,
        parameters: Sequence[str],
        after: tuple[list[Any], dict[str, Any]] | None,
    ) -> None:
        args, kwargs = after or ([], {})
        probe = student.new("autograd-probe:Differentiated", called, dtype, seed, args, kwargs)
        super().__init__(student, probe.reference)
        self._parameters = parameters

    def set(self, **values: Any) -> None:
        """Give a module its parameters and buffers."""
        learned = {name: value for name, value in values.items() if name in self._parameters}
        self.leave("fill", learned, {name: value for name, value in values.items() if name not in learned})

    def asking(self, path: str) -> dict[str, Any]:
        """The request for the gradient of a parameter, by its name; or for a buffer."""
        return self.calling("look", path.removesuffix(GRAD))

    def running(
        self, call: tuple[Any, ...], given: Mapping[str, Any], leaves: Sequence[str], layout: str
    ) -> dict[str, Any]:
        """The request that calls it; what is None is left out."""
        return self.calling("forward", call, dict(given), [name for name in leaves if name in given], layout)
