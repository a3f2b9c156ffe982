"""What a check asks for, found in the student's code; where it is not there, or takes other arguments, one sentence.

Only what fails here, outside of the student's lines, is put in our words: an AttributeError of the student's own code
comes through as it is.
"""

from __future__ import annotations

import contextlib
import dis
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from .names import nearest

OURS = __name__.partition(".")[0]
PACKAGE = Path(__file__).parent.parent
MAX_NAMED = 5  # in a sentence that ends on one line
THERE = " is there"
LIKELY = 0.7  # of names of files, which saving, sending and unpacking change more than people do those in their code


class Mismatch(Exception):
    """The student's code has another shape than was asked for; the text says what is there and what was expected."""

    def __init__(self, text: str, where: str = "") -> None:
        super().__init__(text)
        self.where = where


def module(name: str, folder: Path) -> ModuleType:
    """Import a module of the student's.

    Raises:
        Mismatch: if there is none of that name.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        own = error.name is not None and f"{name}.".startswith(f"{error.name}.")  # else it is what the module imports
        if not own or not (text := missing_module(name, folder)):
            raise
        raise Mismatch(f"{text}: rename it" if text.endswith(THERE) else text) from None


def missing_module(name: str, folder: Path) -> str:
    """Say which file or folder is missing, and what is there instead; nothing where it is there."""
    *packages, last = name.split(".")
    place = folder
    for package in packages:
        if not (place / package).is_dir():
            return _missing(f"{package}/", package, [path.name for path in place.iterdir() if path.is_dir()])
        place /= package
    there = [path.name for path in place.iterdir() if path.is_file()]
    if f"{last}.py" in there:
        return ""
    return _missing(f"{'/'.join((*packages, last))}.py", f"{last}.py", there)


def unimportable(error: BaseException, folder: Path) -> str:
    """Say what keeps one of the student's modules from being imported by another; nothing if it is something else."""
    if not isinstance(error, ImportError) or not isinstance(error.name, str):
        return ""
    if "." not in error.name or not (folder / error.name.partition(".")[0]).is_dir():
        return ""
    if isinstance(error, ModuleNotFoundError):
        return missing_module(error.name, folder)
    # From its text: which name is missing, the exception itself says from Python 3.12 on.
    wanted = re.match(r"cannot import name '(\w+)' from (partially initialized )?", error.msg)
    if wanted is None:
        return ""
    if wanted[2]:
        return f"{_file(error.name)} and what it imports import each other, so {wanted[1]} is not defined yet"
    found = sys.modules.get(error.name)
    return _absent(found, wanted[1]) if found else f"{_file(error.name)} defines no {wanted[1]}"


def step(value: Any, name: str, folder: Path, after: str = "", taken: Collection[str] = ()) -> Any:
    """Follow one name, or an index.

    Args:
        value: a module, or an object of the student's.
        name: "weight", or "0".
        folder: of the student's files.
        after: the method called last.
        taken: names that are expected too, so that none of them was meant by this one.

    Raises:
        Mismatch: if there is nothing of that name.
    """
    try:
        return value[int(name)] if name.isdecimal() else getattr(value, name)
    except (AttributeError, LookupError, TypeError) as error:
        if _is_students(error, folder):
            raise
        raise Mismatch(_absent(value, name, after, taken)) from None


def assign(value: Any, name: str, content: Any, folder: Path) -> None:
    """Set an attribute, of the student's objects one that is there: another would never be read.

    Raises:
        Mismatch: if there is nothing of that name.
    """
    if type(value).__module__.partition(".")[0] != OURS:
        step(value, name, folder)
    setattr(value, name, content)


def call(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], folder: Path) -> Any:
    """Call what was found.

    Raises:
        Mismatch: if it does not take such arguments.
    """
    try:
        return function(*args, **kwargs)
    except NotImplementedError as error:
        if near := _overridden_by(function, error):
            raise Mismatch(near) from None
        raise
    except TypeError as error:
        text = ""
        # From their own lines it is a mistake in there, and the line says more than what the function takes.
        if not _is_students(error, folder):
            with contextlib.suppress(Exception):  # a student's class may hide what it takes
                text = _misfit(function, args, kwargs)
        if not text:
            raise
        raise Mismatch(text, _place(function, folder)) from None


def is_open(error: BaseException) -> bool:
    """Whether a NotImplementedError was raised by a statement of Python: torch itself says so of dtypes it lacks."""
    trace = _innermost(error)
    if not isinstance(error, NotImplementedError) or trace is None:
        return isinstance(error, NotImplementedError)
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def is_ours(error: BaseException) -> bool:
    """Whether a line of the grader's own has raised an exception, called by the student's code or not."""
    trace = _innermost(error)
    return trace is not None and Path(trace.tb_frame.f_code.co_filename).is_relative_to(PACKAGE)


