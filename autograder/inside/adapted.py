"""Shows the code of another handout as checks know it: its files, names, arguments and results are its own.

A table says, for each target that checks ask for, which class or function stands for it:
    file, name           where it lies, below the student's folder, and what it is called
    takes, gives         parameters as checks give them, and what is handed on: "a, b=1" and "b, first=a"
    methods, attributes  names there, by the names that checks use; dots lead deeper: "inner.W"
    results              of methods that return nothing: the attribute that holds the result
    transposed, columns  attributes that are kept so there
    outside              a parameter that the class may lack, padding: then the input is padded here, dx cut
    wrap                 a class or function of the course's own code, where all this does not say it
Without any of the last six what is there is handed out as it is.

The course's own code is run as a module of this package, so that nothing of it is ever taken for the student's.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from . import absent, former, targets
from .names import nearest

RELATIVE = "attempted relative import"
SHOWN = ("methods", "attributes", "results", "transposed", "columns", "outside")


class Adapter:
    """What stands for the targets of checks in one student's folder.

    Args:
        folder: the student's, below which all files lie; becomes the working directory.
        paths: folders below it that its modules are imported from, the nearest first.
        table: by target.
        code: of the course, or empty.
        missing: modules that may be missing, see `inside.absent`.
    """

    def __init__(
        self, folder: Path, paths: list[str], table: dict[str, dict[str, Any]], code: str, missing: list[str]
    ) -> None:
        self.folder, self._paths = folder, paths
        self._table, self.names = table, {rule["name"] for rule in table.values()}
        # At the end, where they hide no library; once, however often a student is asked.
        sys.path += [path for name in paths if (path := str(folder / name)) not in sys.path]
        if folder.is_dir():
            os.chdir(folder)  # files of handouts open what lies beside them
        # Before anything of the student's is imported, which happens only when it is asked for.
        absent.allow(missing)
        former.restore()
        self._code = _module(code)
        self._entries: dict[str, Entry] = {}

    def find(self, target: str) -> Callable[..., Any] | None:
        """Return what makes or does what a target stands for; nothing where it is the student's own name."""
        if target not in self._table:
            return None
        if target not in self._entries:
            self._entries[target] = Entry(self, self._table[target], getattr(self._code, "__dict__", {}))
        return self._entries[target]

    def open(self, target: str) -> None:
        """Import the file that holds what a target stands for."""
        self.module(self._table[target]["file"])

    def module(self, file: str) -> ModuleType:
        """Import a file as the student's own modules do: by its bare name where its folder is on the path.

        Raises:
            Mismatch: if there is no such file.
        """
        if not (self.folder / file).is_file():
            there = self.folder.is_dir()  # else nothing of this part was handed in
            raise targets.Mismatch(
                (there and targets.missing_module(_dotted(file), self.folder)) or f"{file} is missing"
            )
        # The folder from which the student's own files import it: by two names one file would be two modules.
        inner = max((path for path in self._paths if path != "." and file.startswith(f"{path}/")), key=len, default="")
        bare = _dotted(file.removeprefix(f"{inner}/"))
        try:
            return targets.module(bare, self.folder / inner)
        except ImportError as error:
            if not inner or RELATIVE not in str(error):
                raise
        return targets.module(_dotted(file), self.folder)  # one that is written as part of a package


