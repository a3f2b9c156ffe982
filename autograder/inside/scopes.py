"""What names stand for in a student's modules, as far as their source says it. Nothing is imported or run.

A name may stand for several things, one for each place where it is bound; whoever asks gets all of them.
"""

from __future__ import annotations

import ast
import builtins
from collections import deque
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 1_000_000
MAX_STEPS = 20  # from one name to the next

# An expression or a definition; "numpy.einsum" for what is imported; None for what the source does not tell.
Value = ast.AST | str | None
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
WRAPPERS = {"numpy.vectorize": 1, "numpy.frompyfunc": 1, "functools.partial": 0}  # loops around the function they wrap


class Scope:
    """A module, a class or a function, and the names that are bound in it.

    Attributes:
        node: its syntax tree.
        outer: where names are looked up that are not bound here; None for a module.
        owner: the class whose method it is.
        package: the package that relative imports start from.
    """

    def __init__(self, node: ast.AST, outer: Scope | None, owner: Scope | None, package: str) -> None:
        self.node, self.outer, self.owner, self.package = node, outer, owner, package
        self.names: dict[str, list[Value]] = {}
        self.starred: list[str] = []  # modules of `from module import *`
        if isinstance(node, FUNCTIONS):
            for parameter in ast.walk(node.args):
                if isinstance(parameter, ast.arg):
                    self._bind(parameter.arg, None)
        for statement in _own(node):
            self._bind_all(statement)

    def values(self, name: str) -> list[Value]:
        """What a name stands for, here or in the nearest scope around; nothing for a builtin."""
        home = self.home(name)
        return home.names.get(name, [f"{module}.{name}" for module in home.starred])

    def home(self, name: str) -> Scope:
        """The nearest scope that binds a name, or the module."""
        scope = self
        while name not in scope.names and scope.outer is not None:
            scope = scope.outer
        return scope

    def dotted(self, node: ast.AST, steps: int = 0) -> str:
        """The full name of what is imported or builtin, "numpy.einsum" for np.einsum; empty for all else."""
        if isinstance(node, ast.Attribute):
            start = self.dotted(node.value, steps)
            return start and f"{start}.{node.attr}"
        if not isinstance(node, ast.Name) or steps > MAX_STEPS:
            return ""
        if hasattr(builtins, node.id) and node.id not in self.home(node.id).names:
            return node.id
        values = self.values(node.id)
        names = [value if isinstance(value, str) else self._alias(value, steps) for value in values]
        return next((name for name in names if name), "" if values else node.id)

    def _alias(self, value: Value, steps: int) -> str:
        return self.dotted(value, steps + 1) if isinstance(value, ast.Name | ast.Attribute) else ""

    def _bind(self, name: str, value: Value) -> None:
        self.names.setdefault(name, []).append(value)

    def _bind_all(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._bind(node.name, node)
            case ast.Import():
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    self._bind(alias.asname or first, alias.name if alias.asname else first)
            case ast.ImportFrom():
                start = self._base(node)
                for alias in node.names:
                    if alias.name == "*":
                        self.starred.append(start)
                    else:
                        self._bind(alias.asname or alias.name, f"{start}.{alias.name}")
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        self._bind(target.id, value)
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                self._bind(name, value)
            case ast.Name(id=name, ctx=ast.Store()):
                self._bind(name, None)

    def _base(self, node: ast.ImportFrom) -> str:
        """The absolute name of the module that a `from` imports from."""
        parts = self.package.split(".")
        package = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        return ".".join(part for part in (package, node.module or "") if part)


class Sources:
    """The modules below a folder, parsed when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, Scope | None] = {}
        self._scopes: dict[ast.AST, Scope] = {}
        self._attributes: dict[Scope, dict[str, list[ast.Call]]] = {}

    def find(self, dotted: str, steps: int = 0) -> Scope | None:
        """The function or class of this full name, or the method, if a student's module defines it."""
        parts = dotted.split(".")
        for count in range(len(parts) - 1, 0, -1):
            module = self._module(".".join(parts[:count]))
            if module is not None:
                node: ast.expr = ast.Name(parts[count], ast.Load())
                for part in parts[count + 1 :]:
                    node = ast.Attribute(node, part, ast.Load())
                return next(self._definitions(node, module, steps), None)
        return None

    def functions(self, node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, int]]:
        """The student's functions that an expression names, each with the loops of np.vectorize around it."""
        for found in self._definitions(node, scope, 0):
            if not isinstance(found.node, ast.ClassDef):
                yield found, 0
            elif initialiser := self.methods(found).get("__init__"):
                yield initialiser, 0
        if isinstance(node, ast.Name):
            for value in scope.values(node.id):
                if isinstance(value, ast.Call) and (name := scope.dotted(value.func)) in WRAPPERS and value.args:
                    yield from ((found, WRAPPERS[name]) for found in self._definitions(value.args[0], scope, 0))

    def methods(self, owner: Scope, steps: int = 0) -> dict[str, Scope]:
        """The methods of a class by name, those of its base classes included."""
        found: dict[str, Scope] = {}
        assert isinstance(owner.node, ast.ClassDef), "only classes have methods"
        if steps < MAX_STEPS:
            for base in reversed(owner.node.bases):
                for definition in self._definitions(base, owner.outer or owner, steps + 1):
                    if isinstance(definition.node, ast.ClassDef):
                        found |= self.methods(definition, steps + 1)
        for name in owner.names:
            for definition in self._definitions(ast.Name(name, ast.Load()), owner, steps + 1):
                if isinstance(definition.node, FUNCTIONS):
                    found[name] = definition
        return found

    def _definitions(self, node: ast.AST, scope: Scope, steps: int) -> Iterator[Scope]:
        """The functions and classes that an expression stands for."""
        if steps > MAX_STEPS:
            return
        if isinstance(node, DEFINITIONS):
            yield self._scope(node, scope)
        elif isinstance(node, ast.Name):
            home = scope.home(node.id)
            for value in home.values(node.id):
                if isinstance(value, str):
                    if (found := self.find(value, steps + 1)) is not None:
                        yield found
                elif isinstance(value, (*DEFINITIONS, ast.Name, ast.Attribute)):
                    yield from self._definitions(value, home, steps + 1)
        elif isinstance(node, ast.Attribute):
            if dotted := scope.dotted(node):
                if (found := self.find(dotted, steps + 1)) is not None:
                    yield found
                return
            for owner in self._classes(node.value, scope, steps + 1):
                if (method := self.methods(owner, steps + 1).get(node.attr)) is not None:
                    yield method

    def _classes(self, node: ast.AST, scope: Scope, steps: int) -> Iterator[Scope]:
        """The student's classes that an expression stands for, or is an instance of."""
        if steps > MAX_STEPS:
            return
        owner = _method_around(scope).owner
        if isinstance(node, ast.Name) and owner is not None and node.id == _first_parameter(_method_around(scope).node):
            yield owner
            return
        if isinstance(node, ast.Call):
            if scope.dotted(node.func) == "super" and owner is not None and isinstance(owner.node, ast.ClassDef):
                for base in owner.node.bases:
                    yield from self._classes(base, owner.outer or owner, steps + 1)
            else:
                yield from self._classes(node.func, scope, steps + 1)
            return
        if isinstance(node, ast.Name):
            for value in scope.values(node.id):
                if isinstance(value, ast.Call):
                    yield from self._classes(value.func, scope, steps + 1)
        elif isinstance(node, ast.Attribute) and owner is not None:
            if owner not in self._attributes:
                self._attributes[owner] = _assigned(owner.node)
            for value in self._attributes[owner].get(node.attr, ()):
                yield from self._classes(value.func, scope, steps + 1)
        yield from (
            found for found in self._definitions(node, scope, steps + 1) if isinstance(found.node, ast.ClassDef)
        )

    def _scope(self, node: ast.AST, around: Scope) -> Scope:
        if node not in self._scopes:
            owner = around if isinstance(around.node, ast.ClassDef) else None
            outer = around.outer if owner is not None else around
            self._scopes[node] = Scope(node, outer, owner, around.package)
        return self._scopes[node]

    def _module(self, name: str) -> Scope | None:
        """The module of this name below the folder, if there is one."""
        if name not in self._modules:
            start = self._folder.joinpath(*name.split("."))
            places = ((start.with_suffix(".py"), name.rpartition(".")[0]), (start / "__init__.py", name))
            found = [(path, package) for path, package in places if name and path.is_file()]
            self._modules[name] = Scope(_parse(found[0][0]), None, None, found[0][1]) if found else None
        return self._modules[name]


def _parse(path: Path) -> ast.Module:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_BYTES} bytes")
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (RecursionError, MemoryError):
        raise ValueError(f"{path.name} is nested too deeply to be read") from None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a scope, without what stands inside of its functions and classes."""
    waiting = deque([node.body] if isinstance(node, ast.Lambda) else getattr(node, "body", []))
    while waiting:
        found = waiting.popleft()
        yield found
        if not isinstance(found, DEFINITIONS):
            waiting.extend(ast.iter_child_nodes(found))


def _method_around(scope: Scope) -> Scope:
    """The method that a nested function stands in, or the scope itself."""
    while scope.owner is None and scope.outer is not None:
        scope = scope.outer
    return scope


def _first_parameter(node: ast.AST) -> str:
    parameters = [*node.args.posonlyargs, *node.args.args] if isinstance(node, FUNCTIONS) else []
    return parameters[0].arg if parameters else ""


def _assigned(owner: ast.AST) -> dict[str, list[ast.Call]]:
    """The calls whose results a class's methods assign to attributes, by the attribute's name."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(owner):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    found.setdefault(target.attr, []).append(node.value)
    return found