def is_own(filename: str, folder: Path) -> bool:
    """Whether a file is the student's; in a handout, ours and the libraries' lie in the same folder."""
    path = Path(filename)
    return path.is_relative_to(folder) and not path.is_relative_to(PACKAGE) and "site-packages" not in path.parts


def _is_students(error: BaseException, folder: Path) -> bool:
    """Whether the student's own lines raised an exception."""
    trace = error.__traceback__
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename, folder):
            return True
        trace = trace.tb_next
    return False


def _missing(shown: str, name: str, names: list[str]) -> str:
    near = nearest(name, names, LIKELY)
    return f"{shown} is missing" + (f", {near}{THERE}" if near else "")


def _absent(value: Any, name: str, after: str = "", taken: Collection[str] = ()) -> str:
    if name.isdecimal():
        return f"{type(value).__name__} has no item {name}"
    if isinstance(value, ModuleType):
        file = _file(value.__name__)
        # What a module has imported it does not define.
        own = [each for each, what in vars(value).items() if getattr(what, "__module__", None) == value.__name__]
        free = [each for each in own if each not in taken]
        return f"{file} defines {nearest(name, free) or _listed(free or own) or 'nothing'}, expected {name}"
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    there = [each for each in dir(value) if not each.startswith("_")]
    own = [each for each in getattr(value, "__dict__", {}) if not each.startswith("_")]
    near = nearest(name, there)
    has = f"; it has {near or _listed(own)}" if near or own else ""
    return f"{kind} has no attribute {name}{f' after {after}' if after else ''}{has}"


def _file(module: str) -> str:
    return f"{module.rpartition('.')[2]}.py"


def _misfit(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> str:
    """Say what it takes instead of what it is given; nothing where these go together."""
    name = getattr(function, "__name__", "the function")
    plain = _plain(function)
    if plain is None:
        return ""
    names = [_spelled(parameter) for parameter in inspect.signature(plain).parameters.values()]
    if plain is not function:  # a method, or the constructor of a class
        try:
            # None in the place of self, as the function is asked and not the method.
            inspect.signature(plain).bind(None, *args, **kwargs)
        except TypeError:
            if names[:1] != ["self"]:
                return f"{plain.__name__} of {_owner(function)} takes ({', '.join(names)}), expected self first"
            return f"{_owner(function)}.{plain.__name__} takes ({', '.join(names[1:])}), {_expected(args, kwargs)}"
        return ""
    try:
        inspect.signature(plain).bind(*args, **kwargs)
    except TypeError:
        if name[:1].isupper():
            return f"{name} is a function, expected a class"
        return f"{name} takes ({', '.join(names)}), {_expected(args, kwargs)}"
    return ""


def _innermost(error: BaseException) -> TracebackType | None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _overridden_by(method: Any, error: BaseException) -> str:
    """Where a base class raises for want of a method, say which method of the student's was probably meant for it."""
    trace, plain = _innermost(error), _plain(method)
    if plain is None or not isinstance(method, MethodType) or trace is None or trace.tb_frame.f_code != plain.__code__:
        return ""
    kind = type(method.__self__)
    near = nearest(plain.__name__, [name for name in vars(kind) if not name.startswith("_")])
    meant = near and plain.__name__ not in vars(kind)
    return f"{kind.__name__} has no {plain.__name__}; it has {near}" if meant else ""


def _plain(function: Any) -> FunctionType | None:
    """The function behind a method or a class, as the student wrote it."""
    found = getattr(function, "__init__" if isinstance(function, type) else "__func__", function)
    return found if isinstance(found, FunctionType) else None


def _owner(function: Any) -> str:
    owner = function.__self__ if isinstance(function, MethodType) else function
    return owner.__name__ if isinstance(owner, type) else type(owner).__name__


def _expected(args: list[Any], kwargs: dict[str, Any]) -> str:
    values = f"{len(args)} value{'s' * (len(args) != 1)}"
    given = [values] * bool(args) + list(kwargs)
    return f"expected to take {' and '.join(filter(None, [', '.join(given[:-1]), *given[-1:]])) or 'no value'}"


def _spelled(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=parameter.empty, default=parameter.empty))


def _place(function: Any, folder: Path) -> str:
    plain = _plain(function)
    if plain is None or not is_own(plain.__code__.co_filename, folder):
        return ""
    return f"{Path(plain.__code__.co_filename).name}:{plain.__code__.co_firstlineno} in {plain.__name__}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