class Entry:
    """What stands for one target: calling it makes the object, or calls the function."""

    def __init__(self, adapter: Adapter, rule: dict[str, Any], code: dict[str, Any]) -> None:
        self.adapter, self.rule = adapter, rule
        self.folder = adapter.folder
        self._wrap: Any = code[rule["wrap"]] if rule.get("wrap") else None
        self._hand_on = _call(rule["takes"], rule["gives"]) if "gives" in rule else None
        self._outside = _call(rule["takes"], rule["outside"]) if rule.get("outside") else None

    @property
    def theirs(self) -> Any:
        """The student's class or function."""
        module = self.adapter.module(self.rule["file"])
        return targets.step(module, self.rule["name"], self.folder, taken=self.adapter.names)

    def other(self, name: str) -> Any:
        """Another class or function of the student's file."""
        return targets.step(self.adapter.module(self.rule["file"]), name, self.folder)

    def make(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's class or function with what checks give."""
        given, named = self._hand_on(*args, **kwargs) if self._hand_on else (args, kwargs)
        if self._outside and not self._takes(self.rule["outside"]):
            named.pop(self.rule["outside"], None)
        return targets.call(self.theirs, list(given), named, self.folder)

    def pads(self, *args: Any, **kwargs: Any) -> int:
        """How far to pad outside of what was made with these arguments."""
        if self._outside is None or self._takes(self.rule["outside"]):
            return 0
        (amount,), _ = self._outside(*args, **kwargs)
        return int(amount)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make what checks get to see."""
        if isinstance(self._wrap, type) and issubclass(self._wrap, Adapted):
            return self._wrap.made(self, *args, **kwargs)
        if self._wrap is not None:
            return self._wrap(self, *args, **kwargs)
        if not any(self.rule.get(key) for key in SHOWN):
            return self.make(*args, **kwargs)
        return Adapted.made(self, *args, **kwargs)

    def _takes(self, name: str) -> bool:
        """Whether the student's constructor has a parameter."""
        try:
            parameters = inspect.signature(self.theirs).parameters
        except (TypeError, ValueError):
            return True
        return name in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


class Unset:
    """What a method was to set, and is not there; `checking.adaptation` says so by this name."""


class Returned:
    """The same where the method has returned it."""


class Adapted:
    """An object of the student's under the names that checks use; a course's own classes build on it.

    Args:
        entry: of its target.
        own: the student's object.
    """

    def __init__(self, entry: Entry, own: Any) -> None:
        # Past `__setattr__`, which sets what the student's object has.
        vars(self).update(entry=entry, own=own, after="", amount=0, fresh=[])

    @classmethod
    def made(cls, entry: Entry, *args: Any, **kwargs: Any) -> Adapted:
        """Let the student's class make the object."""
        found = cls(entry, entry.make(*args, **kwargs))
        vars(found)["amount"] = entry.pads(*args, **kwargs)
        return found

    def there(self, name: str) -> Any:
        """Read an attribute of the student's object, by its own name."""
        value = self.own
        for step in name.split("."):
            value = targets.step(value, step, self.entry.folder, self.after)
        return value

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the student's object, by its own name."""
        method = self.there(name)
        vars(self)["after"] = name
        return targets.call(method, list(args), kwargs, self.entry.folder)

    def __getattr__(self, name: str) -> Any:
        """A method, or the value of an attribute as checks know it."""
        if name.startswith("__"):
            raise AttributeError(name)
        rule = self.entry.rule
        if name in rule.get("results", {}) or name in rule.get("methods", {}):
            return partial(self._method, name)
        value = self.there(rule.get("attributes", {}).get(name, name))
        if inspect.isroutine(value):
            return partial(self._method, name)
        if value is None and (near := nearest(name, self.fresh)):
            raise targets.Mismatch(f"{type(self.own).__name__}.{self.after} sets {near}, expected {name}")
        return self._turned(name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute of the student's object."""
        there = self.entry.rule.get("attributes", {}).get(name, name)
        value = self._turned(name, value)
        value = value.reshape(-1, 1) if name in self.entry.rule.get("columns", ()) else value
        above, _, last = there.rpartition(".")
        targets.assign(self.there(above) if above else self.own, last, value, self.entry.folder)

    def _method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        rule = self.entry.rule
        if self.amount and name == "forward":
            args = (_padded(args[0], self.amount), *args[1:])
        # To know what this call sets: a result under a name of the student's own can then be named.
        before = dict(getattr(self.own, "__dict__", {}))
        value = self.call(rule.get("methods", {}).get(name, name), *args, **kwargs)
        after = getattr(self.own, "__dict__", {})
        vars(self)["fresh"] = [one for one in after if one[:1] != "_" and after[one] is not before.get(one)]
        if name in rule.get("results", {}):
            value = self._result(rule["results"][name], value)
        return _cut(value, self.amount) if self.amount and name == "backward" else value

    def _result(self, name: str, returned: Any) -> Any:
        """Read what a method was to set; what it returned instead is no failure of those that it did set."""
        try:
            value = self.there(name)
        except targets.Mismatch:
            if "." in name or nearest(name, [*getattr(self.own, "__dict__", ())]):
                raise  # it may be called otherwise, which is told
            value = Unset()
        lacks = value is None or type(value) is Unset
        return Returned() if lacks and isinstance(returned, np.ndarray | tuple) else value

    def _turned(self, name: str, value: Any) -> Any:
        rule = self.entry.rule
        if name in rule.get("transposed", ()) and isinstance(value, np.ndarray):
            value = value.T
        if name in rule.get("columns", ()) and isinstance(value, np.ndarray) and value.ndim == 2:
            value = value[:, 0] if value.shape[1] == 1 else value
        return value


def _padded(x: Any, amount: int) -> Any:
    """Put zeros around every axis but those of images and channels."""
    return np.pad(x, ((0, 0), (0, 0), *((amount, amount) for _ in x.shape[2:]))).astype(x.dtype)


def _cut(x: Any, amount: int) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    return x[(slice(None), slice(None), *(slice(amount, size - amount) for size in x.shape[2:]))]


def _call(takes: str, gives: str) -> Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]:
    """Make what turns the arguments of checks into those that are handed on; both texts are the course's."""
    names = {"call": lambda *args, **kwargs: (args, kwargs), "np": np}
    made: Callable[..., tuple[tuple[Any, ...], dict[str, Any]]] = eval(f"lambda {takes}: call({gives})", names)
    return made


def _dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _module(code: str) -> ModuleType | None:
    """Run a course's own code as a module of this package."""
    if not code:
        return None
    name = f"{__package__}.course_code"
    made = ModuleType(name)
    made.__file__ = str(Path(__file__).with_name("course_code.py"))  # so its lines are none of the student's
    made.__package__ = __package__
    importlib.invalidate_caches()
    exec(compile(code, made.__file__, "exec"), made.__dict__)
    return made
