"""What a newer Python understands and the grader's does not, found in the text of a module.

Not found: what a text does not show, such as an argument that a function of the standard library takes since then.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import io
import sys
import tokenize
from collections.abc import Iterator, Sequence
from types import ModuleType

from autograder.students.environment import python_of_grader

# Names of the standard library that are younger than Python 3.11.
YOUNG = {
    "itertools": ("batched",), "typing": ("override", "TypeAliasType", "ReadOnly", "TypeIs", "NoDefault"),
    "math": ("sumprod", "fma"), "warnings": ("deprecated",), "copy": ("replace",), "collections.abc": ("Buffer",),
    "statistics": ("kde", "kde_random"), "queue": ("ShutDown",), "sys": ("monitoring",),
}  # fmt: skip
YOUNG_MODULES = ("annotationlib", "compression", "string.templatelib", "concurrent.interpreters")


def expect_old(text: str, name: str, python: tuple[int, int]) -> None:
    """Pass a module that an older Python can import, as far as its text shows.

    Raises:
        SyntaxError: with the line, and the Python.
    """
    graded = f"graded with Python {python[0]}.{python[1]}"
    try:
        tree = ast.parse(text, name, feature_version=python)
    except SyntaxError as error:
        raise _error(f"{error.msg}, {graded}", name, error.lineno or 0) from None
    for line, what in (*_young(tree), *_nested_quotes(text)):
        raise _error(f"{what}, {graded}", name, line)


class Finder(importlib.abc.MetaPathFinder):
    """Stands before all other finders, and refuses what the grader's Python cannot import.

    Args:
        packages: whose modules are looked at.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages, self._python = packages, python_of_grader()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find nothing; see `expect_old` for what is raised."""
        __tracebackhide__ = True
        if name.partition(".")[0] in self._packages:
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
                with tokenize.open(spec.origin) as file:
                    expect_old(file.read(), spec.origin, self._python)
        return None


def needed() -> bool:
    """Whether this Python is newer than the grader's."""
    return sys.version_info[:2] > python_of_grader()


def _error(text: str, name: str, line: int) -> SyntaxError:
    return SyntaxError(text, (name, line, None, None))


def _young(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found = [alias.name for alias in names if alias.name in YOUNG.get(module, ())]
                if found or module in YOUNG_MODULES:
                    yield node.lineno, f"{'.'.join([module, *found[:1]])} is not there"
            case ast.Import(names=names):
                yield from ((node.lineno, f"{a.name} is not there") for a in names if a.name in YOUNG_MODULES)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in YOUNG.get(module, ()):
                yield node.lineno, f"{module}.{name} is not there"


def _nested_quotes(text: str) -> Iterator[tuple[int, str]]:
    """Find f-strings that hold their own quotes, a backslash or a comment within braces, as from Python 3.12 on."""
    started = getattr(tokenize, "FSTRING_START", None)
    if started is None:
        return
    quotes: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (started, tokenize.STRING):
            quote = token.string.lstrip("rRbBfFuUtT")[:3]
            quote = quote if len(set(quote)) == 1 and len(quote) == 3 and token.string.endswith(quote) else quote[0]
            if quote in quotes:
                yield token.start[0], f"f-string: {quote} within {quote}"
            if quotes and token.type == tokenize.STRING and "\\" in token.string:
                yield token.start[0], "f-string: a backslash within braces"
            if token.type == started:
                quotes.append(quote)
        elif token.type == tokenize.COMMENT and quotes and len(quotes[-1]) == 1:
            yield token.start[0], "f-string: a comment within braces"
        elif token.type == getattr(tokenize, "FSTRING_END", None):
            quotes.pop()
