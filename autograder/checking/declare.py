'''Declare a layer or a function, and its checks follow.

    """7.2: layer normalisation."""

    from autograder.checking.declare import Row, layer

    layer(
        "7.2",
        "layers.norm:LayerNorm",
        "F.layer_norm(x, (D,), weight, bias, eps)",  # PyTorch says what is right, and autograd its gradients
        args="D",
        options={"eps": (1e-5, 0.1)},  # the first is what the constructor takes by itself
        inputs={"x": "N T D"},
        parameters={"weight dw": "D", "bias db": "D"},  # attributes, and those that hold their gradients
        rows={"values": Row("LayerNorm.forward gives each vector mean 0 and variance 1.", "eps keeps ...", points=2)},
    )

This gives checks 7.2-values, 7.2-gradient, 7.2-parameters, 7.2-latest and 7.2-inputs: over lengths that differ, that
are equal, and that are 1; over every option; for float32, strided, Fortran and read-only arrays; with the suspects of
`declarations/general.py` and those of the course's `mistakes/`. With `buffers` there is 7.2-buffers, with `mode`
7.2-evaluation, with `random` 7.2-shares, 7.2-seeds and 7.2-same-draw. Without a line of PyTorch, gradients are compared
with differences of the student's own forward. A module of PyTorch that the student writes is declared with `module`.
'''

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from autograder.cases.sizes import Sizes
from autograder.checking import rubric
from autograder.checking.declarations import contradictions, listed
from autograder.checking.declarations.counterpart import Counterpart
from autograder.checking.declarations.declared import Declaration, Draw
from autograder.checking.declarations.drawn import NAME, SHAPES, Array, Plan, choices
from autograder.checking.declarations.graphs import FUNCTION, GRAD, MODES, MODULE
from autograder.checking.declarations.kinds import KINDS, Row, check_of, rows_of
from autograder.checking.rubric import Check

__all__ = ["Row", "checks", "function", "layer", "module", "run"]


def layer(
    todo: str,
    target: str,
    like: str = "",
    *,
    inputs: Mapping[str, str],
    outputs: Sequence[str] | Mapping[str, str] = ("y",),
    args: Any = (),
    options: Mapping[str, Any] | None = None,
    parameters: Mapping[str, str] | None = None,
    buffers: Mapping[str, str] | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
    draws: Mapping[str, Draw] | None = None,
    call: tuple[Any, ...] = (),
    mode: str = "",
    random: str = "",
    start: str = "",
    forward: str = "forward",
    backward: str = "backward",
    typical: int = 4,
    rows: Mapping[str, Row | None] | None = None,
    plain: bool = False,
    tensors: bool = False,
    cases: Mapping[str, Sequence[Sizes]] | None = None,
    wrong: Mapping[str, str] | None = None,
    back: Mapping[str, str] | None = None,
    tolerances: Mapping[str, float] | None = None,
    spoken: Mapping[str, str] | None = None,
) -> Declaration:
    """Declare a layer; see `autograder.checking.declarations.declared` for what is said of it.

    Args:
        todo: "7.2", or "7.2-norm" where a TODO has several.
        target: "layers.norm:LayerNorm".
        like: what it should return, a line of PyTorch, see `autograder.checking.declarations.counterpart`.
        inputs, parameters, buffers: by name, their axes, see `Array.parse`; "*D" stands for any number of axes.
        outputs: their names; with axes where there is no line of PyTorch.
        args: of the constructor, or terms for them: "2*C" or a tuple; an input that is named here is handed there.
        options: further ones by keyword: a term, or a tuple or range of choices, the default first. One that is called
            as a parameter, "bias": (True, False), says whether the layer has it; a line of PyTorch sees None.
        backward: "" where there is none: what is called has no gradient, as the step of an optimizer.
        axes: lengths that an axis may have, where small ones that differ will not do.
        draws: how an input or a parameter is drawn, where normal numbers will not do.
        typical: how many cases of different lengths a check has, besides equal ones and edges.
        rows: by kind of check: better words, or None for one that is left out.
        cases: families of sizes, by name: then no check follows by itself, `checks` says which there are.
        plain: it is a function, no class.
        tensors: its arrays are tensors, and there is no backward: autograd goes back.
        wrong: other lines of PyTorch, which known mistakes come to, by a clause that continues "what you get when".
        back: other words for some of these clauses, where the gradient of an input is wrong.
        tolerances, spoken: by array: the relative error that it may have; what its axes are called, "filter channel".
    """
    package = sys._getframe(2 if plain or tensors else 1).f_globals["__name__"]
    file = sys.modules[package].__file__ or ""
    arrays = {name: Array.parse(text) for name, text in inputs.items()}
    state = {words.split()[0]: Array.parse(text) for words, text in (parameters or {}).items()}
    own = {name: Array.parse(text) for name, text in (buffers or {}).items()}
    given = dict(options or {}) | {name: (True, False) for name, array in arrays.items() if "optional" in array.words}
    first, backward = args if isinstance(args, tuple) else (args,), "" if plain and not tensors else backward
    results = dict.fromkeys(outputs) if not isinstance(outputs, Mapping) else outputs
    shapes = {name: None if text is None else Array.parse(text) for name, text in results.items()}
    every = [*arrays.values(), *state.values(), *own.values(), *filter(None, shapes.values())]
    lengths = _axes(every, contradictions.spoken(like, first), given, axes or {})
    plan = Plan(todo, arrays, lengths, {name: choices(value) for name, value in given.items()})
    leaves = (*(name for name, array in arrays.items() if array.real), *state) if backward else ()
    title, course = target.partition(":")[2], package.partition(".checks")[0]

    def counterpart(name: str, line: str) -> Counterpart:
        return Counterpart(name, line, course, leaves, tuple(own), (*arrays, *state, *own))

    declared = Declaration(
        name=todo,
        package=package,
        target=target,
        plan=plan,
        counterpart=counterpart(f"{todo}-{title}", like) if like else None,
        wrong={clause: counterpart(f"{todo}-{title}: {clause}", line) for clause, line in (wrong or {}).items()},
        back=back or {},
        args=first,
        inputs=arrays,
        outputs=shapes,
        parameters=state,
        gradients={
            name: (more or [f"{name}{GRAD}" if tensors else f"d{name}"])[0]
            for name, *more in map(str.split, parameters or {})
        },
        buffers=own,
        draws=draws or {},
        call=call or tuple(name for name in arrays if name not in first),
        mode=mode or (MODES if tensors and not plain and (buffers or random) else ""),
        random=random,
        start=start,
        plain=plain and not tensors,
        tensors=(FUNCTION if plain else MODULE) if tensors else "",
        forward=forward,
        backward=backward,
        typical=typical,
        cases=cases or {},
        tolerances=tolerances or {},
        spoken={name: words.split() for name, words in (spoken or {}).items()},
    )
    contradictions.expect_none(declared, rows or {}, KINDS)
    for kind, row in rows_of(declared, rows or {}).items() if cases is None else ():
        rubric.register(check_of(declared, kind, row), package, file)
    return declared


def function(todo: str, target: str, like: str, *, inputs: Mapping[str, str], **more: Any) -> Declaration:
    """Declare a function: what it returns for its inputs, which come first, then `args` and `options`.

    With `tensors` it is one of tensors, through which autograd must be able to go back.
    """
    return layer(todo, target, like, inputs=inputs, plain=True, **more)


def module(todo: str, target: str, like: str, *, inputs: Mapping[str, str], **more: Any) -> Declaration:
    """Declare a module of PyTorch that the student writes: parameters and buffers by their names, "norm.weight"."""
    return layer(todo, target, like, inputs=inputs, tensors=True, **more)


def checks(todo: str, rows: Mapping[str, Row], *declared: Declaration) -> None:
    """Declare checks of layers whose cases are listed: by what follows the dash, what each asks of all of them."""
    package = sys._getframe(1).f_globals["__name__"]
    for id, row in rows.items():
        body = partial(listed.ask, declared, row.ask)
        words = (row.title, row.help)
        made = Check(f"{todo}-{id}", row.points, row.needs or (), rubric.SECONDS, *words, body)
        rubric.register(made, package, sys.modules[package].__file__ or "")


def run(declared: Declaration, kind: str, student: Any, rng: Any) -> None:
    """Run one kind of check, for an author who puts several into one row."""
    KINDS[kind][0](declared, student, rng)


def _axes(
    arrays: Sequence[Array], spoken: Iterable[str], options: Mapping[str, Any], own: Mapping[str, Sequence[Any]]
) -> dict[str, Sequence[Any] | None]:
    """All axes by name, in the order in which they are spoken of; those of a star have several."""
    names = dict.fromkeys(
        name for array in arrays for text in (*array.axes, array.below) for name in NAME.findall(text)
    )
    starred = {text[1:] for array in arrays for text in array.axes if text.startswith("*")}
    names |= dict.fromkeys(own) | dict.fromkeys(spoken)
    found = {name: tuple(own[name]) if name in own else SHAPES if name in starred else None for name in names}
    return {name: lengths for name, lengths in found.items() if name not in options}
